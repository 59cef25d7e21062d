"""The development mailbox: a real SMTP server on loopback that keeps the last mails in memory for a page to show."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from insyn.clock import Clock

KEPT = 200


@dataclass(frozen=True)
class CaughtMail:
    """A mail that would have left the house."""

    id: str
    received: datetime
    to: str
    subject: str
    text: str


class DevelopmentMailbox:
    """Catches every mail sent to `port` on loopback. Nothing is written to disk."""

    def __init__(self, port: int, clock: Clock) -> None:
        self._port = port
        self._clock = clock
        self._mails: deque[CaughtMail] = deque(maxlen=KEPT)
        self._server: Any = None

    @property
    def mails(self) -> list[CaughtMail]:
        """The mails caught, newest first."""
        return list(self._mails)

    async def start(self) -> None:
        """Listens. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="insyn.localhost", enable_SMTPUTF8=True), "127.0.0.1", self._port
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Takes one mail."""
        message = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        body = message.get_body(preferencelist=("plain", "html"))
        self._mails.appendleft(
            CaughtMail(
                id=str(message["Message-ID"]),
                received=self._clock(),
                to=", ".join(envelope.rcpt_tos),
                subject=str(message["Subject"]),
                text=body.get_content() if body else "",
            )
        )
        return "250 OK"
