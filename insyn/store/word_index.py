"""Finding messages by words: SQLite FTS5 or a GIN index of PostgreSQL over what people and staff wrote, masked.

Made beside the migrations, since neither is a table or an index that a model can describe. On SQLite triggers keep it in
step, also when a conversation is deleted. SQLite before 3.42 leaves words of deleted rows in the index until `tidy`.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, column, func, literal_column, select, table, text
from sqlalchemy.orm import Session

from insyn.store.models import Turn

NAME = "turn_words"
WORDS_AT_MOST = 8
_SECURE_DELETE = (3, 42, 0)
_WORD = re.compile(r"[^\W_]+")

_SQLITE = (
    f"CREATE VIRTUAL TABLE {NAME} USING fts5(text, content='', detail='none', columnsize=0, prefix='3 4', tokenize='unicode61 remove_diacritics 2')",
    f"INSERT INTO {NAME}(rowid, text) SELECT seq, text FROM turn WHERE author <> 'insyn'",
    f"CREATE TRIGGER {NAME}_added AFTER INSERT ON turn WHEN new.author <> 'insyn' BEGIN "
    f"INSERT INTO {NAME}(rowid, text) VALUES (new.seq, new.text); END",
    f"CREATE TRIGGER {NAME}_removed AFTER DELETE ON turn WHEN old.author <> 'insyn' BEGIN "
    f"INSERT INTO {NAME}({NAME}, rowid, text) VALUES ('delete', old.seq, old.text); END",
    f"CREATE TRIGGER {NAME}_changed AFTER UPDATE OF text ON turn WHEN old.author <> 'insyn' BEGIN "
    f"INSERT INTO {NAME}({NAME}, rowid, text) VALUES ('delete', old.seq, old.text); "
    f"INSERT INTO {NAME}(rowid, text) VALUES (new.seq, new.text); END",
)
# PostgreSQL would read addresses, file names and hyphens as words of their own kind, signs it does not know as letters, and
# in the C locale capitals outside ASCII as other letters.
_CAPITALS, _SMALL = "ÅÄÖÉÜÆØ", "åäöéüæø"
_SIGNS = './:;,@_-+*#&=<>()[]{}|!?"⟨⟩“”’´`–—…«»•·'
_DOCUMENT = f"to_tsvector('simple', translate(text, '{_CAPITALS}{_SIGNS}', '{_SMALL}{' ' * len(_SIGNS)}'))"
_POSTGRESQL = f"CREATE INDEX IF NOT EXISTS {NAME} ON turn USING gin ({_DOCUMENT}) WHERE author <> 'insyn'"


def ensure(connection: Connection) -> None:
    """Makes the index where it is missing, over what there is."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRESQL)
        return
    there = connection.scalar(text("SELECT 1 FROM sqlite_master WHERE name = :name"), {"name": NAME})
    if not there:
        for statement in _SQLITE:
            connection.execute(text(statement))
        if sqlite3.sqlite_version_info >= _SECURE_DELETE:
            connection.execute(text(f"INSERT INTO {NAME}({NAME}, rank) VALUES ('secure-delete', 1)"))


def tidy(session: Session) -> None:
    """Leaves nothing of deleted messages in the index; takes seconds for a million messages."""
    if session.get_bind().dialect.name == "sqlite" and sqlite3.sqlite_version_info < _SECURE_DELETE:
        session.execute(text(f"INSERT INTO {NAME}({NAME}) VALUES ('optimize')"))


def is_part(name: str | None) -> bool:
    """Whether a table or index of the database belongs to the index of words."""
    return name is not None and (name == NAME or name.startswith(f"{NAME}_"))


def words_of(wanted: str) -> list[str]:
    """The words that are looked for; each also finds longer words that begin so."""
    return [word.lower() for word in _WORD.findall(wanted)][:WORDS_AT_MOST]


def newest_with(session: Session, words: list[str], *, before: int | None, limit: int) -> list[int]:
    """The numbers of the newest messages that hold all the words, newest first, from before a number."""
    if session.get_bind().dialect.name == "postgresql":
        document: ColumnElement[str] = literal_column(_DOCUMENT.replace("(text,", "(turn.text,"))
        asked = func.to_tsquery(literal_column("'simple'"), " & ".join(f"{word}:*" for word in words))
        rows = select(Turn.seq).where(Turn.author != literal_column("'insyn'"), document.bool_op("@@")(asked))
        number: Any = Turn.seq
    else:
        index = table(NAME, column("rowid"))
        number = index.c.rowid
        match = literal_column(NAME).bool_op("MATCH")(bindparam(None, " ".join(f'"{word}"*' for word in words)))
        rows = select(number).where(match)
    if before is not None:
        rows = rows.where(number < before)
    return list(session.scalars(rows.order_by(number.desc()).limit(limit)))


def is_in(text: str, words: list[str]) -> bool:
    """Whether a text holds all the words, as far as marks over letters are not minded."""
    there = [_folded(each) for each in _WORD.findall(text)]
    return all(any(each.startswith(_folded(word)) for each in there) for word in words)


def _folded(word: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(each))
