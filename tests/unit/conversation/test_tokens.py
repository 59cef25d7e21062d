"""Bearer tokens: derived from id and epoch under the service's key, and read strictly."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.conversation.tokens import Tokens

TOKENS = Tokens("a key")
ID = "6f1c2f8e-0b1c-4d5e-8f90-1a2b3c4d5e6f"


def test_a_token_names_its_conversation_and_is_right_in_its_epoch() -> None:
    named = TOKENS.conversation_of(TOKENS.issue(ID, 3))
    assert named is not None
    conversation, secret = named
    assert conversation == ID
    assert [TOKENS.is_right(ID, epoch, secret) for epoch in (2, 3, 4)] == [False, True, False]
    assert not TOKENS.is_right(str(uuid.uuid4()), 3, secret)
    assert not Tokens("another key").is_right(ID, 3, secret)


def test_security_9_a_token_holds_256_bits_that_differ_everywhere() -> None:
    secrets = [TOKENS.issue(str(uuid.uuid4()), 0).partition(".")[2] for _ in range(300)]
    assert len(set(secrets)) == 300
    assert {len(secret) for secret in secrets} == {43}
    assert all(len(set(column)) > 10 for column in zip(*secrets, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "", ".", ID, f"{ID}.", f"{ID}.{'A' * 42}", f"{ID}.{'A' * 44}", f"{ID}.{'Å' * 43}", f"{ID} .{'A' * 43}",
        f"{ID}.{'A' * 42}\n", f"\n{ID}.{'A' * 43}", f"{ID.upper()}.{'A' * 43}", f"{ID}.{'A' * 42}=",
    ],
)  # fmt: skip
def test_what_has_not_the_form_of_a_token(text: str) -> None:
    assert TOKENS.conversation_of(text) is None


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    named = TOKENS.conversation_of(text)
    assert named is None or not TOKENS.is_right(named[0], 0, named[1])
