"""The purge: what has passed its period goes, its keys first, and a row proves that it did.

Each kind goes in batches, each in a transaction of its own that also brings the proof up to date: a purge that is broken
off has proved what it did, and the next one goes on. What is on hold is never touched. The ids are digested one after
the other, each with the digest before it, in the order of the ids: whoever has the list can check it, nobody else can
read it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from insyn.audit.anchor import Anchor
from insyn.audit.chain import AuditLog, Value
from insyn.cases.casebook import Casebook
from insyn.cases.kinds import KINDS, enough
from insyn.cases.shredding import shred_case
from insyn.cases.transitions import Event, State
from insyn.clock import Clock
from insyn.delivery.deliveries import shred_delivery
from insyn.delivery.files import remove_files
from insyn.identity.levels import PROOF_ORDER
from insyn.letters import compose
from insyn.letters.elements import Wording
from insyn.letters.post import Post
from insyn.outbox.queue import Outbox
from insyn.privacy.incoming import shred_incoming
from insyn.privacy.retention import periods
from insyn.privacy.traces import leave_no_trace
from insyn.settings import Settings
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import (
    AddressFailure,
    Case,
    Challenge,
    Conversation,
    DataKey,
    Delivery,
    DeliveryFile,
    OutgoingMail,
    PurgeProof,
)
from insyn.store.staff_tables import StaffLogIn

BATCH = 500
BROKEN_OFF_AFTER = timedelta(hours=6)
SUBJECT = "retention"
UNFINISHED_REASON = (
    "Vi har inte fått någon bekräftelse på att begäran kommer från dig, och det är länge sedan den kom in."
)

_UNPROVED = (State.RECEIVED, State.AWAITING_VERIFICATION)
# A case whose kind wants no more than was proved was acted on as it was.
_ENOUGH = or_(
    *(
        and_(Case.kind == kind.id, Case.proof.in_([proof for proof in PROOF_ORDER if enough(kind, proof)]))
        for kind in KINDS.values()
    )
)


@dataclass(frozen=True)
class _Kind:
    """A kind of thing: `id` of its table, what has `passed` a cut-off, and how a batch of ids is `removed`."""

    id: InstrumentedAttribute[Any]
    passed: Callable[[datetime], ColumnElement[bool]]
    remove: Callable[[Session, Sequence[Any]], None]


class Purge:
    """Finds and removes what has passed its period."""

    def __init__(
        self,
        store: Store,
        casebook: Casebook,
        outbox: Outbox,
        audit: AuditLog,
        anchor: Anchor,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._store = store
        self._casebook = casebook
        self._post = Post(outbox, casebook, audit)
        self._audit = audit
        self._anchor = anchor
        self._clock = clock
        self._periods = periods(settings)
        self._kinds = self._all_kinds()

    def last(self) -> datetime | None:
        """When the latest purge that ran to its end had begun."""
        with self._store.read() as session:
            return session.scalar(select(func.max(PurgeProof.began_at)).where(PurgeProof.finished_at.is_not(None)))

    def preview(self) -> dict[str, int]:
        """How many of each kind have passed their period now; nothing is changed."""
        now = self._clock()
        with self._store.read() as session:
            return {
                name: session.scalar(select(func.count(kind.id)).where(kind.passed(now - self._periods[name].length))) or 0
                for name, kind in self._kinds.items()
            }  # fmt: skip

    def run(self) -> dict[str, int]:
        """Removes what has passed its period; returns how many of each kind."""
        now = self._clock()
        proof_id = str(uuid.uuid4())
        with self._store.write() as session:
            self._finish_broken_off(session)
            session.add(PurgeProof(id=proof_id, began_at=now, kinds={}))
        for name, kind in self._kinds.items():
            self._remove(proof_id, name, kind, now - self._periods[name].length)
        with self._store.write() as session:
            proof = session.get_one(PurgeProof, proof_id)
            self._finish(session, proof, "purge.done")
            counts = {name: found["count"] for name, found in proof.kinds.items()}
        leave_no_trace(self._store, thorough=True)
        with self._store.read() as session:
            self._anchor.mark(session)
        return counts

    def _remove(self, proof_id: str, name: str, kind: _Kind, cutoff: datetime) -> None:
        count, digest = 0, hashlib.sha256().hexdigest()
        rest = select(kind.id).where(kind.passed(cutoff)).order_by(kind.id)
        while True:
            with self._store.write() as session:
                ids = session.scalars(rest.limit(BATCH).with_for_update()).all()
                if ids:
                    kind.remove(session, ids)
                    rest = rest.where(kind.id > ids[-1])
                count += len(ids)
                for each in ids:
                    digest = hashlib.sha256(f"{digest}{each}".encode()).hexdigest()
                proof = session.get_one(PurgeProof, proof_id)
                facts = {"count": count, "before": cutoff.isoformat(), "ids": digest}
                proof.kinds = {**proof.kinds, name: facts}
            if len(ids) < BATCH:
                return

    def _finish_broken_off(self, session: Session) -> None:
        long_ago = self._clock() - BROKEN_OFF_AFTER
        unfinished = select(PurgeProof).where(PurgeProof.finished_at.is_(None), PurgeProof.began_at < long_ago)
        for proof in session.scalars(unfinished):
            self._finish(session, proof, "purge.broken_off")

    def _finish(self, session: Session, proof: PurgeProof, event: str) -> None:
        proof.finished_at = self._clock()
        facts: dict[str, Value] = {
            f"{name}.{fact}": value
            for name, found in proof.kinds.items()
            if found["count"]
            for fact, value in found.items()
        }
        self._audit.append(session, event, SUBJECT, proof=proof.id, **facts)

    # -- the kinds

    def _all_kinds(self) -> dict[str, _Kind]:
        closed = and_(Case.shredded_at.is_(None), Case.on_hold.is_(False), Case.closed_at.is_not(None))
        no_case_on_hold = ~(
            select(Case.id).where(Case.id == DeliveryFile.case_id, Case.on_hold.is_(True)).correlate(DeliveryFile).exists()
        )  # fmt: skip
        # What goes along with something else comes before it, so that each thing counts once.
        return {
            "codes": _Kind(Challenge.id, lambda cutoff: Challenge.expires_at < cutoff, _remove_codes),
            "failed_codes": _Kind(AddressFailure.id, lambda cutoff: AddressFailure.at < cutoff, _remove_failures),
            "mails": _Kind(OutgoingMail.id, _mail_done_before, _empty_mails),
            "incoming_mails": _Kind(IncomingMail.id, _dealt_with_before, _shred_incoming),
            "deliveries": _Kind(
                Delivery.id,
                lambda cutoff: and_(
                    Delivery.expires_at < cutoff + self._periods["deliveries"].length, Delivery.shredded_at.is_(None)
                ),
                self._shred_deliveries,
            ),
            "unsent_files": _Kind(
                DeliveryFile.id,
                lambda cutoff: and_(
                    DeliveryFile.delivery_id.is_(None), DeliveryFile.complete.is_(True),
                    DeliveryFile.case_id.in_(select(Case.id).where(Case.closed_at < cutoff)),
                    no_case_on_hold,
                ),
                remove_files,
            ),
            "staff_log_ins": _Kind(StaffLogIn.seq, lambda cutoff: StaffLogIn.at < cutoff, _remove_log_ins),
            "broken_uploads": _Kind(
                DeliveryFile.id,
                lambda cutoff: and_(DeliveryFile.complete.is_(False), DeliveryFile.created_at < cutoff),
                remove_files,
            ),
            "anonymous_chats": _Kind(
                Conversation.id,
                lambda cutoff: and_(_idle_since(cutoff), Conversation.verified_at.is_(None)),
                _remove_conversations,
            ),
            "verified_chats": _Kind(
                Conversation.id,
                lambda cutoff: and_(_idle_since(cutoff), Conversation.verified_at.is_not(None)),
                _remove_conversations,
            ),
            "unfinished_cases": _Kind(
                Case.id,
                lambda cutoff: and_(
                    Case.state.in_(_UNPROVED), ~_ENOUGH, Case.changed_at < cutoff,
                    Case.on_hold.is_(False), Case.assignee.is_(None),
                ),
                self._close_unfinished,
            ),
            "unverified_cases": _Kind(
                Case.id, lambda cutoff: and_(closed, Case.closed_at < cutoff, ~_ENOUGH), self._shred_cases
            ),
            "cases": _Kind(Case.id, lambda cutoff: and_(closed, Case.closed_at < cutoff, _ENOUGH), self._shred_cases),
        }  # fmt: skip

    def _close_unfinished(self, session: Session, ids: Sequence[str]) -> None:
        """Ends requests that nobody finished, by the table; whoever left an address is told, with the ways to object."""
        for case in session.scalars(select(Case).where(Case.id.in_(ids))):
            details = self._casebook.details(session, case)
            wording = Wording(reasons=UNFINISHED_REASON)
            self._casebook.move(session, case, Event.CLOSED_UNIDENTIFIED, by="insyn", reasons=UNFINISHED_REASON)
            if details.get("address"):
                draft = compose.step_letter(
                    Event.CLOSED_UNIDENTIFIED, case, details, wording, signed=compose.SIGNED_BY_INSYN
                )
                self._post.send(session, draft.template, draft.finished(), case, f"{draft.template}:{case.id}")

    def _shred_cases(self, session: Session, ids: Sequence[str]) -> None:
        now = self._clock()
        for case in session.scalars(select(Case).where(Case.id.in_(ids))):
            shred_case(session, case, now)

    def _shred_deliveries(self, session: Session, ids: Sequence[str]) -> None:
        now = self._clock()
        for delivery in session.scalars(select(Delivery).where(Delivery.id.in_(ids))):
            shred_delivery(session, delivery, now)
            self._audit.append(session, "delivery.shredded", delivery.case_id, delivery=delivery.id)


def _idle_since(cutoff: datetime) -> ColumnElement[bool]:
    return and_(Conversation.last_activity_at < cutoff, Conversation.on_hold.is_(False))


def _remove_conversations(session: Session, ids: Sequence[str]) -> None:
    keys = select(Conversation.data_key_id).where(Conversation.id.in_(ids))
    session.execute(delete(OutgoingMail).where(OutgoingMail.data_key_id.in_(keys)))
    session.execute(delete(DataKey).where(DataKey.id.in_(keys)))
    session.execute(delete(Conversation).where(Conversation.id.in_(ids)))


def _remove_codes(session: Session, ids: Sequence[str]) -> None:
    session.execute(delete(Challenge).where(Challenge.id.in_(ids)))


def _remove_failures(session: Session, ids: Sequence[int]) -> None:
    session.execute(delete(AddressFailure).where(AddressFailure.id.in_(ids)))


def _remove_log_ins(session: Session, ids: Sequence[int]) -> None:
    session.execute(delete(StaffLogIn).where(StaffLogIn.seq.in_(ids)))


def _mail_done_before(cutoff: datetime) -> ColumnElement[bool]:
    return and_(
        OutgoingMail.sealed.is_not(None),
        or_(
            and_(OutgoingMail.status == "sent", OutgoingMail.sent_at < cutoff),
            and_(OutgoingMail.status.in_(("failed", "settled")), OutgoingMail.next_attempt_at < cutoff),
        ),
    )


def _dealt_with_before(cutoff: datetime) -> ColumnElement[bool]:
    """Mails that ended before the cut-off: those for a human when the human, or the case they led to, was done."""
    case_closed = select(Case.id).where(Case.id == IncomingMail.case_id, Case.closed_at < cutoff).exists()
    case_held = select(Case.id).where(Case.id == IncomingMail.case_id, Case.on_hold.is_(True)).exists()
    return and_(
        IncomingMail.sealed_raw.is_not(None),
        or_(
            and_(IncomingMail.status.in_(("answered", "ignored")), IncomingMail.handled_at < cutoff),
            IncomingMail.settled_at < cutoff,
            and_(IncomingMail.handled_at < cutoff, case_closed),
        ),
        ~case_held,
    )


def _shred_incoming(session: Session, ids: Sequence[str]) -> None:
    shred_incoming(session, IncomingMail.id.in_(ids))


def _empty_mails(session: Session, ids: Sequence[str]) -> None:
    for mail in session.scalars(select(OutgoingMail).where(OutgoingMail.id.in_(ids))):
        mail.sealed = None
