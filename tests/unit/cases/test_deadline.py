"""The legal clock: the vectors, and the same rule stated independently (`swedish_calendar`) over every day there is."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from insyn.cases.deadline import due_after, due_for, extended_due_after, may_extend_on
from insyn.clock import swedish_date
from tests.unit.cases import swedish_calendar

FIRST, LAST = date(1995, 1, 1), date(2070, 12, 31)
DAYS = (LAST - FIRST).days + 1

VECTORS = {
    "2026-03-05": (
        "2026-04-07",
        "Mottaget den 5 mars 2026. En månad senare, den 5 april 2026, är påskdagen, följd av annandag påsk. "
        "Fristen går därför ut nästa arbetsdag, den 7 april 2026.",
    ),
    "2026-11-25": (
        "2026-12-28",
        "Mottaget den 25 november 2026. En månad senare, den 25 december 2026, är juldagen, följd av annandag jul och "
        "en söndag. Fristen går därför ut nästa arbetsdag, den 28 december 2026.",
    ),
    "2026-01-31": (
        "2026-03-02",
        "Mottaget den 31 januari 2026. En månad senare, den 28 februari 2026 (månadens sista dag, eftersom samma datum "
        "saknas), är en lördag, följd av en söndag. Fristen går därför ut nästa arbetsdag, den 2 mars 2026.",
    ),
    "2026-04-14": (
        "2026-05-15",
        "Mottaget den 14 april 2026. En månad senare, den 14 maj 2026, är Kristi himmelsfärdsdag. "
        "Fristen går därför ut nästa arbetsdag, den 15 maj 2026.",
    ),
    "2026-05-06": (
        "2026-06-08",
        "Mottaget den 6 maj 2026. En månad senare, den 6 juni 2026, är nationaldagen, följd av en söndag. "
        "Fristen går därför ut nästa arbetsdag, den 8 juni 2026.",
    ),
    "2026-05-19": (
        "2026-06-19",
        "Mottaget den 19 maj 2026. En månad senare, den 19 juni 2026, är en arbetsdag, så fristen går ut då.",
    ),
    "2026-08-31": (
        "2026-09-30",
        "Mottaget den 31 augusti 2026. En månad senare, den 30 september 2026 (månadens sista dag, eftersom samma datum "
        "saknas), är en arbetsdag, så fristen går ut då.",
    ),
}


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize("received", VECTORS)
def test_vector_gives_its_due_date_and_says_why(received: str) -> None:
    due, explanation = VECTORS[received]
    deadline = due_after(day(received))
    assert deadline.due == day(due)
    assert deadline.explanation() == explanation


@pytest.mark.parametrize("received", VECTORS)
def test_independent_rule_has_the_vectors_too(received: str) -> None:
    assert swedish_calendar.due(day(received)) == day(VECTORS[received][0])


@pytest.mark.parametrize(
    ("received", "due", "why"),
    [
        ("2026-12-01", "2027-01-04", "nyårsdagen, följd av en lördag och en söndag"),
        ("2026-12-06", "2027-01-07", "trettondedag jul"),
        ("2024-01-31", "2024-02-29", None),
        ("2026-03-03", "2026-04-07", "långfredagen, följd av en lördag, påskdagen och annandag påsk"),
        ("2004-05-01", "2004-06-01", None),
        ("2004-04-30", "2004-06-01", "pingstdagen, följd av annandag pingst"),
        ("2005-05-06", "2005-06-07", "nationaldagen"),
        ("2008-04-01", "2008-05-02", "första maj"),
        ("2026-05-20", "2026-06-22", "midsommardagen, följd av en söndag"),
        ("2026-09-30", "2026-10-30", None),
        ("2026-10-01", "2026-11-02", "en söndag"),
    ],
)
def test_days_of_their_own_kind(received: str, due: str, why: str | None) -> None:
    deadline = due_after(day(received))
    assert deadline.due == day(due)
    assert ("är en arbetsdag" in deadline.explanation()) if why is None else (f"är {why}." in deadline.explanation())


@pytest.mark.parametrize(
    ("received", "eve"),
    [
        ("2026-05-19", "2026-06-19"),
        ("2026-11-24", "2026-12-24"),
        ("2029-11-30", "2029-12-31"),  # 30 December is a Sunday
        ("2026-03-30", "2026-04-30"),
        ("2026-09-30", "2026-10-30"),
    ],
)
def test_an_eve_does_not_move_the_date(received: str, eve: str) -> None:
    assert due_after(day(received)).due == day(eve)


def test_every_day_agrees_with_the_independent_rule() -> None:
    wrong = [
        received
        for received in (FIRST + timedelta(days=number) for number in range(DAYS))
        if due_after(received).due != swedish_calendar.due(received)
        or extended_due_after(received) != swedish_calendar.extended_due(received)
    ]
    assert wrong == []


@given(seed=st.integers(0, 2**64 - 1))
@settings(max_examples=101, deadline=None)
def test_random_receipts_agree_with_the_independent_rule(seed: int) -> None:
    """A thousand receipts an example: anywhere, near midnight in Sweden, and near the changes of summer time."""
    dice = random.Random(seed)
    for _ in range(1000):
        moment = _receipt(dice)
        received = swedish_calendar.date_in_sweden(moment)
        deadline = due_for(moment)
        assert (deadline.received, deadline.due) == (received, swedish_calendar.due(received)), moment


def _receipt(dice: random.Random) -> datetime:
    start = datetime(1995, 1, 2, tzinfo=UTC)
    moment = start + timedelta(days=dice.randrange(DAYS - 2), seconds=dice.randrange(86400))
    match dice.randrange(3):
        case 0:
            return moment.astimezone(ZoneInfo(dice.choice(["UTC", "Asia/Tokyo", "America/Los_Angeles"])))
        case 1:
            midnight = moment.replace(hour=dice.choice([21, 22, 23]), minute=0, second=0)
            return midnight + timedelta(seconds=dice.randrange(-90, 3690), microseconds=dice.randrange(10**6))
        case _:
            change = swedish_calendar.last_sunday(moment.year, dice.choice([3, 9, 10]))
            return change + timedelta(seconds=dice.randrange(-93_600, 93_600))


@given(
    moment=st.datetimes(datetime(1995, 1, 2), datetime(2070, 12, 30), timezones=st.just(UTC)),
)
@example(datetime(2026, 3, 28, 23, 30, tzinfo=UTC))  # half past midnight, before the clock goes forward
@example(datetime(2026, 3, 29, 1, 0, tzinfo=UTC))  # the moment it does
@example(datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC))
@example(datetime(2026, 3, 29, 22, 0, tzinfo=UTC))  # midnight, now two hours ahead of UTC
@example(datetime(2026, 10, 24, 21, 59, tzinfo=UTC))
@example(datetime(2026, 10, 24, 22, 0, tzinfo=UTC))
@example(datetime(2026, 10, 25, 22, 59, tzinfo=UTC))
@example(datetime(2026, 10, 25, 23, 0, tzinfo=UTC))
@settings(max_examples=500, deadline=None)
def test_swedish_date_of_a_moment(moment: datetime) -> None:
    assert swedish_date(moment) == swedish_calendar.date_in_sweden(moment)


def test_summer_time_makes_the_date_change_an_hour_earlier_in_utc() -> None:
    assert due_for(datetime(2026, 3, 4, 22, 30, tzinfo=UTC)).received == day("2026-03-04")
    assert due_for(datetime(2026, 6, 4, 22, 30, tzinfo=UTC)).received == day("2026-06-05")


@given(received=st.dates(FIRST, LAST))
def test_due_date_is_never_before_the_month_is_over_and_moves_at_most_over_easter(received: date) -> None:
    deadline = due_after(received)
    assert deadline.unrolled <= deadline.due <= deadline.unrolled + timedelta(days=4)
    assert (deadline.due == deadline.unrolled) == (deadline.moved_by == ())


@pytest.mark.parametrize(
    ("received", "latest"),
    [
        ("2026-01-31", "2026-04-28"),  # three months: 30 April; one month plus two: 28 April, the earlier
        ("2026-11-30", "2027-03-01"),  # 28 February is a Sunday
        ("2026-03-05", "2026-06-05"),
        ("2026-02-14", "2026-05-15"),  # Ascension Day
        ("2025-11-30", "2026-03-02"),  # 28 February is a Saturday
    ],
)
def test_an_extension_reaches_three_months_from_receipt_or_less(received: str, latest: str) -> None:
    assert extended_due_after(day(received)) == day(latest)


@pytest.mark.parametrize(
    ("received", "last_day"),
    [("2026-03-05", "2026-04-05"), ("2026-01-31", "2026-02-28"), ("2026-11-25", "2026-12-25")],
)
def test_an_extension_is_told_within_the_unrolled_month(received: str, last_day: str) -> None:
    """Weekends and holidays that move the due date do not move the last day for telling."""
    assert due_after(day(received)).due > day(last_day)
    assert may_extend_on(day(received), day(received))
    assert may_extend_on(day(received), day(last_day))
    assert not may_extend_on(day(received), day(last_day) + timedelta(days=1))
