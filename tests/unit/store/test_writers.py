"""Many writers at once: each gets its turn."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from insyn.store.engine import Store, StoreUnavailable

WRITERS, TIMES = 8, 30


def test_none_waits_in_vain_while_others_write(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'insyn.db'}", busy_timeout_seconds=0.5)
    with store.write() as session:
        session.execute(text("CREATE TABLE note (writer INTEGER)"))

    def write(writer: int) -> None:
        for _ in range(TIMES):
            with store.write(durable=False) as session:
                session.execute(text("INSERT INTO note VALUES (:writer)"), {"writer": writer})
                time.sleep(0.005)

    with ThreadPoolExecutor(WRITERS) as people:
        list(people.map(write, range(WRITERS)))
    with store.read() as session:
        assert session.execute(text("SELECT count(*) FROM note")).scalar_one() == WRITERS * TIMES


def test_who_holds_on_too_long_makes_the_others_give_up(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'insyn.db'}", busy_timeout_seconds=0.05)
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store.write():
            holding.set()
            done.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert holding.wait(10)
        with pytest.raises(StoreUnavailable), store.write():
            pass
    finally:
        done.set()
        holder.join()
    with store.write():
        pass  # free again
