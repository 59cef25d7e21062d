"""The watch over due dates: each case that comes near its own, or passes it, is noticed once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import case as when
from sqlalchemy import exists, select

from insyn.cases.casebook import DUE_SOON, OVERDUE, Casebook
from insyn.clock import Clock, swedish_date
from insyn.store.engine import Store, StoreUnavailable
from insyn.store.models import Case, DueNotice

LOOK_EVERY_SECONDS = 60.0
BATCH = 500

log = structlog.get_logger()


class DueWatch:
    """Looks at the clock from receipt, the one that nothing stops. `notice_days` are calendar days before the due date."""

    def __init__(self, store: Store, casebook: Casebook, clock: Clock, notice_days: int) -> None:
        self._store = store
        self._casebook = casebook
        self._clock = clock
        self._notice = timedelta(days=notice_days)

    async def run(self, *, pause_seconds: float = LOOK_EVERY_SECONDS) -> None:
        """Looks until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except StoreUnavailable as error:
                log.warning("due dates cannot be looked at", error=str(error))
            except Exception:
                log.exception("due dates could not be looked at")
            await asyncio.sleep(pause_seconds)

    def look(self) -> int:
        """Records every open case that has come near its due date or passed it since the last look; returns how many.

        One transaction for each: a case is locked before the log, as everywhere. Raises `StoreUnavailable`.
        """
        noticed = 0
        today = swedish_date(self._clock())
        event = when((Case.due_on < today, OVERDUE), else_=DUE_SOON)
        known = exists().where(DueNotice.case_id == Case.id, DueNotice.due_on == Case.due_on, DueNotice.event == event)
        falling_due = (
            select(Case.id)
            .where(Case.closed_at.is_(None), Case.due_on <= today + self._notice, ~known)
            .order_by(Case.due_on)
            .limit(BATCH)
        )
        while True:
            with self._store.read() as session:
                found = session.scalars(falling_due).all()
            for case_id in found:
                with self._store.write() as session:
                    noticed += self._casebook.fall_due(session, self._casebook.locked(session, case_id), today)
            if len(found) < BATCH:
                return noticed
