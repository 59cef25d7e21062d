"""A tracker store that keeps nothing: the tracker of a turn lives as long as the turn."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from rasa.core.tracker_store import TrackerStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rasa.shared.core.trackers import DialogueStateTracker

_turn: ContextVar[DialogueStateTracker | None] = ContextVar("insyn_turn", default=None)


@contextmanager
def turn(tracker: DialogueStateTracker) -> Iterator[DialogueStateTracker]:
    """Make `tracker` what Rasa finds for the conversation inside this block, in this task only."""
    token = _turn.set(tracker)
    try:
        yield tracker
    finally:
        _turn.reset(token)


class TurnTrackerStore(TrackerStore):  # type: ignore[misc]
    """Hands Rasa the tracker of the running turn and forgets everything else."""

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        tracker = _turn.get()
        return tracker if tracker is not None and tracker.sender_id == sender_id else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep nothing."""

    async def keys(self) -> Iterable[str]:
        return ()
