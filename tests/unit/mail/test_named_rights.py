"""A right that a mail names in plain words is not missed where the model saw nothing of it."""

from __future__ import annotations

import pytest

from insyn.mail.named_rights import Named, named_but_not_found
from insyn.mail.understanding import HUMAN, MOST_TURNS, Part, combine

ERASURE = [
    "ta bort mina person uppgifter tack!",
    "Jag önskar få allt om mig raderat.",
    "Please delete everything you have about me!",
    "Jeg vil ha mine opplysninger slettet.",
    "Slet venligst alt I har om mig.",
    "Poistakaa minun tietoni.",
]
ACCESS = [
    "Jag begär registerutdrag enligt artikel 15.",
    "Kan jag få en kopia på det ni har sparat?",
    "I want a copy of my file.",
]
NEGATED = [
    "Om ni inte raderar mina uppgifter så anmäler jag er.",
    "Jag vill inte att ni tar bort mina uppgifter än.",
    "Please don't delete my data yet.",
]
NOT_NAMED = [
    "Om mejlet inte är till dig, radera meddelandet och alla kopior.",
    "Hur länge sparar ni mitt cv?",
    "Vi har tagit bort kollegan från listan.",
    "Bifogar en kopia av fakturan.",
    "Raderas uppgifter automatiskt efter två år?",
    "Ni har redan raderat mina uppgifter.",
]


@pytest.mark.parametrize("words", ERASURE)
def test_erasure_named_and_not_found_is_told(words: str) -> None:
    assert named_but_not_found(f"Hej! {words} Mvh", ["policy.cookies.what"]) == [Named("request.erasure", words, False)]


@pytest.mark.parametrize("words", ACCESS)
def test_a_copy_named_and_not_found_is_told(words: str) -> None:
    assert named_but_not_found(f"Hej! {words} Mvh", ["request.erasure"]) == [Named("request.access", words, False)]


@pytest.mark.parametrize("words", NEGATED)
def test_where_there_is_a_not_in_it_that_is_told(words: str) -> None:
    assert named_but_not_found(words, []) == [Named("request.erasure", words, True)]


@pytest.mark.parametrize("words", NOT_NAMED)
def test_what_names_no_right_of_the_writers_is_not(words: str) -> None:
    assert named_but_not_found(words, []) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (ERASURE[0], "request.erasure"),
        (ERASURE[0], "complaint"),
        (ERASURE[0], "request.objection.marketing"),
        (ERASURE[0], "process.identity"),
        (ACCESS[0], "request.access"),
        (ACCESS[1], "policy.rights.access"),
    ],
)
def test_what_was_found_in_any_way_needs_no_second_look(words: str, found: str) -> None:
    assert named_but_not_found(words, [found]) == []


@pytest.mark.parametrize(("words", "taken_for"), [(ERASURE[0], "request.erasure"), (NEGATED[0], HUMAN)])
def test_it_is_dealt_with_first_of_what_is_dealt_with_beside(words: str, taken_for: str) -> None:
    others = [{"intent": f"report.{number}", "confidence": 0.9, "start": 0, "end": 4} for number in range(9)]
    whole = {"intent": "policy.cookies.what", "confidence": 0.9, "parts": others, "ranking": []}
    understood = combine(whole, [], words)
    assert understood.beside[0] == Part(words, taken_for)
    assert len(understood.beside) == MOST_TURNS


def test_where_a_human_judges_nothing_is_taken_as_claimed() -> None:
    whole = {"intent": "handover.representative", "confidence": 0.9, "parts": [], "ranking": []}
    assert combine(whole, [], ERASURE[0]).beside == ()
