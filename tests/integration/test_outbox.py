"""The outbox: each mail once, retried for as long as it may help, and sent in a real SMTP conversation."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from insyn.outbox.catcher import DevelopmentMailbox
from insyn.outbox.queue import RETRY_MINUTES, Letter
from insyn.outbox.sender import OutboxSender, SmtpServer
from insyn.store.models import DataKey, OutgoingMail
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House


def letter(to: str = ADDRESS, subject: str = "Ärendet är öppet") -> Letter:
    return Letter(to=to, subject=subject, text="Hej,\n\nåtta siffror.\n", html="<p>Hej,</p><p>åtta siffror.</p>")


def queue(house: House, what: Letter, key: str = "receipt:1", kind: str = "receipt") -> str:
    """Queues a letter under a key of its own; returns the mail's id."""
    with house.store.write() as session:
        data_key_id = house.services.keyring.create(session, house.clock())
        house.services.outbox.queue(session, kind, what, unique_key=key, data_key_id=data_key_id)
        return session.scalars(select(OutgoingMail.id).where(OutgoingMail.unique_key == key)).one()


def row(house: House, mail_id: str) -> OutgoingMail:
    with house.store.read() as session:
        return session.get_one(OutgoingMail, mail_id)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def sender_to(house: House, port: int) -> OutboxSender:
    server = SmtpServer("127.0.0.1", port, "none", timeout_seconds=5)
    return OutboxSender(house.store, house.services.outbox, server, house.services.settings.mail_from, house.clock)


class MailServer:
    """A server that takes or refuses as it is told, and keeps what it took."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[tuple[str, list[str], EmailMessage]] = []

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, _options: Any) -> str:
        answer = self.answers.get(to, self.answers.get("rcpt", "250 OK"))
        if answer.startswith("250"):
            envelope.rcpt_tos.append(to)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.get("data", "250 OK")
        if answer.startswith("250"):
            message = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            self.taken.append((envelope.mail_from or "", envelope.rcpt_tos, message))
        return answer


@asynccontextmanager
async def listening(handler: MailServer, *, utf8: bool = True) -> AsyncIterator[int]:
    port = free_port()
    make: Callable[[], SMTP] = lambda: SMTP(handler, hostname="mail.example.com", enable_SMTPUTF8=utf8)  # noqa: E731
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", port)
    try:
        yield port
    finally:
        server.close()


async def send(sender: OutboxSender) -> int:
    return await asyncio.to_thread(sender.send_due)


# -- the queue


def test_a_letter_is_queued_once_under_its_key(house: House) -> None:
    with house.store.write() as session:
        key = house.services.keyring.create(session, house.clock())
        queued = [
            house.services.outbox.queue(session, "receipt", each, unique_key="receipt:1", data_key_id=key)
            for each in (letter(), letter(OTHER_ADDRESS))
        ]
    assert queued == [True, False]
    assert [each.to for each in house.letters()] == [ADDRESS]


@pytest.mark.parametrize("mark", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("field", ["to", "subject"])
def test_security_18_a_line_break_in_a_header_is_refused(house: House, field: str, mark: str) -> None:
    bad = letter(**{field: f"x{mark}Bcc: {OTHER_ADDRESS}"})
    with pytest.raises(ValueError, match="line break"):
        queue(house, bad)
    assert house.count(OutgoingMail) == 0
    assert house.count(DataKey) == 0  # nothing half-written


def test_recipient_and_content_are_sealed(house: House) -> None:
    sealed = row(house, queue(house, letter())).sealed
    assert sealed is not None
    for part in (ADDRESS, "åtta siffror", "Ärendet"):
        assert part.encode() not in sealed


# -- retries


def test_a_mail_is_tried_by_the_schedule_and_then_given_up(house: House) -> None:
    mail_id = queue(house, letter())
    waits = []
    while row(house, mail_id).status == "queued":
        with house.store.read() as session:
            due, _ = house.services.outbox.due(session)
        assert [each.id for each in due] == [mail_id]
        with house.store.write() as session:
            house.services.outbox.not_sent(session, mail_id, "ConnectionRefusedError", permanent=False)
        waits.append(row(house, mail_id).next_attempt_at - house.clock())
        with house.store.read() as session:
            assert house.services.outbox.due(session) == ([], [])
        house.clock.now = row(house, mail_id).next_attempt_at
        if len(waits) > 20:
            pytest.fail("it is tried for ever")
    assert waits[:-1] == [timedelta(minutes=each) for each in RETRY_MINUTES]
    assert (row(house, mail_id).status, row(house, mail_id).attempts) == ("failed", len(RETRY_MINUTES) + 1)


def test_a_permanent_failure_is_not_tried_again(house: House) -> None:
    mail_id = queue(house, letter())
    with house.store.write() as session:
        house.services.outbox.not_sent(session, mail_id, "SMTPRecipientsRefused", permanent=True)
    assert row(house, mail_id).status == "failed"
    house.clock.go(days=30)
    with house.store.read() as session:
        assert house.services.outbox.due(session) == ([], [])


def test_waiting_is_known_only_after_a_failure(house: House) -> None:
    began = house.clock()
    mail_id = queue(house, letter())
    assert not house.services.desk.mail_is_slow()
    with house.store.write() as session:
        house.services.outbox.not_sent(session, mail_id, "TimeoutError", permanent=False)
        assert house.services.outbox.waiting_since(session) == began
    assert house.services.desk.mail_is_slow()
    with house.store.write() as session:
        house.services.outbox.sent(session, mail_id)
    assert not house.services.desk.mail_is_slow()


def test_hurrying_makes_the_queue_due(house: House) -> None:
    mail_id = queue(house, letter())
    with house.store.write() as session:
        house.services.outbox.not_sent(session, mail_id, "TimeoutError", permanent=False)
        assert house.services.outbox.hurry(session) == 1
        assert [each.id for each in house.services.outbox.due(session)[0]] == [mail_id]


# -- sending


async def test_a_real_smtp_conversation_with_the_development_mailbox(house: House) -> None:
    mailbox = DevelopmentMailbox(free_port(), house.clock)
    await mailbox.start()
    try:
        mail_id = queue(house, letter())
        assert await send(sender_to(house, mailbox._port)) == 1
    finally:
        await mailbox.stop()
    (caught,) = mailbox.mails
    assert (caught.to, caught.subject) == (ADDRESS, "Ärendet är öppet")
    assert caught.text.replace("\r\n", "\n") == "Hej,\n\nåtta siffror.\n"
    assert caught.id == row(house, mail_id).message_id
    assert (row(house, mail_id).status, row(house, mail_id).sent_at) == ("sent", house.clock())


async def test_a_mail_is_sent_once(house: House) -> None:
    queue(house, letter())
    server = MailServer()
    async with listening(server) as port:
        sender = sender_to(house, port)
        assert [await send(sender), await send(sender)] == [1, 0]
    assert len(server.taken) == 1


async def test_what_a_mail_says_of_itself(house: House) -> None:
    queue(house, letter())
    server = MailServer()
    async with listening(server) as port:
        await send(sender_to(house, port))
    ((mail_from, to, message),) = server.taken
    assert (mail_from, to) == ("dpo@kontek.example", [ADDRESS])
    assert message["From"].addresses[0].addr_spec == "dpo@kontek.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


async def test_a_code_mail_keeps_no_content_after_sending(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    visitor.asks_for_code()
    server = MailServer()
    async with listening(server) as port:
        await send(sender_to(house, port))
    ((_, to, message),) = server.taken
    body = message.get_body(("plain",))
    assert body is not None
    assert to == [ADDRESS]
    assert "din engångskod är" in body.get_content()
    with house.store.read() as session:
        (mail,) = session.scalars(select(OutgoingMail))
    assert (mail.kind, mail.status, mail.sealed) == ("code", "sent", None)
    assert house.letters() == []


async def test_other_mails_keep_theirs(house: House) -> None:
    queue(house, letter())
    async with listening(MailServer()) as port:
        await send(sender_to(house, port))
    assert len(house.letters("receipt")) == 1


async def test_a_server_that_is_down_keeps_the_mail_queued(house: House) -> None:
    mail_id = queue(house, letter())
    port = free_port()
    sender = sender_to(house, port)
    assert await send(sender) == 0
    assert sender.failing
    assert (row(house, mail_id).status, row(house, mail_id).attempts) == ("queued", 1)
    assert row(house, mail_id).last_error == "ConnectionRefusedError"
    house.clock.go(minutes=1)
    async with listening(MailServer()) as up:
        sender = sender_to(house, up)
        assert await send(sender) == 1
    assert not sender.failing


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ({"rcpt": "550 no such user"}, "failed"),
        ({"rcpt": "451 try later"}, "queued"),
        ({"data": "451 try later"}, "queued"),
        ({"data": "552 too much mail"}, "queued"),
    ],
)
async def test_a_refusal_is_permanent_only_when_it_is_of_the_recipient(
    house: House, answers: dict[str, str], status: str
) -> None:
    mail_id = queue(house, letter())
    async with listening(MailServer(**answers)) as port:
        assert await send(sender_to(house, port)) == 0
    assert row(house, mail_id).status == status


async def test_one_refused_recipient_does_not_hold_up_the_others(house: House) -> None:
    refused = queue(house, letter(), "a")
    house.clock.go(seconds=1)
    taken = queue(house, letter(OTHER_ADDRESS), "b")
    async with listening(MailServer(**{ADDRESS: "550 no such user"})) as port:
        sender = sender_to(house, port)
        assert await send(sender) == 1
    assert [row(house, each).status for each in (refused, taken)] == ["failed", "sent"]
    assert not sender.failing  # the server is well; the address is not


async def test_a_mail_that_cannot_be_written_does_not_hold_up_the_others(house: House) -> None:
    poison = queue(house, letter("ingen adress"), "a")
    house.clock.go(seconds=1)
    taken = queue(house, letter(), "b")
    async with listening(MailServer()) as port:
        assert await send(sender_to(house, port)) == 1
    assert [row(house, each).status for each in (poison, taken)] == ["failed", "sent"]


async def test_shredded_and_tampered_mails_do_not_hold_up_the_others(house: House) -> None:
    """Twenty mails are looked at in a round: as many unreadable ones must not be all that is ever looked at."""
    lost = [queue(house, letter(), f"lost:{number}") for number in range(25)]
    with house.store.write() as session:
        for number, mail_id in enumerate(lost):
            mail = session.get_one(OutgoingMail, mail_id)
            if number % 2:
                house.services.keyring.shred(session, mail.data_key_id)
            else:
                mail.sealed = b"x" * 40
    house.clock.go(seconds=1)
    taken = queue(house, letter(), "b")
    async with listening(MailServer()) as port:
        sender = sender_to(house, port)
        for _ in range(3):
            await send(sender)
    assert row(house, taken).status == "sent"
    assert {row(house, each).status for each in lost} == {"failed"}
    assert not house.services.desk.mail_is_slow()


@pytest.mark.parametrize(
    ("to", "wire"),
    [
        ("anna@räksmörgås.se", "anna@xn--rksmrgs-5wao1o.se"),
        ("anna+test@example.com", "anna+test@example.com"),
        ("anna.ek@sub.example.com", "anna.ek@sub.example.com"),
    ],
)
async def test_an_internationalised_domain_needs_nothing_of_the_server(house: House, to: str, wire: str) -> None:
    queue(house, letter(to))
    server = MailServer()
    async with listening(server, utf8=False) as port:
        assert await send(sender_to(house, port)) == 1
    ((_, recipients, message),) = server.taken
    assert recipients == [wire]
    assert message["To"] == wire


async def test_an_internationalised_local_part_is_sent_where_the_server_can(house: House) -> None:
    queue(house, letter("björn@example.com"))
    server = MailServer()
    async with listening(server) as port:
        assert await send(sender_to(house, port)) == 1
    assert server.taken[0][1] == ["björn@example.com"]


async def test_and_is_given_up_where_it_cannot(house: House) -> None:
    mail_id = queue(house, letter("björn@example.com"))
    async with listening(MailServer(), utf8=False) as port:
        assert await send(sender_to(house, port)) == 0
    assert row(house, mail_id).status == "failed"


async def test_the_sender_goes_on_after_an_error(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens in one round, the next comes."""
    sender = sender_to(house, free_port())
    rounds = asyncio.Event()
    loop = asyncio.get_running_loop()
    calls = iter([RuntimeError("unexpected")])

    def send_due() -> int:
        for error in calls:
            raise error
        loop.call_soon_threadsafe(rounds.set)
        return 0

    monkeypatch.setattr(sender, "send_due", send_due)
    running = asyncio.create_task(sender.run(pause_seconds=0.01))
    async with asyncio.timeout(10):
        await rounds.wait()
    running.cancel()
