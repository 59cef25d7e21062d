"""Insyn and stock Rasa measured on this machine, in the same run, and both printed with their ratio.

Models are trained once and kept in .bench; the figures are
written to .bench/latest.json. Training stock Rasa in full takes hours; `--quick` trains it for one epoch, which its
speed and memory do not depend on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import time
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.bench import training
from tests.bench.measure import LONG, Figures, Size, measure, percentile
from tests.bench.stock import STOCK_EPOCHS
from tests.bench.systems import Candidate, Insyn, StockRasa
from tests.bench.training import HOME, Trained

QUICK_EPOCHS = 1
BUSY = 0.1  # share of the processors from which other programs have a part in the figures

Row = tuple[str, float, float | None, str]


def run(options: argparse.Namespace) -> None:
    """Measures and prints."""
    epochs = options.stock_epochs or (QUICK_EPOCHS if options.quick else STOCK_EPOCHS)
    trained = [training.ours()]
    stock_project, stock_trained = training.stock_rasa(epochs)
    trained.append(stock_trained)
    with ExitStack() as running:
        print("The systems start, one after the other", flush=True)
        systems: list[Candidate] = [
            running.enter_context(Insyn()),
            running.enter_context(StockRasa(stock_project, stock_trained.model)),
        ]
        print("Measuring, in turns", flush=True)
        others = Others(systems)
        figures = asyncio.run(measure(systems, Size(rounds=6 if options.quick else 30)))
        others_share = others.share()
        memory = [system.memory() for system in systems]
    rows = _rows(systems, figures, trained, memory)
    conditions = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": psutil.cpu_count(),
        "python": platform.python_version(),
        "machine": platform.platform(),
        "share_of_processors_used_by_others": others_share,
        "stock_epochs": epochs,
        "messages_of_one_person": len(figures[0].alone),
        "training": {system.name: asdict(each) for system, each in zip(systems, trained, strict=True)},
    }
    _show(rows, conditions)
    _keep(rows, conditions)


class Others:
    """What is not the bench: how much of the processors it uses from here on."""

    def __init__(self, systems: list[Candidate]) -> None:
        self._systems = systems
        self._at_first = self._now()

    def share(self) -> float:
        """Of all processors together, 0 to 1."""
        seconds, busy = (now - then for now, then in zip(self._now(), self._at_first, strict=True))
        return max(0.0, busy / seconds / (psutil.cpu_count() or 1))

    def _now(self) -> tuple[float, float]:
        times = psutil.cpu_times()
        ours = psutil.Process().cpu_times()
        bench = ours.user + ours.system + sum(system.cpu_seconds() for system in self._systems)
        return time.monotonic(), times.user + times.nice + times.system - bench


def _rows(
    systems: list[Candidate], figures: list[Figures], trained: list[Trained], memory: list[dict[str, int]]
) -> list[Row]:
    ours, stock = figures
    our_memory, stock_memory = memory
    at_once = [len(each.at_once) / each.at_once_seconds for each in figures]
    growth = [percentile(each.late, 50) / percentile(each.first, 50) for each in figures]

    def times(title: str, name: str, share: int) -> Row:
        return title, percentile(getattr(ours, name), share), percentile(getattr(stock, name), share), "ms"

    return [
        times("answer, one person, p50", "alone", 50),
        times("answer, one person, p95", "alone", 95),
        ("processor time for an answer", ours.cpu, stock.cpu, "ms"),
        times("answer, 16 people at once, p50", "at_once", 50),
        times("answer, 16 people at once, p95", "at_once", 95),
        ("messages per second, 16 at once", *at_once, "/s"),
        times("first message of a conversation, p50", "first", 50),
        times(f"message {LONG} and on of a conversation, p50", "late", 50),
        ("the same as a multiple of the first", *growth, "x"),
        ("training", *(each.seconds for each in trained), "s"),
        ("training, processor time", *(each.cpu_seconds for each in trained), "s"),
        ("start to first answer", *(system.start_seconds for system in systems), "s"),
        ("memory: Insyn's service", our_memory["service"] / 1e6, None, "MB"),
        ("memory: Rasa", our_memory["Rasa"] / 1e6, stock_memory["Rasa"] / 1e6, "MB"),
        ("memory: all", sum(our_memory.values()) / 1e6, sum(stock_memory.values()) / 1e6, "MB"),
    ]


def _show(rows: list[Row], conditions: dict[str, Any]) -> None:
    epochs = conditions["stock_epochs"]
    of_epochs = "" if epochs == STOCK_EPOCHS else f", {epochs} of {STOCK_EPOCHS} epochs"
    table = Table("", "Insyn", f"stock Rasa{of_epochs}", "Insyn / stock")
    for column in table.columns[1:]:
        column.justify = "right"
    for title, ours, stock, unit in rows:
        beside = (f"{stock:.1f} {unit}", f"{ours / stock:.2f}") if stock else ("–", "–")
        table.add_row(title, f"{ours:.1f} {unit}", *beside)
    console = Console(width=100, highlight=False)
    console.print(table)
    console.print(
        "Insyn: masks, stores, audits and answers from its approved answers by a custom action. Stock Rasa: pipeline and"
        " policies of `rasa init` on the same examples, one response for each intent; keeps conversations in memory only."
    )
    share = conditions["share_of_processors_used_by_others"]
    console.print(
        f"{conditions['cores']} cores, {conditions['messages_of_one_person']} messages of one person."
        f" Other programs used {share:.0%} of the processors meanwhile"
        + (": trust the ratios only." if share > BUSY else ".")
    )
    for name, each in conditions["training"].items():
        console.print(f"{name} was trained with {each['load']:.1f} other processes at work (load average).")


def _keep(rows: list[Row], conditions: dict[str, Any]) -> None:
    figures = [
        {"what": title, "insyn": ours, "stock": stock, "unit": unit, "ratio": ours / stock if stock else None}
        for title, ours, stock, unit in rows
    ]
    latest = HOME / "latest.json"
    latest.write_text(json.dumps({"conditions": conditions, "figures": figures}, indent=2), encoding="utf-8")
    print(f"The figures are also in {os.path.relpath(latest)}")
