"""Putting very many rows into a store: past the ORM, with indexes made once at the end instead of row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.orm import Session

from insyn.store import word_index
from insyn.store.models import Base

CACHE_KIB = 1_000_000

Values = Sequence[Any]


@contextmanager
def indexed_afterwards(session: Session, *models: type[Base]) -> Iterator[None]:
    """Takes the indexes of some tables away, that over words too, and makes them anew over what there is then."""
    connection = session.connection()
    tables = [inspect(model).local_table for model in models]
    indexes = [index for table in tables if isinstance(table, Table) for index in table.indexes]
    _forget_words(connection)
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)
    word_index.ensure(connection)


def _forget_words(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"DROP INDEX {word_index.NAME}"))
        return
    # The unique columns keep their indexes: those are written in memory, and to the file once.
    connection.execute(text(f"PRAGMA cache_size = -{CACHE_KIB}"))
    triggers = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'turn'"))
    for trigger in [name for name in triggers if word_index.is_part(name)]:
        connection.execute(text(f"DROP TRIGGER {trigger}"))
    connection.execute(text(f"DROP TABLE {word_index.NAME}"))


def put(session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Values]) -> None:
    """Puts rows in as the driver takes them: times are aware, JSON is text."""
    connection = session.connection()
    table, names = model.__tablename__, ", ".join(f'"{column}"' for column in columns)
    cursor = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        with cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:  # type: ignore[attr-defined]
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', map(_for_sqlite, rows))


def _for_sqlite(row: Values) -> tuple[Any, ...]:
    """Moments as SQLAlchemy keeps them in SQLite."""
    return tuple(
        value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        if isinstance(value, datetime)
        else value
        for value in row
    )
