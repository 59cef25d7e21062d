"""The life of a case as one table: which event leads from which state to which. Whatever is not here cannot happen."""

from __future__ import annotations

from enum import StrEnum


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


class Event(StrEnum):
    """What can happen to a case."""

    ADDRESS_GIVEN = "address_given"
    CONFIRMED = "confirmed"
    VERIFIED_BY_STAFF = "verified_by_staff"
    TAKEN_UP = "taken_up"
    EXTENDED = "extended"
    COMPLETED = "completed"
    PARTLY_REFUSED = "partly_refused"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    HANDED_OVER = "handed_over"
    CLOSED_UNIDENTIFIED = "closed_unidentified"


class ForbiddenTransition(Exception):
    """The table has no such step."""


_UNPROVED = (State.RECEIVED, State.AWAITING_VERIFICATION)
_WORKED = (State.OPEN, State.IN_PROGRESS, State.EXTENDED)

TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.RECEIVED, Event.ADDRESS_GIVEN): State.AWAITING_VERIFICATION,
    (State.AWAITING_VERIFICATION, Event.ADDRESS_GIVEN): State.AWAITING_VERIFICATION,
    **{(state, Event.CONFIRMED): State.OPEN for state in _UNPROVED},
    (State.AWAITING_VERIFICATION, Event.VERIFIED_BY_STAFF): State.OPEN,
    **{(state, Event.CLOSED_UNIDENTIFIED): State.CLOSED_UNIDENTIFIED for state in _UNPROVED},
    **{(state, Event.WITHDRAWN): State.WITHDRAWN for state in (*_UNPROVED, *_WORKED)},
    **{(state, Event.HANDED_OVER): State.HANDED_TO_CONTROLLER for state in (*_UNPROVED, *_WORKED)},
    (State.OPEN, Event.TAKEN_UP): State.IN_PROGRESS,
    **{(state, Event.EXTENDED): State.EXTENDED for state in (State.OPEN, State.IN_PROGRESS)},
    **{(state, Event.COMPLETED): State.COMPLETED for state in _WORKED},
    **{(state, Event.PARTLY_REFUSED): State.PARTLY_REFUSED for state in _WORKED},
    **{(state, Event.REFUSED): State.REFUSED for state in _WORKED},
}

CLOSED = frozenset(state for state in State if not any(start is state for start, _ in TRANSITIONS))

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
}


def after(state: State, event: Event) -> State:
    """The state that `event` leads to from `state`. Raises `ForbiddenTransition`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ForbiddenTransition(f"{event} in {state}") from None
