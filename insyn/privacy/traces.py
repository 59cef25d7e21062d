"""What a database keeps of rows that are gone: pages, and the log of what was written."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from insyn.store import word_index
from insyn.store.engine import Store, StoreUnavailable
from insyn.store.models import Base

TRIES = 40
PAUSE_SECONDS = 0.05


def leave_no_trace(store: Store, *, thorough: bool = False) -> bool:
    """Takes what was removed out of the database's own files; False when others kept it from doing so now: the nightly purge will.

    SQLite overwrites removed rows (`secure_delete`), but its write-ahead log holds the pages as they were until it is
    emptied into the database and cut; before 3.42 its index of words keeps theirs until it is written anew. Copies that
    a page kept of rows that once moved within it go only when the database is written anew, which `thorough` does:
    about a second per 100 MB, during which others cannot write.
    PostgreSQL frees removed rows when they are vacuumed; its own log lives as long as its archiving says, and what was
    sealed there is unreadable without the key.
    """
    if store.engine.dialect.name == "sqlite":
        try:
            word_index.tidy(store)
        except StoreUnavailable:
            return False
        return _clean_sqlite(store, thorough)
    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    try:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM {tables}"))
    except (DBAPIError, PoolTimeout):
        return False
    return True


def _clean_sqlite(store: Store, thorough: bool) -> bool:
    try:
        with closing(store.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            if thorough:
                cursor.execute("VACUUM")
            for _ in range(TRIES):
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                if not busy:
                    return True
                time.sleep(PAUSE_SECONDS)
    except (sqlite3.OperationalError, PoolTimeout):  # locked for longer than the store waits
        return False
    return False
