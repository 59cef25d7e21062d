"""How a request stands: in the conversation that made it, by reference and a new code, and for no one else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.fixtures.chat import Chat
from tests.fixtures.system import System


def test_in_the_verified_conversation_it_is_simply_told(filed: Callable[[str, str], Chat], address: str) -> None:
    chat = filed("radera mina uppgifter", address)
    case = chat.case
    chat.say("hur går det med mitt ärende?")
    assert chat.topics == ["request.status"]
    assert chat.case == case


def test_by_reference_and_a_new_code_in_another_conversation(
    filed: Callable[[str, str], Chat], chat: Chat, system: System, address: str
) -> None:
    case = filed("radera mina uppgifter", address).case
    system.let_pass(minutes=2)
    chat.say(f"Hur går det med ärende {case['reference']}?")
    assert chat.expects == "lookup_code"
    assert case["kind_name"] not in chat.text, "told before the mailbox is proved"
    chat.say("0000 0000")
    assert chat.expects == "lookup_code"
    old = chat.token
    chat.say(system.letter(address, "kod", but=1).code)
    assert chat.topics == ["request.status"]
    assert chat.case == case
    assert chat.token != old


def test_it_is_taken_back_by_reference_and_a_new_code(
    filed: Callable[[str, str], Chat], chat: Chat, system: System, address: str
) -> None:
    reference = filed("radera mina uppgifter", address).case["reference"]
    system.let_pass(minutes=2)
    chat.say("jag vill ta tillbaka min begäran")
    assert chat.expects == "reference"
    chat.say(reference.lower().replace("-", " "))
    assert chat.expects == "lookup_code"
    chat.say(system.letter(address, "kod", but=1).code)
    assert chat.expects == "cancel_confirmed"
    chat.say("ja")
    assert system.case(reference)["status"] == "withdrawn"


def test_an_unknown_reference_looks_the_same_as_a_known_one(
    filed: Callable[[str, str], Chat], system: System, address: str
) -> None:
    known = filed("radera mina uppgifter", address).case["reference"]
    system.let_pass(minutes=2)
    told = []
    for reference in (known, "INS-2345-6789"):
        chat = Chat(system)
        chat.say("hur går det med mitt ärende?")
        said = [chat.say(reference), chat.say("1234 5678")]
        told.append([[(m["text"], m.get("expects"), m.get("topic")) for m in messages] for messages in said])
    assert told[0] == told[1]


def test_a_reference_alone_is_not_enough_to_take_a_request_back(
    filed: Callable[[str, str], Chat], chat: Chat, system: System, address: str
) -> None:
    reference = filed("radera mina uppgifter", address).case["reference"]
    chat.say(f"Avbryt ärende {reference}")
    for words in ("ja", "1111 1111", "ja", "ja tack, ta bort det"):
        chat.say(words)
    assert system.case(reference)["status"] == "open"


def test_an_unfinished_request_is_said_to_be_unfinished(chat: Chat, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("email", address)
    chat.say("hur går det med mitt ärende?")
    assert chat.topics == ["request.status"]
    assert "inte färdig" in chat.text
    assert chat.expects == "email"


def test_someone_else_sees_nothing(filed: Callable[[str, str], Chat], chat: Chat, address: str) -> None:
    filed("radera mina uppgifter", address)
    chat.say("hur går det med mitt ärende?")
    assert chat.expects == "reference"
    assert not re.search(r"INS-[0-9A-Z]{4}-[0-9A-Z]{4}", chat.text)


@pytest.mark.parametrize("place", ["reference", "lookup_code"])
def test_a_question_while_a_request_is_looked_up(
    filed: Callable[[str, str], Chat], chat: Chat, system: System, address: str, place: str
) -> None:
    reference = filed("radera mina uppgifter", address).case["reference"]
    system.let_pass(minutes=2)
    chat.say("hur går det med mitt ärende?")
    if place == "lookup_code":
        chat.say(reference)
    assert chat.expects == place
    chat.say("Hur länge sparas min jobbansökan?")
    assert "policy.retention.applicants" in chat.topics
    assert chat.expects == place
