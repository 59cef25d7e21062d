"""PostgreSQL ends a connection under us, at each point of a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from insyn.store.engine import Store, StoreUnavailable


@pytest.fixture
def connected(migrated_postgres: str) -> Iterator[Store]:
    store = Store(migrated_postgres)
    yield store
    store.close()


@pytest.fixture
def killer(migrated_postgres: str) -> Iterator[Store]:
    store = Store(migrated_postgres)
    yield store
    store.close()


def cut(session: Session, killer: Store) -> None:
    """The server ends the session's connection."""
    backend = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with killer.read() as other:
        other.execute(text("SELECT pg_terminate_backend(:backend, 5000)"), {"backend": backend})


def test_after_the_last_read_it_does_not_matter(connected: Store, killer: Store) -> None:
    with connected.read() as session:
        found = session.execute(text("SELECT 1")).scalar_one()
        cut(session, killer)
    assert found == 1
    connected.ping()


def test_before_a_commit_nothing_is_written(connected: Store, killer: Store) -> None:
    def cut_in_vain() -> None:
        with connected.write() as session:
            session.execute(text("UPDATE audit_head SET seq = 99"))
            cut(session, killer)

    with pytest.raises(StoreUnavailable):
        cut_in_vain()
    with connected.read() as session:
        assert session.execute(text("SELECT seq FROM audit_head")).scalar_one() != 99


def test_an_error_of_the_callers_own_stays_what_it_was(connected: Store, killer: Store) -> None:
    def fail() -> None:
        with connected.write() as session:
            cut(session, killer)
            raise LookupError("ours")

    with pytest.raises(LookupError, match="ours"):
        fail()
    connected.ping()
