"""The life of a case as one table: which event leads from which state to which, for which kinds, under which guards.

Whatever is not here cannot happen. `step` is pure: a `Situation` and an `Event` give the next `Situation`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from insyn.cases.checklist import unticked
from insyn.cases.deadline import may_extend_on
from insyn.cases.grounds import GROUNDS
from insyn.cases.kinds import KINDS, Kind, enough
from insyn.identity.levels import NEEDS, Proof, more


class State(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    AWAITING_VERIFICATION = "awaiting_verification"
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    EXTENDED = "extended"
    COMPLETED = "completed"
    PARTLY_REFUSED = "partly_refused"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    HANDED_TO_CONTROLLER = "handed_to_controller"
    CLOSED_UNIDENTIFIED = "closed_unidentified"
    ATTACHED = "attached"


class Event(StrEnum):
    """What can happen to a case."""

    ADDRESS_GIVEN = "address_given"
    MAILBOX_PROVED = "mailbox_proved"
    CONFIRMED = "confirmed"
    VERIFIED_BY_STAFF = "verified_by_staff"
    STRONGLY_IDENTIFIED = "strongly_identified"
    IDENTITY_DOUBTED = "identity_doubted"
    TAKEN_UP = "taken_up"
    REMINDED = "reminded"
    EXTENDED = "extended"
    COMPLETED = "completed"
    PARTLY_REFUSED = "partly_refused"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    HANDED_OVER = "handed_over"
    CLOSED_UNIDENTIFIED = "closed_unidentified"
    ATTACHED = "attached"


@dataclass(frozen=True)
class Situation:
    """A case as the table sees it, and what is brought forward for the next step.

    `waits_for_earlier`: an order was wished and an earlier case of the group is not closed. `earlier_is_open`: it may
    repeat an earlier case, and that one is not closed. `reasons`, `ground` and `ticked` (points of the checklist) are given
    by whoever takes the step; `same_name` by a log-in whose name is the one the request was made in.
    """

    kind: Kind
    state: State
    proof: Proof
    received: date
    today: date
    in_doubt: bool = False
    extended: bool = False
    waits_for_earlier: bool = False
    earlier_is_open: bool = False
    reasons: str = ""
    ground: str = ""
    ticked: frozenset[str] = frozenset()
    same_name: bool = False


@dataclass(frozen=True)
class Guard:
    """A condition of a step, stated once; `says` is what the staff are told when it does not hold."""

    id: str
    says: str
    holds: Callable[[Situation], bool]


@dataclass(frozen=True)
class Step:
    """A row of the table. `to` is None where the case stays in its state."""

    event: Event
    start: frozenset[State]
    to: State | None
    kinds: frozenset[str]
    guards: tuple[Guard, ...] = ()


class ForbiddenTransition(Exception):
    """The table has no such step."""


class GuardFailed(ForbiddenTransition):
    """The table has the step, but not now; `guard` says why."""

    def __init__(self, guard: Guard) -> None:
        super().__init__(guard.id)
        self.guard = guard


class ProofMissing(GuardFailed):
    """The case cannot be acted on: the proof its right needs has not been shown."""


def substantial(text: str) -> bool:
    """Whether a text says something: at least three words and a dozen letters."""
    return len(text.split()) >= 3 and sum(letter.isalpha() for letter in text) >= 12


PROVED = Guard(
    "proved",
    "Det bevis som rätten kräver saknas.",
    lambda now: enough(now.kind, now.proof),
)
CERTAIN = Guard(
    "certain",
    "Det finns tvivel om vem personen är, och det är inte utrett.",
    lambda now: not now.in_doubt,
)
DOUBTED = Guard(
    "doubted",
    "Det finns inget antecknat tvivel om vem personen är.",
    lambda now: now.in_doubt,
)
UNIDENTIFIED = Guard(
    "unidentified",
    "Personen har visat vad rätten kräver. Ärendet kan inte avslutas som overifierat.",
    lambda now: now.in_doubt or not enough(now.kind, now.proof),
)
REASONED = Guard(
    "reasoned",
    "Skriv skälen, minst en kort mening.",
    lambda now: substantial(now.reasons),
)
GROUNDED = Guard(
    "grounded",
    "Välj en avslagsgrund som gäller för den här rätten.",
    lambda now: now.ground in GROUNDS and now.kind.id in GROUNDS[now.ground].kinds,
)
CHECKED = Guard(
    "checked",
    "Bocka av allt som svaret måste innehålla.",
    lambda now: not unticked(now.kind.id, now.ticked),
)
FIRST_EXTENSION = Guard(
    "first_extension",
    "Fristen har redan förlängts. Det går bara en gång.",
    lambda now: not now.extended,
)
WITHIN_FIRST_MONTH = Guard(
    "within_first_month",
    "Den första månaden har gått. Därefter kan fristen inte förlängas.",
    lambda now: may_extend_on(now.received, now.today),
)
IN_ORDER = Guard(
    "in_order",
    "Personen bad om en ordning: ett tidigare ärende ska avslutas först.",
    lambda now: not now.waits_for_earlier,
)
REPEATS_OPEN_CASE = Guard(
    "repeats_open_case", "Det finns inget öppet tidigare ärende av samma slag från samma adress.",
    lambda now: now.earlier_is_open,
)  # fmt: skip
GUARDS = (
    PROVED, CERTAIN, DOUBTED, UNIDENTIFIED, REASONED, GROUNDED, CHECKED, FIRST_EXTENSION, WITHIN_FIRST_MONTH, IN_ORDER, REPEATS_OPEN_CASE,
)  # fmt: skip

RIGHTS = frozenset(kind.id for kind in KINDS.values() if kind.is_right)
# GDPR art. 21(2)-(3) and 7(3): no balancing, no extra identification, nothing to refuse.
ABSOLUTE = frozenset({"request.objection.marketing", "request.withdraw_consent"})
WEIGHED = RIGHTS - ABSOLUTE
DOUBTABLE = frozenset(kind for kind, need in NEEDS.items() if need.doubtable)
# GDPR art. 33: a report made Kontek aware; nobody can take that back.
INCIDENTS = frozenset({"report.incident"})
MESSAGES = frozenset({"complaint", "question"})
ALL = RIGHTS | INCIDENTS | MESSAGES

_UNPROVED = frozenset({State.RECEIVED, State.AWAITING_VERIFICATION})
_AWAITING = frozenset({State.AWAITING_VERIFICATION})
_OPEN = frozenset({State.OPEN})
_UNEXTENDED = frozenset({State.OPEN, State.IN_PROGRESS})
_WORKED = _UNEXTENDED | {State.EXTENDED}
_LIVE = _UNPROVED | _WORKED

LIFECYCLE: tuple[Step, ...] = (
    Step(Event.ADDRESS_GIVEN, _UNPROVED, State.AWAITING_VERIFICATION, RIGHTS),
    Step(Event.ADDRESS_GIVEN, _UNEXTENDED, None, INCIDENTS | MESSAGES),
    Step(Event.MAILBOX_PROVED, _AWAITING, None, RIGHTS),
    Step(Event.CONFIRMED, _UNPROVED, State.OPEN, RIGHTS, (PROVED,)),
    Step(Event.VERIFIED_BY_STAFF, _UNPROVED, State.OPEN, RIGHTS, (REASONED,)),
    Step(Event.VERIFIED_BY_STAFF, _WORKED, None, DOUBTABLE, (DOUBTED, REASONED)),
    Step(Event.IDENTITY_DOUBTED, _AWAITING | _WORKED, None, DOUBTABLE, (CERTAIN, REASONED)),
    Step(Event.STRONGLY_IDENTIFIED, _AWAITING | _WORKED, None, DOUBTABLE, (DOUBTED,)),
    Step(Event.TAKEN_UP, _OPEN, State.IN_PROGRESS, ALL),
    Step(Event.REMINDED, _LIVE, None, ALL),
    Step(Event.EXTENDED, _UNEXTENDED, State.EXTENDED, WEIGHED, (FIRST_EXTENSION, WITHIN_FIRST_MONTH, REASONED)),
    Step(Event.COMPLETED, _WORKED, State.COMPLETED, RIGHTS, (PROVED, CERTAIN, IN_ORDER, CHECKED)),
    Step(Event.COMPLETED, _UNEXTENDED, State.COMPLETED, INCIDENTS | MESSAGES),
    Step(
        Event.PARTLY_REFUSED, _WORKED, State.PARTLY_REFUSED, WEIGHED,
        (PROVED, CERTAIN, IN_ORDER, CHECKED, GROUNDED, REASONED),
    ),
    Step(Event.REFUSED, _WORKED, State.REFUSED, WEIGHED, (PROVED, GROUNDED, REASONED)),
    Step(Event.WITHDRAWN, _LIVE, State.WITHDRAWN, RIGHTS | MESSAGES),
    Step(Event.HANDED_OVER, _LIVE, State.HANDED_TO_CONTROLLER, ALL),
    Step(Event.CLOSED_UNIDENTIFIED, _LIVE, State.CLOSED_UNIDENTIFIED, RIGHTS, (UNIDENTIFIED, REASONED)),
    Step(Event.ATTACHED, _LIVE - {State.RECEIVED}, State.ATTACHED, RIGHTS, (REPEATS_OPEN_CASE, REASONED)),
)  # fmt: skip

_ROWS = {(kind, state, row.event): row for row in LIFECYCLE for kind in row.kinds for state in row.start}

CLOSED = frozenset(state for state in State if not any(state in row.start for row in LIFECYCLE))

NAMES = {
    State.RECEIVED: "mottaget",
    State.AWAITING_VERIFICATION: "ej verifierat",
    State.OPEN: "öppet",
    State.IN_PROGRESS: "under handläggning",
    State.EXTENDED: "förlängt",
    State.COMPLETED: "klart",
    State.PARTLY_REFUSED: "delvis avslaget",
    State.REFUSED: "avslaget",
    State.WITHDRAWN: "återtaget",
    State.HANDED_TO_CONTROLLER: "överlämnat till arbetsgivaren",
    State.CLOSED_UNIDENTIFIED: "avslutat utan verifiering",
    State.ATTACHED: "lagt till ett tidigare ärende",
}

_SHOWN_BY: dict[Event, Proof] = {
    Event.MAILBOX_PROVED: "mailbox",
    Event.VERIFIED_BY_STAFF: "staff",
    Event.STRONGLY_IDENTIFIED: "strong",
}


def first_state(kind: Kind) -> State:
    """Where a case of this kind begins: a right waits for its proof, anything else is open at once."""
    return State.RECEIVED if kind.is_right else State.OPEN


def row_for(kind_id: str, state: State, event: Event) -> Step:
    """The row of the table for an event. Raises `ForbiddenTransition` where there is none."""
    try:
        return _ROWS[kind_id, state, event]
    except KeyError:
        raise ForbiddenTransition(f"{event} in {state} for {kind_id}") from None


def step(now: Situation, event: Event) -> Situation:
    """The situation after an event. Raises `ForbiddenTransition`, `GuardFailed`, `ProofMissing`."""
    row = row_for(now.kind.id, now.state, event)
    for guard in row.guards:
        if not guard.holds(now):
            raise ProofMissing(guard) if guard is PROVED else GuardFailed(guard)
    return replace(
        now,
        state=row.to or now.state,
        proof=_proof_after(now, event),
        in_doubt=_in_doubt_after(now, event),
        extended=now.extended or event is Event.EXTENDED,
        reasons="",
        ground="",
        ticked=frozenset(),
        same_name=False,
    )


def _proof_after(now: Situation, event: Event) -> Proof:
    if event is Event.ADDRESS_GIVEN:
        return "address"  # what was proved was proved of the address before
    return more(now.proof, _SHOWN_BY[event]) if event in _SHOWN_BY else now.proof


def _in_doubt_after(now: Situation, event: Event) -> bool:
    """A human's word ends a doubt; a log-in does when it was made in the name of the request, or anyone's would do."""
    settled = event is Event.VERIFIED_BY_STAFF or (event is Event.STRONGLY_IDENTIFIED and now.same_name)
    return (now.in_doubt or event is Event.IDENTITY_DOUBTED) and not settled


def hindrances(now: Situation, event: Event) -> list[Guard]:
    """The guards that keep an event from happening now. Raises `ForbiddenTransition` where the table has no such step."""
    return [guard for guard in row_for(now.kind.id, now.state, event).guards if not guard.holds(now)]


def events_for(now: Situation) -> list[Event]:
    """The events the table has from here, whatever their guards say."""
    return [event for event in Event if (now.kind.id, now.state, event) in _ROWS]
