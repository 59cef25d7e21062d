"""The mailbox as the staff see it: where each mail is and why, its words masked, and that a human is done with it.

A mail that was set aside because nothing could deal with it is not read again here; it can be taken out as a file.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.mail.inbox import Inbox
from insyn.mail.reading import read
from insyn.mail.reading.attachments import described
from insyn.staff.casefile import Shown, masked
from insyn.staff.viewing import NothingThere, Viewing
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Moment

PAGE = 50


class Tray(StrEnum):
    """A list of mails; the value stands in addresses."""

    HUMAN = "manniska"
    QUARANTINED = "karantan"
    UNDER_WAY = "pa-vag"
    IGNORED = "utan-svar"
    ANSWERED = "besvarade"


WAIT_FOR_SOMEONE = (Tray.QUARANTINED, Tray.HUMAN, Tray.UNDER_WAY)


@dataclass(frozen=True)
class Found:
    """A page of mails, and from where the next one goes on (None at the end)."""

    mails: Sequence[IncomingMail]
    after: str | None


@dataclass(frozen=True)
class MailView:
    """A mail with what may be shown of it; `parts` is empty when its content is purged or was set aside unread."""

    mail: IncomingMail
    parts: dict[str, Shown]
    attachments: str  # kind and size of each
    has_content: bool


def of_tray(tray: Tray) -> ColumnElement[bool]:
    """Which mails a list holds. One that belongs to a case waits there, not here."""
    if tray is Tray.HUMAN:
        return and_(IncomingMail.status == "human", IncomingMail.settled_at.is_(None), IncomingMail.case_id.is_(None))
    if tray is Tray.QUARANTINED:
        return and_(IncomingMail.status == "quarantined", IncomingMail.settled_at.is_(None))
    if tray is Tray.UNDER_WAY:
        return IncomingMail.handled_at.is_(None)
    return IncomingMail.status == ("ignored" if tray is Tray.IGNORED else "answered")


def count(session: Session, tray: Tray) -> int:
    """How many a list holds."""
    return session.scalar(select(func.count()).select_from(IncomingMail).where(of_tray(tray))) or 0


def page(session: Session, tray: Tray, *, after: str | None = None, limit: int = PAGE) -> Found:
    """Mails in their order: what waits oldest first, what is done newest first."""
    oldest_first = tray in WAIT_FOR_SOMEONE
    here = tuple_(IncomingMail.received_at, IncomingMail.id)
    rows = select(IncomingMail).where(of_tray(tray))
    place = _read(after)
    if place is not None:
        there = tuple_(literal(place[0], Moment()), literal(place[1]))
        rows = rows.where(here > there if oldest_first else here < there)
    ends = (IncomingMail.received_at, IncomingMail.id)
    order = ends if oldest_first else tuple(column.desc() for column in ends)
    found = session.scalars(rows.order_by(*order).limit(limit + 1)).all()
    last = found[limit - 1] if len(found) > limit else None
    return Found(found[:limit], _written(last) if last is not None else None)


class MailDesk:
    """What the staff do with mails. `by` is the id of the member."""

    def __init__(self, store: Store, inbox: Inbox, viewing: Viewing, audit: AuditLog) -> None:
        self._store = store
        self._inbox = inbox
        self._viewing = viewing
        self._audit = audit

    def look(self, mail_id: str, *, by: str) -> MailView | None:
        """A mail, masked; that it was opened is logged. None when there is none."""
        with self._store.write(durable=False) as session:
            mail = session.get(IncomingMail, mail_id)
            if mail is None:
                return None
            self._audit.append(session, "mail.viewed", mail.id, by=by)
            return self._view(session, mail)

    def reveal(self, mail_id: str, what: str, reason: str, *, by: str) -> str:
        """One part of a mail as it is: `from`, `subject` or `text`. Raises `NoReason`, `NothingThere`."""
        with self._store.write() as session:
            mail = self._found(session, mail_id)
            value = self._parts(session, mail).get(what, "")
            if not value:
                raise NothingThere(what)
            self._viewing.note(session, "mail.revealed", mail.id, mail.data_key_id, what, reason, by)
            return value

    def take_out(self, mail_id: str, reason: str, *, by: str) -> bytes:
        """The mail's own bytes, to be saved and never opened here. Raises `NoReason`, `NothingThere`."""
        with self._store.write() as session:
            mail = self._found(session, mail_id)
            raw = self._inbox.raw(session, mail)
            if raw is None:
                raise NothingThere("raw")
            self._viewing.note(session, "mail.revealed", mail.id, mail.data_key_id, "raw", reason, by)
            return raw

    def settle(self, mail_id: str, *, by: str) -> bool:
        """A human is done with a mail; False when there is none that waits."""
        return self._inbox.settle(mail_id, by=by)

    def _view(self, session: Session, mail: IncomingMail) -> MailView:
        parts = self._parts(session, mail)
        shown = {what: masked(what, text) for what, text in parts.items() if text and what != "from"}
        if parts.get("from"):
            shown["from"] = Shown("from", "", masked=True)
        raw = self._inbox.raw(session, mail)
        is_read = raw is not None and mail.status != "quarantined"
        files = described(read(raw).attachments) if is_read and raw is not None else ""
        return MailView(mail, shown, files, raw is not None)

    def _parts(self, session: Session, mail: IncomingMail) -> dict[str, str]:
        raw = self._inbox.raw(session, mail)
        if raw is None or mail.status == "quarantined":
            return {}
        content = read(raw)
        sender = f"{content.sender.name} <{content.sender.address}>".strip() if content.sender else ""
        return {"from": sender, "subject": content.subject, "text": content.new_text}

    @staticmethod
    def _found(session: Session, mail_id: str) -> IncomingMail:
        mail = session.get(IncomingMail, mail_id)
        if mail is None:
            raise NothingThere(mail_id)
        return mail


def _written(mail: IncomingMail) -> str:
    return base64.urlsafe_b64encode(f"{mail.received_at.isoformat()} {mail.id}".encode()).decode().rstrip("=")


def _read(after: str | None) -> tuple[datetime, str] | None:
    try:
        text = base64.urlsafe_b64decode((after or "") + "=" * (-len(after or "") % 4)).decode("ascii")
        moment, _, mail_id = text.partition(" ")
        at = datetime.fromisoformat(moment)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (at, mail_id) if at.tzinfo else None
