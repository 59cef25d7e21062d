"""One-time codes as people meet them. Their limits are tested to the second elsewhere; here time is moved by hand."""

from __future__ import annotations

import re

from tests.fixtures.chat import Chat
from tests.fixtures.running import new_address
from tests.fixtures.system import System


def test_five_wrong_codes_kill_the_code_and_a_new_one_goes_on(chat: Chat, system: System, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("code", address)
    right = system.letter(address, "kod").code
    for wrong in _wrong_codes(right, 5):
        chat.say(wrong)
        assert chat.expects == "code"
    assert "inte användas längre" in chat.text
    chat.say(right)
    assert chat.expects == "code", "a dead code was taken"
    system.let_pass(minutes=2)
    chat.say("skicka en ny kod")
    chat.give_code(address, but=1)
    assert chat.expects == "confirmed"


def test_four_wrong_codes_leave_one_try(chat: Chat, system: System, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("code", address)
    right = system.letter(address, "kod").code
    for wrong in _wrong_codes(right, 4):
        chat.say(wrong)
    chat.say(f"koden är {right}")
    assert chat.expects == "confirmed"


def test_a_code_that_has_expired_is_told_so_and_replaced(chat: Chat, system: System, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("code", address)
    old = system.letter(address, "kod").code
    system.let_pass(minutes=11)
    chat.say(old)
    assert "gått ut" in chat.text
    assert chat.expects == "code"
    chat.pick("Skicka ny kod")
    chat.give_code(address, but=1)
    assert chat.expects == "confirmed"


def test_a_new_code_makes_the_old_one_worthless(chat: Chat, system: System, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("code", address)
    old = system.letter(address, "kod").code
    system.let_pass(minutes=2)
    chat.say("fick ingen kod, skicka igen")
    new = system.letter(address, "kod", but=1).code
    assert new != old
    chat.say(old)
    assert chat.expects == "code"
    chat.say(new)
    assert chat.expects == "confirmed"


def test_a_second_code_at_once_is_not_sent_and_that_is_what_is_said(chat: Chat, system: System, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("code", address)
    code = system.letter(address, "kod").code
    chat.say("jag fick ingen kod")
    assert "skickades nyss" in chat.text
    assert chat.expects == "code"
    chat.say(code)
    assert chat.expects == "confirmed", "the code that was sent first still holds"
    assert len([letter for letter in system.letters(address) if "kod" in letter.subject]) == 1


def test_a_code_sent_in_another_conversation_proves_nothing_here(chat: Chat, system: System) -> None:
    mine, theirs = new_address(), new_address()
    other = Chat(system)
    other.say("radera mina uppgifter")
    other.go_on_to("code", theirs)
    chat.say("skicka mig allt ni har om mig")
    chat.go_on_to("code", mine)
    chat.say(system.letter(theirs, "kod").code)
    assert chat.expects == "code"
    chat.say(system.letter(mine, "kod").code)
    assert chat.expects == "confirmed"


def test_known_and_unknown_addresses_are_answered_alike(system: System) -> None:
    known, unknown = new_address(), new_address()
    Chat(system).say("hej")
    first = Chat(system)
    first.say("sluta skicka reklam till mig")
    first.say(known)
    told = []
    for address in (known, unknown):
        chat = Chat(system)
        chat.say("skicka mig allt ni har om mig")
        chat.go_on_to("email", address)
        chat.say(address)
        told.append(chat.text.replace(address, "ADDRESS"))
    assert told[0] == told[1]


def _wrong_codes(right: str, count: int) -> list[str]:
    digits = right.replace(" ", "")
    return [f"{(int(digits) + step) % 10**8:08d}" for step in range(1, count + 1)]


def test_the_link_in_the_mail_does_what_the_code_does(chat: Chat, system: System, address: str) -> None:
    """Opened by a mail scanner it confirms nothing; confirmed by its button it lets the chat go on without the code."""
    chat.say("radera mig")
    chat.go_on_to("code", address)
    link = re.search(r"http\S+/bekrafta/\S+", system.letter(address, "kod").text)
    assert link
    assert "radering" in system.http.get(link[0]).text
    chat.say("klart")
    assert chat.expects == "code", chat.text

    assert system.http.post(link[0]).status_code == 200
    chat.say("klart")

    assert "bekräftat adressen" in chat.text
    assert chat.expects == "confirmed", chat.text
    chat.say("ja")
    assert system.case(chat.case["reference"])["proof"] == "mailbox"


def test_a_request_can_be_cancelled_after_the_link_was_confirmed(chat: Chat, system: System, address: str) -> None:
    chat.say("radera mig")
    chat.go_on_to("code", address)
    link = re.search(r"http\S+/bekrafta/\S+", system.letter(address, "kod").text)
    assert link
    assert system.http.post(link[0]).status_code == 200
    chat.say("avbryt, jag ångrar mig")
    assert chat.expects is None, chat.text
    assert chat.topics == ["request.cancel"]
