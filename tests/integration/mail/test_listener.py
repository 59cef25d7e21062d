"""The listener: what it says yes to is stored, and what it does not take stays the sender's."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from insyn.mail.inbox import Inbox
from insyn.mail.listener import Listener
from insyn.store.engine import StoreUnavailable
from insyn.store.mail_tables import IncomingMail
from tests.fixtures.correspondence import MAILBOX, mail
from tests.fixtures.house import ADDRESS, House
from tests.fixtures.system import free_ports

LIMIT = 20_000


@pytest.fixture
async def port(house: House) -> AsyncIterator[int]:
    [port] = free_ports(1)
    listener = Listener(
        house.services.inbox, host="127.0.0.1", port=port, lmtp=False, max_bytes=LIMIT,
        own_addresses=house.services.settings.own_addresses,
    )  # fmt: skip
    await listener.start()
    yield port
    await listener.stop()


def hand_over(port: int, raw: bytes, to: str = MAILBOX, sender: str = ADDRESS) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
        server.sendmail(sender, [to], raw)


def rows(house: House) -> list[IncomingMail]:
    with house.store.read() as session:
        return list(session.scalars(select(IncomingMail)))


async def test_what_it_takes_is_stored_sealed(house: House, port: int) -> None:
    raw = mail("Radera mina uppgifter.", sender=ADDRESS).as_bytes()
    await asyncio.to_thread(hand_over, port, raw)
    [row] = rows(house)
    assert b"Radera" not in (row.sealed_raw or b"")
    with house.store.read() as session:
        assert b"Radera" in (house.services.inbox.raw(session, session.get_one(IncomingMail, row.id)) or b"")


@pytest.mark.parametrize("raw", [b"Subject: x\r\n\r\n" + b"hej " * 900, b"Subject: x\n\n" + b"hej\n" * 900])
async def test_long_lines_and_bare_line_feeds_are_taken(house: House, port: int, raw: bytes) -> None:
    """Both are against RFC 5321, and both are what some programs send."""
    await asyncio.to_thread(hand_over, port, raw)
    [row] = rows(house)
    with house.store.read() as session:
        taken = house.services.inbox.raw(session, session.get_one(IncomingMail, row.id)) or b""
    assert taken.count(b"hej") == 900


async def test_it_passes_nothing_on_to_others(house: House, port: int) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await asyncio.to_thread(hand_over, port, b"Subject: x\r\n\r\nhej", "annan@example.org")
    assert rows(house) == []


async def test_too_large_is_refused_at_the_door(house: House, port: int) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        await asyncio.to_thread(hand_over, port, b"Subject: x\r\n\r\n" + b"x" * 60 * LIMIT)
    assert refusal.value.smtp_code == 552
    assert rows(house) == []


async def test_what_cannot_be_stored_stays_the_senders(
    house: House, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_known: object) -> None:
        raise StoreUnavailable("full")

    monkeypatch.setattr(Inbox, "take", refuse)
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        await asyncio.to_thread(hand_over, port, b"Subject: x\r\n\r\nhej")
    assert refusal.value.smtp_code == 451
