"""The queue of events: written in the transaction that changes the case, emptied by the sender.

An event tells which case, what happened and how the case stands; who the person is and what was said stay here.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from insyn.cases.casebook import DUE_SOON, OVERDUE, Change
from insyn.clock import Clock, swedish_date
from insyn.store.models import Case, WebhookEvent, WebhookStop

# The specification's example: ten attempts in a little more than three days.
RETRY_AFTER = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
JITTER = 0.2
KEPT = timedelta(days=30)

_TYPES = {"case.received": "case.opened", DUE_SOON: "case.due", OVERDUE: "case.due"}


@dataclass(frozen=True)
class DueEvent:
    """An event whose time to be sent has come."""

    id: str
    type: str
    body: bytes


class WebhookQueue:
    """Events for one address. Each call is part of the caller's transaction."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url_hash = hashlib.sha256(url.encode()).hexdigest()
        self._clock = clock

    def watch(self, session: Session, case: Case, change: Change) -> None:
        """Queues the event for a change of a case (a watcher of the casebook)."""
        event_id = f"msg_{uuid.uuid4().hex}"
        event_type = _TYPES.get(change.event, "case.changed")
        session.add(
            WebhookEvent(
                id=event_id,
                sequence=change.sequence,
                type=event_type,
                body=json.dumps(_payload(event_id, event_type, case, change), separators=(",", ":")),
                status="queued",
                attempts=0,
                created_at=change.at,
                next_attempt_at=change.at,
            )
        )

    def due(self, session: Session, limit: int = 50) -> list[DueEvent]:
        """Queued events whose time has come, in the order of what happened; none while the address is stopped."""
        if self.is_stopped(session):
            return []
        rows = session.scalars(
            select(WebhookEvent)
            .where(WebhookEvent.status == "queued", WebhookEvent.next_attempt_at <= self._clock())
            .order_by(WebhookEvent.sequence)
            .limit(limit)
        )
        return [DueEvent(row.id, row.type, row.body.encode()) for row in rows]

    def delivered(self, session: Session, event_id: str) -> None:
        """Books an event as taken by the receiver."""
        row = session.get(WebhookEvent, event_id)
        if row is not None:
            row.status, row.delivered_at, row.last_error = "delivered", self._clock(), None
            row.attempts += 1

    def not_delivered(
        self, session: Session, event_id: str, error: str, *, not_before: datetime, jitter: float
    ) -> bool:
        """Books a failed attempt: tried again later, or given up after the last one (False).

        `not_before` is what the receiver asked for; `jitter` (0 to 1) spreads what failed together.
        """
        row = session.get(WebhookEvent, event_id)
        if row is None:
            return True
        row.attempts += 1
        row.last_error = error[:60]
        if row.attempts > len(RETRY_AFTER):
            row.status = "failed"
            return False
        pause = RETRY_AFTER[row.attempts - 1] * (1 + JITTER * jitter)
        row.next_attempt_at = max(self._clock() + pause, not_before)
        return True

    def stop(self, session: Session) -> None:
        """The receiver wants nothing more (410 Gone). What is queued stays so until `resume`, or until it is pruned."""
        if not self.is_stopped(session):
            session.add(WebhookStop(url_hash=self._url_hash, at=self._clock()))

    def is_stopped(self, session: Session) -> bool:
        """Whether this address has said that it wants nothing more."""
        return session.get(WebhookStop, self._url_hash) is not None

    def resume(self, session: Session) -> int:
        """Lifts a stop, and has everything not delivered tried again from now; returns how many events that are."""
        session.execute(delete(WebhookStop).where(WebhookStop.url_hash == self._url_hash))
        changed = session.execute(
            update(WebhookEvent)
            .where(WebhookEvent.status != "delivered")
            .values(status="queued", attempts=0, next_attempt_at=self._clock())
            .execution_options(synchronize_session=False)
        )
        return int(changed.rowcount)  # type: ignore[attr-defined]

    def prune(self, session: Session) -> int:
        """Removes events older than 30 days, delivered or not; returns how many."""
        removed = session.execute(
            delete(WebhookEvent)
            .where(WebhookEvent.created_at < self._clock() - KEPT)
            .execution_options(synchronize_session=False)
        )
        return int(removed.rowcount)  # type: ignore[attr-defined]


def _payload(event_id: str, event_type: str, case: Case, change: Change) -> dict[str, object]:
    data: dict[str, object] = {
        "sequence": change.sequence,
        "change": change.event.removeprefix("case."),
        "reference": case.reference,
        "kind": case.kind,
        "state": case.state,
        "received": swedish_date(case.received_at).isoformat(),
        "due": case.due_on.isoformat() if case.due_on else None,
        "extended": case.extended_at is not None,
        "closed": swedish_date(case.closed_at).isoformat() if case.closed_at else None,
    }
    if event_type == "case.due" and case.due_on:
        data["days_left"] = (case.due_on - swedish_date(change.at)).days
    moment = change.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"id": event_id, "type": event_type, "timestamp": moment, "data": data}
