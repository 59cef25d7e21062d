"""A tray of the staff's lists is read from what is in it, not from all that is open (figures: `make bench ARGS=queries`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection

from insyn.cases import finding
from insyn.cases.finding import Tray, Wanted
from insyn.store.engine import Store
from tests.fixtures.house import MORNING


@pytest.fixture
def store(sqlite_file: Path) -> Iterator[Store]:
    """SQLite: it says which index it takes whatever the tables hold, PostgreSQL reads a small table as a whole."""
    store = Store(f"sqlite:///{sqlite_file}")
    yield store
    store.close()


@pytest.mark.parametrize("tray", [Tray.INCIDENTS, Tray.HUMAN, Tray.UNVERIFIED, Tray.REPEATS])
@pytest.mark.parametrize("look", [finding.page, finding.count])
def test_a_tray_is_an_index_of_its_own(store: Store, tray: Tray, look: Callable[..., object]) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: Connection, _cursor: object, statement: str, values: tuple[object, ...], *_: object) -> None:
        asked.append((statement, values))

    with store.read() as session:
        event.listen(store.engine, "before_cursor_execute", note)
        look(session, Wanted(tray=tray), MORNING, notice_days=7)
        event.remove(store.engine, "before_cursor_execute", note)
        (statement, values) = asked[-1]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert [row.detail for row in plan if f"INDEX ix_case_tray_{tray.name.lower()}" in row.detail] != [], plan
    assert not any("TEMP B-TREE" in row.detail for row in plan)
