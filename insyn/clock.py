"""The clock, passed in wherever time matters so that tests can set it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, timezone-aware in UTC."""
    return datetime.now(UTC)


def swedish_date(moment: datetime) -> date:
    """The calendar date in Europe/Stockholm of an aware `moment`."""
    return moment.astimezone(STOCKHOLM).date()


MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni",
    "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip


def written_date(day: date) -> str:
    """A date as Swedish letters write it, `7 april 2026`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
