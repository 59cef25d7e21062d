from __future__ import annotations

import pytest
from insyn_bot.segments import Span, sentences, splits


def texts(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hur länge sparar ni mitt cv?", ["Hur länge sparar ni mitt cv?"]),
        ("Hej! Vad kostar det? Tack", ["Hej!", "Vad kostar det?", "Tack"]),
        ("Vad sparar ni?Och varför?", ["Vad sparar ni?", "Och varför?"]),
        ("Sparar ni t.ex. mitt cv? Ja.", ["Sparar ni t.ex. mitt cv?", "Ja."]),
        ("1. radera mig\n2. sluta mejla", ["1. radera mig", "2. sluta mejla"]),
        ("enligt art. 15 vill jag ha en kopia", ["enligt art. 15 vill jag ha en kopia"]),
        ("Nå mig på ⟨e-post 1⟩. Tack!", ["Nå mig på ⟨e-post 1⟩.", "Tack!"]),
        ("👍", ["👍"]),
        ("...", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_offsets_point_into_the_message() -> None:
    text = "Hej!  Radera mig.\n\nTack"
    assert [text[span.start : span.end] for span in sentences(text)] == ["Hej!", "Radera mig.", "Tack"]


def test_a_clause_may_end_at_a_conjunction_or_comma() -> None:
    text = "Vad kostar det, och hur lång tid tar det"
    assert ("Vad kostar det", "hur lång tid tar det") in [
        (left.of(text), right.of(text)) for left, right in splits(text, Span(0, len(text)))
    ]


def test_a_word_of_order_may_be_followed_by_a_single_word() -> None:
    text = "först en kopia, sen radera"
    assert [(left.of(text), right.of(text)) for left, right in splits(text, Span(0, len(text)))] == [
        ("först en kopia", "radera")
    ]


def test_no_clause_of_a_single_word() -> None:
    text = "namn och adress"
    assert splits(text, Span(0, len(text))) == []
