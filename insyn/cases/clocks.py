"""A case's clocks: the one from receipt that alarms, the one that stands still while identity is in doubt, and an incident's.

GDPR art. 12(3) and 12(6); EDPB guidelines 01/2022, paragraphs 157-159; art. 33(1); Reg. 1182/71 art. 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from insyn.cases.deadline import add_months, due_after, in_a_row, next_working_day, unrolled_extension
from insyn.clock import STOCKHOLM, written_date

INCIDENT_HOURS = 72


@dataclass(frozen=True)
class Pause:
    """A time during which identity was in reasonable doubt; `end` is None while it still is."""

    start: date
    end: date | None

    def days(self, today: date) -> int:
        """Whole days from the doubt until it was settled, or until today."""
        return ((self.end or today) - self.start).days


@dataclass(frozen=True)
class DueDate:
    """One due date and, in Swedish, how it was computed."""

    due: date
    explanation: str


@dataclass(frozen=True)
class Clocks:
    """Both clocks. Alarms go by `from_receipt`, which nothing stops; `paused` is None where there was never a doubt."""

    from_receipt: DueDate
    paused: DueDate | None
    stands_still: bool


def clocks(received: date, *, extended: bool, pauses: Sequence[Pause], today: date) -> Clocks:
    """Both due dates of a right received on a Swedish date, as they look `today`. `pauses` are in order."""
    running = extension(received) if extended else _first_month(received)
    unrolled = unrolled_extension(received) if extended else add_months(received, 1)
    paused = _paused(unrolled, pauses, today) if pauses else None
    return Clocks(running, paused, any(pause.end is None for pause in pauses))


def extension(received: date) -> DueDate:
    """The due date after an extension: three months from receipt, or one month plus two where that is earlier."""
    three, one_plus_two = add_months(received, 3), unrolled_extension(received)
    text = f"Mottaget den {written_date(received)}. Tre månader senare är den {written_date(three)}."
    if one_plus_two < three:
        text += f" En månad plus två är den {written_date(one_plus_two)}, och det tidigare datumet gäller."
    return _rolled(one_plus_two, text)


@dataclass(frozen=True)
class IncidentClock:
    """The 72 hours to IMY from when Kontek became aware (GDPR art. 33). Not a person's time limit.

    Hours are not moved by weekends or holidays (Reg. 1182/71 art. 3(4)).
    """

    aware_at: datetime
    due_at: datetime
    hours_left: int

    def explanation(self) -> str:
        """In Swedish, until when and how long that is."""
        aware, due = (_written_moment(moment) for moment in (self.aware_at, self.due_at))
        text = f"Kontek fick kännedom den {aware}. En anmälan till IMY ska göras inom 72 timmar, senast den {due}"
        if self.hours_left < 0:
            return f"{text}. Tiden gick ut för mindre än {_hours(-self.hours_left)} sedan: anmäl genast och ange skälen till förseningen."
        return f"{text}. Det är {_hours(self.hours_left)} kvar."


def incident_clock(aware_at: datetime, now: datetime) -> IncidentClock:
    """How the 72 hours stand; `hours_left` is whole hours, rounded down, negative once they are over."""
    due_at = aware_at + timedelta(hours=INCIDENT_HOURS)
    return IncidentClock(aware_at, due_at, (due_at - now) // timedelta(hours=1))


def _first_month(received: date) -> DueDate:
    deadline = due_after(received)
    return DueDate(deadline.due, deadline.explanation())


def _paused(unrolled: date, pauses: Sequence[Pause], today: date) -> DueDate:
    end, told = unrolled, []
    for pause in pauses:
        if pause.start > next_working_day(end)[0]:
            continue  # the time was out before the doubt arose
        days = pause.days(today)
        end += timedelta(days=days)
        until = f"till den {written_date(pause.end)}" if pause.end else f"till i dag den {written_date(today)}"
        told.append(f"från den {written_date(pause.start)} {until} ({_days(days)})")
    if not told:
        return _rolled(end, "Tvivlet om vem som gjort begäran uppstod först när tiden var ute.")
    text = f"Det var oklart vem som gjort begäran, {' och '.join(told)}. Räknat med uppehållet blir det den {written_date(end)}."
    return _rolled(end, text)


def _rolled(unrolled: date, text: str) -> DueDate:
    due, free = next_working_day(unrolled)
    if free:
        text += f" Det är {in_a_row(free)}. Fristen går därför ut nästa arbetsdag, den {written_date(due)}."
    else:
        text += " Det är en arbetsdag, så fristen går ut då."
    return DueDate(due, text)


def _days(count: int) -> str:
    return "1 dag" if count == 1 else f"{count} dagar"


def _hours(count: int) -> str:
    return "1 timme" if count == 1 else f"{count} timmar"


def _written_moment(moment: datetime) -> str:
    local = moment.astimezone(STOCKHOLM)
    return f"{written_date(local.date())} klockan {local.strftime('%H.%M')}"
