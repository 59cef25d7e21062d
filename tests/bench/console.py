"""The staff's lists at 1 000 cases and at 100 000 (with 1 000 000 turns), as pages over the web, each with its p95."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from insyn.clock import swedish_date
from insyn.staff.roles import Role
from insyn.store.models import Case
from insyn.web.app import create_app
from tests.bench.stores import KINDS_OF_STORE, house_on
from tests.fixtures.house import House
from tests.fixtures.staff import Desk, set_up
from tests.seed.filling import fill

FEW, MANY, MANY_IN_A_HURRY = 1_000, 100_000, 20_000
TURNS_OF_EACH = 10
MOST_MS, MOST_RATIO = 200, 1.5
ROUNDS, ROUNDS_IN_A_HURRY = 40, 15

Times = dict[str, list[float]]


def run(options: argparse.Namespace) -> None:
    """Measures and prints."""
    many, rounds = (MANY_IN_A_HURRY, ROUNDS_IN_A_HURRY) if options.quick else (MANY, ROUNDS)
    for kind in KINDS_OF_STORE:
        few = _measured(kind, FEW, rounds)
        more = _measured(kind, many, rounds)
        table = Table(kind, f"{FEW} p50", "p95", f"{many} p50", "p95", "ratio of p50", "")
        for title, short in few.items():
            long = more[title]
            ratio = statistics.median(long) / statistics.median(short)
            fine = ratio <= MOST_RATIO and _p95(long) <= MOST_MS
            figures = (statistics.median(short), _p95(short), statistics.median(long), _p95(long))
            table.add_row(title, *(f"{each:.1f} ms" for each in figures), f"{ratio:.2f}", "" if fine else "too much")
        Console(width=110, highlight=False).print(table)


def _measured(kind: str, cases: int, rounds: int) -> Times:
    with house_on(kind) as house:
        began = time.perf_counter()
        fill(house.services, house.index, cases=cases, turns=cases * TURNS_OF_EACH)
        print(
            f"{kind}: {cases} cases and {cases * TURNS_OF_EACH} turns put in in {time.perf_counter() - began:.0f} s",
            flush=True,
        )
        return asyncio.run(_visit(house, rounds))


async def _visit(house: House, rounds: int) -> Times:
    services = house.services
    account = set_up(services, Role.HANDLER, Role.DPO)
    one = Desk(services, account, create_app(services.settings, services=services)).is_in()
    secret = await one.secret()
    with house.store.read() as session:
        case = session.scalars(select(Case).where(Case.closed_at.is_(None)).order_by(Case.sort_on).offset(5)).first()
        assert case is not None
        someone = session.scalar(select(Case.assignee).where(Case.assignee.is_not(None)).limit(1))
    address = "person17@example.com"
    months_ago = swedish_date(house.clock()).replace(day=1).isoformat()
    gets = {
        "Idag": "/konsol",
        "open cases": "/konsol/arenden",
        "late cases": "/konsol/arenden?fack=forsenade",
        "unverified cases": "/konsol/arenden?fack=overifierade",
        "cases without a handler": "/konsol/arenden?fack=otilldelade",
        "mine": f"/konsol/arenden?hos={someone}",
        "open of one right": "/konsol/arenden?galler=request.portability",
        "open of one channel": "/konsol/arenden?kanal=email",
        "open, due before a date": f"/konsol/arenden?senast_till={months_ago}",
        "closed cases": "/konsol/arenden?lage=closed",
        "closed, by right": "/konsol/arenden?lage=closed&galler=complaint",
        "closed, by outcome": "/konsol/arenden?lage=handed_to_controller",
        "closed, by channel": "/konsol/arenden?lage=closed&kanal=email",
        "closed, by handler": f"/konsol/arenden?lage=closed&hos={someone}",
        "closed, by right, outcome and handler": f"/konsol/arenden?lage=refused&galler=request.objection&hos={someone}",
        "closed, received since a date": "/konsol/arenden?lage=closed&mottaget_fran=2025-01-01&mottaget_till=2025-06-30",
        "closed, due between dates": "/konsol/arenden?lage=closed&senast_fran=2025-01-01&senast_till=2025-06-30",
        "a case": f"/konsol/arenden/{case.reference}",
        "log of looks": "/konsol/insynslogg",
        "conversations": "/konsol/samtal",
        "conversations to review": "/konsol/samtal?granskat=nej",
        "conversations, not understood": "/konsol/samtal?ej_forstatt=ja",
        "conversations, by topic": "/konsol/samtal?amne=policy.cookies.what",
        "conversations, by confidence": "/konsol/samtal?sakerhet=lag",
        "conversations, thumb down by mail": "/konsol/samtal?tumme=down&kanal=email",
        "conversations flagged": "/konsol/samtal?flaggat=ja",
        "answers": "/konsol/svar",
    }
    times: Times = {}
    deep = await _page_far_in(one, "/konsol/arenden?lage=closed", 8)
    for number in range(rounds + 3):
        calls = {title: one.http.get(path) for title, path in gets.items()}
        calls["closed cases, ninth page"] = one.http.get(deep)
        calls["search by reference"] = one.posts_with(secret, "/konsol/arenden/sok", q=case.reference)
        calls["search by address"] = one.posts_with(secret, "/konsol/arenden/sok", q=address)
        calls["search by a common word"] = one.posts_with(secret, "/konsol/samtal/sok", ord="uppgifter")
        calls["search by a rare word"] = one.posts_with(secret, "/konsol/samtal/sok", ord="syskonbarn")
        for title, call in calls.items():
            began = time.perf_counter()
            response: httpx.Response = await call
            took = 1000 * (time.perf_counter() - began)
            assert response.status_code in (200, 303), (title, response.status_code)
            if number >= 3:  # the first are thrown away
                times.setdefault(title, []).append(took)
    await one.http.aclose()
    await services.rasa.close()
    return times


async def _page_far_in(one: Desk, path: str, pages: int) -> str:
    for _ in range(pages):
        onward = one.next_page(await one.gets(path))
        if onward is None:
            return path
        path = onward
    return path


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]
