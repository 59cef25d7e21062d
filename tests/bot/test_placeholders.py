from __future__ import annotations

import pytest
from insyn_bot import placeholders


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("⟨e-post 1⟩", "email"),
        ("⟨telefon 2⟩", "phone"),
        ("⟨personnummer 1⟩", "personnummer"),
        ("⟨kortnummer 1⟩", "card"),
        ("⟨namn 12⟩", "name"),
        ("⟨kod 1⟩", "code"),
        ("⟨ärende 1⟩", "reference"),
        ("⟨adress 1⟩", "postal_address"),
    ],
)
def test_every_kind_is_an_entity_whose_value_is_the_whole_placeholder(text: str, entity: str) -> None:
    (found,) = placeholders.find(f"det är {text}, tack")
    assert (found.entity, found.value) == (entity, text)
    assert (found.start, found.end) == (7, 7 + len(text))


def test_what_people_can_type_is_no_placeholder() -> None:
    assert placeholders.find("<e-post 1> ⟨e-post⟩ ⟨hemligt 1⟩ e-post 1") == []


def test_two_of_a_kind_are_the_same_word_to_the_model() -> None:
    assert placeholders.to_markers("⟨e-post 1⟩").strip() == placeholders.to_markers("⟨e-post 2⟩").strip()
