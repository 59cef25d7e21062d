"""The staff's side: each step with its reasons, its letter and its row in the log, together or not at all."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.cases.checklist import CHECKLISTS
from insyn.cases.grounds import grounds_for
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import Event, ForbiddenTransition, GuardFailed, ProofMissing, Situation, State, step
from insyn.casework.work import CaseWork, ChangedMeanwhile, Decided, NoSuchCase
from insyn.letters.elements import Element, IncompleteLetter, Wording
from insyn.store.models import AuditRow, Case, CaseNote, OutgoingMail
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House

KIM, ALEX = "staff-kim", "staff-alex"
REASONS = "Sökningen i två äldre system tar längre tid än vanligt."
ANSWER = "Vi har raderat ditt namn och ditt telefonnummer ur kundregistret."
ASKS = "Berätta vilket företag du arbetade för när vi senast hade kontakt."
HOW = "Personen ringde och kunde berätta om sitt senaste köp."
FULL = Wording(reasons=REASONS, answer=ANSWER, asks=ASKS, ground="duty")


def ticked(kind: str) -> frozenset[str]:
    return frozenset(point.id for point in CHECKLISTS.get(kind, ()))


def opened(house: House, *rights: str, address: str = ADDRESS) -> list[Case]:
    """Requests whose mailbox has been proved and that the person has confirmed."""
    visitor = house.visitor()
    references = visitor.claims(*(rights or ("request.erasure",)))
    visitor.proves(address)
    house.services.desk.submit(visitor.says())
    house.clock.go(minutes=2)  # the next code may be sent
    return [house.case(reference) for reference in references]


def unproved(house: House, kind: str = "request.erasure") -> Case:
    visitor = house.visitor()
    (reference,) = visitor.claims(kind)
    visitor.gives_address()
    return house.case(reference)


def work(house: House) -> CaseWork:
    return house.services.casework


def everything(house: House) -> tuple[object, ...]:
    """The state of the store that a failed step must leave as it was."""
    cases = [(case.id, case.state, case.version, case.due_on, case.closed_at) for case in house.cases()]
    return cases, house.events(), house.count(OutgoingMail), house.count(CaseNote)


# -- the table against the store


@pytest.mark.parametrize("kind", ["request.erasure", "request.objection.marketing", "report.incident", "complaint"])
def test_security_6_every_step_writes_its_one_row_and_every_forbidden_one_writes_none(house: House, kind: str) -> None:
    """Takes cases, one kind for each set of rows in the table, to all they can come to; store, log and table agree."""
    book = house.casebook
    waiting: deque[tuple[Event, ...]] = deque([()])
    seen: set[Situation] = set()
    states = set()
    while waiting:
        way = waiting.popleft()
        with house.store.read() as session:  # nothing of the walk is kept
            case = book.open(
                session, kind, opening_key="walk", received_at=house.clock(), channel="chat",
                conversation_id=None, group_id="g",
            )  # fmt: skip
            for event in way:
                _move(house, session, case, event)
            assert _rows(session, case) == ["case.received", *(f"case.{event}" for event in way)]
            situation = book.situation(session, case)
            if situation in seen:
                continue
            seen.add(situation)
            states.add(situation.state)
            assert (case.closed_at is not None) == book.is_closed(case)
            for event in Event:
                try:
                    step(_brought(situation), event)
                except ForbiddenTransition:
                    with pytest.raises(ForbiddenTransition):
                        _move(house, session, case, event)
                    assert book.situation(session, case) == situation
                else:
                    waiting.append((*way, event))
            assert len(_rows(session, case)) == len(way) + 1
    assert {State.COMPLETED, State.HANDED_TO_CONTROLLER} < states
    assert house.events() == []


def _rows(session: Session, case: Case) -> list[str]:
    session.flush()
    return list(session.scalars(select(AuditRow.event).where(AuditRow.subject == case.id).order_by(AuditRow.seq)))


def _brought(now: Situation) -> Situation:
    ground = next((each.id for each in grounds_for(now.kind.id)), "")
    return replace(now, reasons=REASONS, ground=ground, ticked=ticked(now.kind.id))


def _move(house: House, session: Session, case: Case, event: Event) -> None:
    given = _brought(house.casebook.situation(session, case))
    house.casebook.move(session, case, event, by=KIM, reasons=given.reasons, ground=given.ground, ticked=given.ticked)


def test_security_6_a_transaction_that_fails_afterwards_keeps_neither_step_nor_row(house: House) -> None:
    (case,) = opened(house)
    before = everything(house)

    def take_up_and_fail() -> None:
        with house.store.write() as session:
            locked = house.casebook.locked(session, case.id)
            house.casebook.move(session, locked, Event.TAKEN_UP, by=KIM)
            session.flush()
            assert _rows(session, locked)[-1] == "case.taken_up"
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        take_up_and_fail()
    assert everything(house) == before
    assert house.audit_is_whole()


@pytest.mark.parametrize(
    "step",
    [
        lambda desk, case: desk.complete(case.id, Wording(), ticked(case.kind), by=KIM),
        lambda desk, case: desk.complete(case.id, FULL, by=KIM),
        lambda desk, case: desk.refuse(case.id, replace(FULL, ground=""), by=KIM),
        lambda desk, case: desk.refuse(case.id, replace(FULL, reasons=""), by=KIM),
        lambda desk, case: desk.refuse(case.id, replace(FULL, text="Nej, aldrig."), by=KIM),
        lambda desk, case: desk.refuse_partly(case.id, replace(FULL, answer=""), ticked(case.kind), by=KIM),
        lambda desk, case: desk.extend(case.id, Wording(), by=KIM),
        lambda desk, case: desk.doubt(case.id, replace(FULL, asks="Skicka en kopia av ditt pass."), by=KIM),
        lambda desk, case: desk.close_unidentified(case.id, FULL, by=KIM),
        lambda desk, case: desk.attach(case.id, FULL, by=KIM),
        lambda desk, case: desk.verify(case.id, HOW, by=KIM),
        lambda desk, case: desk.take_up(case.id, by=KIM, seen=0),
    ],
)
def test_a_step_that_may_not_be_taken_leaves_nothing_behind(
    house: House, step: Callable[[CaseWork, Case], Decided]
) -> None:
    (case,) = opened(house)
    before = everything(house)
    with pytest.raises((ForbiddenTransition, IncompleteLetter, ChangedMeanwhile)):
        step(work(house), case)
    assert everything(house) == before


def test_a_case_that_does_not_exist_is_not_worked_on(house: House) -> None:
    with pytest.raises(NoSuchCase):
        work(house).take_up("nowhere", by=KIM)


# -- taking up, assigning, noting


def test_whoever_takes_a_case_up_has_it(house: House) -> None:
    (case,) = opened(house)
    assert work(house).take_up(case.id, by=KIM).state is State.IN_PROGRESS
    assert house.case(case.reference).assignee == KIM
    work(house).assign(case.id, ALEX, by=KIM)
    assert house.case(case.reference).assignee == ALEX
    assert house.events(case.id)[-3:] == ["case.taken_up", "case.assigned", "case.assigned"]


def test_taking_up_leaves_a_case_with_whom_it_was_given_to(house: House) -> None:
    (case,) = opened(house)
    work(house).assign(case.id, ALEX, by=KIM)
    work(house).take_up(case.id, by=KIM)
    assert house.case(case.reference).assignee == ALEX


def test_security_17_a_note_is_sealed_and_the_log_holds_its_id_only(house: House) -> None:
    (case,) = opened(house)
    work(house).note(case.id, "Kim Testsson ringde och var ledsen.", by=KIM)
    noted = house.notes(case)[-1]
    assert (noted.kind, noted.author, noted.text) == ("note", KIM, "Kim Testsson ringde och var ledsen.")
    with house.store.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.event == "case.noted")).one()
        stored = session.scalars(select(CaseNote).where(CaseNote.kind == "note")).one()
    assert "Testsson" not in row.data
    assert noted.id in row.data
    assert b"Testsson" not in (stored.sealed or b"")


def test_a_closed_case_can_be_noted_on_but_not_given_away(house: House) -> None:
    (case,) = opened(house)
    work(house).complete(case.id, FULL, ticked(case.kind), by=KIM)
    work(house).note(case.id, "Tack mottaget per telefon.", by=KIM)
    with pytest.raises(ForbiddenTransition):
        work(house).assign(case.id, ALEX, by=KIM)


def test_a_copy_of_an_id_document_is_noted_as_received_not_needed_discarded(house: House) -> None:
    (case,) = opened(house)
    work(house).discard_id_copy(case.id, by=KIM)
    assert "Mottagen, behövs inte, förstörd." in house.notes(case)[-1].text
    assert house.events(case.id)[-1] == "case.id_copy_discarded"


# -- who the person is


def test_security_6_staff_cannot_complete_what_is_not_proved(house: House) -> None:
    case = unproved(house)
    for answer in (work(house).complete, work(house).refuse_partly):
        with pytest.raises(ForbiddenTransition):
            answer(case.id, FULL, ticked(case.kind), by=KIM)


def test_security_6_a_row_forged_to_open_is_still_asked_for_its_proof(house: House) -> None:
    case = unproved(house)
    with house.store.write() as session:
        session.get_one(Case, case.id).state = State.OPEN
    with pytest.raises(ProofMissing):
        work(house).complete(case.id, FULL, ticked(case.kind), by=KIM)
    assert house.letters("completed") == []


def test_staff_who_verify_say_how_and_the_person_gets_the_receipt(house: House) -> None:
    case = unproved(house)
    decided = work(house).verify(case.id, HOW, by=KIM)
    assert decided == Decided(State.OPEN, house.case(case.reference).version, True)
    (receipt,) = house.letters("receipt", ADDRESS)
    assert "en handläggare har gått igenom det du har visat" in receipt.text
    assert house.case(case.reference).proof == "staff"
    assert HOW in [note.text for note in house.notes(case)]
    with pytest.raises(GuardFailed):
        work(house).verify(case.id, HOW, by=KIM)


def test_without_saying_how_nothing_is_verified(house: House) -> None:
    case = unproved(house)
    with pytest.raises(GuardFailed):
        work(house).verify(case.id, "Ja.", by=KIM)
    assert house.case(case.reference).state == State.AWAITING_VERIFICATION


def test_a_doubt_stops_one_clock_asks_once_and_keeps_the_case_from_completion(house: House) -> None:
    (case,) = opened(house)
    house.clock.go(days=5)
    work(house).doubt(case.id, FULL, by=KIM)
    (letter,) = house.letters("identity", ADDRESS)
    assert REASONS in letter.text
    assert ASKS in letter.text
    house.clock.go(days=4)
    clocks = work(house).options(case.id).clocks
    assert clocks is not None
    assert clocks.paused is not None
    assert clocks.stands_still
    assert (clocks.from_receipt.due, clocks.paused.due) == (date(2026, 4, 7), date(2026, 4, 9))
    assert house.case(case.reference).due_on == date(2026, 4, 7)  # what alarms go by
    with pytest.raises(GuardFailed) as failed:
        work(house).complete(case.id, FULL, ticked(case.kind), by=KIM)
    assert failed.value.guard.id == "certain"
    assert work(house).verify(case.id, HOW, by=KIM).mailed is None  # the receipt was sent long ago
    house.clock.go(days=10)
    clocks = work(house).options(case.id).clocks
    assert clocks is not None
    assert clocks.paused is not None
    assert not clocks.stands_still
    assert clocks.paused.due == date(2026, 4, 9)
    assert work(house).complete(case.id, FULL, ticked(case.kind), by=KIM).state is State.COMPLETED


def test_a_second_doubt_is_a_letter_of_its_own(house: House) -> None:
    (case,) = opened(house)
    for _ in range(2):
        work(house).doubt(case.id, FULL, by=KIM)
        house.clock.go(days=1)
        work(house).verify(case.id, HOW, by=KIM)
    assert len(house.letters("identity")) == 2


def test_an_unanswered_request_for_identity_ends_the_case_with_the_ways_to_complain(house: House) -> None:
    case = unproved(house)
    work(house).doubt(case.id, FULL, by=KIM)
    decided = work(house).close_unidentified(case.id, FULL, by=KIM)
    assert decided.state is State.CLOSED_UNIDENTIFIED
    (letter,) = house.letters("closed_unidentified", ADDRESS)
    assert "IMY" in letter.text
    assert "domstol" in letter.text
    house.clock.go(days=30)  # the paused clock of a closed case no longer moves
    clocks = work(house).options(case.id).clocks
    assert clocks is not None
    assert clocks.paused is not None
    assert clocks.paused.due == date(2026, 4, 7)


# -- extension


def test_an_extension_is_told_once_with_its_reasons_and_the_earlier_date(house: House) -> None:
    house.clock.now = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)
    (case,) = opened(house)
    house.clock.now = datetime(2026, 2, 28, 22, 30, tzinfo=UTC)  # half past eleven at night in Sweden, the last day
    assert work(house).extend(case.id, FULL, by=KIM).state is State.EXTENDED
    extended = house.case(case.reference)
    assert extended.due_on == date(2026, 4, 28)
    (letter,) = house.letters("extended", ADDRESS)
    assert REASONS in letter.text
    assert "28 april 2026" in letter.text
    with pytest.raises(ForbiddenTransition):
        work(house).extend(case.id, FULL, by=KIM)


def test_an_extension_after_the_unrolled_month_is_refused(house: House) -> None:
    house.clock.now = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)
    (case,) = opened(house)
    house.clock.now = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)  # 1 March in Sweden; the answer is due on the 2nd
    with pytest.raises(GuardFailed) as failed:
        work(house).extend(case.id, FULL, by=KIM)
    assert failed.value.guard.id == "within_first_month"
    assert house.case(case.reference).due_on == date(2026, 3, 2)
    assert house.letters("extended") == []


# -- deciding


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].is_right])
def test_a_right_is_completed_and_the_person_is_told_once(house: House, kind: str) -> None:
    (case,) = opened(house, kind)
    decided = work(house).complete(case.id, FULL, ticked(kind), by=KIM)
    assert (decided.state, decided.mailed) == (State.COMPLETED, True)
    (letter,) = house.letters("completed", ADDRESS)
    assert ANSWER in letter.text
    with pytest.raises(ForbiddenTransition):
        work(house).complete(case.id, FULL, ticked(kind), by=KIM)
    assert len(house.letters("completed")) == 1
    assert house.case(case.reference).closed_at == house.clock()


def test_the_letter_is_kept_with_the_case_after_the_outbox_has_forgotten_it(house: House) -> None:
    (case,) = opened(house)
    work(house).refuse(case.id, FULL, by=KIM)
    with house.store.write() as session:
        for mail in session.scalars(select(OutgoingMail)):
            mail.sealed = None
    kept = [note for note in house.notes(case) if note.kind == "letter" and note.about == "refused"]
    assert len(kept) == 1
    assert REASONS in kept[0].text


@pytest.mark.parametrize(
    ("step", "state"),
    [("refuse", State.REFUSED), ("refuse_partly", State.PARTLY_REFUSED)],
)
def test_a_refusal_goes_out_with_reasons_ground_imy_and_court(house: House, step: str, state: State) -> None:
    (case,) = opened(house)
    arguments = (FULL, ticked(case.kind)) if step == "refuse_partly" else (FULL,)
    assert getattr(work(house), step)(case.id, *arguments, by=KIM).state is state
    (letter,) = house.letters(step.replace("refuse", "refused") if step == "refuse" else "partly_refused", ADDRESS)
    for words in (REASONS, "artikel 17.3 b", "klaga på beslutet hos Integritetsskyddsmyndigheten", "prövad i domstol"):
        assert words in letter.text


def test_a_letter_with_the_remedies_edited_out_is_not_sent_and_the_case_stays(house: House) -> None:
    (case,) = opened(house)
    before = work(house).preview(case.id, Event.REFUSED, FULL)
    assert before.missing == ()
    edited = before.letter.text.replace("Du har också rätt att få saken prövad i domstol.", "")
    with pytest.raises(IncompleteLetter) as refused:
        work(house).refuse(case.id, replace(FULL, text=edited), by=KIM)
    assert refused.value.missing == (Element.COURT,)
    assert house.case(case.reference).state == State.OPEN
    assert house.letters("refused") == []


def test_what_was_edited_is_what_is_sent(house: House) -> None:
    (case,) = opened(house)
    text = work(house).preview(case.id, Event.REFUSED, FULL).letter.text.replace("Hej,", "God dag,")
    text = text.replace("Vänliga hälsningar", "Med vänlig hälsning")
    work(house).refuse(case.id, replace(FULL, text=text), by=KIM)
    (letter,) = house.letters("refused")
    assert letter.text == text
    assert "Med vänlig hälsning" in letter.html


def test_a_preview_of_an_attachment_to_nothing_says_so(house: House) -> None:
    (case,) = opened(house)
    preview = work(house).preview(case.id, Event.ATTACHED, FULL)
    assert {guard.id for guard in preview.hindrances} == {"repeats_open_case"}
    assert preview.missing == (Element.UNFILLED,)


def test_a_preview_sends_nothing_changes_nothing_and_tells_what_is_missing(house: House) -> None:
    (case,) = opened(house)
    before = everything(house)
    preview = work(house).preview(case.id, Event.PARTLY_REFUSED, Wording())
    assert {guard.id for guard in preview.hindrances} == {"checked", "grounded", "reasoned"}
    assert {Element.REASONS, Element.ANSWER, Element.GROUND} < set(preview.missing)
    assert "[SKRIV SKÄLEN]" in preview.letter.text
    assert everything(house) == before


def test_a_hand_over_decides_nothing_and_is_logged(house: House) -> None:
    case = unproved(house)
    words = Wording(controller="Exempelbolaget AB", forwarded=True)
    assert work(house).hand_over(case.id, words, by=KIM).state is State.HANDED_TO_CONTROLLER
    (letter,) = house.letters("handed_over", ADDRESS)
    assert "vidare till Exempelbolaget AB" in letter.text
    with house.store.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.event == "case.handed_over")).one()
    assert "Exempelbolaget" not in row.data
    assert '"forwarded": true' in row.data


@pytest.mark.parametrize("kind", ["complaint", "question", "report.incident"])
def test_what_is_no_right_is_answered_without_proof_or_checklist(house: House, kind: str) -> None:
    visitor = house.visitor()
    view = house.services.desk.report(visitor.says(), kind, "…", note="x")
    house.services.desk.add_address_to_report(visitor.says(), view.reference, visitor.address())
    work(house).take_up(view.id, by=KIM)
    assert work(house).complete(view.id, FULL, by=KIM).state is State.COMPLETED
    (letter,) = house.letters("completed", ADDRESS)
    assert ANSWER in letter.text


def test_without_an_address_the_letter_is_kept_for_sending_by_hand(house: House) -> None:
    view = house.services.desk.report(house.visitor().says(), "question", "…", note="x")
    assert work(house).complete(view.id, FULL, by=KIM).mailed is False
    assert house.letters("completed") == []
    assert ANSWER in house.notes(house.case(view.reference))[-1].text
    assert house.events(view.id)[-1] == "letter.to_send_by_hand"


# -- reports


@pytest.mark.parametrize("kind", ["complaint", "question", "report.incident"])
def test_a_report_with_an_address_is_acknowledged_once_for_each_address(house: House, kind: str) -> None:
    visitor = house.visitor()
    view = house.services.desk.report(visitor.says(), kind, "…", note="x")
    for address in (ADDRESS, ADDRESS, OTHER_ADDRESS, ADDRESS):
        house.services.desk.add_address_to_report(visitor.says(), view.reference, visitor.address(address))
    assert len(house.letters("acknowledged", ADDRESS)) == 1
    assert len(house.letters("acknowledged", OTHER_ADDRESS)) == 1


def test_an_incident_shows_its_hours_and_has_no_rights_deadline(house: House) -> None:
    view = house.services.desk.report(house.visitor().says(), "report.incident", "…", note="x", urgent=True)
    house.clock.go(hours=30)
    options = work(house).options(view.id)
    assert options.incident is not None
    assert options.incident.hours_left == 42
    assert options.clocks is None
    assert view.due_on is None
    assert Event.WITHDRAWN not in options.events
    assert Event.EXTENDED not in options.events


def test_a_reporter_who_regrets_an_incident_leaves_it_open_with_a_reminder(house: House) -> None:
    visitor = house.visitor()
    view = house.services.desk.report(visitor.says(), "report.incident", "…", note="x")
    house.services.desk.add_address_to_report(visitor.says(), view.reference, visitor.address())
    visitor.claims("request.access")
    visitor.proves()
    kept = house.services.desk.withdraw(visitor.says(), view.reference)
    assert kept is not None
    assert not kept.closed
    assert "ta tillbaka rapporten" in house.notes(house.case(view.reference))[-1].text
    assert house.letters("withdrawn") == []


# -- several rights with an order


def test_first_a_copy_then_the_erasure(house: House) -> None:
    access, erasure = opened(house, "request.access", "request.erasure")
    assert work(house).options(erasure.id).waits_for == (access.reference,)
    for answer in (work(house).complete, work(house).refuse_partly):
        with pytest.raises(GuardFailed) as failed:
            answer(erasure.id, FULL, ticked(erasure.kind), by=KIM)
        assert failed.value.guard.id == "in_order"
    work(house).complete(access.id, FULL, ticked(access.kind), by=KIM)
    assert work(house).options(erasure.id).waits_for == ()
    assert work(house).complete(erasure.id, FULL, ticked(erasure.kind), by=KIM).state is State.COMPLETED


def test_an_earlier_right_that_is_taken_back_is_not_waited_for(house: House) -> None:
    visitor = house.visitor()
    access, erasure = visitor.claims("request.access", "request.erasure")
    visitor.proves()
    house.services.desk.submit(visitor.says())
    house.services.desk.withdraw(visitor.says(), access)
    case = house.case(erasure)
    assert work(house).complete(case.id, FULL, ticked(case.kind), by=KIM).state is State.COMPLETED


def test_the_earlier_right_waits_for_nothing(house: House) -> None:
    access, _ = opened(house, "request.access", "request.erasure")
    assert work(house).complete(access.id, FULL, ticked(access.kind), by=KIM).state is State.COMPLETED


# -- repeats


def test_the_same_right_from_the_same_address_while_one_is_open_is_shown_to_a_human_and_stays_open(
    house: House,
) -> None:
    (first,) = opened(house)
    house.clock.go(days=120)
    (second,) = opened(house)
    assert second.repeats_id == first.id
    assert second.state == State.OPEN
    assert work(house).options(second.id).possible_repeat_of == first.reference
    assert house.case(first.reference).repeats_id is None
    assert "case.possible_repeat" in house.events(second.id)


@pytest.mark.parametrize(("days", "linked"), [(89, True), (91, False)])
def test_a_repeat_of_a_closed_case_is_linked_within_ninety_days(house: House, days: int, linked: bool) -> None:
    (first,) = opened(house)
    work(house).complete(first.id, FULL, ticked(first.kind), by=KIM)
    house.clock.go(days=days)
    (second,) = opened(house)
    assert (second.repeats_id == first.id) is linked


@pytest.mark.parametrize(("kind", "address"), [("request.access", ADDRESS), ("request.erasure", OTHER_ADDRESS)])
def test_another_right_or_another_address_is_no_repeat(house: House, kind: str, address: str) -> None:
    opened(house)
    (second,) = opened(house, kind, address=address)
    assert second.repeats_id is None


def test_what_was_taken_back_is_not_repeated(house: House) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.erasure")
    visitor.gives_address()
    house.services.desk.abandon(visitor.says())
    (second,) = opened(house)
    assert second.repeats_id is None
    assert house.case(reference).state == State.WITHDRAWN


def test_a_corrected_address_is_no_longer_a_repeat(house: House) -> None:
    opened(house)
    visitor = house.visitor()
    (reference,) = visitor.claims("request.erasure")
    visitor.gives_address(ADDRESS)
    assert house.case(reference).repeats_id is not None
    visitor.gives_address(OTHER_ADDRESS)
    assert house.case(reference).repeats_id is None


def test_a_human_may_find_that_a_repeat_is_a_matter_of_its_own(house: House) -> None:
    opened(house)
    (second,) = opened(house)
    work(house).let_stand(second.id, "Den här gången gäller det ett senare år.", by=KIM)
    assert work(house).options(second.id).possible_repeat_of is None
    assert house.case(second.reference).state == State.OPEN


def test_a_human_may_attach_a_repeat_and_its_words_are_kept_and_the_person_told(house: House) -> None:
    (first,) = opened(house)
    (second,) = opened(house)
    assert work(house).attach(second.id, FULL, by=KIM).state is State.ATTACHED
    (letter,) = house.letters("attached", ADDRESS)
    assert first.reference in letter.text
    assert "7 april 2026" in letter.text
    reminder = house.notes(first)[-1]
    assert (reminder.kind, reminder.text) == ("reminder", "Ta bort mina uppgifter.")
    assert house.case(first.reference).state == State.OPEN


def test_a_repeat_of_a_closed_case_cannot_be_attached_so_it_is_answered(house: House) -> None:
    (first,) = opened(house)
    (second,) = opened(house)
    work(house).complete(first.id, FULL, ticked(first.kind), by=KIM)
    with pytest.raises(GuardFailed) as failed:
        work(house).attach(second.id, FULL, by=KIM)
    assert failed.value.guard.id == "repeats_open_case"
    assert house.case(second.reference).state == State.OPEN


def test_a_reminder_attaches_to_its_case_and_changes_nothing_else(house: House) -> None:
    (case,) = opened(house)
    work(house).remind(case.id, "Hur går det med min begäran?")
    after = house.case(case.reference)
    assert (after.state, after.due_on) == (case.state, case.due_on)
    assert house.notes(case)[-1].author == "person"


# -- two people at once


def test_what_was_decided_on_an_older_version_is_refused(house: House) -> None:
    (case,) = opened(house)
    seen = work(house).options(case.id).version
    work(house).take_up(case.id, by=ALEX)
    with pytest.raises(ChangedMeanwhile):
        work(house).refuse(case.id, FULL, by=KIM, seen=seen)
    assert house.case(case.reference).state == State.IN_PROGRESS


def test_of_many_who_complete_at_once_one_does_and_one_letter_goes_out(house: House) -> None:
    (case,) = opened(house)
    outcomes: list[str] = []
    gate = threading.Barrier(6)

    def complete(by: str) -> None:
        gate.wait(timeout=30)
        try:
            work(house).complete(case.id, FULL, ticked(case.kind), by=by)
            outcomes.append("done")
        except ForbiddenTransition:
            outcomes.append("too late")

    threads = [threading.Thread(target=complete, args=(f"staff-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["done", *["too late"] * 5]
    assert len(house.letters("completed")) == 1
    assert house.events(case.id).count("case.completed") == 1
    assert house.audit_is_whole()


def test_security_17_reasons_answers_and_addresses_are_in_no_audit_row(house: House) -> None:
    (case,) = opened(house)
    work(house).doubt(case.id, FULL, by=KIM)
    work(house).verify(case.id, HOW, by=KIM)
    work(house).refuse_partly(case.id, FULL, ticked(case.kind), by=KIM)
    with house.store.read() as session:
        log = "\n".join(row.data for row in session.scalars(select(AuditRow)))
    for words in (REASONS, ANSWER, ASKS, HOW, ADDRESS):
        assert words not in log
    assert house.audit_is_whole()
