"""Mistakes and second thoughts: address, name, what it concerns, and which right."""

from __future__ import annotations

import pytest

from tests.fixtures.chat import Chat
from tests.fixtures.running import new_address
from tests.fixtures.system import System


def _kinds(system: System, address: str) -> list[str]:
    receipt = system.letter(address, "begär").text
    return sorted(case["kind"] for case in system.cases() if case["reference"] in receipt)


def test_the_address_is_corrected_before_the_code(chat: Chat, system: System) -> None:
    wrong, right = new_address(), new_address()
    chat.say("radera mina uppgifter")
    chat.go_on_to("code", wrong)
    theirs = system.letter(wrong, "kod").code
    chat.say(f"jag skrev fel mejl, det ska vara {right}")
    assert chat.expects == "code"
    assert right in chat.text
    chat.say(theirs)
    assert chat.expects == "code", "the code to the wrong address proved the right one"
    chat.give_code(right)
    chat.say("ja")
    assert chat.case["status"] == "open"
    assert system.letter(right, chat.case["reference"])
    assert [letter for letter in system.letters(wrong) if "kod" not in letter.subject] == []


def test_the_address_is_corrected_after_the_code_and_proved_anew(chat: Chat, system: System) -> None:
    wrong, right = new_address(), new_address()
    chat.say("radera mina uppgifter")
    chat.go_on_to("confirmed", wrong)
    chat.say("nej")
    chat.pick("E-postadressen")
    assert chat.expects == "email"
    chat.say(right)
    assert chat.expects == "code"
    chat.give_code(right)
    assert right in chat.text
    chat.say("ja")
    assert chat.case["status"] == "open"
    assert system.letter(right, chat.case["reference"])


def test_the_address_is_only_said_to_be_wrong(chat: Chat) -> None:
    wrong, right = new_address(), new_address()
    chat.say("radera mina uppgifter")
    chat.go_on_to("code", wrong)
    chat.say("oj, jag skrev fel adress")
    assert chat.expects == "email"
    chat.say(right)
    assert chat.expects == "code"
    assert right in chat.text


def test_an_address_given_before_it_is_asked_for(chat: Chat, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("concerns", address)
    chat.say(f"min mejl är {address}")
    assert chat.expects == "concerns"
    assert "bytt" not in chat.text, "nothing was changed: it is the first address"
    chat.say("allt")
    chat.say("Alva Lindqvist")
    assert chat.expects == "code"


def test_the_name_is_corrected(chat: Chat, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("confirmed", address)
    assert "Alva Lindqvist" in chat.text
    chat.say("nej")
    chat.pick("Namnet")
    assert chat.expects == "name"
    chat.say("Alva Lindkvist")
    assert chat.expects == "confirmed"
    assert "Alva Lindkvist" in chat.text
    assert "Alva Lindqvist" not in chat.text


def test_what_it_concerns_is_corrected(chat: Chat, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("confirmed", address)
    chat.say("nej")
    chat.pick("Vad det gäller")
    assert chat.expects == "concerns"
    chat.say("bara ansökan som jag skickade i våras")
    assert chat.expects == "confirmed"
    assert "bara ansökan som jag skickade i våras" in chat.text


@pytest.mark.parametrize("place", ["relation", "concerns", "name", "code", "confirmed"])
def test_another_right_is_added_on_the_way(chat: Chat, system: System, address: str, place: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to(place, address)
    chat.say("eller förresten, jag vill ha en kopia på mina uppgifter")
    chat.pick("Lägg till")
    assert chat.expects == place
    chat.go_on_to("done", address)
    assert _kinds(system, address) == ["request.access", "request.erasure"]


@pytest.mark.parametrize("place", ["concerns", "confirmed"])
def test_another_right_takes_the_place_of_the_first(chat: Chat, system: System, address: str, place: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to(place, address)
    chat.say("eller förresten, jag vill ha en kopia på mina uppgifter")
    chat.pick("Byt till")
    chat.go_on_to("done", address)
    assert _kinds(system, address) == ["request.access"]
    assert chat.case["kind"] == "request.access"


def test_another_right_is_no_description_of_the_first(chat: Chat, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("concerns", address)
    chat.say("eller förresten, jag vill ha en kopia på mina uppgifter")
    chat.pick("Lägg till")
    chat.go_on_to("confirmed", address)
    assert "förresten" not in chat.text


def test_a_right_once_more_is_the_same_request(chat: Chat, system: System, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("name", address)
    chat.say("ta bort alla mina uppgifter")
    chat.go_on_to("done", address)
    assert _kinds(system, address) == ["request.erasure"]
