"""The desk: rights claimed, proved, confirmed and taken back, each step idempotent and on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest

from insyn.cases.casebook import ProofMissing
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import State
from insyn.identity.address import AddressInvalid
from insyn.identity.challenge import Outcome
from insyn.requests.desk import Here
from insyn.store.models import Case, OutgoingMail
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House

RIGHTS = [kind.id for kind in KINDS.values() if kind.is_right]
BY_ADDRESS = ["request.objection.marketing", "request.withdraw_consent"]


def state_of(house: House, reference: str) -> str:
    return house.case(reference).state


# -- claiming


@pytest.mark.parametrize("right", RIGHTS)
def test_a_claimed_right_is_a_case_whose_clock_runs_from_the_message(house: House, right: str) -> None:
    visitor = house.visitor()
    here = visitor.says()
    house.clock.go(days=3)  # Rasa was away
    (case,) = house.services.desk.begin(here, [right], "…")
    assert (case.received_on, case.due_on) == (date(2026, 3, 5), date(2026, 4, 7))
    assert (case.state, case.kind, case.closed) == (State.RECEIVED, right, False)


def test_received_late_in_the_evening_it_is_the_swedish_date_that_counts(house: House) -> None:
    house.clock.now = datetime(2026, 6, 4, 22, 30, tzinfo=UTC)
    visitor = house.visitor()
    (case,) = house.services.desk.begin(visitor.says(), ["request.access"], "…")
    assert (case.received_on, case.due_on) == (date(2026, 6, 5), date(2026, 7, 6))


def test_same_turn_again_opens_nothing_new(house: House) -> None:
    visitor = house.visitor()
    here = visitor.says()
    first = house.services.desk.begin(here, ["request.access", "request.erasure"], "…")
    logged = house.events()
    assert house.services.desk.begin(here, ["request.access", "request.erasure"], "…") == first
    assert house.count(Case) == 2
    assert house.events() == logged


def test_same_turn_many_times_at_once_is_one_case(house: House) -> None:
    visitor = house.visitor()
    here = visitor.says()
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: house.services.desk.begin(here, ["request.erasure"], "…"), range(8)))
    assert all(each == seen[0] for each in seen)
    assert house.count(Case) == 1
    assert house.audit_is_whole()


def test_a_right_claimed_again_before_it_is_finished_is_the_same_case(house: House) -> None:
    visitor = house.visitor()
    first = visitor.claims("request.erasure")
    house.clock.go(days=2)
    assert visitor.claims("request.erasure") == first
    assert house.case(first[0]).due_on == date(2026, 4, 7)


def test_a_right_claimed_again_after_it_was_confirmed_is_a_new_case(house: House) -> None:
    """It may have another scope or period: never closed as a duplicate."""
    visitor = house.visitor()
    first = visitor.claims("request.access")
    visitor.proves()
    house.services.desk.submit(visitor.says())
    assert visitor.claims("request.access") != first
    assert house.count(Case) == 2


def test_several_rights_stand_in_the_order_wished(house: House) -> None:
    visitor = house.visitor()
    wished = ["request.portability", "request.access", "request.erasure"]
    visitor.claims(*wished)
    here = visitor.says()
    assert [case.kind for case in house.services.desk.unfinished(here)] == wished
    cases = house.cases()
    assert len({case.group_id for case in cases}) == 1
    assert [case.position for case in cases] == [0, 1, 2]


def test_what_was_written_is_kept_with_its_values_but_sealed(house: House) -> None:
    visitor = house.visitor()
    words = f"Radera mig, {visitor.address()}!"
    (reference,) = visitor.claims("request.erasure", words=words)
    case = house.case(reference)
    assert house.details(case)["words"] == f"Radera mig, {ADDRESS}!"
    assert ADDRESS.encode() not in case.sealed


# -- stopping on the way


def test_someone_who_stops_after_the_address_has_an_unverified_case_with_a_due_date(house: House) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.access")
    visitor.gives_address()
    visitor.asks_for_code()
    case = house.case(reference)
    assert (case.state, case.proof, case.due_on) == ("awaiting_verification", "address", date(2026, 4, 7))
    assert house.details(case)["address"] == ADDRESS


def test_address_is_read_from_its_placeholder_only(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    for wrong in (ADDRESS, "⟨e-post 9⟩", "", visitor.keeps("e-post", "inte en adress")):
        with pytest.raises(AddressInvalid):
            house.services.desk.give_address(visitor.says(), wrong)
        with pytest.raises(AddressInvalid):
            house.services.desk.send_code(visitor.says(), wrong)
    assert house.letters() == []


def test_abandoned_requests_are_taken_back(house: House) -> None:
    visitor = house.visitor()
    references = visitor.claims("request.access", "request.erasure")
    visitor.gives_address()
    house.services.desk.abandon(visitor.says())
    assert [state_of(house, each) for each in references] == ["withdrawn", "withdrawn"]
    assert house.services.desk.unfinished(visitor.says()) == []
    assert visitor.claims("request.access")[0] not in references


# -- proving and confirming


@pytest.mark.parametrize("right", [right for right in RIGHTS if right not in BY_ADDRESS])
def test_nothing_is_opened_without_the_mailbox(house: House, right: str) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims(right)
    with pytest.raises(ProofMissing):
        house.services.desk.submit(visitor.says())
    visitor.gives_address()
    visitor.asks_for_code()
    with pytest.raises(ProofMissing):
        house.services.desk.submit(visitor.says())
    assert state_of(house, reference) == "awaiting_verification"
    assert house.letters("receipt") == []


@pytest.mark.parametrize("right", RIGHTS)
def test_a_proved_mailbox_opens_every_right(house: House, right: str) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims(right)
    visitor.proves()
    (case,) = house.services.desk.submit(visitor.says())
    assert (case.reference, case.state, case.status) == (reference, "open", "öppet")
    assert house.case(reference).proof == "mailbox"


@pytest.mark.parametrize("right", BY_ADDRESS)
def test_marketing_and_consent_need_the_address_only(house: House, right: str) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims(right)
    with pytest.raises(ProofMissing):
        house.services.desk.submit(visitor.says())
    visitor.gives_address()
    house.services.desk.submit(visitor.says())
    case = house.case(reference)
    assert (case.state, case.proof, case.proved_at) == ("open", "address", None)
    (receipt,) = house.letters("receipt")
    assert receipt.to == ADDRESS
    assert house.letters("code") == []


def test_submitting_again_in_the_same_turn_sends_one_receipt(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access", "request.erasure")
    visitor.proves()
    here = visitor.says()
    first = house.services.desk.submit(here)
    logged = house.events()
    assert house.services.desk.submit(here) == first
    assert len(house.letters("receipt")) == 1
    assert house.events() == logged


def test_submitting_many_times_at_once_sends_one_receipt(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access", "request.erasure")
    visitor.proves()
    here = visitor.says()
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: house.services.desk.submit(here), range(8)))
    assert all(each == seen[0] for each in seen)
    assert [case.state for case in seen[0]] == ["open", "open"]
    assert len(house.letters("receipt")) == 1
    assert house.events().count("case.confirmed") == 2


def test_submitting_in_a_later_turn_finds_nothing_left(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    house.services.desk.submit(visitor.says())
    assert house.services.desk.submit(visitor.says()) == []
    assert len(house.letters("receipt")) == 1


def test_receipt_of_several_names_each_in_order(house: House) -> None:
    visitor = house.visitor()
    references = visitor.claims("request.portability", "request.erasure")
    house.services.desk.add_detail(visitor.says(), "name", visitor.keeps("namn", "Anna Ek"))
    visitor.proves()
    house.services.desk.submit(visitor.says())
    (receipt,) = house.letters("receipt")
    assert receipt.subject == f"Vi har tagit emot dina begäranden ({', '.join(references)})"
    assert receipt.text.index(references[0]) < receipt.text.index(references[1])
    assert "Hej Anna Ek," in receipt.text


def test_details_are_kept_once_and_the_log_says_only_which(house: House) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.access")
    name = visitor.keeps("namn", "Anna Ek")
    for _ in range(2):
        house.services.desk.add_detail(visitor.says(), "name", name)
    case = house.case(reference)
    assert house.details(case)["name"] == "Anna Ek"
    assert house.events(case.id) == ["case.received", "case.details_added"]


# -- the address is corrected


def test_code_for_the_old_address_does_not_prove_the_new(house: House) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.access")
    visitor.gives_address()
    old_code = visitor.asks_for_code()
    visitor.gives_address(OTHER_ADDRESS)
    assert house.services.desk.check_code(visitor.says(), visitor.code(old_code)) is Outcome.RIGHT
    assert not house.services.desk.is_proved(visitor.says())
    assert house.case(reference).proof == "address"
    with pytest.raises(ProofMissing):
        house.services.desk.submit(visitor.says())


def test_another_address_takes_the_proof_away(house: House) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.access")
    visitor.proves()
    assert house.services.desk.is_proved(visitor.says())
    visitor.gives_address(OTHER_ADDRESS)
    assert (house.case(reference).proof, house.case(reference).proved_at) == ("address", None)
    with pytest.raises(ProofMissing):
        house.services.desk.submit(visitor.says())
    house.clock.go(minutes=1)
    visitor.proves(OTHER_ADDRESS)
    house.services.desk.submit(visitor.says())
    assert [letter.to for letter in house.letters("receipt")] == [OTHER_ADDRESS]


def test_back_to_the_address_proved_within_the_hour_the_proof_is_back(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    visitor.gives_address(OTHER_ADDRESS)
    visitor.gives_address(ADDRESS)
    assert house.services.desk.is_proved(visitor.says())


def test_proof_lasts_an_hour_for_a_next_request(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    house.services.desk.submit(visitor.says())
    house.clock.go(minutes=59)
    visitor.claims("request.erasure")
    visitor.gives_address()
    assert house.services.desk.is_proved(visitor.says())
    house.services.desk.submit(visitor.says())
    house.clock.go(minutes=2)
    visitor.claims("request.portability")
    visitor.gives_address()
    assert not house.services.desk.is_proved(visitor.says())


def test_spelling_of_an_address_does_not_matter_to_its_proof(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves("Anna.Ek@Example.com")
    visitor.gives_address("anna.ek@EXAMPLE.com")
    assert house.services.desk.is_proved(visitor.says())


# -- the mind is changed


def test_a_right_added_shares_what_was_given_and_proved(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    house.services.desk.add_detail(visitor.says(), "relation", "applicant")
    visitor.proves()
    (added,) = visitor.claims("request.erasure")
    case = house.case(added)
    assert (case.state, case.proof) == ("awaiting_verification", "mailbox")
    assert (house.details(case)["relation"], house.details(case)["address"]) == ("applicant", ADDRESS)
    assert len(house.services.desk.submit(visitor.says())) == 2


def test_a_right_added_before_the_proof_has_none(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    (added,) = visitor.claims("request.erasure")
    assert (house.case(added).proof, house.case(added).state) == ("address", "awaiting_verification")


def test_a_right_that_replaces_the_first_leaves_it_withdrawn(house: House) -> None:
    visitor = house.visitor()
    (first,) = visitor.claims("request.access")
    (second,) = visitor.claims("request.erasure")
    here = visitor.says()
    for _ in range(2):
        house.services.desk.keep_only(here, "request.erasure")
    assert (state_of(house, first), state_of(house, second)) == ("withdrawn", "received")
    assert house.events().count("case.withdrawn") == 1


# -- data in a customer's system


def test_hand_off_to_the_employer_is_recorded_once(house: House) -> None:
    visitor = house.visitor()
    references = visitor.claims("request.access", "request.erasure")
    here = visitor.says()
    first = house.services.desk.hand_to_employer(here)
    assert house.services.desk.hand_to_employer(here) == first
    assert [case.reference for case in first] == references
    assert {case.state for case in first} == {"handed_to_controller"}
    assert house.events().count("case.handed_over") == 2


def test_a_referral_is_noted_once_and_the_request_goes_on(house: House) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.access")
    for _ in range(2):
        house.services.desk.note_referral(visitor.says())
    case = house.case(reference)
    assert house.details(case)["referred"] == "employer"
    assert house.events(case.id).count("case.details_added") == 1
    assert case.state == "received"


# -- reports


@pytest.mark.parametrize(("kind", "urgent"), [("report.incident", True), ("complaint", False), ("question", False)])
def test_a_report_is_open_at_once_without_proof(house: House, kind: str, urgent: bool) -> None:
    visitor = house.visitor()
    here = visitor.says()
    first = house.services.desk.report(here, kind, "Jag fick någon annans lönebesked.", note="x", urgent=urgent)
    logged = house.events()
    assert house.services.desk.report(here, kind, "…", note="x", urgent=urgent) == first
    case = house.case(first.reference)
    assert (case.state, case.proof, case.urgent, case.due_on) == ("open", "none", urgent, None)
    assert house.count(Case) == 1
    assert house.events() == logged


def test_an_incident_alarms_the_staff_once_and_tells_nothing(house: House) -> None:
    visitor = house.visitor()
    here = visitor.says()
    words = f"Jag fick {visitor.keeps('namn', 'Karl Öberg')}s lönebesked"
    for _ in range(2):
        case = house.services.desk.report(here, "report.incident", words, note="incident", urgent=True)
    (alarm,) = house.letters("alarm")
    assert alarm.to == "dpo@kontek.example"
    assert case.reference in alarm.text
    assert "Öberg" not in alarm.text + alarm.subject
    assert "lönebesked" not in alarm.text


def test_only_an_incident_alarms(house: House) -> None:
    visitor = house.visitor()
    house.services.desk.report(visitor.says(), "complaint", "…", note="complaint")
    assert house.letters() == []


def test_address_for_a_report_of_this_conversation_only(house: House) -> None:
    visitor, stranger = house.visitor(), house.visitor()
    case = house.services.desk.report(visitor.says(), "complaint", "…", note="complaint")
    (right,) = visitor.claims("request.access")
    assert house.services.desk.add_address_to_report(stranger.says(), case.reference, stranger.address()) is None
    assert house.services.desk.add_address_to_report(visitor.says(), right, visitor.address()) is None
    assert house.services.desk.add_address_to_report(visitor.says(), "INS-2222-2222", visitor.address()) is None
    assert "address" not in house.details(house.case(case.reference))
    noted = house.services.desk.add_address_to_report(visitor.says(), case.reference, visitor.address())
    assert noted is not None
    assert house.details(house.case(case.reference))["address"] == ADDRESS
    assert house.case(case.reference).state == "open"


def test_what_is_told_just_after_a_report_is_added_to_it(house: House) -> None:
    visitor, stranger = house.visitor(), house.visitor()
    desk = house.services.desk
    case = desk.report(visitor.says(), "report.incident", "En fil låg öppet.", note="incident", urgent=True)
    assert desk.lacks_address(visitor.says(), case.reference)
    house.clock.go(minutes=14)
    here = visitor.says()
    for _ in range(2):  # Rasa may repeat an action
        assert (
            desk.add_to_report(here, case.reference, f"{visitor.keeps('namn', 'Karl Öberg')} lade dit den.") is not None
        )
    (added,) = [note for note in house.notes(house.case(case.reference)) if note.kind == "reminder"]
    assert added.text == "Karl Öberg lade dit den."
    assert desk.add_to_report(stranger.says(), case.reference, "…") is None
    desk.add_address_to_report(visitor.says(), case.reference, visitor.address())
    assert not desk.lacks_address(visitor.says(), case.reference)
    house.clock.go(minutes=2)
    assert desk.add_to_report(visitor.says(), case.reference, "…") is None, "by then it is something else"


# -- looking up


def opened_case(house: House, address: str = ADDRESS) -> str:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.access")
    visitor.proves(address)
    house.services.desk.submit(visitor.says())
    house.clock.go(minutes=5)
    return reference


def test_a_reference_alone_opens_nothing(house: House) -> None:
    reference = opened_case(house)
    stranger = house.visitor()
    assert house.services.desk.opened_case(stranger.says(), reference) is None
    assert house.services.desk.withdraw(stranger.says(), reference) is None
    assert house.services.desk.own_cases(stranger.says()) == []
    assert state_of(house, reference) == "open"


def test_reference_of_another_address_opens_nothing_for_someone_proved(house: House) -> None:
    reference = opened_case(house)
    stranger = house.visitor()
    stranger.claims("request.access")
    stranger.proves(OTHER_ADDRESS)
    assert house.services.desk.opened_case(stranger.says(), reference) is None
    assert house.services.desk.withdraw(stranger.says(), reference) is None
    assert state_of(house, reference) == "open"


def test_reference_and_a_new_code_open_the_case(house: House) -> None:
    reference = opened_case(house)
    back = house.visitor()
    placeholder = back.keeps("ärende", reference)
    house.services.desk.ask_for_case(back.says(), placeholder)
    case = house.services.desk.open_case(back.says(), placeholder, back.code(house.code()))
    assert case is not None
    assert case.reference == reference
    assert house.services.desk.opened_case(back.says(), reference) is not None


def test_unknown_reference_looks_like_a_known_one(house: House) -> None:
    reference = opened_case(house)
    sent = len(house.letters("code"))
    someone = house.visitor()
    known = house.services.desk.ask_for_case(someone.says(), someone.keeps("ärende", reference))
    unknown = house.services.desk.ask_for_case(someone.says(), someone.keeps("ärende", "INS-2222-2222"))
    assert known == unknown
    wrong = someone.code("00000000" if house.code() != "00000000" else "00000001")
    assert house.services.desk.open_case(someone.says(), reference, wrong) is None
    assert house.services.desk.open_case(someone.says(), "INS-2222-2222", wrong) is None
    assert len(house.letters("code")) == sent + 1


def test_a_case_that_may_have_no_more_codes_looks_like_any(house: House) -> None:
    reference = opened_case(house)
    first, second = house.visitor(), house.visitor()
    assert house.services.desk.ask_for_case(first.says(), reference) == house.services.desk.ask_for_case(
        second.says(), reference
    )
    assert len(house.letters("code")) == 2  # the one of the request, and one of the two
    assert house.events(second.id)[-1] == "challenge.limited"


def test_code_for_one_case_does_not_open_another(house: House) -> None:
    mine, other = opened_case(house), opened_case(house, OTHER_ADDRESS)
    visitor = house.visitor()
    house.services.desk.ask_for_case(visitor.says(), mine)
    code = visitor.code(house.code())
    assert house.services.desk.open_case(visitor.says(), other, code) is None
    assert house.services.desk.check_code(visitor.says(), code) is Outcome.NONE  # nor does it confirm a request
    assert house.services.desk.open_case(visitor.says(), mine, code) is not None


def test_code_to_confirm_a_request_does_not_open_a_case(house: House) -> None:
    reference = opened_case(house)
    visitor = house.visitor()
    visitor.claims("request.erasure")
    visitor.gives_address()
    code = visitor.code(visitor.asks_for_code())
    assert house.services.desk.open_case(visitor.says(), reference, code) is None


def test_code_of_another_conversation_opens_nothing(house: House) -> None:
    reference = opened_case(house)
    visitor, stranger = house.visitor(), house.visitor()
    house.services.desk.ask_for_case(visitor.says(), reference)
    assert house.services.desk.open_case(stranger.says(), reference, stranger.code(house.code())) is None


def test_own_cases_are_shown_once_the_mailbox_is_proved_here(house: House) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.access")
    assert house.services.desk.own_cases(visitor.says()) == []
    visitor.proves()
    house.services.desk.submit(visitor.says())
    assert [case.reference for case in house.services.desk.own_cases(visitor.says())] == [reference]


def test_a_withdrawn_request_is_confirmed_by_mail_once(house: House) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.access")
    visitor.proves()
    house.services.desk.submit(visitor.says())
    here = visitor.says()
    for _ in range(2):
        case = house.services.desk.withdraw(here, reference)
        assert case is not None
        assert (case.state, case.closed) == ("withdrawn", True)
    (letter,) = house.letters("withdrawn")
    assert (letter.to, reference in letter.text) == (ADDRESS, True)
    assert house.events().count("case.withdrawn") == 1


def test_proving_a_mailbox_renews_the_token_once_a_turn(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    code = visitor.code(visitor.asks_for_code())
    here = visitor.says()
    assert house.services.desk.check_code(here, code) is Outcome.RIGHT
    assert house.services.desk.check_code(here, code) is Outcome.RIGHT
    assert (visitor.conversation.token_epoch, visitor.conversation.token_rotated_by) == (1, here.turn_id)


# -- places


def test_a_turn_of_another_conversation_is_refused(house: House) -> None:
    visitor, stranger = house.visitor(), house.visitor()
    forged = Here(visitor.id, stranger.says().turn_id)
    with pytest.raises(LookupError):
        house.services.desk.begin(forged, ["request.access"], "…")
    assert house.count(Case) == 0


def test_a_placeholder_of_another_conversation_is_worth_nothing(house: House) -> None:
    visitor, stranger = house.visitor(), house.visitor()
    visitor.address()
    stranger.claims("request.access")
    with pytest.raises(AddressInvalid):
        house.services.desk.give_address(stranger.says(), "⟨e-post 1⟩")


def test_same_turn_asking_for_a_code_twice_sends_one(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    here, address = visitor.says(), visitor.address()
    assert house.services.desk.send_code(here, address) == house.services.desk.send_code(here, address)
    assert house.count(OutgoingMail) == 1


def test_too_soon_says_when(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    visitor.asks_for_code()
    began = house.clock()
    house.clock.go(seconds=20)
    sent = house.services.desk.send_code(visitor.says(), visitor.address())
    assert sent.until is not None
    assert (sent.until - began).total_seconds() == 60
    assert (sent.another_day, sent.just_sent) == (False, True)
    assert house.count(OutgoingMail) == 1


def test_a_limit_that_lasts_into_tomorrow_says_so(house: House) -> None:
    house.clock.now = datetime(2026, 3, 5, 22, 59, 30, tzinfo=UTC)  # half a minute before midnight in Sweden
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    visitor.asks_for_code()
    assert house.services.desk.send_code(visitor.says(), visitor.address()).another_day
