"""Finding cases: trays and filters of the staff's lists, a page at a time, by indexes whose cost does not grow with the number of cases.

Open cases are few and stand by the day they are due. Closed ones are many and stand by when they were closed, or by the
date that is filtered on. A page begins after the last row of the one before (keyset), so no page costs more than the first.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, String, and_, bindparam, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, load_only

from insyn.cases.transitions import CLOSED, State
from insyn.clock import STOCKHOLM, swedish_date
from insyn.store.models import Case, Delivery, DeliveryFile, IdentityDoubt, Moment, OutgoingMail

PAGE = 50
MESSAGES = ("question", "complaint")
UNVERIFIED = (State.RECEIVED, State.AWAITING_VERIFICATION)
NOBODY = "ingen"
# What a list shows of a case, and nothing else of it is read.
_SHOWN = (
    Case.reference, Case.kind, Case.state, Case.channel, Case.assignee, Case.urgent, Case.on_hold, Case.proof, Case.received_at,
    Case.due_on, Case.sort_on, Case.closed_at, Case.repeats_id, Case.repeat_seen_at,
)  # fmt: skip


class Tray(StrEnum):
    """A list that waits for someone; the value stands in addresses."""

    LATE = "forsenade"
    SOON = "snart"
    INCIDENTS = "incidenter"
    HUMAN = "manniska"
    UNVERIFIED = "overifierade"
    DOUBTED = "tvivel"
    REPEATS = "upprepningar"
    UNASSIGNED = "otilldelade"
    UNFETCHED = "ohamtade"
    BOUNCED = "brev"


@dataclass(frozen=True)
class Wanted:
    """What a list shows. `state` is a state, `open`, `closed`, or empty for what the tray has; `assignee` an id or `NOBODY`.

    Dates are Swedish dates, both ends included.
    """

    tray: Tray | None = None
    state: str = "open"
    kind: str = ""
    channel: str = ""
    assignee: str = ""
    due_from: date | None = None
    due_to: date | None = None
    received_from: date | None = None
    received_to: date | None = None

    @property
    def is_backwards(self) -> bool:
        """Whether a day to begin from lies after the one to end with."""
        spans = ((self.due_from, self.due_to), (self.received_from, self.received_to))
        return any(first is not None and last is not None and first > last for first, last in spans)


@dataclass(frozen=True)
class Found:
    """A page of cases, and from where the next one goes on (None at the end)."""

    cases: Sequence[Case]
    after: str | None


@dataclass(frozen=True)
class _Order:
    column: InstrumentedAttribute[Any]
    newest_first: bool


def page(
    session: Session, wanted: Wanted, now: datetime, *, notice_days: int, after: str | None = None, limit: int = PAGE
) -> Found:
    """Cases in their order, with what a list shows of them. An `after` that cannot be read counts as none."""
    order = _order(wanted)
    rows = select(Case).options(load_only(*_SHOWN)).where(*conditions(wanted, now, notice_days))
    place = _read(order, after) if after else None
    if place is not None:
        here = tuple_(order.column, Case.id)
        there = tuple_(literal(place[0], order.column.type), literal(place[1]))
        rows = rows.where(here < there if order.newest_first else here > there)
    ends = (order.column.desc(), Case.id.desc()) if order.newest_first else (order.column, Case.id)
    found = session.scalars(rows.order_by(*ends).limit(limit + 1)).all()
    return Found(found[:limit], _written(order, found[limit - 1]) if len(found) > limit else None)


def count(session: Session, wanted: Wanted, now: datetime, *, notice_days: int) -> int:
    """How many a list holds."""
    return session.scalar(select(func.count()).select_from(Case).where(*conditions(wanted, now, notice_days))) or 0


def conditions(wanted: Wanted, now: datetime, notice_days: int) -> list[ColumnElement[bool]]:
    """What a case of the list fulfils."""
    said = [] if wanted.tray is None else [_in_tray(wanted.tray, now, notice_days)]
    if wanted.state == "open":
        said.append(Case.closed_at.is_(None))
    elif wanted.state == "closed":
        said.append(Case.closed_at.is_not(None))
    elif wanted.state:
        closed = wanted.state in CLOSED
        said += [Case.state == wanted.state, Case.closed_at.is_not(None) if closed else Case.closed_at.is_(None)]
    for column, value in ((Case.kind, wanted.kind), (Case.channel, wanted.channel)):
        if value:
            said.append(column == value)
    if wanted.assignee:
        said.append(Case.assignee.is_(None) if wanted.assignee == NOBODY else Case.assignee == wanted.assignee)
    if wanted.due_from:
        said += [Case.due_on >= wanted.due_from, Case.sort_on >= wanted.due_from]
    if wanted.due_to:
        said += [Case.due_on <= wanted.due_to, Case.sort_on <= wanted.due_to]
    if wanted.received_from:
        said.append(Case.received_at >= _midnight(wanted.received_from))
    if wanted.received_to:
        said.append(Case.received_at < _midnight(wanted.received_to + timedelta(days=1)))
    return said


def _in_tray(tray: Tray, now: datetime, notice_days: int) -> ColumnElement[bool]:
    today = swedish_date(now)
    still_open = Case.closed_at.is_(None)
    if tray is Tray.LATE:
        return and_(still_open, Case.due_on < today, Case.sort_on < today)
    if tray is Tray.SOON:
        until = today + timedelta(days=notice_days)
        return and_(still_open, Case.due_on.between(today, until), Case.sort_on.between(today, until))
    if tray is Tray.INCIDENTS:
        return and_(still_open, Case.kind == _spelled("report.incident"))
    if tray is Tray.HUMAN:
        return and_(still_open, Case.kind.in_(_spelled(*MESSAGES)))
    if tray is Tray.UNVERIFIED:
        return and_(still_open, Case.state.in_(_spelled(*UNVERIFIED)))
    if tray is Tray.DOUBTED:
        doubts = select(IdentityDoubt.case_id).where(IdentityDoubt.settled_at.is_(None))
        return and_(still_open, Case.id.in_(doubts))
    if tray is Tray.REPEATS:
        return and_(still_open, Case.repeats_id.is_not(None), Case.repeat_seen_at.is_(None))
    if tray is Tray.UNASSIGNED:
        return and_(still_open, Case.assignee.is_(None), Case.state.not_in(UNVERIFIED))
    if tray is Tray.UNFETCHED:
        unread = select(DeliveryFile.delivery_id).where(
            DeliveryFile.delivery_id.is_not(None), DeliveryFile.fetches == 0
        )
        waiting = select(Delivery.case_id).where(
            Delivery.shredded_at.is_(None), Delivery.expires_at > now, Delivery.id.in_(unread)
        )
        return Case.id.in_(waiting)
    failed = select(OutgoingMail.case_id).where(OutgoingMail.status == "failed", OutgoingMail.case_id.is_not(None))
    return and_(Case.shredded_at.is_(None), Case.id.in_(failed))


def _spelled(*values: str) -> BindParameter[Any]:
    """Values that stand in the statement itself: an index of a part of the table is used only where the statement names that part."""
    expanding = len(values) > 1
    value = list(values) if expanding else values[0]
    return bindparam(None, value, String, expanding=expanding, literal_execute=True)


def _order(wanted: Wanted) -> _Order:
    if wanted.tray is not None or wanted.state == "open" or (wanted.state and wanted.state not in ("closed", *CLOSED)):
        return _Order(Case.sort_on, newest_first=False)
    if wanted.received_from or wanted.received_to:
        return _Order(Case.received_at, newest_first=True)
    if wanted.due_from or wanted.due_to:
        return _Order(Case.sort_on, newest_first=True)
    return _Order(Case.closed_at if wanted.state else Case.received_at, newest_first=True)


def _midnight(day: date) -> datetime:
    """When a Swedish day begins."""
    return datetime.combine(day, time(), STOCKHOLM)


def _written(order: _Order, case: Case) -> str:
    value: date | datetime = getattr(case, order.column.key)
    return base64.urlsafe_b64encode(f"{value.isoformat()} {case.id}".encode()).decode().rstrip("=")


def _read(order: _Order, after: str) -> tuple[date | datetime, str] | None:
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode("ascii")
        value, _, case_id = text.partition(" ")
        if isinstance(order.column.type, Date):
            return date.fromisoformat(value), case_id
        assert isinstance(order.column.type, Moment)
        moment = datetime.fromisoformat(value)
        return (moment, case_id) if moment.tzinfo else None
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
