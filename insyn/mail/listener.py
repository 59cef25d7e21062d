"""The listener: takes mail by SMTP or LMTP (RFC 5321, RFC 2033), and says so only when it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from insyn.errors import new_error_id
from insyn.mail.inbox import Inbox, Origin
from insyn.store.engine import StoreUnavailable

HOSTNAME = "insyn.localhost"

log = structlog.get_logger()


class Listener:
    """Listens on `host`:`port` for mail to our own addresses; what is larger than `max_bytes` is refused at the door."""

    def __init__(
        self, inbox: Inbox, *, host: str, port: int, lmtp: bool, max_bytes: int, own_addresses: Container[str]
    ) -> None:
        self._inbox = inbox
        self._host = host
        self._port = port
        # A line may be as long as a mail: many programs write longer ones than RFC 5321 allows, or end them with LF alone.
        base = LMTP if lmtp else SMTP
        self._protocol = type(f"Insyn{base.__name__}", (base,), {"line_length_limit": max_bytes})
        self._max_bytes = max_bytes
        self._own = own_addresses
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, self._host, self._port)

    async def stop(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _connection(self) -> Any:
        return self._protocol(
            self, hostname=HOSTNAME, enable_SMTPUTF8=True, data_size_limit=self._max_bytes, ident="Insyn"
        )

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: Any) -> str:
        """Only what is addressed to us: nothing is passed on to others."""
        if address.casefold() not in self._own:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Stores the mail; it is ours from the moment of the 250, and stays the sender's with any other answer."""
        raw = envelope.original_content or b""
        try:
            taken = await asyncio.to_thread(
                self._inbox.take, raw, Origin("smtp"), envelope_sender=(envelope.mail_from or "")
            )
        except StoreUnavailable as error:
            log.warning("mail not taken", error=str(error))
            return "451 4.3.0 Cannot store mail now, try again later"
        except Exception as error:
            error_id = new_error_id()
            log.error("mail not taken", error_id=error_id, error=type(error).__name__, exc_info=error)
            return f"451 4.3.0 Cannot store mail now ({error_id})"
        return f"250 2.0.0 OK {taken.id}"
