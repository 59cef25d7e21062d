from __future__ import annotations

import unicodedata

import pytest
from insyn_bot.normalise import fold, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hur länge?", ["hur", "länge", "?"]),
        ("TA BORT MIG NU!!!", ["ta", "bort", "mig", "nu"]),
        ("neeeej", ["nej"]),
        ("aaaaaaaaaa", ["aaa"]),
        ("a", ["a"]),
        ("👍", ["👍"]),
        ("👍🏽", ["👍"]),
        ("min mejl är ⟨e-post 3⟩", ["min", "mejl", "är", "zzemailzz"]),
        ("2023-11-20", ["2023", "11", "20"]),
        ("  \n", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert words(unicodedata.normalize("NFD", "lagras på ön")) == words("lagras på ön")


def test_fold() -> None:
    assert [fold(word) for word in ("åäö", "idé", "længe", "ønsker")] == ["aao", "ide", "lange", "onsker"]
