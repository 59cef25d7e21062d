"""Putting placeholders in the place of every personal value that someone writes."""

from __future__ import annotations

from collections.abc import Container

from sqlalchemy.orm import Session

from insyn.conversation.messages import Writer
from insyn.identity.challenge import Challenges
from insyn.privacy.masking import mask, normalise
from insyn.privacy.vault import Vault
from insyn.store.models import Conversation


class Placeholders:
    """Masks what is written; the values go into the vault of the conversation. `vocabulary` are words that are no names."""

    def __init__(self, vault: Vault, challenges: Challenges, vocabulary: Container[str]) -> None:
        self._vault = vault
        self._challenges = challenges
        self._vocabulary = vocabulary

    def put_in(self, session: Session, conversation: Conversation, clean: str) -> str:
        """Normalised text with every personal value behind a placeholder of the conversation's vault."""
        keep = self._vault.keeper(session, conversation)

        def keep_value(kind: str, value: str) -> str:
            # Of a code only its keyed fingerprint is kept.
            return keep(kind, self._challenges.digest(conversation.id, value) if kind == "kod" else value)

        expects = conversation.dialogue.get("requested_slot")
        expects = "code" if expects in ("lookup_code", "own_code") else expects
        if clean.lstrip().startswith("/"):
            expects = None  # an attempted command is not the answer that was asked for
        return mask(clean, keep_value, expects=expects, vocabulary=self._vocabulary)

    def put_in_loose(self, text: str, *, expects: str | None) -> str:
        """A text as Rasa may read it before it is kept: every personal value behind a placeholder of no conversation's."""
        numbers: dict[tuple[str, str], str] = {}

        def forget(kind: str, value: str) -> str:
            alike = sum(1 for each, _ in numbers if each == kind)
            return numbers.setdefault((kind, value), f"⟨{kind} {alike + 1}⟩")

        return mask(normalise(text), forget, expects=expects, vocabulary=self._vocabulary)

    def of_writer(self, session: Session, conversation: Conversation, address: str, name: str) -> Writer:
        """Who wrote a mail, as placeholders of its conversation; either may be empty."""
        keep = self._vault.keeper(session, conversation)
        return Writer(keep("e-post", address) if address else "", keep("namn", name) if name else None)
