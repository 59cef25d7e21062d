"""Case references: unguessable, readable aloud, found in whatever way they are written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.cases.reference import ALPHABET, canonical, new_reference


def test_no_letter_is_mistaken_for_a_digit() -> None:
    assert not set(ALPHABET) & set("01OIL")
    assert len(set(ALPHABET)) == len(ALPHABET)


def test_references_have_their_form_and_do_not_repeat() -> None:
    references = {new_reference() for _ in range(5000)}
    assert len(references) == 5000
    assert all(re.fullmatch(rf"INS-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", each) for each in references)


def test_every_character_is_used_at_every_place() -> None:
    columns = zip(*(new_reference().replace("-", "")[3:] for _ in range(3000)), strict=True)
    assert all(set(column) == set(ALPHABET) for column in columns)


@given(st.text(ALPHABET, min_size=8, max_size=8), st.sampled_from(["-", "–", " ", ""]), st.booleans())
def test_written_in_any_way_it_is_the_same(part: str, separator: str, small: bool) -> None:
    written = separator.join(["INS", part[:4], part[4:]])
    text = f"Hur går det med {written.lower() if small else written}?"
    assert canonical(text) == f"INS-{part[:4]}-{part[4:]}"


@pytest.mark.parametrize(
    "text", ["", "INS-7KQ4-2M9", "INS-7KQ4-2M9DX", "INS-7KO4-2M9D", "XINS-7KQ4-2M9D", "INS-1234-5678", "7KQ4-2M9D"]
)
def test_what_is_no_reference(text: str) -> None:
    assert canonical(text) is None
