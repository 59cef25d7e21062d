"""What Insyn itself holds: shown and erased in the chat, by whoever can show whose it is, without a human."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from tests.fixtures.chat import Chat
from tests.fixtures.system import System


def fetch(chat: Chat, path: str) -> httpx.Response:
    return chat.system.http.get(f"/api/chat/{path}", headers={"Authorization": f"Bearer {chat.token}"})


def files(chat: Chat) -> list[str]:
    return [file["path"] for message in chat.said for file in message.get("files", [])]


def is_gone(chat: Chat) -> bool:
    return fetch(chat, "transcript").status_code == 401


def test_a_new_visitor_sees_everything_after_a_code(
    chat: Chat, address: str, filed: Callable[[str, str], Chat]
) -> None:
    before = filed("sluta skicka reklam till mig", address)
    verified = filed("skicka mig en kopia av mina uppgifter", address)
    chat.say("vad vet du om mig?")
    assert chat.topics[0] == "assistant.privacy"
    assert chat.expects == "email"
    assert fetch(chat, "own-data.json").status_code == 403
    chat.system.let_pass(minutes=2)  # a minute between codes to an address
    chat.say(address)
    assert chat.expects == "code"
    old = chat.token
    chat.give_code(address, but=1)
    assert files(chat) == ["own-data.html", "own-data.json"]
    assert chat.token != old
    held = json.loads(fetch(chat, "own-data.json").text)
    assert held["about"] == address
    assert len(held["conversations"]) == 2  # this one and the one that proved the address
    assert {case["kind"] for case in held["cases"]} == {"request.objection.marketing", "request.access"}
    said = [message["text"] for talk in held["conversations"] for message in talk["messages"]]
    assert "skicka mig en kopia av mina uppgifter" in said
    page = fetch(chat, "own-data.html")
    assert page.headers["content-disposition"] == 'attachment; filename="insyn-om-dig.html"'
    assert "skicka mig en kopia av mina uppgifter" in page.text
    assert not is_gone(before)
    assert not is_gone(verified)


def test_whoever_has_just_given_a_code_is_not_asked_again(address: str, filed: Callable[[str, str], Chat]) -> None:
    chat = filed("skicka mig en kopia av mina uppgifter", address)
    chat.say("visa allt du har om mig")
    assert files(chat) == ["own-data.html", "own-data.json"]


def test_a_wrong_code_shows_nothing(chat: Chat, system: System, address: str) -> None:
    chat.say("vad har du sparat om just mig, visa det")
    chat.say(address)
    right = system.letter(address, "kod").code.replace(" ", "")
    chat.say(f"{(int(right) + 1) % 10**8:08d}")
    assert "stämmer inte" in chat.text
    assert files(chat) == []
    assert fetch(chat, "own-data.json").status_code == 403
    chat.say(right)
    assert files(chat) != []


def test_everything_is_erased_at_once_but_what_must_be_kept(
    chat: Chat, system: System, address: str, filed: Callable[[str, str], Chat]
) -> None:
    closed = filed("skicka mig en kopia av mina uppgifter", address)
    first = closed.case["reference"]
    closed.say("jag vill ta tillbaka min begäran")
    closed.say("ja")
    system.let_pass(minutes=2)
    still_open = filed("radera mina uppgifter hos kontek", address).case["reference"]
    chat.say("radera allt du vet om mig")
    assert chat.expects == "email"
    system.let_pass(minutes=2)
    chat.say(address)
    chat.give_code(address, but=2)
    assert chat.expects == "confirmed"
    assert system.case(first)["status"] == "withdrawn"
    chat.say("ja")
    assert f"Ärende {first}: Ärendets innehåll är raderat" in chat.text
    assert f"Ärende {still_open}: Ärendet pågår" in chat.text
    assert is_gone(chat)
    assert is_gone(closed)
    assert system.case(still_open)["status"] == "open"
    again = Chat(system)
    again.say("vad vet du om mig?")
    system.let_pass(minutes=2)
    again.say(address)
    again.give_code(address, but=3)
    held = json.loads(fetch(again, "own-data.json").text)
    assert [case["reference"] for case in held["cases"]] == [still_open]


def test_a_no_erases_nothing(address: str, filed: Callable[[str, str], Chat]) -> None:
    chat = filed("skicka mig en kopia av mina uppgifter", address)
    chat.say("radera allt du har sparat om mig")
    assert chat.expects == "confirmed"
    chat.say("nej")
    assert "kvar som förut" in chat.text
    assert not is_gone(chat)


def test_the_chat_alone_is_erased_without_a_code(chat: Chat) -> None:
    chat.say("hur länge sparas min jobbansökan?")
    chat.say("radera min chatt")
    assert chat.expects == "confirmed"
    response = chat.post({"text": "ja"})
    assert response.json()["ended"] is True
    assert is_gone(chat)


def test_a_question_in_the_middle_is_answered_and_it_goes_on(chat: Chat, address: str) -> None:
    chat.say("radera allt du vet om mig")
    chat.say("hur lång tid har ni på er att svara?")
    assert "process.response_time" in chat.topics
    assert chat.expects == "email"
    chat.say("varför behöver du den?")
    assert "ingen annan får se eller radera" in chat.text
    chat.say("avbryt")
    assert "kvar som förut" in chat.text


def test_in_the_middle_of_a_request_it_waits(chat: Chat, address: str) -> None:
    chat.say("skicka mig en kopia av mina uppgifter")
    asked = chat.expects
    chat.say("radera min chatt")
    assert "begäran först" in chat.text
    assert chat.expects == asked


@pytest.mark.parametrize(
    "text", ["vad vet ni om mig", "vilka uppgifter har ni om mig", "vad har kontek om mig, skicka det"]
)
def test_what_is_asked_of_kontek_is_a_request(chat: Chat, text: str) -> None:
    chat.say(text)
    assert {"request.access", "policy.rights.access"} & set(chat.topics), chat.text
    assert "assistant.privacy" not in chat.topics


@pytest.mark.parametrize(
    "text", ["ta bort mig ur era register", "radera allt ni har om mig", "glöm mig", "radera mina uppgifter"]
)
def test_what_is_to_be_erased_at_kontek_is_a_request(chat: Chat, text: str) -> None:
    chat.say(text)
    assert chat.topics[0] == "request.erasure", chat.text


def test_the_answer_about_insyn_leads_there(chat: Chat) -> None:
    chat.say("vad sparar den här chatten om mig?")
    chat.pick("Radera den här chatten")
    assert chat.expects == "confirmed"
