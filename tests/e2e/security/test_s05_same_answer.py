"""security.md 5: whoever asks cannot tell a known address or case from an unknown one, not even by the time it takes."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from insyn.cases.reference import new_reference
from tests.fixtures.chat import Chat
from tests.fixtures.running import new_address
from tests.fixtures.system import System

CALLS = 200
LIMIT_SECONDS = 0.020
VARIES = {"date", "content-length"}


def known_case(system: System) -> tuple[str, str]:
    """An address that is in the register, and the reference of its case."""
    address = new_address()
    chat = Chat(system)
    chat.say("sluta skicka reklam till mig")
    chat.say(address)
    return address, str(chat.case["reference"])


def timed(chat: Chat, text: str, given: str) -> tuple[float, tuple[int, Any, Any, list[str]]]:
    """Seconds until the answer, and everything of it that must not differ."""
    began = time.perf_counter()
    response = chat.post({"text": text})
    took = time.perf_counter() - began
    body = response.json()
    shown = [
        (m["text"].replace(given, "GIVEN"), m.get("topic"), m.get("expects"), [c["title"] for c in m["choices"]])
        for m in body["messages"]
    ]
    return took, (response.status_code, sorted(body), shown, sorted(set(response.headers) - VARIES))


def test_security_5_known_and_unknown_are_answered_alike_and_as_fast(system: System) -> None:
    known = [known_case(system) for _ in range(CALLS // 2)]
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    answers = set()
    for _, reference in known:
        # In turns, so that whatever else the machine does falls on both alike; each in a conversation of its own.
        for which, given in (("known", reference), ("unknown", new_reference())):
            chat = Chat(system)
            seconds, answer = timed(chat, f"hur går det med ärende {given}?", given)
            took[which].append(seconds)
            answers.add(repr(answer))
    assert len(answers) == 1, answers
    difference = abs(median(took["known"]) - median(took["unknown"]))
    assert difference < LIMIT_SECONDS, f"median difference {difference * 1000:.1f} ms"


def test_security_5_an_address_is_met_the_same_whether_it_is_known_or_not(system: System) -> None:
    told = set()
    for address in (known_case(system)[0], new_address()):
        system.let_pass(minutes=2)
        chat = Chat(system)
        chat.say("radera allt du vet om mig")
        told.add(repr(timed(chat, address, address)[1]))
    assert len(told) == 1, told
