from __future__ import annotations

from collections import Counter

import pytest
from insyn_bot.spelling import Speller


@pytest.fixture(scope="module")
def speller() -> Speller:
    common = ["registerutdrag", "radera", "länge", "personuppgifter", "hej", "kakor"]
    return Speller(Counter({**dict.fromkeys(common, 5), "reigsterutdrag": 1}))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("registerutdarg", "registerutdrag"),
        ("registerutdrga", "registerutdrag"),
        ("lange", "lange"),  # länge without its dots
        ("läänge", "lange"),
        ("pesonuppgifter", "personuppgifter"),
    ],
)
def test_slips_are_corrected(speller: Speller, typed: str, read: str) -> None:
    assert speller.correct(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "maka",  # a word of its own, two letters from kakor
        "raderas",  # the dictionary knows it
        "hen",  # too short to judge
        "2023",
        "zzemailzz",
    ],
)
def test_what_may_be_meant_is_left_alone(speller: Speller, typed: str) -> None:
    assert speller.correct(typed) == typed


def test_a_typo_in_an_example_is_known_but_nothing_is_corrected_to_it(speller: Speller) -> None:
    assert speller.knows("reigsterutdrag")
    assert speller.correct("reigsterutdra") == "registerutdrag"


def test_compounds_written_apart_are_put_together(speller: Speller) -> None:
    assert speller.correct_all(["mina", "person", "uppgifter"]) == ["mina", "personuppgifter"]
