"""Incidents, complaints and people: taken at once, no identity asked for, the right ones urgent."""

from __future__ import annotations

import pytest

from tests.fixtures.chat import Chat
from tests.fixtures.system import System

REPORTS = [
    ("Jag fick någon annans lönespec i mejlen", "report.incident", "report.incident", True),
    ("jag är missnöjd med hur ni hanterat mina uppgifter och vill klaga", "complaint", "complaint", False),
    ("jag vill prata med en människa", "handover.human", "question", False),
    ("Jag skriver för min mamma som har avlidit, hennes uppgifter ska bort", "handover.human", "question", False),
    ("Jag är god man för en person och har fullmakt, skicka ut hans uppgifter", "handover.human", "question", False),
    ("jag har skyddad identitet, syns jag hos er?", "handover.human", "question", True),
    ("jag orkar inte leva längre", "handover.human", "question", True),
]


@pytest.mark.parametrize(("words", "topic", "kind", "urgent"), REPORTS)
def test_it_is_taken_at_once(
    chat: Chat, system: System, address: str, words: str, topic: str, kind: str, urgent: bool
) -> None:
    chat.say(words)
    assert topic in chat.topics
    assert chat.expects is None, "nothing is asked for"
    case = system.case(chat.case["reference"])
    assert (case["kind"], case["status"], case["urgent"]) == (kind, "open", urgent)
    chat.say(address)
    assert chat.case["reference"] == case["reference"]
    assert case["reference"] in chat.text


def test_whoever_told_something_may_go_on_telling(chat: Chat, address: str) -> None:
    chat.say("jag har hittat en lönefil på en delad länk som vem som helst kan öppna")
    reference = chat.case["reference"]
    chat.say("det var i tisdags kväll den låg på ett forum om båtar")
    assert chat.case["reference"] == reference, "more of the same report"
    chat.say("ja")
    assert "adressen" in chat.text
    chat.say(f"Bo Ek, {address}")
    assert chat.case["reference"] == reference


def test_an_incident_alarms_the_staff(chat: Chat, system: System) -> None:
    chat.say("Jag hittade en USB-sticka med era kunders löner på tåget")
    assert "report.incident" in chat.topics
    reference = chat.case["reference"]
    system.wait_for(
        lambda: [each for each in system.letters("larm@example.se") if reference in each.subject + each.text],
        "the alarm",
        30,
    )


def test_distress_is_met_with_where_help_is(chat: Chat) -> None:
    chat.say("jag orkar inte leva längre")
    assert "112" in chat.text
    assert "90101" in chat.text


@pytest.mark.parametrize(
    "words",
    [
        "Jag är vårdnadshavare för min son på 14 år, radera hans uppgifter",
        "Vi företräder vår klient och begär registerutdrag för hennes räkning enligt bifogad fullmakt",
    ],
)
def test_someone_elses_request_is_a_humans_to_judge(chat: Chat, system: System, words: str) -> None:
    known = {case["reference"] for case in system.cases()}
    chat.say(words)
    assert "handover.human" in chat.topics
    assert chat.expects is None
    (new,) = [case for case in system.cases() if case["reference"] not in known]
    assert new["kind"] == "question"


def test_protected_people_are_not_asked_where_they_are(chat: Chat) -> None:
    chat.say("Jag lever med skyddade personuppgifter och vill bli raderad")
    assert "handover.human" in chat.topics
    assert chat.expects is None
    assert "var du finns" in chat.text
