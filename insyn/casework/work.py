"""The staff's side of a case: what a handler can have done, each a use case in one transaction.

A step of the table, its reasons, its letter and its row in the log are committed together or not at all. `by` is the
pseudonymous id of whoever decides. `seen` is the version of the case that the decision was made on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog, Value
from insyn.cases.casebook import Casebook
from insyn.cases.checklist import CHECKLISTS, Point
from insyn.cases.clocks import Clocks, IncidentClock, incident_clock
from insyn.cases.grounds import Ground, grounds_for
from insyn.cases.transitions import Event, ForbiddenTransition, Guard, State, events_for, hindrances, substantial
from insyn.clock import Clock
from insyn.identity.address import EmailAddress
from insyn.identity.step_up import Invitations
from insyn.letters import compose
from insyn.letters.elements import Element, Wording
from insyn.letters.post import InThread, Post, in_no_thread
from insyn.outbox.queue import Letter, Outbox
from insyn.store.engine import Store
from insyn.store.models import Case

ID_COPY_NOTE = "En kopia av en id-handling kom in utan att vi bett om den. Mottagen, behövs inte, förstörd."


class ChangedMeanwhile(Exception):
    """Someone else has moved the case since it was read: look again before deciding."""


class NoSuchCase(Exception):
    """No case has this id."""


@dataclass(frozen=True)
class Decided:
    """What came of a step. `mailed` is None where no letter goes with it, False where one must be sent by hand."""

    state: State
    version: int
    mailed: bool | None


@dataclass(frozen=True)
class Preview:
    """A letter as it would be sent, what it lacks, and what keeps the step from being taken now."""

    letter: Letter
    missing: tuple[Element, ...]
    hindrances: tuple[Guard, ...]


@dataclass(frozen=True)
class Options:
    """What can be done with a case now, and what it needs: for the page that offers it."""

    version: int
    events: tuple[Event, ...]
    hindered: dict[Event, tuple[Guard, ...]]
    clocks: Clocks | None
    incident: IncidentClock | None
    grounds: tuple[Ground, ...]
    checklist: tuple[Point, ...]
    waits_for: tuple[str, ...]
    possible_repeat_of: str | None


@dataclass(frozen=True)
class StrongLogIn:
    """Where people can show more clearly who they are, as they know it, and the links that lead there."""

    name: str
    invitations: Invitations


class CaseWork:
    """What the staff do with cases."""

    def __init__(
        self,
        store: Store,
        casebook: Casebook,
        outbox: Outbox,
        audit: AuditLog,
        clock: Clock,
        log_in: StrongLogIn | None = None,
        in_thread: InThread = in_no_thread,
    ) -> None:
        self._store = store
        self._casebook = casebook
        self._audit = audit
        self._clock = clock
        self._log_in = log_in
        self._post = Post(outbox, casebook, audit, in_thread)

    # -- taking a case on

    def take_up(self, case_id: str, *, by: str, seen: int | None = None) -> Decided:
        """Work begins; the case is assigned to whoever takes it up, unless someone has it. Raises `ForbiddenTransition`."""
        with self._case(case_id, seen) as (session, case):
            self._casebook.move(session, case, Event.TAKEN_UP, by=by)
            if case.assignee is None:
                self._casebook.assign(session, case, by, by=by)
            return self._decided(session, case)

    def assign(self, case_id: str, to: str | None, *, by: str, seen: int | None = None) -> Decided:
        """Gives the case to a member of staff, or to nobody. Raises `ForbiddenTransition` when it is closed."""
        with self._case(case_id, seen) as (session, case):
            if self._casebook.is_closed(case):
                raise ForbiddenTransition("assigned when closed")
            if case.assignee != to:
                self._casebook.assign(session, case, to, by=by)
            return self._decided(session, case)

    def give_address(self, case_id: str, address: EmailAddress, *, by: str, seen: int | None = None) -> Decided:
        """Records where the person can be reached, as told to a member of staff. Raises `ForbiddenTransition`."""
        with self._case(case_id, seen) as (session, case):
            self._casebook.give_address(session, case, address, by=by)
            return self._decided(session, case)

    def withdraw(self, case_id: str, reasons: str, *, by: str, seen: int | None = None) -> Decided:
        """The person has told a member of staff that the request is taken back; `reasons` say how. Who left an address is told.

        Raises `ForbiddenTransition`, ValueError without reasons.
        """
        if not substantial(reasons):
            raise ValueError("how the person took it back must be written down")
        with self._case(case_id, seen) as (session, case):
            self._casebook.move(session, case, Event.WITHDRAWN, by=by, reasons=reasons)
            address = self._casebook.details(session, case).get("address")
            if not address:
                return self._decided(session, case)
            letter = compose.withdrawn_letter(case, address)
            return self._decided(
                session, case, self._post.send(session, "withdrawn", letter, case, f"withdrawn:{case.id}")
            )

    def note(self, case_id: str, text: str, *, by: str) -> Decided:
        """Adds a note, also to a closed case. Raises ValueError when it is empty."""
        if not text.strip():
            raise ValueError("an empty note says nothing")
        with self._case(case_id, None) as (session, case):
            self._casebook.note(session, case, text.strip(), by=by)
            return self._decided(session, case)

    def discard_id_copy(self, case_id: str, *, by: str) -> Decided:
        """Notes that a copy of an identity document came unasked for and was not kept."""
        with self._case(case_id, None) as (session, case):
            self._casebook.note(session, case, ID_COPY_NOTE, by=by)
            self._audit.append(session, "case.id_copy_discarded", case.id, by=by)
            return self._decided(session, case)

    def letter_arrived(self, case_id: str, mail_id: str, *, by: str) -> bool:
        """A letter that could not be mailed has reached the person otherwise; False where no such letter is known."""
        with self._case(case_id, None) as (session, case):
            return self._post.settle(session, case, mail_id, by=by)

    # -- who the person is

    def verify(self, case_id: str, how: str, *, by: str, seen: int | None = None) -> Decided:
        """A human finds it proved that the request is the person's; `how` says by what. Opens the case, or ends a doubt.

        The first time, the person gets the receipt. Raises `ForbiddenTransition`, `GuardFailed`.
        """
        with self._case(case_id, seen) as (session, case):
            first = State(case.state) in (State.RECEIVED, State.AWAITING_VERIFICATION)
            self._casebook.move(
                session, case, Event.VERIFIED_BY_STAFF, by=by, reasons=how, proof="handläggares bedömning"
            )
            if not first:
                return self._decided(session, case)
            details = self._casebook.details(session, case)
            letter = compose.receipt_letter([(case, details)], details.get("address", ""))
            return self._decided(session, case, self._post.send(session, "receipt", letter, case, f"receipt:{case.id}"))

    def doubt(self, case_id: str, wording: Wording, *, by: str, seen: int | None = None) -> Decided:
        """Records a reasonable doubt about who the person is and asks for what would settle it; one clock stands still.

        Raises `ForbiddenTransition`, `GuardFailed`, `IncompleteLetter`.
        """
        return self._step(case_id, Event.IDENTITY_DOUBTED, wording, by=by, seen=seen)

    # -- deciding

    def extend(self, case_id: str, wording: Wording, *, by: str, seen: int | None = None) -> Decided:
        """Extends the time limit, once, and tells the person why. Raises as `doubt` does."""
        return self._step(case_id, Event.EXTENDED, wording, by=by, seen=seen)

    def complete(
        self, case_id: str, wording: Wording, ticked: frozenset[str] = frozenset(), *, by: str, seen: int | None = None
    ) -> Decided:
        """What was asked for is done, and the person is told. `ticked` are the points of the kind's checklist.

        Raises `ForbiddenTransition`, `GuardFailed`, `ProofMissing`, `IncompleteLetter`.
        """
        return self._step(case_id, Event.COMPLETED, wording, ticked, by=by, seen=seen)

    def refuse(self, case_id: str, wording: Wording, *, by: str, seen: int | None = None) -> Decided:
        """Refuses with ground, reasons, and the ways to complain. Raises as `complete` does."""
        return self._step(case_id, Event.REFUSED, wording, by=by, seen=seen)

    def refuse_partly(
        self, case_id: str, wording: Wording, ticked: frozenset[str] = frozenset(), *, by: str, seen: int | None = None
    ) -> Decided:
        """Does a part and refuses the rest. Raises as `complete` does."""
        return self._step(case_id, Event.PARTLY_REFUSED, wording, ticked, by=by, seen=seen)

    def hand_over(self, case_id: str, wording: Wording, *, by: str, seen: int | None = None) -> Decided:
        """The data are a customer's: the person is directed there, or the request has been sent on, and nothing is decided.

        Raises `ForbiddenTransition`, `IncompleteLetter`.
        """
        return self._step(case_id, Event.HANDED_OVER, wording, by=by, seen=seen)

    def close_unidentified(self, case_id: str, wording: Wording, *, by: str, seen: int | None = None) -> Decided:
        """Ends a case whose person could not be identified as far as the right needs. Raises as `doubt` does."""
        return self._step(case_id, Event.CLOSED_UNIDENTIFIED, wording, by=by, seen=seen)

    # -- repeats

    def attach(self, case_id: str, wording: Wording, *, by: str, seen: int | None = None) -> Decided:
        """A human finds that a case only repeats an earlier open one: its words are added there and the person is told.

        Raises as `doubt` does.
        """
        with self._case(case_id, seen) as (session, case):
            earlier = self._casebook.earlier(session, case)
            decided = self._carry_out(session, case, Event.ATTACHED, wording, frozenset(), by)
            if earlier is not None:  # a guard of the step has seen to it
                said = self._casebook.details(session, case)
                words = "\n\n".join(str(said[field]) for field in ("words", "concerns") if said.get(field))
                self._casebook.remind(session, self._casebook.locked(session, earlier.id), words, by=by)
            return decided

    def let_stand(self, case_id: str, reasons: str, *, by: str, seen: int | None = None) -> Decided:
        """A human has looked at a possible repeat and finds that it is a matter of its own. Raises ValueError without one."""
        with self._case(case_id, seen) as (session, case):
            if case.repeats_id is None or not reasons.strip():
                raise ValueError("there is no possible repeat to judge, or no reasons are given")
            self._casebook.see_repeat(session, case, reasons.strip(), by=by)
            return self._decided(session, case)

    def remind(self, case_id: str, words: str, *, by: str = "person") -> Decided:
        """A reminder is added to the case it asks about; nothing else changes. Raises `ForbiddenTransition`."""
        with self._case(case_id, None) as (session, case):
            self._casebook.remind(session, case, words, by=by)
            return self._decided(session, case)

    # -- looking

    def preview(self, case_id: str, event: Event, wording: Wording, ticked: frozenset[str] = frozenset()) -> Preview:
        """The letter of a step with what it lacks and what hinders the step; nothing is sent or changed.

        Raises `ForbiddenTransition`, `NoSuchCase`.
        """
        with self._store.read() as session:
            case = self._found(session, case_id)
            situation = self._casebook.situation(session, case)
            brought = replace(situation, reasons=wording.reasons, ground=wording.ground, ticked=ticked)
            hindered = tuple(hindrances(brought, event))
            draft = self._draft(session, case, event, wording)
            return Preview(draft.letter, draft.missing, hindered)

    def options(self, case_id: str) -> Options:
        """What can be done with a case now, with both clocks. Raises `NoSuchCase`."""
        with self._store.read() as session:
            case = self._found(session, case_id)
            situation = self._casebook.situation(session, case)
            events = tuple(events_for(situation))
            earlier = self._casebook.earlier(session, case)
            incident = case.kind == "report.incident"
            return Options(
                version=case.version,
                events=events,
                hindered={event: tuple(hindrances(situation, event)) for event in events},
                clocks=self._casebook.clocks(session, case),
                incident=incident_clock(case.received_at, self._clock()) if incident else None,
                grounds=tuple(grounds_for(case.kind)),
                checklist=CHECKLISTS.get(case.kind, ()),
                waits_for=tuple(each.reference for each in self._casebook.waits_for(session, case)),
                possible_repeat_of=earlier.reference if earlier and case.repeat_seen_at is None else None,
            )

    # -- within a transaction

    @contextmanager
    def _case(self, case_id: str, seen: int | None) -> Iterator[tuple[Session, Case]]:
        with self._store.write() as session:
            try:
                case = self._casebook.locked(session, case_id)
            except LookupError as error:
                raise NoSuchCase(case_id) from error
            if seen is not None and case.version != seen:
                raise ChangedMeanwhile(case_id)
            yield session, case

    def _step(
        self,
        case_id: str,
        event: Event,
        wording: Wording,
        ticked: frozenset[str] = frozenset(),
        *,
        by: str,
        seen: int | None,
    ) -> Decided:
        with self._case(case_id, seen) as (session, case):
            return self._carry_out(session, case, event, wording, ticked, by)

    def _carry_out(
        self, session: Session, case: Case, event: Event, wording: Wording, ticked: frozenset[str], by: str
    ) -> Decided:
        """The step, then its letter; a letter that may not be sent undoes the step."""
        facts: dict[str, Value] = {}
        if event is Event.HANDED_OVER:
            facts["forwarded"] = wording.forwarded
        if event is Event.ATTACHED:
            facts["earlier"] = case.repeats_id
        self._casebook.move(
            session, case, event, by=by, reasons=wording.reasons, ground=wording.ground, ticked=ticked, **facts
        )
        draft = self._draft(session, case, event, wording)
        # A doubt may come again, with a letter of its own; every other step comes once.
        unique_key = f"{draft.template}:{case.id}"
        if event is Event.IDENTITY_DOUBTED:
            unique_key += f":{self._casebook.doubts(session, case)}"
        letter, link = draft.finished(), ""
        if self._log_in and compose.LINK in letter.text:
            link = self._log_in.invitations.issue(session, case.id)
            letter = compose.with_link(letter, link)
        return self._decided(
            session, case, self._post.send(session, draft.template, letter, case, unique_key, secret=link)
        )

    def _draft(self, session: Session, case: Case, event: Event, wording: Wording) -> compose.Draft:
        return compose.step_letter(
            event,
            case,
            self._casebook.details(session, case),
            wording,
            earlier=self._casebook.earlier(session, case),
            doubted=self._casebook.situation(session, case).in_doubt,
            log_in=self._log_in.name if self._log_in else "",
        )

    def _found(self, session: Session, case_id: str) -> Case:
        case = session.get(Case, case_id)
        if case is None:
            raise NoSuchCase(case_id)
        return case

    @staticmethod
    def _decided(session: Session, case: Case, mailed: bool | None = None) -> Decided:
        session.flush()
        return Decided(State(case.state), case.version, mailed)
