"""The inbox: every mail that enters is a row, sealed, in exactly one status that a human can look up.

A mail is stored and committed before anyone is told that it was taken; it is attempted only after the attempt has been
counted, so that one which ends the process is set aside and not tried for ever.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog, Value
from insyn.clock import Clock
from insyn.identity.address import EmailAddress
from insyn.letters.reply import in_thread, reply_subject
from insyn.outbox.queue import Letter
from insyn.privacy.keys import BlindIndex, DataKeyring, Shredded, seal, unseal
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Case, OutgoingMail

ATTEMPTS = 5
RETRY_MINUTES = (1, 5, 15, 60)
DAY = timedelta(days=1)
AFTER_A_CRASH = timedelta(seconds=20)


@dataclass(frozen=True)
class Origin:
    """Where a mail came in. `folder`, `uid_validity` and `uid` are IMAP's (RFC 9051 section 2.3.1.1)."""

    source: str  # smtp | imap | file
    folder: str | None = None
    uid_validity: int | None = None
    uid: int | None = None


@dataclass(frozen=True)
class Head:
    """What an answer to a mail needs of it: to whom, under which subject, in which thread."""

    address: str
    name: str
    subject: str
    message_id: str
    references: str
    envelope_sender: str | None = None


@dataclass(frozen=True)
class Taken:
    """The row of a mail; `new` is False when it had come before."""

    id: str
    new: bool


@dataclass(frozen=True)
class Opened:
    """A mail to be dealt with. `raw` are its headers only when it was too large to be taken in (`oversize`)."""

    id: str
    raw: bytes
    size: int
    oversize: bool
    received_at: datetime
    envelope_sender: str | None


@dataclass(frozen=True)
class Thread:
    """What a mail continues: a conversation, where there is one, and whether it answers a mail of ours."""

    conversation_id: str | None
    known: bool


class Inbox:
    """Takes mails in, hands them out to be dealt with, and books what came of them."""

    def __init__(self, store: Store, keyring: DataKeyring, index: BlindIndex, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._keyring = keyring
        self._index = index
        self._audit = audit
        self._clock = clock

    # -- taking in

    def take(
        self, raw: bytes, origin: Origin, *, received_at: datetime | None = None, envelope_sender: str | None = None,
        size: int | None = None,
    ) -> Taken:  # fmt: skip
        """Stores a mail for good; the same bytes once more are the same mail. `received_at` is when it reached the mailbox.

        `size` is given when `raw` are only the headers of a mail that is too large. Raises `StoreUnavailable`.
        """
        oversize = size is not None
        digest = hashlib.sha256(raw + (str(size).encode() if oversize else b"")).hexdigest()
        known = select(IncomingMail.id).where(IncomingMail.digest == digest)
        now = self._clock()
        try:
            with self._store.write() as session:
                mail_id = session.scalar(known)
                if mail_id is not None:
                    self._follow(session, mail_id, origin)
                    return Taken(mail_id, new=False)
                row = IncomingMail(
                    id=str(uuid.uuid4()), source=origin.source, folder=origin.folder, uid_validity=origin.uid_validity,
                    uid=origin.uid, digest=digest, size=size if size is not None else len(raw),
                    received_at=min(received_at or now, now), status="received",
                    decision="oversize" if oversize else None, attempts=0, next_attempt_at=now,
                    data_key_id=self._keyring.create(session, now),
                )  # fmt: skip
                key = self._keyring.open(session, row.data_key_id)
                row.sealed_raw = seal(key, raw, f"incoming/{row.id}")
                if envelope_sender is not None:
                    row.sealed_head = self._seal_head(key, row.id, Head("", "", "", "", "", envelope_sender))
                session.add(row)
                session.flush()
                self._audit.append(session, "mail.received", row.id, source=origin.source, size=row.size)
                return Taken(row.id, new=True)
        except IntegrityError:  # another process has just taken the same one in
            with self._store.read() as session:
                return Taken(session.scalars(known).one(), new=False)

    @staticmethod
    def _follow(session: Session, mail_id: str, origin: Origin) -> None:
        """A mail that its server has numbered anew is to be marked under its new number."""
        row = session.get_one(IncomingMail, mail_id)
        if row.folder == origin.folder and row.uid_validity != origin.uid_validity:
            row.uid_validity, row.uid, row.flagged_at = origin.uid_validity, origin.uid, None

    def is_at(self, mail_id: str, origin: Origin) -> bool:
        """Whether a mail is known under this very number of its folder."""
        with self._store.read() as session:
            row = session.get_one(IncomingMail, mail_id)
            return (row.folder, row.uid_validity, row.uid) == (origin.folder, origin.uid_validity, origin.uid)

    # -- dealing with

    def waiting(self, limit: int) -> list[str]:
        """Mails whose time has come, oldest first."""
        with self._store.read() as session:
            return list(
                session.scalars(
                    select(IncomingMail.id)
                    .where(IncomingMail.handled_at.is_(None), IncomingMail.next_attempt_at <= self._clock())
                    .order_by(IncomingMail.next_attempt_at, IncomingMail.received_at)
                    .limit(limit)
                )
            )

    def begin(self, mail_id: str) -> Opened | None:
        """Counts an attempt and opens the mail; None when it has been dealt with, or has just been set aside."""
        with self._store.write() as session:
            row = session.get_one(IncomingMail, mail_id, with_for_update=True)
            if row.handled_at is not None:
                return None
            row.attempts += 1
            if row.attempts > ATTEMPTS:
                self._set_aside(session, row)
                return None
            # Should the process die of it again, the other mails come first when it is back.
            row.next_attempt_at = self._clock() + (row.attempts - 1) * AFTER_A_CRASH
            try:
                key = self._keyring.open(session, row.data_key_id)
            except Shredded:
                self.book(session, row, "ignored", "erased", "Innehållet är raderat på avsändarens begäran.")
                return None
            raw = unseal(key, row.sealed_raw or b"", f"incoming/{row.id}")
            head = self._head(key, row)
            return Opened(
                row.id,
                raw,
                row.size,
                row.decision == "oversize",
                row.received_at,
                head.envelope_sender if head else None,
            )

    def postpone(self, mail_id: str, error: str, *, counts: bool) -> None:
        """Puts a mail off after a failure; one that is not its own (`counts` False) takes the attempt back."""
        with self._store.write() as session:
            row = session.get_one(IncomingMail, mail_id, with_for_update=True)
            row.last_error = error[:60]
            if not counts:
                row.attempts -= 1
            elif row.attempts >= ATTEMPTS:
                self._set_aside(session, row)
                return
            pause = timedelta(minutes=RETRY_MINUTES[row.attempts - 1]) if counts else timedelta(seconds=5)
            row.next_attempt_at = self._clock() + pause

    def _set_aside(self, session: Session, row: IncomingMail) -> None:
        self.book(
            session, row, "quarantined", "poison",
            f"Mejlet gick inte att behandla efter {ATTEMPTS} försök. En människa behöver läsa det.",
        )  # fmt: skip

    # -- booking, in the caller's transaction

    def row(self, session: Session, mail_id: str) -> IncomingMail:
        """The row of a mail, held until the transaction ends."""
        return session.get_one(IncomingMail, mail_id, with_for_update=True)

    def know_sender(self, session: Session, row: IncomingMail, head: Head) -> None:
        """Keeps who wrote and in which thread, sealed; the address also as a fingerprint."""
        key = self._keyring.open(session, row.data_key_id)
        before = self._head(key, row)
        known = replace(head, envelope_sender=before.envelope_sender if before else None)
        row.sealed_head = self._seal_head(key, row.id, known)
        row.message_id_digest = message_id_digest(head.message_id)
        row.address_index = self._index.address(session, EmailAddress.parse(head.address).canonical)

    def book(self, session: Session, row: IncomingMail, status: str, decision: str, reason: str) -> None:
        """Where a mail ends, under which named decision and why (in Swedish, nothing personal)."""
        row.status, row.decision, row.reason = status, decision, reason[:300]
        row.handled_at = self._clock()
        self._audit.append(session, f"mail.{status}", row.id, decision=decision, conversation=row.conversation_id)

    def replied(self, row: IncomingMail, outgoing_id: str) -> None:
        """Books which outgoing mail answers a mail; it counts for the sender's day."""
        row.reply_id, row.replied_at = outgoing_id, self._clock()

    def note(self, session: Session, row: IncomingMail, event: str, **data: Value) -> None:
        """Notes something about a mail in the log."""
        self._audit.append(session, event, row.id, **data)

    def replace_raw(self, session: Session, row: IncomingMail, raw: bytes | None) -> None:
        """Puts other bytes in a mail's place: what was not to be kept has been taken out of them."""
        key = self._keyring.open(session, row.data_key_id)
        row.sealed_raw = seal(key, raw, f"incoming/{row.id}") if raw is not None else None

    # -- looking up

    def head(self, session: Session, row: IncomingMail) -> Head | None:
        """Who wrote and in which thread, or None when that has been purged."""
        try:
            return self._head(self._keyring.open(session, row.data_key_id), row)
        except Shredded:
            return None

    def raw(self, session: Session, row: IncomingMail) -> bytes | None:
        """The bytes of a mail, or None when they have been purged."""
        if row.sealed_raw is None:
            return None
        try:
            return unseal(self._keyring.open(session, row.data_key_id), row.sealed_raw, f"incoming/{row.id}")
        except Shredded:
            return None

    def already_seen(self, session: Session, mail_id: str, message_id: str, address: EmailAddress) -> bool:
        """Whether another mail with this Message-ID from the same sender has been dealt with."""
        return (
            session.scalar(
                select(IncomingMail.id)
                .where(
                    IncomingMail.message_id_digest == message_id_digest(message_id),
                    IncomingMail.id != mail_id,
                    IncomingMail.address_index.in_(self._index.candidates("address", address.canonical)),
                    IncomingMail.handled_at.is_not(None),
                )
                .limit(1)
            )
            is not None
        )

    def replies_today(self, session: Session, address: EmailAddress) -> int:
        """How many automatic replies have gone to an address in the last 24 hours."""
        return (
            session.scalar(
                select(func.count())
                .select_from(IncomingMail)
                .where(
                    IncomingMail.address_index.in_(self._index.candidates("address", address.canonical)),
                    IncomingMail.replied_at > self._clock() - DAY,
                )
            )
            or 0
        )

    def thread(
        self, session: Session, references: Sequence[str], reference: str | None, address: EmailAddress
    ) -> Thread:
        """What a mail continues: it names a mail of ours, or a case, and comes from the address that one went to."""
        fingerprints = self._index.candidates("address", address.canonical)
        ours = session.scalars(select(OutgoingMail).where(OutgoingMail.message_id.in_(references))).all()
        for mail in ours:
            answered = session.scalar(
                select(IncomingMail).where(
                    IncomingMail.reply_id == mail.id, IncomingMail.address_index.in_(fingerprints)
                )
            )
            if answered is not None and answered.conversation_id:
                return Thread(answered.conversation_id, known=True)
            case = session.get(Case, mail.case_id) if mail.case_id else None
            if case is not None and case.address_index in fingerprints:
                return Thread(case.conversation_id, known=True)
        case = session.scalar(select(Case).where(Case.reference == reference)) if reference else None
        if case is not None and case.address_index in fingerprints:
            return Thread(case.conversation_id, known=bool(ours))
        return Thread(None, known=bool(ours))

    def latest_of(self, session: Session, conversation_id: str) -> Head | None:
        """The last mail of a conversation, to answer in its thread."""
        row = session.scalar(
            select(IncomingMail)
            .where(IncomingMail.conversation_id == conversation_id, IncomingMail.sealed_head.is_not(None))
            .order_by(IncomingMail.received_at.desc())
            .limit(1)
        )
        return self.head(session, row) if row is not None else None

    def in_thread(self, session: Session, conversation_id: str, letter: Letter) -> Letter:
        """A letter as an answer to the last mail of its conversation; as it is where there is none."""
        head = self.latest_of(session, conversation_id)
        return in_thread(letter, head.message_id, head.references.split()) if head is not None else letter

    def answering(self, session: Session, conversation_id: str, letter: Letter) -> Letter:
        """A letter as the reply to the last mail of its conversation, under that mail's subject; as it is where there is none."""
        head = self.latest_of(session, conversation_id)
        if head is None:
            return letter
        reply = replace(letter, subject=reply_subject(head.subject))
        return in_thread(reply, head.message_id, head.references.split())

    def settle(self, mail_id: str, *, by: str) -> bool:
        """Books that a human has taken care of a mail; False when none waits under this id.

        A mail that belongs to a case is taken care of with the case.
        """
        with self._store.write() as session:
            row = session.get(IncomingMail, mail_id, with_for_update=True)
            if row is None or not waits(row):
                return False
            row.settled_at, row.settled_by = self._clock(), by
            self._audit.append(session, "mail.settled", row.id, by=by)
            return True

    # -- IMAP

    def to_flag(self, folder: str, uid_validity: int) -> list[tuple[str, int]]:
        """Mails of a folder that are dealt with and not yet marked there: id and UID."""
        with self._store.read() as session:
            rows = session.execute(
                select(IncomingMail.id, IncomingMail.uid).where(
                    IncomingMail.folder == folder,
                    IncomingMail.uid_validity == uid_validity,
                    IncomingMail.handled_at.is_not(None),
                    IncomingMail.flagged_at.is_(None),
                )
            )
            return [(row[0], row[1] or 0) for row in rows]

    def flagged(self, mail_ids: Sequence[str]) -> None:
        """Books that the server has marked these mails."""
        with self._store.write() as session:
            session.execute(update(IncomingMail).where(IncomingMail.id.in_(mail_ids)).values(flagged_at=self._clock()))

    # -- sealing

    def _head(self, key: bytes, row: IncomingMail) -> Head | None:
        if row.sealed_head is None:
            return None
        return Head(**json.loads(unseal(key, row.sealed_head, f"incoming-head/{row.id}")))

    @staticmethod
    def _seal_head(key: bytes, mail_id: str, head: Head) -> bytes:
        return seal(key, json.dumps(asdict(head), ensure_ascii=False).encode(), f"incoming-head/{mail_id}")


def waits(row: IncomingMail) -> bool:
    """Whether a mail waits for a human of itself, and not with its case."""
    apart = row.status == "quarantined" or (row.status == "human" and row.case_id is None)
    return apart and row.settled_at is None


def message_id_digest(message_id: str) -> str:
    """A Message-ID as it is kept: it may hold a name or an address."""
    return hashlib.sha256(message_id.encode(errors="surrogatepass")).hexdigest()
