"""The outbox: mails are queued in the transaction that gives rise to them and sent afterwards, each under a fixed Message-ID."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.clock import Clock
from insyn.privacy.keys import DataKeyring, Shredded, Tampered, seal, unseal
from insyn.store.models import OutgoingMail

RETRY_MINUTES = (1, 2, 5, 10, 30, 60, 120, 240)
SCRUBBED_AFTER_SENDING = frozenset({"code", "delivery", "reply.code"})


@dataclass(frozen=True)
class Letter:
    """A mail's content: recipient, subject, plain text and HTML.

    An answer in a thread names the mail it answers (`in_reply_to`) and the thread so far (`references`, RFC 5322 3.6.4).
    """

    to: str
    subject: str
    text: str
    html: str
    in_reply_to: str = ""
    references: str = ""


@dataclass(frozen=True)
class Due:
    """A queued mail whose time has come."""

    id: str
    kind: str
    message_id: str
    letter: Letter


class Outbox:
    """Queue and bookkeeping of outgoing mail. Each call is part of the caller's transaction."""

    def __init__(self, keyring: DataKeyring, clock: Clock, domain: str) -> None:
        self._keyring = keyring
        self._clock = clock
        self._domain = domain

    def queue(
        self,
        session: Session,
        kind: str,
        letter: Letter,
        *,
        unique_key: str,
        data_key_id: str,
        case_id: str | None = None,
    ) -> bool:
        """Queues a letter, once per `unique_key`: False when it was there. Raises ValueError on a line break in a header."""
        headers = (letter.to, letter.subject, letter.in_reply_to, letter.references)
        if any(mark in header for header in headers for mark in "\r\n"):
            raise ValueError("a header cannot hold a line break")
        known = session.scalar(select(OutgoingMail.id).where(OutgoingMail.unique_key == unique_key))
        if known is not None:
            return False
        mail_id = str(uuid.uuid4())
        now = self._clock()
        plain = json.dumps(asdict(letter), ensure_ascii=False).encode()
        session.add(
            OutgoingMail(
                id=mail_id,
                unique_key=unique_key,
                kind=kind,
                message_id=f"<{mail_id}@{self._domain}>",
                data_key_id=data_key_id,
                sealed=seal(self._keyring.open(session, data_key_id), plain, f"mail/{mail_id}"),
                case_id=case_id,
                status="queued",
                attempts=0,
                created_at=now,
                next_attempt_at=now,
            )
        )
        session.flush()
        return True

    def due(self, session: Session, limit: int = 20) -> tuple[list[Due], list[str]]:
        """Queued mails whose time has come, oldest first, and the ids of those that can no longer be read."""
        rows = session.scalars(
            select(OutgoingMail)
            .where(OutgoingMail.status == "queued", OutgoingMail.next_attempt_at <= self._clock())
            .order_by(OutgoingMail.next_attempt_at)
            .limit(limit)
        )
        found, unreadable = [], []
        for row in rows:
            try:
                letter = self.letter(session, row)
            except Tampered:
                letter = None
            if letter is not None:
                found.append(Due(row.id, row.kind, row.message_id, letter))
            else:
                unreadable.append(row.id)
        return found, unreadable

    def letter(self, session: Session, row: OutgoingMail) -> Letter | None:
        """The content of a mail, or None when it has been scrubbed or shredded. Raises `Tampered`."""
        if row.sealed is None:
            return None
        try:
            key = self._keyring.open(session, row.data_key_id)
        except Shredded:
            return None
        return Letter(**json.loads(unseal(key, row.sealed, f"mail/{row.id}")))

    def sent(self, session: Session, mail_id: str) -> None:
        """Books a mail as sent; one that held a code or a link keeps no content."""
        row = session.get_one(OutgoingMail, mail_id)
        row.status, row.sent_at, row.last_error = "sent", self._clock(), None
        row.attempts += 1
        if row.kind in SCRUBBED_AFTER_SENDING:
            row.sealed = None

    def not_sent(self, session: Session, mail_id: str, error: str, *, permanent: bool) -> None:
        """Books a failed attempt: tried again later, or given up when permanent or tried often enough."""
        row = session.get_one(OutgoingMail, mail_id)
        row.attempts += 1
        row.last_error = error[:200]
        if permanent or row.attempts > len(RETRY_MINUTES):
            row.status = "failed"
        else:
            row.next_attempt_at = self._clock() + timedelta(minutes=RETRY_MINUTES[row.attempts - 1])

    def hurry(self, session: Session) -> int:
        """Makes every queued mail due now; returns how many."""
        rows = session.scalars(select(OutgoingMail).where(OutgoingMail.status == "queued")).all()
        for row in rows:
            row.next_attempt_at = self._clock()
        return len(rows)

    def waiting_since(self, session: Session) -> datetime | None:
        """When the oldest mail that has failed at least once was queued, or None."""
        return session.scalar(
            select(OutgoingMail.created_at)
            .where(OutgoingMail.status == "queued", OutgoingMail.attempts > 0)
            .order_by(OutgoingMail.created_at)
            .limit(1)
        )
