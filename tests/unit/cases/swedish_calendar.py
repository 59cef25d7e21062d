"""The rule of the legal clock stated a second time, from the statutes and not from our code or the holidays package.

SFS 1989:253 (public holidays), SFS 2004:1320 (National Day instead of Whit Monday from 2005), SFS 2001:127 and its
predecessors (summer time), Reg. 1182/71 art. 3, GDPR art. 12(3).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache

from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6


def easter(year: int) -> date:
    """Easter Sunday by the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    r = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * r) // 451
    month, day = divmod(h + r - 7 * m + 114, 31)
    return date(year, month, day + 1)


def first_saturday_from(day: date) -> date:
    return day + (SATURDAY - day.weekday()) % 7 * DAY


@cache
def public_holidays(year: int) -> frozenset[date]:
    """The days of SFS 1989:253, 1 §, other than ordinary Sundays."""
    sunday = easter(year)
    days = {date(year, 1, 1), date(year, 1, 6), date(year, 5, 1), date(year, 12, 25), date(year, 12, 26)}
    days |= {sunday - 2 * DAY, sunday, sunday + DAY, sunday + 39 * DAY, sunday + 49 * DAY}
    days |= {first_saturday_from(date(year, 6, 20)), first_saturday_from(date(year, 10, 31))}
    days.add(date(year, 6, 6) if year >= 2005 else sunday + 50 * DAY)
    return frozenset(days)


def working_day_from(day: date) -> date:
    while day.weekday() in (SATURDAY, SUNDAY) or day in public_holidays(day.year):
        day += DAY
    return day


@cache
def due(received: date) -> date:
    return working_day_from(received + relativedelta(months=1))


def extended_due(received: date) -> date:
    three = received + relativedelta(months=3)
    one_and_two = received + relativedelta(months=1) + relativedelta(months=2)
    return working_day_from(min(three, one_and_two))


def last_sunday(year: int, month: int) -> datetime:
    """01:00 UTC on the last Sunday of a month, when clocks change in the European Union."""
    last = date(year, month, 1) + relativedelta(months=1, days=-1)
    last -= (last.weekday() - SUNDAY) % 7 * DAY
    return datetime(last.year, last.month, last.day, 1, tzinfo=UTC)


def date_in_sweden(moment: datetime) -> date:
    """The calendar date; summer time ended in September until 1995."""
    year = moment.astimezone(UTC).year
    summer = last_sunday(year, 3) <= moment < last_sunday(year, 10 if year >= 1996 else 9)
    return (moment.astimezone(UTC) + timedelta(hours=2 if summer else 1)).date()
