"""Stores to measure on: a SQLite file and a PostgreSQL of the bench's own, both as durable as in production."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, text

from insyn.bootstrap import build
from insyn.cases.reference import new_reference
from insyn.privacy.keys import seal
from insyn.store.engine import Store
from insyn.store.models import (
    AuditHead,
    AuditRow,
    Case,
    CaseNote,
    Conversation,
    DataKey,
    OutgoingMail,
    Turn,
    VaultValue,
)
from tests.fixtures.house import House, SettableClock, house_settings, prepared
from tests.fixtures.postgres import Cluster, database_beside
from tests.seed.filling import fill
from tests.seed.keys import settings_in

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / ".bench"  # not in var, which is nobody else's: PostgreSQL may run as another user
KINDS_OF_STORE = ("SQLite", "PostgreSQL")
BATCH = 2000
AS_IN_PRODUCTION = "-c shared_buffers=128MB"
_WORDS = "Jag vill veta vad ni har sparat om mig sedan jag sökte jobb hos er i våras. ⟨namn 1⟩"


@contextmanager
def house_on(kind: str) -> Iterator[House]:
    """The services on an empty store of a kind, in a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="insyn-bench-") as home, _url(kind, Path(home)) as url:
        settings = house_settings(Path(home), database_url=url)
        store = prepared(Store(url, busy_timeout_seconds=60), settings)
        try:
            yield House(build(settings, clock=(clock := SettableClock()), store=store), clock)
        finally:
            store.close()


@contextmanager
def seeded_house(kind: str, cases: int, turns: int) -> Iterator[House]:
    """The services on a copy of a store of that size, which is filled once and kept in `.bench` for later runs."""
    folder = KEPT / f"{kind.lower()}-{cases}"
    if not (folder / _made_by()).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    with (
        tempfile.TemporaryDirectory(prefix="insyn-bench-") as home,
        _kept(kind, folder, cases, turns) as original,
        _copied(original, Path(home)) as url,
    ):
        store, clock = Store(url, busy_timeout_seconds=60), SettableClock()
        settings = settings_in(folder, url).model_copy(update={"var_dir": Path(home)})
        try:
            yield House(build(settings, clock=clock, store=store), clock)
        finally:
            store.close()


@contextmanager
def _kept(kind: str, folder: Path, cases: int, turns: int) -> Iterator[str]:
    """SQLAlchemy URL of the store in `folder`, filled."""
    if kind == "SQLite":
        _fill_once(folder, url := f"sqlite:///{folder / 'insyn.db'}", cases, turns)
        yield url
        return
    cluster = Cluster(AS_IN_PRODUCTION, folder / "cluster")
    cluster.start()
    try:
        if not (folder / _made_by()).exists():
            cluster.create()
        _fill_once(folder, cluster.url, cases, turns)
        yield cluster.url
    finally:
        cluster.stop("fast")


def _fill_once(folder: Path, url: str, cases: int, turns: int) -> None:
    mark = folder / _made_by()
    if mark.exists():
        return
    began = time.perf_counter()
    settings = settings_in(folder, url)
    store = prepared(Store(url, busy_timeout_seconds=60), settings)
    house = House(build(settings, clock=SettableClock(), store=store), SettableClock())
    fill(house.services, house.index, cases=cases, turns=turns)
    store.close()
    mark.touch()
    print(f"{folder.name}: {cases} cases and {turns} turns put in in {time.perf_counter() - began:.0f} s", flush=True)


def _made_by() -> str:
    """A name for the code and the schema that a kept store was made with: another makes it anew."""
    tables = ROOT / "insyn" / "store"
    sources = [
        *(ROOT / "tests" / "seed").glob("*.py"), *tables.glob("*_tables.py"), *tables.glob("migrations/versions/*.py"),
        tables / "models.py", tables / "word_index.py",
    ]  # fmt: skip
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(sources)))
    return f"made-by-{digest.hexdigest()[:16]}"


@contextmanager
def _copied(url: str, home: Path) -> Iterator[str]:
    if url.startswith("sqlite"):
        yield f"sqlite:///{shutil.copy(url.removeprefix('sqlite:///'), home / 'insyn.db')}"
        return
    with database_beside(url, "measured", copied=True) as copy:
        yield copy


@contextmanager
def _url(kind: str, home: Path) -> Iterator[str]:
    if kind == "SQLite":
        yield f"sqlite:///{home / 'insyn.db'}"
        return
    cluster = Cluster(AS_IN_PRODUCTION)
    try:
        cluster.start()
        try:
            cluster.create()
            yield cluster.url
        finally:
            cluster.stop("fast")
    finally:
        cluster.remove()


def fill_with_cases(house: House, count: int) -> None:
    """Puts `count` cases in, each with a conversation, a note, letters and rows of the log.

    Received over the last 400 days, however many; one in ten is open, most of those late.
    """
    key, now = secrets.token_bytes(32), house.clock()
    sealed = seal(key, _WORDS.encode() * 3, "bench")
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        ids = {number: str(uuid.uuid4()) for number in numbers}
        talks = {number: str(uuid.uuid4()) for number in numbers}
        _put_conversations(house, list(talks.values()), days_ago=40)
        with house.store.write() as session:
            head = session.get_one(AuditHead, 1)
            rows = {table: [] for table in (Case, CaseNote, OutgoingMail, AuditRow)}  # type: ignore[var-annotated]
            for number in numbers:
                received = now - timedelta(days=400) * (number + 1) / count
                closed = received + timedelta(days=20) if number % 10 and received + timedelta(days=20) < now else None
                case = ids[number]
                rows[Case].append(
                    {
                        "id": case, "reference": new_reference(), "kind": "request.access", "channel": "chat",
                        "state": "completed" if closed else "open", "conversation_id": talks[number],
                        "group_id": str(uuid.uuid4()), "position": 0, "opening_key": f"bench:{case}",
                        "received_at": received, "due_on": (due := (received + timedelta(days=31)).date()), "sort_on": due, "urgent": False,
                        "ordered": False, "closed_at": closed, "on_hold": False, "proof": "mailbox", "proved_at": received,
                        "address_index": secrets.token_bytes(32), "data_key_id": str(uuid.uuid4()), "sealed": sealed,
                        "created_at": received, "changed_at": received, "version": 5, "confirming_turn": str(uuid.uuid4()),
                    }
                )  # fmt: skip
                for kind in ("code", "receipt"):
                    rows[OutgoingMail].append(
                        {
                            "id": str(uuid.uuid4()), "unique_key": f"{kind}:{case}", "kind": kind, "case_id": case,
                            "message_id": f"<{uuid.uuid4()}@bench.example>", "data_key_id": str(uuid.uuid4()),
                            "sealed": None, "status": "sent", "attempts": 1, "created_at": received,
                            "next_attempt_at": received, "sent_at": received,
                        }
                    )  # fmt: skip
                rows[CaseNote].append(
                    {
                        "id": str(uuid.uuid4()), "case_id": case, "at": received, "author": "insyn", "kind": "letter",
                        "sealed": sealed,
                    }
                )  # fmt: skip
                for event in ("case.received", "case.address_given", "case.mailbox_proved", "case.confirmed"):
                    head.seq += 1
                    rows[AuditRow].append(
                        {
                            "seq": head.seq, "at": received, "event": event, "subject": case, "data": "{}",
                            "previous": "0" * 64, "hash": "0" * 64,
                        }
                    )  # fmt: skip
            for table, values in rows.items():
                session.execute(insert(table), values)
    _settle(house)


def fill_with_conversations(house: House, count: int, *, days_ago: int) -> None:
    """Puts conversations in that were left so many days ago, each with two messages, an address and a key."""
    for start in range(0, count, BATCH):
        _put_conversations(house, [str(uuid.uuid4()) for _ in range(min(BATCH, count - start))], days_ago=days_ago)
    _settle(house)


def _put_conversations(house: House, ids: list[str], *, days_ago: int) -> None:
    then = house.clock() - timedelta(days=days_ago)
    with house.store.write() as session:
        wrapped = session.get_one(DataKey, house.services.keyring.create(session, then))
        keys = {each: str(uuid.uuid4()) for each in ids}
        session.execute(
            insert(DataKey),
            [
                {"id": key, "wrapped": wrapped.wrapped, "master_key_id": wrapped.master_key_id, "created_at": then}
                for key in keys.values()
            ],
        )
        session.execute(
            insert(Conversation),
            [
                {
                    "id": each, "channel": "chat", "token_epoch": 0, "data_key_id": keys[each], "created_at": then,
                    "last_activity_at": then, "dialogue": {}, "on_hold": False,
                }
                for each in ids
            ],
        )  # fmt: skip
        session.execute(
            insert(Turn),
            [
                {
                    "id": str(uuid.uuid4()), "conversation_id": each, "author": author, "at": then, "text": _WORDS,
                    "status": status,
                }
                for each in ids
                for author, status in (("person", "answered"), ("insyn", "said"))
            ],
        )  # fmt: skip
        session.execute(
            insert(VaultValue),
            [
                {
                    "conversation_id": each, "placeholder": "⟨namn 1⟩", "sealed": secrets.token_bytes(60),
                    "blind_index": secrets.token_bytes(32),
                }
                for each in ids
            ],
        )  # fmt: skip


def _settle(house: House) -> None:
    """What PostgreSQL does by itself in quiet hours: statistics for the planner. SQLite has none, as in production."""
    if house.store.engine.dialect.name == "sqlite":
        return
    with house.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
