"""Cleaning a database's files of what was removed: what keeps it from being done now is no fault of what was asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

from insyn.privacy.traces import leave_no_trace
from insyn.store.engine import Store


def test_a_database_that_cannot_be_had_is_cleaned_another_time(tmp_path: Path) -> None:
    gone = Store(f"sqlite:///{tmp_path / 'away' / 'insyn.db'}")
    shutil.rmtree(tmp_path / "away")
    away = Store("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    for store in (gone, away):
        assert leave_no_trace(store) is False
        store.close()
