"""Messages that are no messages, and texts that would be commands to Rasa."""

from __future__ import annotations

import pytest

from tests.fixtures.chat import Chat
from tests.fixtures.system import System


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "/", "\u200b\u200e", "\x00\x07"])
def test_nothing_is_not_a_message(chat: Chat, text: str) -> None:
    refused = chat.post({"text": text})
    assert refused.status_code == 422
    assert "tomt" in refused.json()["error"]["message"]


def test_more_than_eight_kibibytes_are_refused_and_exactly_as_much_is_taken(chat: Chat) -> None:
    assert chat.post({"text": "å" * 4097}).status_code == 413
    assert chat.post({"text": "hej " * 20_000}).status_code == 413
    assert chat.post({"text": "å" * 4096}).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "👍👍👍",
        "🤷",
        "שלום, מה שלומך?",
        "مرحبا",
        "he\x00j\x1b[31m",
        "\u202etxet desrever",
        "<script>alert(1)</script>",
        "'; DROP TABLE turn;--",
    ],
)
def test_odd_characters_are_answered_in_words(chat: Chat, text: str) -> None:
    chat.say(text)
    assert all(message["text"].strip() for message in chat.said)
    assert chat.say("Hur länge sparas min jobbansökan?")[0]["topic"] == "policy.retention.applicants"


@pytest.mark.parametrize(
    "command", ["/restart", '/inform{"email": "nagon@example.se"}', "/answer.affirm", "//restart", " /request.erasure"]
)
def test_a_slash_is_no_way_into_rasa(chat: Chat, address: str, command: str) -> None:
    chat.say("Jag vill ha en kopia på alla uppgifter ni har om mig")
    chat.go_on_to("name", address)
    chat.say(command)
    assert chat.expects == "name", "the command was taken for an answer, or ended the request"
    chat.go_on_to("done", address)
    assert chat.case["kind"] == "request.access"


def test_a_choice_must_have_been_offered_in_this_conversation(chat: Chat, system: System) -> None:
    other = Chat(system)
    theirs = other.said[0]["choices"][0]["id"]
    for choice in (theirs, chat.said[0]["choices"][0]["id"] + "9", "/request.erasure", "policy.contact", ""):
        assert chat.post({"choice": choice}).status_code == 422, choice


@pytest.mark.parametrize("token", [".", "x", "forged.token", "a" * 500])
def test_a_forged_token_opens_nothing(chat: Chat, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert chat.system.http.post("/api/chat/messages", json={"text": "hej"}, headers=headers).status_code == 401
    assert chat.system.http.get("/api/chat/transcript", headers=headers).status_code == 401


def test_a_token_is_not_taken_from_the_address_line(chat: Chat) -> None:
    assert chat.system.http.get(f"/api/chat/transcript?token={chat.token}").status_code == 401


def test_a_message_sent_twice_with_one_key_is_one_message(chat: Chat) -> None:
    first, second = (chat.post({"text": "Hur länge sparas min jobbansökan?"}, key="samma") for _ in range(2))
    assert first.json() == second.json()
    assert [entry["author"] for entry in chat.transcript()].count("person") == 1
