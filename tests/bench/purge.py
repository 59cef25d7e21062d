"""The purge of conversations whose period is over: seconds, and the memory it takes beyond what the service has anyway."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time

from rich.console import Console
from rich.table import Table

from insyn.bootstrap import build
from insyn.settings import Settings
from insyn.store.engine import Store
from insyn.store.models import Conversation
from tests.bench.stores import KINDS_OF_STORE, fill_with_conversations, house_on
from tests.fixtures.house import SettableClock

MANY, MANY_IN_A_HURRY = 100_000, 10_000
DAYS_AGO, KEPT = 60, 500


def run(options: argparse.Namespace) -> None:
    """Measures and prints."""
    count = MANY_IN_A_HURRY if options.quick else MANY
    table = Table("", *KINDS_OF_STORE)
    figures = [_measured(kind, count) for kind in KINDS_OF_STORE]
    table.add_row(f"purge of {count} conversations", *(f"{seconds:.1f} s" for seconds, _, _ in figures))
    table.add_row("a conversation", *(f"{1000 * seconds / count:.2f} ms" for seconds, _, _ in figures))
    table.add_row("peak memory of the process", *(f"{peak:.0f} MB" for _, peak, _ in figures))
    table.add_row("of that by the purge", *(f"{peak - before:.0f} MB" for _, peak, before in figures))
    Console(width=100, highlight=False).print(table)


def _measured(kind: str, count: int) -> tuple[float, float, float]:
    """Seconds, and megabytes at the peak and before; in a process of its own, whose peak is nobody else's."""
    with house_on(kind) as house:
        fill_with_conversations(house, count, days_ago=DAYS_AGO)
        fill_with_conversations(house, KEPT, days_ago=0)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            removed, *figures = pool.apply(_purge, (house.services.settings, house.store.url))
        assert removed == count
        assert house.count(Conversation) == KEPT
    seconds, peak, before = figures
    return seconds, peak, before


def _purge(settings: Settings, url: str) -> tuple[int, float, float, float]:
    store = Store(url, busy_timeout_seconds=60)
    purge = build(settings, clock=SettableClock(), store=store).purge
    purge.preview()
    before, began = _peak(), time.perf_counter()
    removed = purge.run()["anonymous_chats"]
    seconds = time.perf_counter() - began
    store.close()
    return removed, seconds, _peak(), before


def _peak() -> float:
    """Megabytes that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
