"""The legal clock: when an answer is due.

GDPR art. 12(3): one month from receipt, extended once by two further months. Reg. 1182/71 art. 3(2)(c) and 3(4): a month
ends on the same date of the next month or, where there is none, on its last day; a period that ends on a public holiday,
Sunday or Saturday ends with the next working day. Dates are Europe/Stockholm.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays

from insyn.clock import swedish_date, written_date


@dataclass(frozen=True)
class Deadline:
    """A due date and the way to it: `unrolled` is the date before weekends and holidays are considered."""

    received: date
    unrolled: date
    due: date
    moved_by: tuple[str, ...]

    def explanation(self) -> str:
        """In Swedish, how the date was computed."""
        month_end = (
            " (månadens sista dag, eftersom samma datum saknas)" if self.unrolled.day != self.received.day else ""
        )
        text = f"Mottaget den {written_date(self.received)}. En månad senare, den {written_date(self.unrolled)}{month_end}, är"
        if self.due == self.unrolled:
            return f"{text} en arbetsdag, så fristen går ut då."
        return f"{text} {in_a_row(self.moved_by)}. Fristen går därför ut nästa arbetsdag, den {written_date(self.due)}."


def due_for(received_at: datetime) -> Deadline:
    """The deadline for what was received at an aware moment (the Swedish calendar date counts)."""
    return due_after(swedish_date(received_at))


def due_after(received: date) -> Deadline:
    """One month from `received` (GDPR art. 12(3); Reg. 1182/71 art. 3)."""
    unrolled = add_months(received, 1)
    due, why = next_working_day(unrolled)
    return Deadline(received, unrolled, due, why)


def extended_due_after(received: date) -> date:
    """The latest answer after an extension: three months from receipt, or one month plus two where that is earlier."""
    return next_working_day(unrolled_extension(received))[0]


def unrolled_extension(received: date) -> date:
    """The date of `extended_due_after` before weekends and holidays are considered."""
    return min(add_months(received, 3), add_months(add_months(received, 1), 2))


def may_extend_on(received: date, today: date) -> bool:
    """Whether an extension can still be told: only within the unrolled first month."""
    return today <= add_months(received, 1)


def add_months(day: date, months: int) -> date:
    """The same date `months` later, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def next_working_day(day: date) -> tuple[date, tuple[str, ...]]:
    """`day` or the first working day after it, and in Swedish what the days before that one are."""
    reasons: list[str] = []
    while (reason := _why_free(day)) is not None:
        if reason not in reasons:
            reasons.append(reason)
        day += timedelta(days=1)
    return day, tuple(reasons)


def _why_free(day: date) -> str | None:
    holiday = _public_holidays(day.year).get(day)
    if holiday:
        name = str(holiday).split(";")[0].strip()
        return name if name.startswith("Kristi") else name.lower()
    return {5: "en lördag", 6: "en söndag"}.get(day.weekday())


@lru_cache(maxsize=64)
def _public_holidays(year: int) -> dict[date, str]:
    """Swedish public holidays (SFS 1989:253) without the Sundays, which are found by weekday; eves are not among them."""
    return dict(holidays.country_holidays("SE", years=year, include_sundays=False, language="sv"))


def in_a_row(days: tuple[str, ...]) -> str:
    """Days in a row, `påskdagen, följd av annandag påsk`."""
    first, *rest = days
    if not rest:
        return first
    return f"{first}, följd av {' och '.join(filter(None, [', '.join(rest[:-1]), rest[-1]]))}"
