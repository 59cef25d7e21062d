"""Every right from the wish to an open case with its clock, asked for nothing that it does not need."""

from __future__ import annotations

from datetime import date

import pytest

from insyn.cases.deadline import due_after
from tests.fixtures.chat import Chat
from tests.fixtures.running import new_address
from tests.fixtures.system import System

WITH_CODE = [
    ("Jag vill ha en kopia på alla uppgifter ni har om mig", "request.access", "15"),
    ("radera mig tack", "request.erasure", "17"),
    ("Mitt namn är felstavat hos er, rätta det", "request.rectification", "16"),
    ("pausa behandlingen av mina uppgifter medan ni kontrollerar dem", "request.restriction", "18"),
    ("Jag vill ha mina uppgifter i en fil som jag kan ta med till ett annat företag", "request.portability", "20"),
    ("Jag invänder mot er behandling av mina uppgifter", "request.objection", "21"),
]
BY_ADDRESS = [
    ("sluta skicka reklam till mig", "request.objection.marketing"),
    ("jag tar tillbaka mitt samtycke", "request.withdraw_consent"),
]


@pytest.mark.parametrize(("words", "kind", "article"), WITH_CODE, ids=[kind for _, kind, _ in WITH_CODE])
def test_a_right_that_needs_proof(
    chat: Chat, system: System, address: str, words: str, kind: str, article: str
) -> None:
    due = due_after(date.fromisoformat(system.today())).due
    chat.say(words)
    assert chat.topics == [kind]
    asked = []
    while chat.expects:
        asked.append(chat.expects)
        chat.answer(address)
    assert asked == ["relation", "concerns", "name", "email", "code", "confirmed"]
    assert chat.topics == [kind]
    case = chat.case
    assert (case["kind"], case["status"], case["due"]) == (kind, "open", due.isoformat())
    listed = system.case(case["reference"])
    assert (listed["status"], listed["proof"], listed["due"]) == ("open", "mailbox", due.isoformat())
    receipt = system.letter(address, case["reference"])
    assert f"artikel {article}" in receipt.text
    assert "Alva Lindqvist" in receipt.text


@pytest.mark.parametrize(("words", "kind"), BY_ADDRESS, ids=[kind for _, kind in BY_ADDRESS])
def test_a_right_that_needs_the_address_only(chat: Chat, system: System, address: str, words: str, kind: str) -> None:
    chat.say(words)
    assert (chat.topics, chat.expects) == ([kind], "email")
    chat.say(address)
    assert (chat.topics, chat.expects) == ([kind], None)
    assert chat.case["status"] == "open"
    assert system.case(chat.case["reference"])["proof"] == "address"
    assert system.letter(address, chat.case["reference"])
    assert [letter.subject for letter in system.letters(address) if "kod" in letter.subject] == []


def test_two_rights_in_one_message_in_the_order_wished(chat: Chat, system: System, address: str) -> None:
    chat.say("Radera mig, men skicka först en kopia på allt ni har om mig")
    chat.go_on_to("done", address)
    receipt = system.letter(address, "begär")
    opened = [case for case in system.cases() if case["reference"] in receipt.text]
    assert {case["kind"] for case in opened} == {"request.access", "request.erasure"}
    assert {case["status"] for case in opened} == {"open"}
    place = {case["kind"]: chat.text.index(case["reference"]) for case in opened}
    assert place["request.access"] < place["request.erasure"]
    assert len([letter for letter in system.letters(address) if "kod" not in letter.subject]) == 1


def test_a_question_beside_a_request_is_answered_and_the_request_goes_on(chat: Chat) -> None:
    chat.say("Radera mina uppgifter. Vad kostar det?")
    assert set(chat.topics) == {"request.erasure", "process.cost"}
    assert chat.expects == "relation"


def test_nothing_is_asked_that_was_said_already(chat: Chat, address: str) -> None:
    chat.say(f"Jag heter Alva Lindqvist och vill ha en kopia på allt ni har om mig. Min mejl är {address}")
    asked = []
    while chat.expects:
        asked.append(chat.expects)
        chat.answer(address)
    assert asked == ["relation", "concerns", "code", "confirmed"]
    assert chat.case["kind"] == "request.access"


def test_who_stops_after_the_address_has_a_case_that_is_not_verified(chat: Chat, system: System, address: str) -> None:
    before = {case["reference"] for case in system.cases()}
    chat.say("radera mina uppgifter")
    chat.go_on_to("code", address)
    listed = system.insyn("cases", "list", "--json")
    (left,) = [case for case in listed if case["reference"] not in before]
    assert (left["kind"], left["status_name"]) == ("request.erasure", "ej verifierat")
    assert left["due"] == due_after(date.fromisoformat(system.today())).due.isoformat()


def test_someone_paid_through_a_customer_is_led_to_the_employer(chat: Chat, system: System) -> None:
    chat.say("radera mina uppgifter")
    chat.pick("Får lön")
    assert chat.expects == "own_data"
    assert "arbetsgivare" in chat.text
    chat.pick("Nej")
    assert chat.expects is None
    assert chat.case["status"] == "handed_to_controller"
    assert system.case(chat.case["reference"])["status"] == "handed_to_controller"


def test_someone_paid_through_a_customer_may_mean_konteks_own_records_too(chat: Chat, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.say("min arbetsgivare använder ert löneprogram")
    assert chat.expects == "own_data"
    chat.say("ja tack")
    chat.go_on_to("done", address)
    assert (chat.case["kind"], chat.case["status"]) == ("request.erasure", "open")


def test_a_proved_mailbox_is_not_proved_again_in_the_same_conversation(chat: Chat, address: str) -> None:
    chat.say("Jag vill ha en kopia på alla uppgifter ni har om mig")
    chat.go_on_to("done", address)
    first = chat.case["reference"]
    chat.say("radera mina uppgifter också")
    asked = []
    while chat.expects:
        asked.append(chat.expects)
        chat.answer(address)
    assert "code" not in asked
    assert (chat.case["kind"], chat.case["status"]) == ("request.erasure", "open")
    assert chat.case["reference"] != first


def test_the_token_is_renewed_by_the_code_and_the_old_one_opens_nothing(chat: Chat, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("code", address)
    old = chat.token
    chat.give_code(address)
    assert chat.token != old
    assert chat.post({"text": "ja"}, token=old).status_code == 401
    assert chat.expects == "confirmed"
    chat.say("ja")
    assert chat.case["status"] == "open"


def test_an_english_request(chat: Chat, address: str) -> None:
    chat.say("I want a copy of all the personal data you have about me")
    assert chat.topics == ["request.access"]
    assert "copy" in chat.text
    assert "På svenska" in chat.text
    chat.say("I applied for a job")
    assert chat.expects == "concerns"
    chat.say("everything")
    chat.say("My name is Alva Lindqvist")
    chat.say(f"my email is {address}")
    chat.give_code(address)
    chat.say("yes")
    assert chat.case["status"] == "open"
    assert "case number" in chat.text


@pytest.mark.parametrize("yes", ["mm", "jo", "a", "👍", "japp", "stämmer bra", "kör"])
def test_a_yes_as_people_write_it(chat: Chat, address: str, yes: str) -> None:
    chat.say("skicka mig allt ni har om mig")
    chat.go_on_to("confirmed", address)
    chat.say(yes)
    assert chat.expects is None
    assert chat.case["status"] == "open"


@pytest.mark.parametrize("no", ["nja", "nä", "👎", "inte riktigt"])
def test_what_is_no_yes_files_nothing(chat: Chat, system: System, address: str, no: str) -> None:
    chat.say("skicka mig allt ni har om mig")
    chat.go_on_to("confirmed", address)
    chat.say(no)
    assert chat.expects == "confirmed"
    assert not any("case" in message for message in chat.said)
    assert [letter for letter in system.letters(address) if "kod" not in letter.subject] == []


@pytest.mark.parametrize("everything", ["allt", "hela rubbet", "allting ni har"])
def test_everything_as_people_write_it(chat: Chat, address: str, everything: str) -> None:
    chat.say("radera mig")
    chat.go_on_to("concerns", address)
    chat.say(everything)
    assert chat.expects == "name"


@pytest.mark.parametrize(
    "name", ["alva lindqvist", "Det är Åsa von Essen", "O'Connor Mc'Neil", "José Ñúñez-García", "王小明"]
)
def test_a_name_as_people_write_it(chat: Chat, address: str, name: str) -> None:
    chat.say("radera mig")
    chat.go_on_to("name", address)
    chat.say(name)
    assert chat.expects == "email"


def test_a_name_may_be_kept_back(chat: Chat, address: str) -> None:
    chat.say("radera mig")
    chat.go_on_to("name", address)
    chat.say("hoppa över")
    assert chat.expects == "email"
    chat.go_on_to("done", address)
    assert chat.case["status"] == "open"


@pytest.mark.parametrize("wrong", ["alva@", "alva.example.se", "alva@@example.se", "@example.se", "alva@example"])
def test_what_is_no_address_is_asked_for_again(chat: Chat, address: str, wrong: str) -> None:
    chat.say("radera mig")
    chat.go_on_to("email", address)
    chat.say(wrong)
    assert chat.expects == "email"
    chat.go_on_to("done", address)
    assert chat.case["status"] == "open"


@pytest.mark.parametrize("international", ["åsa@example.se", "asa@räksmörgås.example.se"])
def test_an_international_address_gets_its_code(chat: Chat, system: System, international: str) -> None:
    chat.say("radera mig")
    chat.go_on_to("email", international)
    chat.say(international)
    assert chat.expects == "code"
    local, _, domain = international.partition("@")
    system.wait_for(
        lambda: system.letters(international) or system.letters(f"{local}@{domain.encode('idna').decode()}"),
        "the code",
        30,
    )


def test_the_same_words_twice_with_one_key_make_one_case(chat: Chat, system: System, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("confirmed", address)
    first, second = (chat.post({"text": "ja"}, key="en-enda-gang") for _ in range(2))
    assert first.json() == second.json()
    system.letter(address, "begär")
    assert len([letter for letter in system.letters(address) if "kod" not in letter.subject]) == 1


def test_a_second_request_is_a_case_of_its_own(system: System) -> None:
    """Never closed as a duplicate: it may have another scope."""
    address = new_address()
    references = set()
    for _ in range(2):
        chat = Chat(system)
        chat.say("sluta skicka reklam till mig")
        chat.say(address)
        references.add(chat.case["reference"])
    assert len(references) == 2


def test_a_name_that_is_to_be_rectified_is_not_taken_for_the_persons(chat: Chat, address: str) -> None:
    chat.say("Ni har stavat mitt namn fel, det ska vara Åsa med Å")
    assert "request.rectification" in chat.topics
    chat.go_on_to("name", address)
    assert chat.expects == "name"
