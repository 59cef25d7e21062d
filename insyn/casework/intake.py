"""What the staff take in: a request told on the telephone or by letter, or one that was not understood as what it was.

Receipt through any channel starts the clock (GDPR art. 12(3), EDPB guidelines 01/2022), so the day it came is asked for; what
is opened from a question, a mail or a chat has that one's own moment. Nothing is proved by it: that is a step of its own.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.cases.kinds import KINDS
from insyn.clock import STOCKHOLM, Clock, swedish_date
from insyn.conversation.channels import MAIL
from insyn.identity.address import AddressInvalid, EmailAddress
from insyn.mail.inbox import Inbox
from insyn.mail.reading import read
from insyn.mail.reading.mail import Mailbox
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Case, Conversation

STAFF = "staff"
OLDEST = timedelta(days=365)  # what is older than this was not received now by mistake, but mistyped
FROM_CASE = ("relation", "concerns", "name", "words")


class NotTaken(Exception):
    """What was filled in cannot be a case; the message says why, in Swedish."""


@dataclass(frozen=True)
class OpenedFrom:
    """What a case is opened from: a case of another kind, a mail, a conversation, or nothing that Insyn has."""

    case: str = ""
    mail: str = ""
    conversation: str = ""


@dataclass(frozen=True)
class Told:
    """What a member of the staff was told. `key` is the form's own: the same form sent twice opens one case."""

    key: str
    kind: str
    received_on: date
    words: str
    name: str = ""
    address: EmailAddress | None = None


@dataclass(frozen=True)
class _Source:
    """What is known already."""

    received_at: datetime | None
    channel: str
    conversation_id: str | None
    details: dict[str, str]
    address: EmailAddress | None
    mail: IncomingMail | None


class Intake:
    """Opens cases by hand. `by` is the pseudonymous id of the member."""

    def __init__(self, store: Store, casebook: Casebook, inbox: Inbox, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._casebook = casebook
        self._inbox = inbox
        self._audit = audit
        self._clock = clock

    def received_on(self, origin: OpenedFrom) -> date | None:
        """The day something reached us; today for what Insyn has not, None when there is no such thing."""
        with self._store.read() as session:
            source = self._source(session, origin)
            if source is None:
                return None
            return swedish_date(source.received_at or self._clock())

    def take_in(self, told: Told, origin: OpenedFrom, *, by: str) -> str:
        """Opens the case and returns its reference. Raises `NotTaken`."""
        if told.kind not in KINDS:
            raise NotTaken("Välj vad ärendet gäller.")
        today = swedish_date(self._clock())
        if not today - OLDEST <= told.received_on <= today:
            raise NotTaken("Dagen det kom in kan inte ligga framåt i tiden eller mer än ett år bakåt.")
        with self._store.write() as session:
            source = self._source(session, origin)
            if source is None:
                raise NotTaken("Det som ärendet skulle öppnas från finns inte längre.")
            written = {"words": told.words.strip(), "name": told.name.strip()}
            details = source.details | {field: text for field, text in written.items() if text}
            if not details.get("words"):
                raise NotTaken("Skriv vad personen vill, med några ord.")
            opening_key = f"{STAFF}:{told.key}"
            known = session.scalar(select(Case).where(Case.opening_key == opening_key))
            if known is not None:
                return known.reference
            case = self._casebook.open(
                session, told.kind,
                opening_key=opening_key, received_at=self._moment(told.received_on, source), channel=source.channel,
                conversation_id=source.conversation_id, group_id=str(uuid.uuid4()), details=details,
                urgent=told.kind == "report.incident",
            )  # fmt: skip
            address = told.address or source.address
            if address is not None:
                self._casebook.give_address(session, case, address, by=by)
            if source.mail is not None and source.mail.case_id is None:
                source.mail.case_id = case.id
            self._audit.append(session, "case.taken_in", case.id, by=by)
            return case.reference

    def _moment(self, day: date, source: _Source) -> datetime:
        if source.received_at is not None and swedish_date(source.received_at) == day:
            return source.received_at
        return min(datetime.combine(day, time(12), STOCKHOLM), self._clock())

    def _source(self, session: Session, origin: OpenedFrom) -> _Source | None:
        if origin.case:
            return self._from_case(session, origin.case)
        if origin.mail:
            return self._from_mail(session, origin.mail)
        if origin.conversation:
            talk = session.get(Conversation, origin.conversation)
            return _Source(None, talk.channel, talk.id, {}, None, None) if talk is not None else None
        return _Source(None, STAFF, None, {}, None, None)

    def _from_case(self, session: Session, reference: str) -> _Source | None:
        case: Case | None = self._casebook.by_reference(session, reference)
        if case is None or case.shredded_at is not None:
            return None
        known = self._casebook.details(session, case)
        details = {field: str(known[field]) for field in FROM_CASE if known.get(field)}
        address = EmailAddress.parse(known["address"]) if known.get("address") else None
        return _Source(case.received_at, case.channel, case.conversation_id, details, address, None)

    def _from_mail(self, session: Session, mail_id: str) -> _Source | None:
        mail = session.get(IncomingMail, mail_id)
        raw = self._inbox.raw(session, mail) if mail is not None and mail.status != "quarantined" else None
        if mail is None or raw is None:
            return None
        content = read(raw)
        details = {"words": content.new_text, "name": content.sender.name if content.sender else ""}
        kept = {field: text for field, text in details.items() if text}
        return _Source(mail.received_at, MAIL, mail.conversation_id, kept, _sender(content.sender), mail)


def _sender(sender: Mailbox | None) -> EmailAddress | None:
    try:
        return EmailAddress.parse(sender.address) if sender else None
    except AddressInvalid:
        return None
