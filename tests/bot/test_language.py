from __future__ import annotations

import pytest
from insyn_bot.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hur länge sparar ni mina uppgifter?", "sv"),
        ("hur lange sparar ni mitt cv", "sv"),
        ("radera mig", "sv"),
        ("gdpr", "sv"),
        ("", "sv"),
        ("👍", "sv"),
        ("⟨e-post 1⟩", "sv"),
        ("How long do you keep my data?", "en"),
        ("please delete everything", "en"),
        ("Hvor lenge lagrer dere opplysningene mine?", "no"),
        ("Hvor længe gemmer I mine oplysninger?", "da"),
        ("ما هي البيانات التي لديكم", "other"),
        ("¿Qué datos tienen sobre mí?", "other"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language
