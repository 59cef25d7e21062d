"""The watch over due dates: each open case is noticed once when its date comes near and once when it has passed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from insyn.audit.story import story
from insyn.cases.due import DueWatch
from insyn.cases.transitions import Event
from insyn.clock import STOCKHOLM
from insyn.letters.elements import Wording
from insyn.store.models import DueNotice
from tests.fixtures.house import House, Visitor

# All are received on 5 March 2026 and due on 7 April: 5 April is påskdagen, 6 April annandag påsk.


@pytest.fixture
def watch(house: House) -> DueWatch:
    return house.services.due_watch


def opened(visitor: Visitor) -> str:
    (reference,) = visitor.claims("request.erasure")
    visitor.proves()
    visitor.house.services.desk.submit(visitor.says())
    return visitor.house.case(reference).id


def told(house: House, case_id: str) -> list[str]:
    return [event for event in house.events(case_id) if event in ("case.due_soon", "case.overdue")]


def swedish(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=STOCKHOLM).astimezone(UTC)


def test_days_are_swedish_days(house: House, watch: DueWatch) -> None:
    case_id = opened(house.visitor())
    seen = []
    for moment in (
        swedish(3, 30, 23, 59), swedish(3, 31, 0, 0), swedish(4, 7, 23, 59), swedish(4, 8, 0, 0), swedish(5, 8, 0, 0),
    ):  # fmt: skip
        house.clock.now = moment
        seen.append((watch.look(), watch.look()))
    assert seen == [(0, 0), (1, 0), (0, 0), (1, 0), (0, 0)]
    assert told(house, case_id) == ["case.due_soon", "case.overdue"]
    assert house.audit_is_whole()


def test_a_case_nobody_verified_falls_due_too(house: House, watch: DueWatch) -> None:
    (reference,) = house.visitor().claims("request.access")
    house.clock.now = swedish(4, 8, 8)
    assert watch.look() == 1
    assert told(house, house.case(reference).id) == ["case.overdue"], "what was missed is not told afterwards"


def test_an_extension_has_a_due_date_of_its_own(house: House, watch: DueWatch) -> None:
    case_id = opened(house.visitor())
    house.clock.now = swedish(4, 1, 8)
    assert watch.look() == 1
    reasons = Wording(reasons="Uppgifterna finns i flera system som måste gås igenom för hand.")
    house.services.casework.extend(case_id, reasons, by="staff-7")
    assert watch.look() == 0
    house.clock.now = swedish(6, 1, 8)
    assert watch.look() == 1
    house.clock.now = swedish(6, 10, 8)
    assert watch.look() == 1
    assert told(house, case_id) == ["case.due_soon", "case.due_soon", "case.overdue"]


def test_closed_cases_and_what_is_no_right_never_fall_due(house: House, watch: DueWatch) -> None:
    case_id = opened(house.visitor())
    with house.store.write() as session:
        house.casebook.move(session, house.casebook.locked(session, case_id), Event.WITHDRAWN)
    house.services.desk.report(house.visitor().says(), "report.incident", "Fel mejl.", note="incident")
    house.clock.now = swedish(8, 1, 8)
    assert watch.look() == 0
    assert house.count(DueNotice) == 0


def test_a_case_closed_while_the_watch_looks_is_left_alone(house: House) -> None:
    case_id = opened(house.visitor())
    with house.store.write() as session:
        case = house.casebook.locked(session, case_id)
        house.casebook.move(session, case, Event.WITHDRAWN)
        assert not house.casebook.fall_due(session, case, date(2026, 6, 1))
    assert told(house, case_id) == []


def test_a_notice_does_not_disturb_whoever_decides(house: House, watch: DueWatch) -> None:
    case_id = opened(house.visitor())
    seen = house.services.casework.options(case_id).version
    house.clock.now = swedish(4, 8, 8)
    assert watch.look() == 1
    assert house.services.casework.take_up(case_id, by="staff-7", seen=seen).state == "in_progress"


def test_more_cases_than_one_batch(house: House, watch: DueWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insyn.cases.due.BATCH", 2)
    for _ in range(5):
        house.visitor().claims("request.access")
    house.clock.now = swedish(4, 8, 8)
    assert (watch.look(), watch.look()) == (5, 0)


def test_the_story_of_a_case_tells_it(house: House, watch: DueWatch) -> None:
    case_id = opened(house.visitor())
    for moment in (swedish(4, 1, 8), swedish(4, 8, 8)):
        house.clock.now = moment
        watch.look()
    with house.store.read() as session:
        lines = [sentence.text for sentence in story(session, case_id)]
    assert lines[-2:] == [
        "Fristen närmade sig: svar senast den 7 april 2026.",
        "Fristen gick ut den 7 april 2026 utan att ärendet var avslutat.",
    ]
