"""The mailbox over IMAP: fetched without marking, stored, and marked there only when dealt with (RFC 9051).

How far a folder has been read is kept by UID and UIDVALIDITY, not by what is unread: mail that a human opened first is
taken in all the same. Of a folder that is met for the first time only the unread mail is, for the rest is history.
"""

from __future__ import annotations

import asyncio
import imaplib
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from insyn.clock import Clock
from insyn.mail.inbox import Inbox, Origin
from insyn.settings import Settings
from insyn.store.engine import Store, StoreUnavailable
from insyn.store.mail_tables import MailFolder

RETRY_SECONDS = (1, 2, 5, 10, 30, 60, 120, 300)
OVERLAP = timedelta(days=2)  # looked at again when a server has numbered a folder anew
AT_ONCE = 50
TIMEOUT_SECONDS = 60
MARK_EVERY_SECONDS = 2

log = structlog.get_logger()

Unreachable = (OSError, imaplib.IMAP4.error, ImapToolsError)


@dataclass(frozen=True)
class ImapServer:
    """Where the mailbox is, and how to get in."""

    host: str
    port: int
    security: str
    username: str
    password: str
    folder: str
    done_folder: str = ""

    @classmethod
    def of(cls, settings: Settings) -> ImapServer:
        """The configured server."""
        return cls(
            settings.imap_host, settings.imap_port, settings.imap_security, settings.imap_username,
            settings.imap_password.get_secret_value(), settings.imap_folder, settings.imap_done_folder,
        )  # fmt: skip

    @contextmanager
    def connected(self) -> Iterator[BaseMailBox]:
        """A mailbox with the folder open. Raises one of `Unreachable`."""
        context = ssl.create_default_context()
        match self.security:
            case "tls":
                box: BaseMailBox = MailBox(self.host, self.port, timeout=TIMEOUT_SECONDS, ssl_context=context)
            case "starttls":
                box = MailBoxStartTls(self.host, self.port, timeout=TIMEOUT_SECONDS, ssl_context=context)
            case _:
                box = MailBoxUnencrypted(self.host, self.port, timeout=TIMEOUT_SECONDS)
        with box.login(self.username, self.password, initial_folder=self.folder):
            yield box


class ImapSource:
    """Brings what is in the folder into the inbox, and marks it there when it has been dealt with."""

    def __init__(
        self, server: ImapServer, store: Store, inbox: Inbox, clock: Clock, *, max_bytes: int, poll_seconds: float
    ) -> None:
        self.server = server
        self._store = store
        self._inbox = inbox
        self._clock = clock
        self._max_bytes = max_bytes
        self._poll_seconds = poll_seconds
        self._stopping = threading.Event()
        self.failing = False

    async def run(self) -> None:
        """Keeps a connection and reads until cancelled; a lost one is made again, ever more slowly."""
        try:
            await self._keep_reading()
        finally:
            self._stopping.set()

    async def _keep_reading(self) -> None:
        failures = 0
        while True:
            try:
                await asyncio.to_thread(self._session)
                failures = 0
            except StoreUnavailable as error:
                log.warning("mailbox waits", error=str(error))
            except Unreachable as error:
                self.failing = True
                log.warning("mailbox not reached", error=type(error).__name__)
            except Exception:
                self.failing = True
                log.exception("mailbox failed")
            if self.failing:
                await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                failures += 1

    def _session(self) -> None:
        """On one connection: takes in, marks, and waits for news, until told to stop. Raises one of `Unreachable`, `StoreUnavailable`."""
        with self.server.connected() as box:
            validity = self.validity(box)
            while not self._stopping.is_set():
                self.fetch(box, validity)
                self.failing = False
                self._wait(box, validity)

    def _wait(self, box: BaseMailBox, validity: int) -> None:
        """Until the server has news (IDLE, RFC 2177) or it is time to look again; what was dealt with is marked meanwhile."""
        waited = 0.0
        while waited < self._poll_seconds and not self._stopping.is_set():
            self.mark(box, validity)
            if "IDLE" in box.client.capabilities:
                if box.idle.wait(timeout=MARK_EVERY_SECONDS):
                    return
            else:
                self._stopping.wait(MARK_EVERY_SECONDS)
            waited += MARK_EVERY_SECONDS

    def fetch(self, box: BaseMailBox, validity: int) -> int:
        """Takes in what is new in the folder; returns how many mails."""
        with self._store.read() as session:
            known = session.get(MailFolder, self.server.folder)
        if known is not None and known.uid_validity == validity:
            # "n:*" always holds the last mail, also when that is below n.
            new = [uid for uid in self._search(box, f"UID {known.next_uid}:*") if uid >= known.next_uid]
            for uid in new:
                self._take(box, validity, uid)
                self._read_to(validity, uid + 1)
            return len(new)
        end = self._next(box)
        new = self._search(box, "UNSEEN")
        if known is not None:  # numbered anew: what came lately is looked at again, and known by its bytes
            new = sorted({*new, *self._search(box, f"SINCE {(known.read_at - OVERLAP).strftime('%d-%b-%Y')}")})
        for uid in new:
            self._take(box, validity, uid)
        self._read_to(validity, end)
        return len(new)

    def mark(self, box: BaseMailBox, validity: int) -> int:
        """Marks what has been dealt with as read, or moves it to the folder for that; returns how many."""
        done = self._inbox.to_flag(self.server.folder, validity)
        for start in range(0, len(done), AT_ONCE):
            some = done[start : start + AT_ONCE]
            uids = [str(uid) for _, uid in some]
            box.flag(uids, [r"\Seen"], value=True)
            if self.server.done_folder:
                box.move(uids, self.server.done_folder)
            self._inbox.flagged([mail_id for mail_id, _ in some])
        return len(done)

    def _take(self, box: BaseMailBox, validity: int, uid: int) -> None:
        answer = _fetched(box, uid, "(RFC822.SIZE INTERNALDATE)")
        if answer is None:
            return  # it has been moved or deleted meanwhile
        size, received = _size(answer[0]), _received(answer[0])
        origin = Origin("imap", self.server.folder, validity, uid)
        oversize = size > self._max_bytes
        content = _fetched(box, uid, "(BODY.PEEK[HEADER])" if oversize else "(BODY.PEEK[])")
        if content is None:
            return
        taken = self._inbox.take(content[1], origin, received_at=received, size=size if oversize else None)
        if not taken.new and not self._inbox.is_at(taken.id, origin):
            box.flag([str(uid)], [r"\Seen"], value=True)  # the same mail lies here twice

    def _read_to(self, validity: int, next_uid: int) -> None:
        with self._store.write() as session:
            row = session.get(MailFolder, self.server.folder)
            if row is None:
                row = MailFolder(name=self.server.folder)
                session.add(row)
            row.uid_validity, row.next_uid, row.read_at = validity, next_uid, self._clock()

    @staticmethod
    def _search(box: BaseMailBox, criterion: str) -> list[int]:
        return sorted(int(uid) for uid in box.uids(criterion))

    def validity(self, box: BaseMailBox) -> int:
        return int(box.folder.status(self.server.folder, ["UIDVALIDITY"])["UIDVALIDITY"])

    def _next(self, box: BaseMailBox) -> int:
        return int(box.folder.status(self.server.folder, ["UIDNEXT"])["UIDNEXT"])


def _fetched(box: BaseMailBox, uid: int, what: str) -> tuple[bytes, bytes] | None:
    """What the server says of a mail and the literal that came with it; None when there is no such mail."""
    status, data = box.client.uid("FETCH", str(uid), what)
    if status != "OK":
        raise imaplib.IMAP4.error(f"FETCH: {status}")
    for each in data:
        if isinstance(each, tuple):
            return bytes(each[0]), bytes(each[1])
        if isinstance(each, bytes) and b"UID" in each:
            return each, b""
    return None


def _size(answer: bytes) -> int:
    found = re.search(rb"RFC822\.SIZE (\d+)", answer)
    return int(found[1]) if found else 0


def _received(answer: bytes) -> datetime | None:
    """When the mail reached the mailbox."""
    local = imaplib.Internaldate2tuple(answer)
    return datetime(*local[:6]).astimezone(UTC) if local else None
