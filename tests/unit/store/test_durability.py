"""What a commit waits for on SQLite: the disk, unless no one has been told of it yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from insyn.store.engine import Store

NORMAL, FULL = 1, 2


@pytest.fixture
def sqlite(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'insyn.db'}")


def _level(store: Store, *, durable: bool) -> int:
    with store.write(durable=durable) as session:
        return int(session.execute(text("PRAGMA synchronous")).scalar_one())


def test_a_commit_waits_for_the_disk(sqlite: Store) -> None:
    with sqlite.write() as session:
        assert session.execute(text("PRAGMA synchronous")).scalar_one() == FULL


def test_one_that_need_not_be_durable_does_not_and_leaves_the_next_as_it_was(sqlite: Store) -> None:
    assert [_level(sqlite, durable=each) for each in (True, False, False, True)] == [FULL, NORMAL, NORMAL, FULL]


def test_what_is_not_yet_durable_is_seen_by_everyone(sqlite: Store) -> None:
    with sqlite.write() as session:
        session.execute(text("CREATE TABLE note (text TEXT)"))
    with sqlite.write(durable=False) as session:
        session.execute(text("INSERT INTO note VALUES ('stored')"))
    other = Store(sqlite.url)
    with other.read() as session:
        assert session.execute(text("SELECT text FROM note")).scalars().all() == ["stored"]
