"""Per right: how many, how fast, how they ended, for the cases that were received in a span of Swedish days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, String, and_, case, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from insyn.cases.casebook import MOVES
from insyn.cases.deadline import due_after, extended_due_after
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import RIGHTS, State
from insyn.clock import STOCKHOLM, swedish_date
from insyn.store.models import AuditHead, AuditRow, Case

REFUSED = (State.REFUSED, State.PARTLY_REFUSED)
NOT_DECIDED = (State.WITHDRAWN, State.CLOSED_UNIDENTIFIED, State.HANDED_TO_CONTROLLER, State.ATTACHED)
READ_BACK = 10_000  # rows of the log; where more has happened since a month was counted, it is simply counted again
YEARS = 12  # after the one that is counted: far longer than a case can stay open


@dataclass
class Right:
    """One kind of case. Days are whole Swedish days from receipt to decision; shares lie between 0 and 1.

    `decided` are those that ended with an answer; the shares within the times of GDPR art. 12(3) are of these.
    """

    kind: str
    received: int = 0
    open: int = 0
    decided: int = 0
    other_ends: int = 0
    extended: int = 0
    refused: int = 0
    within_month: int = 0
    within_three: int = 0
    days: Counter[int] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        return KINDS[self.kind].name if self.kind in KINDS else self.kind

    @property
    def median_days(self) -> float | None:
        """The median of the days to a decision, None before the first."""
        if not self.decided:
            return None
        ordered = sorted(self.days.items())
        middle = ((self.decided - 1) // 2, self.decided // 2)
        found, passed = [], 0
        for days, count in ordered:
            found += [days for place in middle if passed <= place < passed + count]
            passed += count
        return sum(found) / 2

    @property
    def share_within_month(self) -> float | None:
        return self.within_month / self.decided if self.decided else None

    @property
    def share_within_three(self) -> float | None:
        return self.within_three / self.decided if self.decided else None

    def add(self, other: Right) -> None:
        """Adds another kind's numbers to these."""
        for name in (
            "received",
            "open",
            "decided",
            "other_ends",
            "extended",
            "refused",
            "within_month",
            "within_three",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.days += other.days


@dataclass(frozen=True)
class Month:
    """What was counted for a month of receipt, and the row of the log that was the last one then.

    `received` are the rights: how many, how many of them are open, and ended late or were extended.
    """

    seq: int
    rights: list[Right]
    received: tuple[int, int, int]


class Months:
    """Numbers month by month; a month is counted again only when the log tells of a case that was received in it.

    Whatever moves a case also writes a row of the log about it, in the same transaction, and those rows are totally ordered:
    nothing can come in later below a row that has been seen.
    """

    def __init__(self) -> None:
        self._counted: dict[date, Month] = {}

    def between(self, session: Session, begin: date, end: date) -> dict[str, Month]:
        """The months from `begin` to before `end`, both firsts of a month. Keys are `2026-03`, all months there."""
        # The end of the log is read first: what changes meanwhile is counted again the next time.
        seq = session.scalar(select(AuditHead.seq)) or 0
        firsts = [date.fromisoformat(f"{key}-01") for key in months_between(begin, end)]
        known = {
            first: month for first in firsts if (month := self._counted.get(first)) and seq - month.seq <= READ_BACK
        }
        changed = _changed(session, min(month.seq for month in known.values())) if known else {}
        found: dict[str, Month] = {}
        for first, after in pairwise([*firsts, end]):
            month = known.get(first)
            if month is None or changed.get(first, 0) > month.seq:
                month = _month(session, seq, first, after)
            elif month.seq != seq:
                month = replace(month, seq=seq)
            found[f"{first:%Y-%m}"] = self._counted[first] = month
        return found


def _changed(session: Session, since: int) -> dict[date, int]:
    """The firsts of the months with a case that the log says has moved after row `since`, with the last row that does."""
    rows = (
        select(Case.received_at, AuditRow.seq)
        .join(AuditRow, AuditRow.subject == Case.id)
        .where(AuditRow.seq > since, AuditRow.event.in_(MOVES))
    )
    last: dict[date, int] = {}
    for received_at, seq in session.execute(rows):
        first = swedish_date(received_at).replace(day=1)
        last[first] = max(seq, last.get(first, 0))
    return last


def by_kind(months: Iterable[Month]) -> list[Right]:
    """The numbers of every kind in some months together, also those without a case."""
    rights = {kind: Right(kind) for kind in KINDS}
    for month in months:
        for each in month.rights:
            rights.setdefault(each.kind, Right(each.kind)).add(each)
    return list(rights.values())


def _month(session: Session, seq: int, begin: date, end: date) -> Month:
    rights: dict[str, Right] = {}
    for kind, state, days, count in session.execute(_in_time(session, begin, end)):
        right = rights.setdefault(kind, Right(kind))
        _add(right, state, days, count, in_month=True, in_three=True)
    late = 0
    for each in session.execute(_others(session, begin, end)):
        right = rights.setdefault(each.kind, Right(each.kind))
        right.extended += each.extended_at is not None
        late += each.kind in RIGHTS
        received, closed = swedish_date(each.received_at), swedish_date(each.closed_at) if each.closed_at else None
        _add(
            right, each.state, (closed - received).days if closed else None, 1,
            in_month=closed is not None and closed <= due_after(received).due,
            in_three=closed is not None and closed <= extended_due_after(received),
        )  # fmt: skip
    claimed = [right for right in rights.values() if right.kind in RIGHTS]
    received_and_open = sum(right.received for right in claimed), sum(right.open for right in claimed)
    return Month(seq, list(rights.values()), (*received_and_open, late))


def _add(right: Right, state: str, days: int | None, count: int, *, in_month: bool, in_three: bool) -> None:
    right.received += count
    if days is None:
        right.open += count
        return
    right.refused += count * (state in REFUSED)
    if state in NOT_DECIDED:
        right.other_ends += count
        return
    right.decided += count
    right.days[int(days)] += count
    right.within_month += count * in_month
    right.within_three += count * in_three


def _in_time(session: Session, begin: date, end: date) -> Select[str, str, int | None, int]:
    """Cases that are open or ended by their due date, without extension: counted by the database, by days to the end."""
    received, closed = (swedish_day(session, column, begin) for column in (Case.received_at, Case.closed_at))
    days = func.julianday(closed) - func.julianday(received) if _is_sqlite(session) else closed - received
    return (
        select(Case.kind, Case.state, days, func.count())
        .where(*_received(begin, end), Case.extended_at.is_(None), ~_late(closed))
        .group_by(Case.kind, Case.state, days)
    )


def _others(session: Session, begin: date, end: date) -> Select[str, str, datetime, datetime | None, datetime | None]:
    """Cases that were extended or ended late: few, and looked at one by one by the rules of the calendar."""
    closed = swedish_day(session, Case.closed_at, begin)
    return select(Case.kind, Case.state, Case.received_at, Case.closed_at, Case.extended_at).where(
        *_received(begin, end), or_(Case.extended_at.is_not(None), _late(closed))
    )


def _late(closed: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(Case.closed_at.is_not(None), Case.due_on.is_not(None), closed > Case.due_on)


def _received(begin: date, end: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Case.received_at >= midnight(begin), Case.received_at < midnight(end)


def months_between(begin: date, end: date) -> list[str]:
    """The months from `begin` to before `end`, `2026-03`."""
    months, day = [], begin.replace(day=1)
    while day < end:
        months.append(f"{day:%Y-%m}")
        day = (day + timedelta(days=32)).replace(day=1)
    return months


def midnight(day: date) -> datetime:
    """When a Swedish day begins."""
    return datetime.combine(day, time(), STOCKHOLM)


def swedish_day(session: Session, moment: InstrumentedAttribute[Any], since: date) -> ColumnElement[Any]:
    """The Swedish day of a moment not before the year of `since`, as the database reckons it.

    SQLite knows no time zones: its summers are told to it, by the rule of directive 2000/84/EC, for the years to come too.
    """
    if not _is_sqlite(session):
        return cast(func.timezone(STOCKHOLM.key, moment), Date)
    text = cast(moment, String)
    summers = or_(
        *(and_(text >= begin, text < end) for begin, end in map(_summer, range(since.year, since.year + YEARS)))
    )
    return func.date(text, case((summers, "+2 hours"), else_="+1 hours"))


def _summer(year: int) -> tuple[str, str]:
    """When summer time begins and ends, in UTC: on the last Sundays of March and October at one o'clock."""
    ends = (date(year, 3, 31), date(year, 10, 31))
    first, last = (day - timedelta(days=(day.weekday() + 1) % 7) for day in ends)
    return f"{first} 01:00:00", f"{last} 01:00:00"


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
