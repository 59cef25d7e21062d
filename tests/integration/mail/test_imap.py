"""The mailbox over IMAP, with a real dovecot: fetched unmarked, each once, and marked when it has been dealt with."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from insyn.mail.check import check
from insyn.mail.imap import ImapServer, ImapSource
from insyn.store.mail_tables import IncomingMail, MailFolder
from tests.fixtures.correspondence import mail
from tests.fixtures.dovecot import PASSWORD, USER, Dovecot
from tests.fixtures.fake_rasa import FakeRasa
from tests.fixtures.house import ADDRESS, House

pytestmark = pytest.mark.usefixtures("running_rasa")
LIMIT = 20_000


def source(house: House, dovecot: Dovecot, *, password: str = PASSWORD, done_folder: str = "") -> ImapSource:
    server = ImapServer("127.0.0.1", dovecot.port, "none", USER, password, "INBOX", done_folder)
    return ImapSource(server, house.store, house.services.inbox, house.clock, max_bytes=LIMIT, poll_seconds=5)


def rounds(source: ImapSource) -> tuple[int, int]:
    """One look at the folder: how many were fetched and how many marked."""
    with source.server.connected() as box:
        validity = source.validity(box)
        return source.fetch(box, validity), source.mark(box, validity)


def rows(house: House) -> list[IncomingMail]:
    with house.store.read() as session:
        return list(session.scalars(select(IncomingMail).order_by(IncomingMail.uid)))


def question(number: int) -> bytes:
    return mail(f"Vad är cookies? {number}", sender=f"{number}.{ADDRESS}").as_bytes()


async def deal(house: House) -> None:
    for row in rows(house):
        await house.services.mailroom.handle(row.id)


async def test_security_24_a_mail_is_fetched_once_unmarked_and_marked_when_it_is_dealt_with(
    house: House, dovecot: Dovecot
) -> None:
    dovecot.deliver(question(1))
    imap = source(house, dovecot)
    assert rounds(imap) == (1, 0)
    assert dovecot.flags() == [False]
    assert rounds(imap) == (0, 0)
    await deal(house)
    assert rounds(imap) == (0, 1)
    assert dovecot.flags() == [True]
    assert rounds(imap) == (0, 0)


async def test_mail_that_a_human_opened_first_is_taken_in_and_history_is_not(house: House, dovecot: Dovecot) -> None:
    dovecot.deliver(question(1), seen=True)
    dovecot.deliver(question(2))
    imap = source(house, dovecot)
    assert rounds(imap)[0] == 1
    dovecot.deliver(question(3), seen=True)
    assert rounds(imap)[0] == 1
    assert [row.uid for row in rows(house)] == [2, 3]


async def test_what_is_dealt_with_is_moved_where_a_folder_is_named(house: House, dovecot: Dovecot) -> None:
    dovecot.create("Klart")
    dovecot.deliver(question(1))
    imap = source(house, dovecot, done_folder="Klart")
    rounds(imap)
    await deal(house)
    rounds(imap)
    assert (dovecot.count("INBOX"), dovecot.count("Klart")) == (0, 1)


async def test_security_24_a_folder_numbered_anew_brings_no_mail_twice(house: House, dovecot: Dovecot) -> None:
    dovecot.deliver(question(1))
    imap = source(house, dovecot)
    rounds(imap)
    with house.store.write() as session:
        session.execute(update(MailFolder).values(uid_validity=1))
        session.execute(update(IncomingMail).values(uid_validity=1))
    dovecot.deliver(question(2))
    rounds(imap)
    assert len(rows(house)) == 2
    await deal(house)
    rounds(imap)
    assert dovecot.flags() == [True, True]


async def test_of_a_mail_that_is_too_large_only_the_head_is_fetched(
    house: House, dovecot: Dovecot, rasa: FakeRasa
) -> None:
    large = mail("Vad är cookies?\n" + "x" * 60 + "\n", sender=ADDRESS, subject="Stor")
    large.add_attachment(b"\0" * (2 * LIMIT), maintype="application", subtype="octet-stream", filename="bild.bin")
    dovecot.deliver(large.as_bytes())
    rounds(source(house, dovecot))
    [row] = rows(house)
    with house.store.read() as session:
        raw = house.services.inbox.raw(session, session.get_one(IncomingMail, row.id))
    assert raw is not None
    assert len(raw) < LIMIT / 2
    await deal(house)
    assert (rows(house)[0].status, rows(house)[0].decision) == ("answered", "oversize")
    assert rasa.read == []


async def test_a_lost_connection_is_made_again(house: House, dovecot: Dovecot) -> None:
    imap = source(house, dovecot)
    running = asyncio.create_task(imap.run())
    try:
        dovecot.deliver(question(1))
        await until(lambda: len(rows(house)) == 1)
        dovecot.stop()
        await until(lambda: imap.failing)
        dovecot.start()
        dovecot.deliver(question(2))
        await until(lambda: len(rows(house)) == 2)
        assert not imap.failing
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_check_tells_what_works(house: House, dovecot: Dovecot) -> None:
    known = {"imap_host": "127.0.0.1", "imap_port": dovecot.port, "imap_security": "none", "imap_username": USER}
    right = house.services.settings.model_copy(update={**known, "imap_password": SecretStr(PASSWORD)})
    wrong = right.model_copy(update={"imap_password": SecretStr("fel")})
    assert [finding.works for finding in check(right)][:2] == [True, True]
    [finding, *_] = check(wrong)
    assert not finding.works
    assert "fel" not in finding.says.split()


async def until(happened, seconds: float = 30) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(seconds):
        while not happened():
            await asyncio.sleep(0.05)
