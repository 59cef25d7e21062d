"""The staff's lists at 1 000 cases and at 100 000 (with 1 000 000 turns), as pages over the web, each with its p95.

The small store is seeded so that its lists fill a page too: where both draw as many rows, the ratio is that of the search. The
rows of both are printed. `first` is the very first request to the large store, before anything is warm; it is in no p95.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from insyn.clock import swedish_date
from insyn.staff.roles import Role
from insyn.store.models import Case, Conversation
from insyn.web.app import create_app
from tests.bench.stores import KINDS_OF_STORE, seeded_house
from tests.fixtures.house import House
from tests.fixtures.staff import Desk, set_up

FEW, MANY, MANY_IN_A_HURRY = 1_000, 100_000, 20_000
TURNS_OF_EACH = 10
MOST_MS, MOST_RATIO = 200, 1.5
ROUNDS, ROUNDS_IN_A_HURRY = 40, 15

THROWN_AWAY = 3  # the first rounds

ROW = re.compile("<tr[ >]")

Call = Callable[[], Awaitable[httpx.Response]]


def run(options: argparse.Namespace) -> None:
    """Measures and prints."""
    many, rounds = (MANY_IN_A_HURRY, ROUNDS_IN_A_HURRY) if options.quick else (MANY, ROUNDS)
    console = Console(width=130, highlight=False)
    for kind in KINDS_OF_STORE:
        with (
            seeded_house(kind, FEW, FEW * TURNS_OF_EACH) as small,
            seeded_house(kind, many, many * TURNS_OF_EACH) as large,
        ):
            measured = asyncio.run(_both(small, large, rounds))
        table = Table(kind, f"{FEW} p50", "p95", f"{many} p50", "p95", "first", "rows", "ratio of p50", "")
        for title, (small_list, large_list) in measured.items():
            short, long = small_list.times, large_list.times
            ratio = statistics.median(long) / statistics.median(short)
            fine = ratio <= MOST_RATIO and _p95(long) <= MOST_MS
            figures = (statistics.median(short), _p95(short), statistics.median(long), _p95(long), large_list.first)
            rows = f"{small_list.rows}, {large_list.rows}"
            table.add_row(
                title, *(f"{each:.1f} ms" for each in figures), rows, f"{ratio:.2f}", "" if fine else "too much"
            )
        console.print(table)
        console.print(f"{rounds} rounds, the two stores in turns; the machine's load was {os.getloadavg()[1]:.1f}.")


@dataclass
class Measured:
    """Milliseconds of a list in a store, those of its very first request, and the rows that it draws."""

    first: float = 0.0
    rows: int = 0
    times: list[float] = field(default_factory=list)


async def _both(small: House, large: House, rounds: int) -> dict[str, tuple[Measured, Measured]]:
    """The small and the large store by what was asked for: in turns, so that both meet the same machine."""
    measured: dict[str, tuple[Measured, Measured]] = {}
    desks = [await _calls(house) for house in (small, large)]
    for number in range(rounds + THROWN_AWAY):
        for title in desks[0]:
            for place, calls in enumerate(desks):
                began = time.perf_counter()
                response = await calls[title]()
                took = 1000 * (time.perf_counter() - began)
                assert response.status_code in (200, 303), (title, response.status_code)
                of_it = measured.setdefault(title, (Measured(), Measured()))[place]
                if number == 0:
                    of_it.first, of_it.rows = took, len(ROW.findall(response.text))
                if number >= THROWN_AWAY:
                    of_it.times.append(took)
    for house in (small, large):
        await house.services.rasa.close()
    return measured


async def _calls(house: House) -> dict[str, Call]:
    services = house.services
    account = set_up(services, Role.HANDLER, Role.DPO)
    one = Desk(services, account, create_app(services.settings, services=services)).is_in()
    secret = await one.secret()
    with house.store.read() as session:
        case = session.scalars(select(Case).where(Case.closed_at.is_(None)).order_by(Case.sort_on).offset(5)).first()
        assert case is not None
        someone = session.scalar(select(Case.assignee).where(Case.assignee.is_not(None)).limit(1))
        talk = session.scalar(select(Conversation.id).order_by(Conversation.last_activity_at.desc()).limit(1))
    this_month = swedish_date(house.clock()).replace(day=1).isoformat()
    gets = {
        "Idag": "/konsol",
        "open cases": "/konsol/arenden",
        "late cases": "/konsol/arenden?fack=forsenade",
        "unverified cases": "/konsol/arenden?fack=overifierade",
        "cases without a handler": "/konsol/arenden?fack=otilldelade",
        "mine": f"/konsol/arenden?hos={someone}",
        "open of one right": "/konsol/arenden?galler=request.access",
        "open of one channel": "/konsol/arenden?kanal=email",
        "open, due before a date": f"/konsol/arenden?senast_till={this_month}",
        "closed cases": "/konsol/arenden?lage=closed",
        "closed cases, ninth page": await _page_far_in(one, "/konsol/arenden?lage=closed", 8),
        "closed, by right": "/konsol/arenden?lage=closed&galler=request.access",
        "closed, by outcome": "/konsol/arenden?lage=handed_to_controller",
        "closed, by channel": "/konsol/arenden?lage=closed&kanal=email",
        "closed, by handler": f"/konsol/arenden?lage=closed&hos={someone}",
        "closed, by right, outcome, handler": f"/konsol/arenden?lage=completed&galler=request.access&hos={someone}",
        "closed, received since a date": "/konsol/arenden?lage=closed&mottaget_fran=2025-01-01&mottaget_till=2025-06-30",
        "closed, due between dates": "/konsol/arenden?lage=closed&senast_fran=2025-01-01&senast_till=2025-06-30",
        "a case": f"/konsol/arenden/{case.reference}",
        "log of looks": "/konsol/insynslogg",
        "conversations": "/konsol/samtal",
        "to review": "/konsol/samtal?granskat=nej",
        "not understood, to review": "/konsol/samtal?ej_forstatt=ja&granskat=nej",
        "by topic": "/konsol/samtal?amne=policy.cookies.types",
        "by confidence": "/konsol/samtal?sakerhet=lag",
        "thumb down by mail": "/konsol/samtal?tumme=down&kanal=email",
        "topic, thumb and channel": "/konsol/samtal?amne=policy.cookies.types&tumme=down&kanal=email",
        "flagged": "/konsol/samtal?flaggat=ja",
        "a tag": "/konsol/samtal?etikett=f%C3%B6lj+upp",
        "a conversation": f"/konsol/samtal/{talk}",
        "answers": "/konsol/svar",
        "numbers": "/konsol/siffror",
        "numbers of last year": f"/konsol/siffror?ar={swedish_date(house.clock()).year - 1}",
    }
    posts = {
        "search by reference": ("/konsol/arenden/sok", {"q": case.reference}),
        "search by address": ("/konsol/arenden/sok", {"q": "person17@example.com"}),
        "search by a common word": ("/konsol/samtal/sok", {"ord": "cookies"}),
        "search by a rare word": ("/konsol/samtal/sok", {"ord": "syskonbarn"}),
        "search by two words, thumb": ("/konsol/samtal/sok", {"ord": "cookies använder", "tumme": "down"}),
    }
    return {
        **{title: partial(one.gets, path) for title, path in gets.items()},
        **{title: partial(one.posts_with, secret, path, **fields) for title, (path, fields) in posts.items()},
    }


async def _page_far_in(one: Desk, path: str, pages: int) -> str:
    for _ in range(pages):
        onward = one.next_page(await one.gets(path))
        if onward is None:
            return path
        path = onward
    return path


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]
