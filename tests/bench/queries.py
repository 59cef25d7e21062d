"""What people and staff wait for, at 100 cases and at 100 000: the same use cases, the same people, the ratio beside."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from insyn.audit.story import story
from insyn.cases import finding
from insyn.cases.finding import Tray, Wanted
from tests.bench.person import Person, known_codes
from tests.bench.stores import KINDS_OF_STORE, fill_with_cases, house_on
from tests.fixtures.house import House, email

FEW, MANY, MANY_IN_A_HURRY = 100, 100_000, 10_000
MOST = 1.5  # times as long at many as at few
ROUNDS, ROUNDS_IN_A_HURRY = 60, 20
PAGE = 5  # so that a page is full among few as well


def run(options: argparse.Namespace) -> None:
    """Measures and prints."""
    many, rounds = (MANY_IN_A_HURRY, ROUNDS_IN_A_HURRY) if options.quick else (MANY, ROUNDS)
    for kind in KINDS_OF_STORE:
        table = Table(kind, f"{FEW} cases", f"{many} cases", "ratio", "")
        with house_on(kind) as small, house_on(kind) as large, known_codes():
            fill_with_cases(small, FEW)
            began = time.perf_counter()
            fill_with_cases(large, many)
            filled = time.perf_counter() - began
            few, more = _measured((small, large), rounds)
        for title, short in few.items():
            ratio = more[title] / short
            table.add_row(
                title, f"{short:.2f} ms", f"{more[title]:.2f} ms", f"{ratio:.2f}", "" if ratio <= MOST else "too much"
            )
        console = Console(width=100, highlight=False)
        console.print(table)
        console.print(f"p50 of {rounds} rounds; {many} cases were put in in {filled:.0f} s.")


def _measured(houses: Sequence[House], rounds: int) -> list[dict[str, float]]:
    """Milliseconds, p50, by what was done, in each house. They take turns, so that all meet the same machine."""
    times: list[dict[str, list[float]]] = [{} for _ in houses]
    for number in range(rounds + 3):
        for works in zip(*(_work(house) for house in houses), strict=True):
            pairs = list(zip(works, times, strict=True))
            for (title, work), measured in pairs if number % 2 else pairs[::-1]:
                began = time.perf_counter()
                work()
                took = 1000 * (time.perf_counter() - began)
                if number >= 3:  # the first are thrown away
                    measured.setdefault(title, []).append(took)
    return [{title: statistics.median(each) for title, each in measured.items()} for measured in times]


def _work(house: House) -> list[tuple[str, Callable[[], object]]]:
    """One person's request, then what is asked of it and of all."""
    person = Person(house)
    references: list[str] = []
    desk, casebook, services = house.services.desk, house.casebook, house.services

    def reading(look: Callable[[Session], object]) -> Callable[[], object]:
        def looked() -> object:
            with house.store.read() as session:
                return look(session)

        return looked

    def listed(wanted: Wanted, after: str | None = None) -> Callable[[Session], finding.Found]:
        return lambda session: finding.page(
            session, wanted, house.clock(), notice_days=services.settings.due_notice_days, after=after, limit=PAGE
        )

    def second_page(wanted: Wanted) -> Callable[[Session], finding.Found]:
        with house.store.read() as session:
            return listed(wanted, listed(wanted)(session).after)

    everything = Wanted(state="")
    return [
        ("a right is expressed", lambda: references.append(person.begin())),
        ("an address is given", person.give),
        ("a code is sent", person.ask),
        ("a code is checked", person.verify),
        ("a request is confirmed", person.confirm),
        ("status in the conversation", lambda: desk.opened_case(person.says(), references[0])),
        ("own requests", lambda: desk.own_cases(person.says())),
        ("code for the status of a reference", lambda: desk.ask_for_case(Person(house).says(), references[0])),
        ("a case by its reference", reading(lambda session: casebook.by_reference(session, references[0]))),
        ("cases of an address", reading(lambda session: casebook.of_address(session, email(person.mailbox)))),
        ("the story of a case", reading(lambda session: story(session, house.case(references[0]).id))),
        ("open cases by due date, first page", reading(listed(Wanted()))),
        ("all cases, second page", reading(second_page(everything))),
        ("cases that are late", reading(listed(Wanted(tray=Tray.LATE)))),
        ("unverified cases", reading(listed(Wanted(tray=Tray.UNVERIFIED)))),
        ("incidents", reading(listed(Wanted(tray=Tray.INCIDENTS)))),
        ("cases for a human", reading(listed(Wanted(tray=Tray.HUMAN)))),
        ("possible repeats", reading(listed(Wanted(tray=Tray.REPEATS)))),
        ("mails to be sent", reading(services.outbox.due)),
    ]
