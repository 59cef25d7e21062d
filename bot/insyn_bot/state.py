"""The state of a dialogue as plain data: what the gateway keeps between turns, and back again."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

_LISTEN = "action_listen"
_SESSION_START = "action_session_start"
_REQUESTED_SLOT = "requested_slot"
_NOT_STATE = {_REQUESTED_SLOT, "session_started_metadata"}


def restore(sender: str, state: dict[str, Any], domain: Domain) -> DialogueStateTracker:
    """A tracker that listens in `state` (`slots`, `active_loop`, `requested_slot`; all may be missing).

    Slots and loops that the domain no longer has (the model was retrained meanwhile) are left out.
    """
    tracker = DialogueStateTracker(sender, domain.slots)
    events: list[Event] = [ActionExecuted(_SESSION_START), SessionStarted()]
    slots = state.get("slots") or {}
    events += [SlotSet(name, value) for name, value in slots.items() if name in tracker.slots]
    loop = state.get("active_loop")
    if loop in domain.form_names:
        events.append(ActiveLoop(loop))
        if _REQUESTED_SLOT in tracker.slots:
            events.append(SlotSet(_REQUESTED_SLOT, state.get("requested_slot")))
    events.append(ActionExecuted(_LISTEN))
    tracker.update_with_events(events, domain)
    return tracker


def serialise(tracker: DialogueStateTracker) -> dict[str, Any]:
    """What `restore` needs: every slot that is set or differs from its initial value, loop, asked slot."""
    slots = {
        name: slot.value
        for name, slot in tracker.slots.items()
        if name not in _NOT_STATE and (slot.value is not None or slot.initial_value is not None)
    }
    loop = tracker.active_loop_name
    return {
        "slots": slots,
        "active_loop": loop,
        "requested_slot": tracker.get_slot(_REQUESTED_SLOT) if loop else None,
    }
