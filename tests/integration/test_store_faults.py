"""A store that cannot be written to: nothing is half-written, nobody waits for ever, and people are told in Swedish."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, event, func, select, text, update
from sqlalchemy.exc import IntegrityError

from insyn.bootstrap import build
from insyn.settings import Settings
from insyn.store.engine import Store, StoreUnavailable
from insyn.store.models import AuditRow, Case, DataKey, Turn
from insyn.web.app import create_app
from tests.fixtures.house import House, SettableClock

BUSY = 0.4  # seconds that these stores wait for another writer
HANG_GUARD = 30


@pytest.fixture
def sqlite_store(sqlite_file: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{sqlite_file}", busy_timeout_seconds=BUSY)
    yield store
    store.close()


@pytest.fixture
def sqlite_house(sqlite_store: Store, settings: Settings, clock: SettableClock, quick_build: None) -> House:
    return House(build(settings, clock=clock, store=sqlite_store), clock)


@contextmanager
def locked_by_another(path: Path) -> Iterator[None]:
    """Another process's write transaction, as far as SQLite can tell."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def every_connection(store: Store, fault: str, repair: str) -> Iterator[None]:
    """A pragma that holds on whatever connection is used meanwhile."""

    def checkout(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(fault)

    def checkin(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(repair)

    event.listen(store.engine, "checkout", checkout)
    event.listen(store.engine, "checkin", checkin)
    try:
        yield
    finally:
        event.remove(store.engine, "checkout", checkout)
        event.remove(store.engine, "checkin", checkin)


@contextmanager
def read_only(store: Store) -> Iterator[None]:
    """The file can be read but not written to."""
    with every_connection(store, "PRAGMA query_only=ON", "PRAGMA query_only=OFF"):
        yield


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """The database may not grow by another page."""
    with every_connection(store, "PRAGMA max_page_count=1", "PRAGMA max_page_count=1073741823"):
        yield


@contextmanager
def fault(name: str, store: Store) -> Iterator[None]:
    path = Path(str(store.engine.url.database))
    match name:
        case "locked":
            with locked_by_another(path):
                yield
        case "read-only":
            with read_only(store):
                yield
        case "full":
            with full_disk(store):
                yield


FAULTS = ("locked", "read-only", "full")


def rows(store: Store) -> dict[str, int]:
    with store.read() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Case, Turn, DataKey, AuditRow)
        }


@pytest.mark.parametrize("name", FAULTS)
def test_a_use_case_fails_as_a_whole_and_works_afterwards(sqlite_house: House, name: str) -> None:
    visitor = sqlite_house.visitor()
    here = visitor.says()
    before = rows(sqlite_house.store)
    words = "Radera allt. " * 4000  # more than fits in the pages there are
    with fault(name, sqlite_house.store):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            sqlite_house.services.desk.begin(here, ["request.access", "request.erasure"], words)
        assert time.monotonic() - began < HANG_GUARD
        assert rows(sqlite_house.store) == before  # and reading goes on
    assert len(sqlite_house.services.desk.begin(here, ["request.access", "request.erasure"], words)) == 2
    assert sqlite_house.audit_is_whole()


def test_a_short_lock_is_waited_out(sqlite_file: Path, settings: Settings) -> None:
    store = Store(f"sqlite:///{sqlite_file}", busy_timeout_seconds=HANG_GUARD)
    other = sqlite3.connect(sqlite_file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    async def both() -> None:
        writing = asyncio.create_task(asyncio.to_thread(store.ping))
        await asyncio.sleep(0.2)
        other.execute("COMMIT")
        await writing

    asyncio.run(both())
    other.close()
    store.close()


def test_a_read_that_is_under_way_does_not_stop_a_writer(sqlite_store: Store) -> None:
    with sqlite_store.read() as reading:
        assert reading.scalar(select(func.count()).select_from(AuditRow)) == 0
        sqlite_store.ping()


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "insyn.db").mkdir()
    store = Store(f"sqlite:///{tmp_path / 'insyn.db'}", busy_timeout_seconds=BUSY)
    with pytest.raises(StoreUnavailable):
        store.ping()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "insyn.db").write_bytes(b"not a database, but long enough to be looked at as one" * 100)
    store = Store(f"sqlite:///{tmp_path / 'insyn.db'}", busy_timeout_seconds=BUSY)
    with pytest.raises(StoreUnavailable):
        store.ping()


def test_a_broken_rule_of_the_data_is_not_the_stores_fault(house: House) -> None:
    with pytest.raises(IntegrityError), house.store.write() as session:
        session.add(Turn(id="x", conversation_id="none", author="person", at=house.clock(), text="", status="pending"))


def test_a_case_that_another_has_changed_meanwhile_is_tried_again(house: House) -> None:
    """What two decide on at once is decided once: the later one gets no half of its own, and is told to try again."""
    (reference,) = house.visitor().claims("request.erasure")
    before = house.case(reference)

    def decide_while_another_does() -> None:
        changed_by_another = update(Case).values(version=Case.version + 1).execution_options(synchronize_session=False)
        with house.store.write() as session:
            case = session.scalars(select(Case).where(Case.reference == reference)).one()
            session.execute(changed_by_another)
            case.assignee = "handler-1"

    with pytest.raises(StoreUnavailable):
        decide_while_another_does()
    after = house.case(reference)
    assert (after.assignee, after.version) == (None, before.version)


def test_all_connections_taken_is_unavailable(sqlite_file: Path) -> None:
    store = Store(f"sqlite:///{sqlite_file}", busy_timeout_seconds=BUSY)
    with ExitStack() as held:

        def take_all() -> None:
            for _ in range(100):
                held.enter_context(store.read())

        with pytest.raises(StoreUnavailable):
            take_all()
    store.ping()
    store.close()


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_postgresql_waits_for_a_lock_only_so_long(house: House) -> None:
    other = create_engine(house.store.engine.url)
    with other.begin() as connection:
        connection.execute(text("SELECT * FROM audit_head FOR UPDATE"))
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            house.store.ping()
        assert time.monotonic() - began < HANG_GUARD
    other.dispose()
    house.store.ping()


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_postgresql_that_drops_the_connection(house: House) -> None:
    other = create_engine(house.store.engine.url)
    drop = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    visitor = house.visitor()
    here = visitor.says()

    def lose_the_server() -> None:
        with house.store.write() as session:
            session.execute(text("UPDATE conversation SET channel = 'x'"))
            with other.connect() as connection:
                connection.execute(drop)
            session.execute(text("SELECT 1"))

    with pytest.raises(StoreUnavailable):
        lose_the_server()
    assert visitor.conversation.channel == "chat"
    with other.connect() as connection:
        connection.execute(drop)
    assert house.services.desk.begin(here, ["request.access"], "…")  # the lost connections are replaced
    other.dispose()


def test_postgresql_that_is_not_there(settings: Settings) -> None:
    store = Store("postgresql+psycopg://insyn@127.0.0.1:1/insyn", busy_timeout_seconds=BUSY)
    with pytest.raises(StoreUnavailable):
        store.ping()


# -- what the person is told


@pytest.fixture
async def client(sqlite_house: House) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(sqlite_house.services.settings, services=sqlite_house.services)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        yield client


@pytest.mark.parametrize("name", FAULTS)
async def test_a_message_that_cannot_be_kept_is_not_taken(
    sqlite_house: House, client: httpx.AsyncClient, name: str
) -> None:
    opened = (await client.post("/api/chat/conversations")).json()
    before = rows(sqlite_house.store)
    headers = {"Authorization": f"Bearer {opened['token']}", "Idempotency-Key": "k1"}
    with fault(name, sqlite_house.store):
        async with asyncio.timeout(HANG_GUARD):
            response = await client.post("/api/chat/messages", headers=headers, json={"text": "hej, " * 1600})
        assert rows(sqlite_house.store) == before
    assert response.status_code == 503
    assert response.headers["Retry-After"].isdigit()
    error = response.json()["error"]
    assert "meddelandet är inte mottaget" in error["message"]
    assert error["id"].startswith("F-")


@pytest.mark.parametrize("name", ["locked", "read-only"])
async def test_a_conversation_that_cannot_be_opened_says_so(
    sqlite_house: House, client: httpx.AsyncClient, name: str
) -> None:
    with fault(name, sqlite_house.store):
        response = await client.post("/api/chat/conversations")
    assert response.status_code == 503
    assert "Försök igen" in response.json()["error"]["message"]


@pytest.mark.parametrize("name", ["locked", "read-only"])
async def test_readyz_tells_of_the_store(sqlite_house: House, client: httpx.AsyncClient, name: str) -> None:
    with fault(name, sqlite_house.store):
        response = await client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["store"].startswith("failing")
    assert (await client.get("/healthz")).status_code == 200
