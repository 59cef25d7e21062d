"""The casebook: opening cases and moving them along the table, each step audited in the same transaction."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog, Value
from insyn.cases.clocks import Clocks, Pause, clocks, extension, incident_clock
from insyn.cases.deadline import due_for
from insyn.cases.kinds import KINDS, Kind
from insyn.cases.reference import new_reference
from insyn.cases.transitions import CLOSED, Event, ProofMissing, Situation, State, first_state, step
from insyn.clock import Clock, swedish_date
from insyn.identity.address import EmailAddress
from insyn.identity.levels import PROOF_ORDER, Proof
from insyn.privacy.keys import BlindIndex, DataKeyring, seal, unseal
from insyn.store.models import Case, CaseNote, DueNotice, IdentityDoubt

__all__ = ["Casebook", "Change", "Details", "Note", "ProofMissing", "Watcher"]

Details = dict[str, Any]

REPEAT_WITHIN = timedelta(days=90)
RECEIVED = "case.received"
PERSON = "person"
DUE_SOON, OVERDUE = "case.due_soon", "case.overdue"


@dataclass(frozen=True)
class Note:
    """Words kept with a case. `author` is `person`, `insyn` or a staff id; `about` the event or kind of letter."""

    id: str
    at: datetime
    author: str
    kind: str
    about: str | None
    text: str


@dataclass(frozen=True)
class Change:
    """A row of the log about a case, as those who watch the casebook are told of it; `sequence` is its place there."""

    event: str
    sequence: int
    at: datetime


Watcher = Callable[[Session, Case, Change], None]


class Casebook:
    """All writes to cases go through here. Each call is part of the caller's transaction.

    `watchers` are told of every change, once, in the transaction that makes it.
    """

    def __init__(
        self,
        keyring: DataKeyring,
        index: BlindIndex,
        audit: AuditLog,
        clock: Clock,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self._keyring = keyring
        self._index = index
        self._audit = audit
        self._clock = clock
        self._watchers = tuple(watchers)

    def open(
        self,
        session: Session,
        kind_id: str,
        *,
        opening_key: str,
        received_at: datetime,
        channel: str,
        conversation_id: str | None,
        group_id: str,
        position: int = 0,
        ordered: bool = False,
        details: Details | None = None,
        urgent: bool = False,
    ) -> Case:
        """A new case whose clock runs from `received_at`; the same `opening_key` gives the same case again.

        `ordered`: the person wants the earlier positions of the group dealt with first.
        """
        known = session.scalar(select(Case).where(Case.opening_key == opening_key))
        if known is not None:
            return known
        kind = KINDS[kind_id]
        now = self._clock()
        case = Case(
            id=str(uuid.uuid4()),
            reference=new_reference(),
            kind=kind.id,
            state=first_state(kind),
            channel=channel,
            conversation_id=conversation_id,
            group_id=group_id,
            position=position,
            ordered=ordered,
            opening_key=opening_key,
            received_at=received_at,
            due_on=due_for(received_at).due if kind.is_right else None,
            sort_on=_place(kind, received_at, now),
            urgent=urgent,
            proof="none",
            data_key_id=self._keyring.create(session, now),
            sealed=b"",
            created_at=now,
            changed_at=now,
        )
        self._seal(session, case, details or {})
        session.add(case)
        session.flush()
        self._record(
            session, case, RECEIVED, kind=kind.id, channel=channel,
            received=received_at.isoformat(), due=case.due_on.isoformat() if case.due_on else None,
        )  # fmt: skip
        return case

    # -- steps of the table

    def move(
        self,
        session: Session,
        case: Case,
        event: Event,
        *,
        by: str = PERSON,
        reasons: str = "",
        ground: str = "",
        ticked: frozenset[str] = frozenset(),
        **data: Value,
    ) -> None:
        """Takes one step of the table. `reasons` are sealed as a note; the log says that there are some, not which.

        `data` goes into the log. `same_name` in it is what the table wants to know of a log-in.

        Raises `ForbiddenTransition`, `GuardFailed`, `ProofMissing`.
        """
        now = self._clock()
        before = case.state
        brought = replace(
            self.situation(session, case),
            reasons=reasons,
            ground=ground,
            ticked=ticked,
            same_name=data.get("same_name") is True,
        )
        after = step(brought, event)
        case.state, case.proof = after.state, after.proof
        if event in (Event.VERIFIED_BY_STAFF, Event.STRONGLY_IDENTIFIED):
            case.proved_at = now
        self._book_doubt(session, case, brought.in_doubt, after.in_doubt, now)
        if event is Event.EXTENDED:
            case.extended_at, case.due_on = now, extension(swedish_date(case.received_at)).due
            case.sort_on = case.due_on
            data["due"] = case.due_on.isoformat()
        if after.state in CLOSED:
            case.closed_at = now
        if reasons:
            data["note"] = self._note(session, case, "reasons", reasons, author=by, about=event)
        if ground:
            data["ground"] = ground
        if ticked:
            data["ticked"] = ",".join(sorted(ticked))
        self._log(session, case, _logged(event), before=before, by=by, **data)

    def give_address(self, session: Session, case: Case, address: EmailAddress, *, by: str = PERSON) -> None:
        """Records where the person can be reached; a right that had no address is from now on awaiting verification.

        An earlier case of the same kind and address that is open, or closed within 90 days, is linked for a human to see.
        Raises `ForbiddenTransition`.
        """
        self.move(session, case, Event.ADDRESS_GIVEN, by=by)
        case.address_index, case.proved_at = self.address_index(session, address), None
        self._change_details(session, case, {"address": str(address)})
        self._link_repeat(session, case, address)

    def mailbox_proved(self, session: Session, case: Case, at: datetime, *, how: str = "engångskod") -> None:
        """Records that a one-time code or link from the case's mailbox came back (evidence of control, nothing more).

        Where as much has been shown already there is nothing to record. Raises `ForbiddenTransition`.
        """
        if self.is_proved(case):
            return
        self.move(session, case, Event.MAILBOX_PROVED, proof="e-postkontroll", how=how)
        case.proved_at = at

    def confirm(self, session: Session, case: Case) -> None:
        """The person stands by the request: it is opened for work. Raises `ProofMissing`, `ForbiddenTransition`."""
        self.move(session, case, Event.CONFIRMED)

    def remind(self, session: Session, case: Case, words: str, *, by: str = PERSON) -> None:
        """The person asks again: the words are added to the case and nothing else changes. Raises `ForbiddenTransition`."""
        self.move(session, case, Event.REMINDED, by=by)
        self._note(session, case, "reminder", words, author=PERSON)

    def situation(self, session: Session, case: Case) -> Situation:
        """The case as the table sees it now."""
        earlier = session.get(Case, case.repeats_id) if case.repeats_id else None
        return Situation(
            kind=KINDS[case.kind],
            state=State(case.state),
            proof=self.proof_of(case),
            received=swedish_date(case.received_at),
            today=swedish_date(self._clock()),
            in_doubt=self._open_doubt(session, case) is not None,
            extended=case.extended_at is not None,
            waits_for_earlier=bool(self.waits_for(session, case)),
            earlier_is_open=earlier is not None and not self.is_closed(earlier),
        )

    # -- what belongs to a case

    def add_details(self, session: Session, case: Case, **details: str) -> None:
        """Adds facts to a case; the log says which, not what."""
        self._change_details(session, case, details)
        self._log(session, case, "case.details_added", fields=",".join(sorted(details)))

    def note(self, session: Session, case: Case, text: str, *, by: str) -> str:
        """Adds a note of the staff's, also to a closed case; returns its id."""
        note_id = self._note(session, case, "note", text, author=by)
        self._log(session, case, "case.noted", by=by, note=note_id)
        return note_id

    def keep_letter(self, session: Session, case: Case, about: str, text: str) -> str:
        """Keeps the words of a letter with the case, for as long as the case is kept; returns the note's id."""
        return self._note(session, case, "letter", text, author="insyn", about=about)

    def assign(self, session: Session, case: Case, to: str | None, *, by: str) -> None:
        """Gives a case to a member of staff, or to nobody."""
        case.assignee = to
        self._log(session, case, "case.assigned", by=by, to=to)

    def see_repeat(self, session: Session, case: Case, reasons: str, *, by: str) -> None:
        """A human has looked at a possible repeat and lets it stand as a case of its own."""
        case.repeat_seen_at = self._clock()
        note = self._note(session, case, "reasons", reasons, author=by, about="repeat_seen")
        self._log(session, case, "case.repeat_seen", by=by, note=note, earlier=case.repeats_id)

    def fall_due(self, session: Session, case: Case, today: date) -> bool:
        """Records that a case is due soon or overdue, once for each due date; False when it was known or is not so.

        Nothing of the case itself changes: whoever is deciding on it need not look again.
        """
        if case.due_on is None or self.is_closed(case):
            return False
        event = OVERDUE if case.due_on < today else DUE_SOON
        if session.get(DueNotice, (case.id, case.due_on, event)) is not None:
            return False
        session.add(DueNotice(case_id=case.id, due_on=case.due_on, event=event, at=self._clock()))
        self._record(session, case, event, due=case.due_on.isoformat(), days_left=(case.due_on - today).days)
        return True

    def notes(self, session: Session, case: Case) -> list[Note]:
        """The notes of a case, oldest first. Raises `Shredded`."""
        rows = session.scalars(select(CaseNote).where(CaseNote.case_id == case.id).order_by(CaseNote.seq))
        key = self._keyring.open(session, case.data_key_id)
        return [
            Note(row.id, row.at, row.author, row.kind, row.about, self._read(key, row)) for row in rows if row.sealed
        ]

    def details(self, session: Session, case: Case) -> Details:
        """What is known of the case. Raises `Shredded`."""
        key = self._keyring.open(session, case.data_key_id)
        plain: Details = json.loads(unseal(key, case.sealed, f"case/{case.id}"))
        return plain

    def clocks(self, session: Session, case: Case) -> Clocks | None:
        """Both clocks of a right and how they were computed; None for a report, complaint or question."""
        if not KINDS[case.kind].is_right:
            return None
        doubts = session.scalars(
            select(IdentityDoubt).where(IdentityDoubt.case_id == case.id).order_by(IdentityDoubt.raised_at)
        )
        # A closed case's clocks show how they stood when it was closed.
        ended = swedish_date(case.closed_at) if case.closed_at else None
        pauses = [
            Pause(swedish_date(doubt.raised_at), swedish_date(doubt.settled_at) if doubt.settled_at else ended)
            for doubt in doubts
        ]
        return clocks(
            swedish_date(case.received_at),
            extended=case.extended_at is not None,
            pauses=pauses,
            today=ended or swedish_date(self._clock()),
        )

    # -- finding cases

    def by_reference(self, session: Session, reference: str) -> Case | None:
        """The case with this reference in its standard form."""
        return session.scalar(select(Case).where(Case.reference == reference))

    def locked(self, session: Session, case_id: str) -> Case:
        """A case as it is now, held until the transaction ends so that two people do not move it at once.

        Raises LookupError.
        """
        case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
        if case is None:
            raise LookupError(case_id)
        return case

    def unfinished(self, session: Session, conversation_id: str, *, held: bool = False) -> Sequence[Case]:
        """The requests of a conversation that have been expressed but not confirmed, in the order wished.

        `held`: as they are now, and until the transaction ends nobody else moves them (see `locked`).
        """
        found = (
            select(Case)
            .where(
                Case.conversation_id == conversation_id,
                Case.state.in_([State.RECEIVED, State.AWAITING_VERIFICATION]),
            )
            .order_by(Case.created_at, Case.position)
        )
        if held:
            found = found.with_for_update().execution_options(populate_existing=True)
        return session.scalars(found).all()

    def of_conversation(self, session: Session, conversation_id: str) -> Sequence[Case]:
        """All cases opened in a conversation, oldest first."""
        return session.scalars(
            select(Case).where(Case.conversation_id == conversation_id).order_by(Case.created_at, Case.position)
        ).all()

    def open_of_address(self, session: Session, address: EmailAddress) -> Sequence[Case]:
        """The cases of an address that are not closed."""
        index = self.address_index(session, address)
        return session.scalars(select(Case).where(Case.address_index == index, Case.closed_at.is_(None))).all()

    def group(self, session: Session, case: Case) -> Sequence[Case]:
        """The cases asked for together with this one, itself included, in the order wished."""
        return session.scalars(select(Case).where(Case.group_id == case.group_id).order_by(Case.position)).all()

    def waits_for(self, session: Session, case: Case) -> list[Case]:
        """The earlier cases of the group that must be closed before this one is completed: those an order was wished for."""
        if not case.ordered:
            return []
        return [
            each for each in self.group(session, case) if each.position < case.position and not self.is_closed(each)
        ]

    def doubts(self, session: Session, case: Case) -> int:
        """How many times there has been doubt about who the person is."""
        return session.scalar(select(func.count()).where(IdentityDoubt.case_id == case.id)) or 0

    def earlier(self, session: Session, case: Case) -> Case | None:
        """The case that this one may repeat."""
        return session.get(Case, case.repeats_id) if case.repeats_id else None

    def of_address(self, session: Session, address: EmailAddress) -> Sequence[Case]:
        """The cases of an address, the newest first; nothing is changed by looking."""
        found = self._index.candidates("address", address.canonical)
        return session.scalars(
            select(Case).where(Case.address_index.in_(found)).order_by(Case.received_at.desc(), Case.id)
        ).all()

    def address_index(self, session: Session, address: EmailAddress) -> bytes:
        """The blind index by which cases of an address are found."""
        return self._index.address(session, address.canonical)

    @staticmethod
    def proof_of(case: Case) -> Proof:
        """What has been proved for a case."""
        return case.proof if case.proof in PROOF_ORDER else "none"

    @classmethod
    def is_proved(cls, case: Case) -> bool:
        """Whether control of the case's mailbox has been shown, or more than that."""
        return PROOF_ORDER[cls.proof_of(case)] >= PROOF_ORDER["mailbox"]

    @staticmethod
    def kind_of(case: Case) -> Kind:
        return KINDS[case.kind]

    @staticmethod
    def is_closed(case: Case) -> bool:
        return State(case.state) in CLOSED

    # -- within a step

    def _link_repeat(self, session: Session, case: Case, address: EmailAddress) -> None:
        case.repeats_id = None
        if not KINDS[case.kind].is_right:
            return
        earlier = session.scalar(
            select(Case)
            .where(
                # While the index key changes, a process that has not heard of it yet may have used the former one.
                Case.address_index.in_(self._index.candidates("address", address.canonical)),
                Case.kind == case.kind,
                Case.id != case.id,
                Case.received_at <= case.received_at,
                Case.state != State.WITHDRAWN,
                or_(Case.closed_at.is_(None), Case.closed_at > self._clock() - REPEAT_WITHIN),
            )
            .order_by(Case.closed_at.is_not(None), Case.received_at.desc())
            .limit(1)
        )
        if earlier is not None:
            case.repeats_id = earlier.id
            self._log(session, case, "case.possible_repeat", earlier=earlier.id)

    def _book_doubt(self, session: Session, case: Case, before: bool, after: bool, now: datetime) -> None:
        if after and not before:
            session.add(IdentityDoubt(id=str(uuid.uuid4()), case_id=case.id, raised_at=now))
        elif before and not after:
            doubt = self._open_doubt(session, case)
            if doubt is not None:
                doubt.settled_at = now

    @staticmethod
    def _open_doubt(session: Session, case: Case) -> IdentityDoubt | None:
        return session.scalar(
            select(IdentityDoubt).where(IdentityDoubt.case_id == case.id, IdentityDoubt.settled_at.is_(None)).limit(1)
        )

    def _note(
        self, session: Session, case: Case, kind: str, text: str, *, author: str, about: str | None = None
    ) -> str:
        note_id = str(uuid.uuid4())
        key = self._keyring.open(session, case.data_key_id)
        session.add(
            CaseNote(
                id=note_id,
                case_id=case.id,
                at=self._clock(),
                author=author,
                kind=kind,
                about=about,
                sealed=seal(key, text.encode(), f"note/{note_id}"),
            )
        )
        session.flush()
        return note_id

    @staticmethod
    def _read(key: bytes, row: CaseNote) -> str:
        return unseal(key, row.sealed or b"", f"note/{row.id}").decode()

    def _change_details(self, session: Session, case: Case, changes: Details) -> None:
        self._seal(session, case, {**self.details(session, case), **changes})

    def _seal(self, session: Session, case: Case, details: Details) -> None:
        key = self._keyring.open(session, case.data_key_id)
        case.sealed = seal(key, json.dumps(details, ensure_ascii=False).encode(), f"case/{case.id}")

    def _log(self, session: Session, case: Case, event: str, **data: Value) -> None:
        case.changed_at = self._clock()
        self._record(session, case, event, **data)

    def _record(self, session: Session, case: Case, event: str, **data: Value) -> None:
        sequence = self._audit.append(session, event, case.id, state=case.state, **data)
        for watcher in self._watchers:
            watcher(session, case, Change(event, sequence, self._clock()))


def _logged(event: Event) -> str:
    return f"case.{event}"


MOVES = (RECEIVED, *map(_logged, Event))  # what the log calls all that can change where a case stands


def _place(kind: Kind, received_at: datetime, now: datetime) -> date:
    """The day by which a new case is queued: its due date, for an incident the day its 72 hours end.

    A complaint or a question has no time limit in law; it stands where a request received at the same time would.
    """
    if kind.id == "report.incident":
        return swedish_date(incident_clock(received_at, now).due_at)
    return due_for(received_at).due
