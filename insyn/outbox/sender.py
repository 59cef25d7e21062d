"""Sends what is in the outbox over SMTP, one mail at a time, and books each outcome."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cached_property

import structlog

from insyn.clock import Clock
from insyn.identity.address import EmailAddress
from insyn.outbox.queue import Due, Outbox
from insyn.settings import Settings
from insyn.store.engine import Store, StoreUnavailable

log = structlog.get_logger()


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed over, and how."""

    host: str
    port: int
    security: str
    username: str = ""
    password: str = ""
    timeout_seconds: float = 15.0

    @classmethod
    def of(cls, settings: Settings) -> SmtpServer:
        """The configured server, or the development mailbox."""
        if settings.catches_mail:
            return cls("127.0.0.1", settings.dev_smtp_port, "none")
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_username,
            settings.smtp_password.get_secret_value(),
        )

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Reading the system's certificates takes longer than sending a mail: once will do."""
        return ssl.create_default_context()

    def connect(self) -> smtplib.SMTP:
        """An open, authenticated connection. Raises OSError or smtplib.SMTPException."""
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout_seconds, context=self._tls
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        if self.security == "starttls":
            server.starttls(context=self._tls)
        if self.username:
            server.login(self.username, self.password)
        return server


class OutboxSender:
    """Works through the outbox. `wake` makes it look at once."""

    def __init__(self, store: Store, outbox: Outbox, server: SmtpServer, sender: str, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._server = server
        self._sender = sender
        self._clock = clock
        self.failing = False

    async def run(self, *, pause_seconds: float = 0.5) -> None:
        """Sends until cancelled."""
        while True:
            try:
                sent = await asyncio.to_thread(self.send_due)
            except StoreUnavailable as error:
                log.error("outbox cannot reach the store", error=str(error))
                sent = 0
            except Exception:
                log.exception("outbox failed")  # and goes on: later mails must not wait for a person to notice
                sent = 0
            if not sent:
                await asyncio.sleep(pause_seconds)

    def send_due(self) -> int:
        """Sends what is due now over one connection; returns how many were sent."""
        with self._store.read() as session:
            due, unreadable = self._outbox.due(session)
        if unreadable:
            self._book_failures(unreadable, "Unreadable", permanent=True)
        if not due:
            return 0
        try:
            server = self._server.connect()
        except (OSError, smtplib.SMTPException) as error:
            self.failing = True
            self._book_failures([mail.id for mail in due], type(error).__name__)
            return 0
        sent = 0
        with server:
            for mail in due:
                sent += self._send(server, mail)
        return sent

    def _send(self, server: smtplib.SMTP, mail: Due) -> int:
        try:
            message = self.compose(mail)
        except Exception as error:
            # Whatever is wrong with it will be wrong the next time too, and the other mails must not wait for it.
            self._book_failures([mail.id], type(error).__name__, permanent=True)
            return 0
        try:
            server.send_message(message, from_addr=self._envelope_sender(mail), to_addrs=[_wire(mail)])
        except (OSError, smtplib.SMTPException) as error:
            permanent = _is_permanent(error)
            self.failing = not permanent
            self._book_failures([mail.id], type(error).__name__, permanent=permanent)
            return 0
        self.failing = False
        with self._store.write() as session:
            self._outbox.sent(session, mail.id)
        return 1

    def compose(self, mail: Due) -> EmailMessage:
        """The mail as it goes out: plain text and HTML, marked as automatic (RFC 3834)."""
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = _wire(mail)
        message["Subject"] = mail.letter.subject
        message["Message-ID"] = mail.message_id
        message["Date"] = format_datetime(self._clock())
        if mail.letter.in_reply_to:
            message["In-Reply-To"] = mail.letter.in_reply_to
            message["References"] = mail.letter.references or mail.letter.in_reply_to
        message["Auto-Submitted"] = "auto-replied" if mail.letter.in_reply_to else "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(mail.letter.text)
        message.add_alternative(mail.letter.html, subtype="html")
        return message

    def _envelope_sender(self, mail: Due) -> str:
        """Nobody, for an answer: whatever comes back of it must not start a loop (RFC 3834 section 3.3)."""
        return "" if mail.letter.in_reply_to else parseaddr(self._sender)[1]

    def _book_failures(self, mail_ids: list[str], error: str, *, permanent: bool = False) -> None:
        log.warning("mail not sent", error=error, count=len(mail_ids), permanent=permanent)
        with self._store.write() as session:
            for mail_id in mail_ids:
                self._outbox.not_sent(session, mail_id, error, permanent=permanent)


def _wire(mail: Due) -> str:
    return EmailAddress.parse(mail.letter.to).wire


def _is_permanent(error: Exception) -> bool:
    """Whether the server will never take this mail: it refuses the recipient, or cannot write the address at all."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPNotSupportedError)
