"""The vault: personal values of a conversation behind placeholders, sealed with the conversation's own key."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from insyn.privacy.keys import BlindIndex, DataKeyring, seal, unseal
from insyn.store.models import Conversation, VaultValue

PLACEHOLDER = re.compile(r"⟨[^⟨⟩]{1,36}⟩")
_CODE = re.compile(r"⟨kod \d+⟩")


class Vault:
    """Puts values in and takes them out. All calls are part of the caller's transaction."""

    def __init__(self, keyring: DataKeyring, index: BlindIndex) -> None:
        self._keyring = keyring
        self._index = index

    def keeper(self, session: Session, conversation: Conversation) -> Callable[[str, str], str]:
        """A function `(kind, value) -> placeholder` for one conversation: the same value gets the same placeholder."""

        def keep(kind: str, value: str) -> str:
            fingerprints = self._index.candidates(f"vault:{kind}", value)
            known = session.scalar(
                select(VaultValue.placeholder).where(
                    VaultValue.conversation_id == conversation.id, VaultValue.blind_index.in_(fingerprints)
                )
            )
            if known is not None:
                return known
            number = 1 + (
                session.scalar(
                    select(func.count())
                    .select_from(VaultValue)
                    .where(
                        VaultValue.conversation_id == conversation.id,
                        VaultValue.placeholder.like(f"⟨{kind} %"),
                    )
                )
                or 0
            )
            placeholder = f"⟨{kind} {number}⟩"
            key = self._keyring.open(session, conversation.data_key_id)
            sealed = seal(key, value.encode(), f"{conversation.id}/{placeholder}")
            session.add(
                VaultValue(
                    conversation_id=conversation.id,
                    placeholder=placeholder,
                    sealed=sealed,
                    blind_index=fingerprints[0],
                )
            )
            session.flush()
            return placeholder

        return keep

    def value(self, session: Session, conversation: Conversation, placeholder: str) -> str | None:
        """The value behind a placeholder of this conversation, or None. Raises `Shredded`."""
        row = session.scalar(
            select(VaultValue).where(
                VaultValue.conversation_id == conversation.id, VaultValue.placeholder == placeholder
            )
        )
        if row is None:
            return None
        key = self._keyring.open(session, conversation.data_key_id)
        return unseal(key, row.sealed, f"{conversation.id}/{placeholder}").decode()

    def reveal(self, session: Session, conversation: Conversation, text: str) -> str:
        """`text` with the placeholders of this conversation replaced by their values: only for the person's own eyes."""
        if not PLACEHOLDER.search(text):
            return text
        text = _CODE.sub("••••", text)  # of a code only its fingerprint is kept
        return PLACEHOLDER.sub(lambda match: self.value(session, conversation, match[0]) or match[0], text)
