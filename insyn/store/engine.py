"""The store: one engine, and the two ways into it (a write transaction, a read)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from insyn.store.queue import Queue


class StoreUnavailable(Exception):
    """The store could not take or give what was asked: locked, read-only, full or gone, or changed by another meanwhile.

    Nothing was written; the same may be tried again.
    """


class Store:
    """Sessions on one database. SQLite (WAL, `BEGIN IMMEDIATE` for writers) or PostgreSQL."""

    def __init__(self, url: str, *, busy_timeout_seconds: float = 3.0) -> None:
        self.url = url
        self._patience = busy_timeout_seconds
        self._writers: Queue | None = None
        if make_url(url).get_backend_name() == "sqlite":
            self.engine = _sqlite_engine(url, busy_timeout_seconds)
            self._writers = Queue()
        else:
            self.engine = create_engine(
                url, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=10, pool_timeout=busy_timeout_seconds,
                connect_args={"connect_timeout": 3, "options": "-c lock_timeout=5000 -c timezone=UTC"},
            )  # fmt: skip

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Session]:
        """A session in one write transaction; commits at the end, rolls back on any exception.

        With `durable=False` the commit outlives this process but, on SQLite, does not wait for the disk: the next
        durable commit takes it along. For what no one has been told of yet.
        Raises `StoreUnavailable` when the database refuses (locked, read-only, full, unreachable).
        """
        with self._turn_to_write(), self._session(writing=True, durable=durable) as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing done in it is kept. Raises `StoreUnavailable`."""
        with self._session(writing=False) as session:
            yield session

    @contextmanager
    def _session(self, *, writing: bool, durable: bool = True) -> Iterator[Session]:
        session = Session(self.engine, expire_on_commit=False)
        try:
            session.connection(execution_options={"insyn_writing": writing, "insyn_durable": durable})
            yield session
            if writing:
                session.commit()
        except PoolTimeout as error:
            raise StoreUnavailable("all connections are taken") from error
        except StaleDataError as error:
            raise StoreUnavailable("someone else changed it meanwhile") from error
        except DBAPIError as error:
            if _is_unavailability(error):
                raise StoreUnavailable(type(error.orig).__name__) from error
            raise
        finally:
            _let_go(session)

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """SQLite has one writer at a time, and those who wait poll, so that under load some never get their turn.

        The writers of this process therefore line up here first.
        """
        if self._writers is None:
            yield
            return
        with ExitStack() as turn:
            try:
                turn.enter_context(self._writers.turn(self._patience))
            except TimeoutError as error:
                raise StoreUnavailable("others write") from error
            yield

    def ping(self) -> None:
        """Proves that the store can be written to. Raises `StoreUnavailable`."""
        with self.write() as session:
            session.execute(text("UPDATE audit_head SET seq = seq WHERE id = 1"))

    def close(self) -> None:
        self.engine.dispose()


def _sqlite_engine(url: str, busy_timeout_seconds: float) -> Engine:
    database = make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_timeout=busy_timeout_seconds,
        connect_args={"timeout": busy_timeout_seconds, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun explicitly below
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("insyn_writing", True):
            level = "FULL" if options.get("insyn_durable", True) else "NORMAL"
            connection.exec_driver_sql(f"PRAGMA synchronous={level}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _let_go(session: Session) -> None:
    """Ends a session. On a connection that cannot even roll back there is nothing to undo: the database has done it."""
    try:
        session.close()
    except DBAPIError:
        session.invalidate()


def _is_unavailability(error: DBAPIError) -> bool:
    """Whether the database as such refused, as opposed to a broken rule of the data (integrity, programming)."""
    refusals = OperationalError | InterfaceError | InternalError
    # The bare class is SQLite's for a file that is damaged or no database at all.
    return error.connection_invalidated or isinstance(error, refusals) or type(error) is DatabaseError
