"""In the middle of a request: questions, reasons, pauses, thanks, other matters; then it goes on where it was."""

from __future__ import annotations

import pytest

from tests.fixtures.chat import Chat

PLACES = ["relation", "concerns", "name", "email", "code", "confirmed"]


def _begin(chat: Chat, place: str, address: str) -> None:
    chat.say("radera mina uppgifter")
    chat.go_on_to(place, address)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("question", "topic"),
    [("Vad kostar det?", "process.cost"), ("Vilka cookies använder ni?", "policy.cookies.types")],
)
def test_a_question_is_answered_and_the_request_goes_on(
    chat: Chat, address: str, place: str, question: str, topic: str
) -> None:
    _begin(chat, place, address)
    chat.say(question)
    assert chat.topics == [topic]
    assert chat.expects == place
    assert "Tillbaka till din begäran" in chat.text
    chat.go_on_to("done", address)
    assert (chat.case["kind"], chat.case["status"]) == ("request.erasure", "open")


def test_a_question_is_no_description_of_the_request(chat: Chat, address: str) -> None:
    _begin(chat, "concerns", address)
    chat.say("Vilka cookies använder ni?")
    chat.go_on_to("confirmed", address)
    assert "cookies" not in chat.text


@pytest.mark.parametrize("place", PLACES)
def test_why_is_told(chat: Chat, address: str, place: str) -> None:
    _begin(chat, place, address)
    before = chat.text
    chat.say("varför då?")
    assert chat.expects == place
    assert chat.text != before
    assert not any(topic.startswith("policy.") for topic in chat.topics)


@pytest.mark.parametrize("place", ["name", "email", "code"])
def test_why_we_need_to_know_who_someone_is_is_answered_on_the_way(chat: Chat, address: str, place: str) -> None:
    _begin(chat, place, address)
    chat.say("Måste jag visa legitimation för att ni ska veta vem jag är?")
    assert "process.identity" in chat.topics
    assert "aldrig om kopia på legitimation" in chat.text
    assert chat.expects == place
    chat.go_on_to("done", address)
    assert chat.case["status"] == "open"


@pytest.mark.parametrize("place", PLACES)
def test_waiting_breaks_nothing_off(chat: Chat, address: str, place: str) -> None:
    _begin(chat, place, address)
    chat.say("vänta lite")
    assert chat.expects == place
    chat.go_on_to("done", address)
    assert chat.case["status"] == "open"


@pytest.mark.parametrize("place", PLACES)
def test_what_is_asked_is_put_in_other_words(chat: Chat, address: str, place: str) -> None:
    _begin(chat, place, address)
    asked = chat.said[-1]["text"]
    chat.say("va? jag förstår inte frågan")
    assert chat.expects == place
    assert chat.said[-1]["text"] != asked


def test_thanks_and_greetings_disturb_nothing(chat: Chat, address: str) -> None:
    _begin(chat, "email", address)
    chat.say("tack")
    assert chat.expects == "email"
    chat.go_on_to("done", address)
    assert chat.case["status"] == "open"


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("jag vill prata med en människa", "handover.human"),
        ("jag fick någon annans lönespec i mejlen", "report.incident"),
        ("jag är missnöjd med hur ni hanterat mina uppgifter och vill klaga", "complaint"),
    ],
)
def test_other_matters_are_taken_down_and_the_request_goes_on(chat: Chat, address: str, words: str, topic: str) -> None:
    _begin(chat, "name", address)
    chat.say(words)
    assert topic in chat.topics
    report = chat.case["reference"]
    assert chat.expects == "name"
    chat.go_on_to("done", address)
    assert chat.case["kind"] == "request.erasure"
    assert chat.case["reference"] != report


def test_a_name_and_a_question_in_one_message(chat: Chat, address: str) -> None:
    _begin(chat, "name", address)
    chat.say("Alva Lindqvist. Men vad kostar det?")
    assert "process.cost" in chat.topics
    assert chat.expects == "email"


def test_in_english_the_way_back_is_english_too(chat: Chat, address: str) -> None:
    chat.say("Please delete all the personal data you have about me")
    chat.go_on_to("email", address)
    chat.say("What does it cost to make a request?")
    assert "process.cost" in chat.topics
    assert "Back to your request: Which e-mail address" in chat.text
    assert "Tillbaka till din begäran: Vilken e-postadress" in chat.text


def test_what_a_request_concerns_may_be_a_job_application(chat: Chat, address: str) -> None:
    _begin(chat, "concerns", address)
    chat.say("min ansökan till tjänsten som lönekonsult i mars")
    chat.go_on_to("confirmed", address)
    assert "Gäller: min ansökan till tjänsten som lönekonsult i mars" in chat.text
