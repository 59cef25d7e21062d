"""Breaking off, taking back, and what only sounds like it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fixtures.chat import Chat
from tests.fixtures.system import System


@pytest.mark.parametrize("place", ["relation", "concerns", "name", "email", "code", "confirmed"])
def test_a_request_is_broken_off_at_any_step(chat: Chat, system: System, address: str, place: str) -> None:
    known = {case["reference"] for case in system.cases()}
    chat.say("radera mina uppgifter")
    chat.go_on_to(place, address)
    chat.say("avbryt")
    assert chat.topics == ["request.cancel"]
    assert chat.expects is None
    (left,) = [case for case in system.cases() if case["reference"] not in known]
    assert left["status"] == "withdrawn"
    chat.say("Hur länge sparas min jobbansökan?")
    assert (chat.topics, chat.expects) == (["policy.retention.applicants"], None)


def test_a_broken_off_request_can_be_begun_again(chat: Chat, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to("name", address)
    chat.say("nej strunt i det, avbryt")
    chat.say("radera mina uppgifter")
    chat.go_on_to("done", address)
    assert chat.case["status"] == "open"


def test_a_filed_request_is_taken_back(filed: Callable[[str, str], Chat], system: System, address: str) -> None:
    chat = filed("radera mina uppgifter", address)
    reference = chat.case["reference"]
    chat.say("jag vill ta tillbaka min begäran")
    assert chat.expects == "cancel_confirmed"
    assert reference in chat.text
    chat.say("ja")
    assert chat.topics == ["request.cancel"]
    assert chat.case["status"] == "withdrawn"
    assert system.case(reference)["status"] == "withdrawn"
    system.wait_for(
        lambda: len([each for each in system.letters(address) if reference in each.subject + each.text]) == 2,
        "the confirmation of the withdrawal",
        30,
    )


def test_a_filed_request_is_kept_after_all(filed: Callable[[str, str], Chat], system: System, address: str) -> None:
    chat = filed("radera mina uppgifter", address)
    reference = chat.case["reference"]
    chat.say("jag vill ta tillbaka min begäran")
    chat.say("nej")
    assert chat.expects is None
    assert system.case(reference)["status"] == "open"


def test_a_withdrawn_job_application_is_no_withdrawn_request(
    filed: Callable[[str, str], Chat], system: System, address: str
) -> None:
    chat = filed("radera mina uppgifter", address)
    reference = chat.case["reference"]
    chat.say("jag vill dra tillbaka min jobbansökan")
    assert chat.expects is None
    assert "request.erasure" in chat.offered
    assert system.case(reference)["status"] == "open"


def test_a_withdrawn_job_application_deletes_nothing(chat: Chat, system: System) -> None:
    before = len(system.cases())
    chat.say("Hej, jag vill dra tillbaka min ansökan till tjänsten som lönekonsult")
    assert chat.expects is None
    assert chat.offered >= {"request.erasure", "handover.human"}
    assert len(system.cases()) == before


def test_nothing_to_take_back_asks_for_the_reference(chat: Chat) -> None:
    chat.say("jag vill ta tillbaka min begäran")
    assert chat.expects == "reference"
    chat.say("avbryt")
    assert chat.expects is None
