"""Finding messages by words: SQLite FTS5 or a GIN index of PostgreSQL over what people and staff wrote, masked.

Made beside the migrations, since neither is a table or an index that a model can describe. On SQLite triggers keep it in
step, also when a conversation is deleted. SQLite before 3.42 leaves words of deleted rows in the index until `tidy`.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, bindparam, column, func, literal_column, select, table, text
from sqlalchemy.orm import Session

from insyn.store.engine import Store
from insyn.store.models import Turn

NAME = "turn_words"
TERMS = f"{NAME}_terms"
WORDS_AT_MOST = 8
TERMS_AT_MOST = 64  # longer words that begin as one that is looked for, before SQLite gathers their messages by itself
WINDOW = 2000  # newest messages that PostgreSQL reads one by one before it asks its index, which knows no order
_SECURE_DELETE = (3, 42, 0)
_MERGE = text(f"INSERT INTO {NAME}({NAME}, rank) VALUES ('merge', :pages)")
_CHANGES = text("SELECT total_changes()")
_STEP = 250  # pages of the index that are written before others may write
_A_CHANGE = 2  # rows: a step that did nothing counts as one
_PREFIXES = (3, 4)  # signs
_WORD = re.compile(r"[^\W_]+")

_SQLITE = (
    f"CREATE VIRTUAL TABLE {NAME} USING fts5(text, content='', detail='none', columnsize=0, prefix='{' '.join(map(str, _PREFIXES))}', tokenize='unicode61 remove_diacritics 2')",
    f"INSERT INTO {NAME}(rowid, text) SELECT seq, text FROM turn WHERE author <> 'insyn'",
    f"CREATE TRIGGER {NAME}_added AFTER INSERT ON turn WHEN new.author <> 'insyn' BEGIN "
    f"INSERT INTO {NAME}(rowid, text) VALUES (new.seq, new.text); END",
    f"CREATE TRIGGER {NAME}_removed AFTER DELETE ON turn WHEN old.author <> 'insyn' BEGIN "
    f"INSERT INTO {NAME}({NAME}, rowid, text) VALUES ('delete', old.seq, old.text); END",
    f"CREATE TRIGGER {NAME}_changed AFTER UPDATE OF text ON turn WHEN old.author <> 'insyn' BEGIN "
    f"INSERT INTO {NAME}({NAME}, rowid, text) VALUES ('delete', old.seq, old.text); "
    f"INSERT INTO {NAME}(rowid, text) VALUES (new.seq, new.text); END",
)
_SQLITE_TERMS = f"CREATE VIRTUAL TABLE IF NOT EXISTS {TERMS} USING fts5vocab({NAME}, instance)"
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
    connection.execute(text(_SQLITE_TERMS))


def tidy(store: Store) -> None:
    """Leaves nothing of deleted messages in the index, which is written anew in steps that others can write between.

    About a second for half a million short messages. Raises `StoreUnavailable`.
    """
    if store.engine.dialect.name != "sqlite" or sqlite3.sqlite_version_info >= _SECURE_DELETE:
        return
    # A first step of less than nothing begins to merge all parts of the index into one (sqlite.org/fts5.html, "merge").
    pages, changed = -_STEP, _A_CHANGE
    while changed >= _A_CHANGE:
        with store.write(durable=False) as session:
            before = session.scalar(_CHANGES) or 0
            session.execute(_MERGE, {"pages": pages})
            changed = (session.scalar(_CHANGES) or 0) - before
        pages = _STEP


def is_part(name: str | None) -> bool:
    """Whether a table or index of the database belongs to the index of words."""
    return name is not None and (name == NAME or name.startswith(f"{NAME}_"))


def words_of(wanted: str) -> list[str]:
    """The words that are looked for; each also finds longer words that begin so."""
    return [word.lower() for word in _WORD.findall(wanted)][:WORDS_AT_MOST]


def newest_with(session: Session, words: list[str], *, before: int | None, size: int, most: int) -> Iterator[list[int]]:
    """The numbers of the newest messages that hold all the words, from before a number: newest first, `size` at a time.

    What comes last is shorter than `size`, or empty; after `most` it ends.
    """
    found = _in_postgresql if session.get_bind().dialect.name == "postgresql" else _in_sqlite
    return found(session, words, before, size, most)


def _in_sqlite(session: Session, words: list[str], before: int | None, size: int, most: int) -> Iterator[list[int]]:
    index = table(NAME, column("rowid"))
    asked = " AND ".join(f"({_beginning_with(session, word)})" for word in words)
    rows = select(index.c.rowid).where(literal_column(NAME).bool_op("MATCH")(bindparam(None, asked)))
    if before is not None:
        rows = rows.where(index.c.rowid < before)
    found = session.scalars(rows.order_by(index.c.rowid.desc()).limit(most))
    yield from map(list, found.partitions(size))  # SQLite looks for the next ones only when they are asked for


def _beginning_with(session: Session, word: str) -> str:
    """A word and the longer ones that begin so, as a question to FTS5.

    Asked for a beginning, FTS5 gathers all the messages before it gives the first; asked for words, it gives the newest at
    once. Beginnings of three and four signs are words of its own; shorter ones have too many longer words.
    """
    asked = f'"{word}"*'
    begins = _folded(word)
    if len(begins) <= max(_PREFIXES):
        return asked
    next_term = text(f"SELECT term FROM {TERMS} WHERE term >= :begins LIMIT 1")
    terms: list[str] = []
    while len(terms) <= TERMS_AT_MOST:
        # What follows a term sorts behind it with any sign added: the least of all leads past its messages.
        term = session.scalar(next_term, {"begins": f"{terms[-1]}\x01" if terms else begins})
        if term is None or not term.startswith(begins):
            return " OR ".join(f'"{each}"' for each in terms) or asked
        terms.append(term)
    return asked


def _in_postgresql(session: Session, words: list[str], before: int | None, size: int, most: int) -> Iterator[list[int]]:
    """A common word is soon found among the newest, a rare one through the index: the planner takes rare ones for common."""
    document: ColumnElement[str] = literal_column(_DOCUMENT.replace("(text,", "(turn.text,"))
    asked = func.to_tsquery(literal_column("'simple'"), " & ".join(f"{word}:*" for word in words))
    matching = select(Turn.seq).where(Turn.author != literal_column("'insyn'"), document.bool_op("@@")(asked))
    # Where no index is asked, a text is only taken apart into words when their signs are somewhere in it: that costs a tenth.
    signs = func.translate(Turn.text, literal_column(f"'{_CAPITALS}'"), literal_column(f"'{_SMALL}'"))
    one_by_one = matching.where(*(signs.ilike(f"%{word}%") for word in words))
    end = before if before is not None else (session.scalar(select(func.max(Turn.seq))) or 0) + 1
    given = 0
    while given < most:
        newest = one_by_one.where(Turn.seq < end, Turn.seq >= end - WINDOW).order_by(Turn.seq.desc()).limit(size)
        part = session.scalars(newest).all()
        if len(part) < size:
            break
        yield list(part)
        given, end = given + size, part[-1]
    all_of_them = matching.where(Turn.seq < end).cte().prefix_with("MATERIALIZED")
    number = all_of_them.c.seq
    if given < most:
        found = session.scalars(select(number).order_by(number.desc()).limit(most - given))
        yield from map(list, found.partitions(size))


def is_in(text: str, words: list[str]) -> bool:
    """Whether a text holds all the words, as far as marks over letters are not minded."""
    there = [_folded(each) for each in _WORD.findall(text)]
    return all(any(each.startswith(_folded(word)) for each in there) for word in words)


def _folded(word: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(each))
