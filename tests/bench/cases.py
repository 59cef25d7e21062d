"""How many cases a second are opened and verified: from the right expressed to the receipt queued, six transactions each.

A Python process computes on one core at a time, and that is what limits several people at once: they wait for the disk at the
same time, and that is all they can gain on each other.
"""

from __future__ import annotations

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.table import Table

from tests.bench.person import Person, known_codes
from tests.bench.stores import KINDS_OF_STORE, house_on
from tests.fixtures.house import House

AT_ONCE, ROUNDS = 8, 5


def run(options: argparse.Namespace) -> None:
    """Measures and prints."""
    count = 40 if options.quick else 200
    table = Table("", *KINDS_OF_STORE)
    figures = {kind: _measured(kind, count) for kind in KINDS_OF_STORE}
    for title in figures[KINDS_OF_STORE[0]]:
        table.add_row(title, *(figures[kind][title] for kind in KINDS_OF_STORE))
    Console(width=100, highlight=False).print(table)


def _measured(kind: str, count: int) -> dict[str, str]:
    """One after the other and at once by turns, so that both meet the same machine."""
    times: list[float] = []
    at_once = processor = 0.0
    with house_on(kind) as house, known_codes(), ThreadPoolExecutor(AT_ONCE) as pool:
        Person(house).file()  # whatever is done once only
        for _ in range(ROUNDS):
            times += [_filed(house) for _ in range(count // ROUNDS)]
            began, busy = time.perf_counter(), time.process_time()
            list(pool.map(lambda _: _filed(house), range(count // ROUNDS)))
            at_once += time.perf_counter() - began
            processor += time.process_time() - busy
        assert house.audit_is_whole()
        assert {case.state for case in house.cases()} == {"open"}
    return {
        "opened and verified, one after the other": f"{count / sum(times):.0f} cases/s",
        f"opened and verified, {AT_ONCE} at once": f"{count / at_once:.0f} cases/s",
        "of which this process computed": f"{100 * processor / at_once:.0f} % of a core",
        "one case, p50": f"{1000 * statistics.median(times):.1f} ms",
        "one case, p95": f"{1000 * statistics.quantiles(times, n=20)[-1]:.1f} ms",
    }


def _filed(house: House) -> float:
    began = time.perf_counter()
    Person(house).file()
    return time.perf_counter() - began
