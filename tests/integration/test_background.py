"""What the service does by itself while it runs: each piece of background work is seen to happen, and to go on after a fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from insyn.audit.anchor import Anchor
from insyn.bootstrap import Services, build
from insyn.settings import Settings
from insyn.store.engine import Store, StoreUnavailable
from insyn.store.models import Base, Conversation, DueNotice, OutgoingMail, PurgeProof
from insyn.upkeep.purge import Purge
from insyn.web.app import create_app
from insyn.web.lifespan import Rhythm
from tests.fixtures.house import House, SettableClock, house_settings
from tests.fixtures.mail import MailServer
from tests.fixtures.system import free_ports

QUICK = Rhythm(mail=0.02, pending=0.02, due=0.02, webhooks=0.02, anchor=0.02, purge_again=0.02)
LIMIT_SECONDS = 30


@pytest.fixture
def post() -> Iterator[MailServer]:
    server = MailServer(free_ports(1)[0])
    server.up()
    yield server
    server.down()


@pytest.fixture
def services(store: Store, settings: Settings, clock: SettableClock, quick_build: None, post: MailServer) -> Services:
    """Services with everything switched on: mail goes to a server, webhooks to a port where nobody listens."""
    everything = house_settings(
        settings.var_dir, rasa_port=settings.rasa_port,
        smtp_host="127.0.0.1", smtp_port=post.port, smtp_security="none",
        webhook_url=f"http://127.0.0.1:{free_ports(1)[0]}/", webhook_secrets="whsec_" + "A" * 43 + "=",
    )  # fmt: skip
    return build(everything, clock=clock, store=store)


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    app = create_app(services.settings, services=services, rhythm=QUICK)
    async with app.router.lifespan_context(app):
        yield


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while not await asyncio.to_thread(happened):
            await asyncio.sleep(0.02)


class OutOfReach:
    """A store that nobody reaches until it is `repaired`; counts who tried."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tried = 0
        self._down = True
        session = store._session

        @contextmanager
        def refuse(**how: bool) -> Iterator[Session]:
            if self._down:
                self.tried += 1
                raise StoreUnavailable("test")
            with session(**how) as opened:  # type: ignore[arg-type]
                yield opened

        monkeypatch.setattr(store, "_session", refuse)

    def repaired(self) -> None:
        self._down = False


def count(house: House, table: type[Base], *where: object) -> int:
    with house.store.read() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]


def filed(house: House) -> None:
    """An open case, with its code and receipt in the outbox."""
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    house.services.desk.submit(visitor.says())


def everything_is_done(house: House, services: Services) -> bool:
    """Mail sent, the due date noticed, an old chat purged, the log anchored, the webhook tried."""
    return (
        count(house, OutgoingMail, OutgoingMail.status == "queued") == 0
        and count(house, DueNotice) == 1
        and count(house, PurgeProof, PurgeProof.finished_at.is_not(None)) >= 1
        and any(services.anchor.marks())
        and services.webhooks is not None
        and services.webhooks.state == "failing"
    )


async def test_all_background_work_runs_in_the_service(house: House, services: Services, post: MailServer) -> None:
    house.visitor()
    house.clock.go(days=31)
    filed(house)
    house.clock.go(days=26)
    async with running(services):
        await until(lambda: everything_is_done(house, services))
    assert count(house, Conversation) == 1  # the old one is gone
    assert {"receipt", "code"} == {letter_kind(house, letter.id) for letter in post.letters}
    assert house.audit_is_whole()
    assert last_mark(services.anchor) == len(house.events())  # also what came last before the end


async def test_all_background_work_goes_on_after_a_fault_of_the_store(
    house: House, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed(house)
    house.clock.go(days=26)
    fault = OutOfReach(services.store, monkeypatch)
    async with running(services):
        await until(lambda: fault.tried >= 25)  # every piece has tried more than once
        fault.repaired()
        await until(lambda: everything_is_done(house, services))


async def test_a_bug_in_one_piece_of_work_stops_neither_it_nor_the_others(
    house: House, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed(house)
    house.clock.go(days=26)
    purge, failed = Purge.run, [0]

    def fails_twice(self: Purge) -> dict[str, int]:
        failed[0] += 1
        if failed[0] <= 2:
            raise RuntimeError("a bug")
        return purge(self)

    monkeypatch.setattr(Purge, "run", fails_twice)
    async with running(services):
        await until(lambda: everything_is_done(house, services))
    assert failed[0] == 3


async def test_a_restart_by_day_does_not_purge_again(house: House, services: Services) -> None:
    async with running(services):
        await until(lambda: count(house, PurgeProof, PurgeProof.finished_at.is_not(None)) == 1)
    house.clock.go(hours=2)
    async with running(services):
        await until(lambda: last_mark(services.anchor) == len(house.events()))
        await asyncio.sleep(0.2)
    assert count(house, PurgeProof) == 1
    house.clock.go(days=1)
    async with running(services):
        await until(lambda: count(house, PurgeProof, PurgeProof.finished_at.is_not(None)) == 2)


def letter_kind(house: House, message_id: str) -> str:
    with house.store.read() as session:
        return session.scalars(select(OutgoingMail.kind).where(OutgoingMail.message_id == message_id)).one()


def last_mark(anchor: Anchor) -> int:
    marks = list(anchor.marks())
    assert all(each.whole for each in marks)
    return marks[-1].seq if marks else 0
