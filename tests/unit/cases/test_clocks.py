"""Both clocks of a right, the extension, and the 72 hours of an incident."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.cases.clocks import Pause, clocks, extension, incident_clock
from insyn.cases.deadline import due_after, extended_due_after
from tests.unit.cases import swedish_calendar

RECEIVED = date(2026, 3, 5)
TODAY = date(2026, 3, 21)
AWARE = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def march(day: int) -> date:
    return date(2026, 3, day)


def test_without_a_doubt_there_is_one_clock_and_it_is_the_deadline() -> None:
    both = clocks(RECEIVED, extended=False, pauses=[], today=TODAY)
    assert both.from_receipt.due == date(2026, 4, 7)
    assert both.from_receipt.explanation == due_after(RECEIVED).explanation()
    assert both.paused is None
    assert not both.stands_still


def test_a_doubt_moves_the_paused_clock_and_never_the_one_from_receipt() -> None:
    both = clocks(RECEIVED, extended=False, pauses=[Pause(march(10), march(14))], today=TODAY)
    assert both.from_receipt.due == date(2026, 4, 7)
    assert both.paused is not None
    assert both.paused.due == date(2026, 4, 9)
    assert both.paused.explanation == (
        "Det var oklart vem som gjort begäran, från den 10 mars 2026 till den 14 mars 2026 (4 dagar). "
        "Räknat med uppehållet blir det den 9 april 2026. Det är en arbetsdag, så fristen går ut då."
    )
    assert not both.stands_still


def test_an_unsettled_doubt_stands_still_until_today() -> None:
    both = clocks(RECEIVED, extended=False, pauses=[Pause(march(10), march(14)), Pause(march(20), None)], today=TODAY)
    assert both.stands_still
    assert both.paused is not None
    assert both.paused.due == date(2026, 4, 10)
    assert "från den 20 mars 2026 till i dag den 21 mars 2026 (1 dag)" in both.paused.explanation
    tomorrow = clocks(RECEIVED, extended=False, pauses=[Pause(march(10), None)], today=TODAY + timedelta(days=30))
    assert tomorrow.from_receipt.due == date(2026, 4, 7)  # the alarm does not wait


def test_the_paused_clock_too_ends_on_a_working_day_and_says_why_it_moved() -> None:
    both = clocks(RECEIVED, extended=False, pauses=[Pause(march(10), march(16))], today=TODAY)
    assert both.paused is not None
    assert both.paused.due == date(2026, 4, 13)
    assert both.paused.explanation.endswith(
        "blir det den 11 april 2026. Det är en lördag, följd av en söndag. "
        "Fristen går därför ut nästa arbetsdag, den 13 april 2026."
    )


def test_a_doubt_that_arises_when_the_time_is_out_wins_nothing() -> None:
    both = clocks(RECEIVED, extended=False, pauses=[Pause(date(2026, 4, 8), None)], today=date(2026, 5, 8))
    assert both.paused is not None
    assert both.paused.due == date(2026, 4, 7)
    assert "först när tiden var ute" in both.paused.explanation


@given(
    received=st.dates(date(1995, 1, 1), date(2070, 12, 31)),
    starts=st.integers(0, 25),
    days=st.integers(0, 60),
    extended=st.booleans(),
)
def test_both_clocks_agree_with_the_independent_rule(received: date, starts: int, days: int, extended: bool) -> None:
    start = received + timedelta(days=starts)
    both = clocks(received, extended=extended, pauses=[Pause(start, start + timedelta(days=days))], today=start)
    rule = swedish_calendar.extended_due if extended else swedish_calendar.due
    assert both.from_receipt.due == rule(received)
    assert both.paused is not None
    months = swedish_calendar.relativedelta(months=1)
    unrolled = received + months
    if extended:
        unrolled = min(unrolled + 2 * months, received + 3 * months)
    assert both.paused.due == swedish_calendar.working_day_from(unrolled + timedelta(days=days))


@pytest.mark.parametrize(
    ("received", "due", "explanation"),
    [
        (
            date(2026, 1, 31),
            date(2026, 4, 28),
            "Mottaget den 31 januari 2026. Tre månader senare är den 30 april 2026. En månad plus två är den "
            "28 april 2026, och det tidigare datumet gäller. Det är en arbetsdag, så fristen går ut då.",
        ),
        (
            date(2026, 2, 14),
            date(2026, 5, 15),
            "Mottaget den 14 februari 2026. Tre månader senare är den 14 maj 2026. Det är Kristi himmelsfärdsdag. "
            "Fristen går därför ut nästa arbetsdag, den 15 maj 2026.",
        ),
    ],
)
def test_an_extension_says_how_its_date_was_computed(received: date, due: date, explanation: str) -> None:
    assert extension(received).due == due == extended_due_after(received)
    assert extension(received).explanation == explanation


@pytest.mark.parametrize(
    ("passed", "hours_left", "says"),
    [
        (timedelta(0), 72, "Det är 72 timmar kvar."),
        (timedelta(minutes=1), 71, "Det är 71 timmar kvar."),
        (timedelta(hours=71), 1, "Det är 1 timme kvar."),
        (timedelta(hours=71, minutes=30), 0, "Det är 0 timmar kvar."),
        (timedelta(hours=72), 0, "Det är 0 timmar kvar."),
        (
            timedelta(hours=73, minutes=30),
            -2,
            "Tiden gick ut för mindre än 2 timmar sedan: anmäl genast och ange skälen",
        ),
    ],
)
def test_an_incident_has_seventy_two_hours_from_awareness(passed: timedelta, hours_left: int, says: str) -> None:
    clock = incident_clock(AWARE, AWARE + passed)
    assert clock.hours_left == hours_left
    assert clock.due_at == datetime(2026, 3, 8, 12, 0, tzinfo=UTC)  # a Sunday: hours are not moved
    assert says in clock.explanation()
    assert clock.explanation().startswith(
        "Kontek fick kännedom den 5 mars 2026 klockan 13.00. "
        "En anmälan till IMY ska göras inom 72 timmar, senast den 8 mars 2026 klockan 13.00."
    )


def test_seventy_two_hours_are_hours_also_when_summer_time_begins() -> None:
    clock = incident_clock(datetime(2026, 3, 27, 12, 0, tzinfo=UTC), datetime(2026, 3, 27, 12, 0, tzinfo=UTC))
    assert "den 27 mars 2026 klockan 13.00" in clock.explanation()
    assert "senast den 30 mars 2026 klockan 14.00" in clock.explanation()
