"""Bearer tokens of conversations: derived, not stored, and renewed when a mailbox is proved."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

_FORM = re.compile(r"([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})")


class Tokens:
    """`<conversation id>.<HMAC-SHA-256 of id and epoch>`: 256 bits under the service's key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def issue(self, conversation_id: str, epoch: int) -> str:
        """The token of a conversation in an epoch."""
        return f"{conversation_id}.{self._secret(conversation_id, epoch)}"

    def conversation_of(self, token: str) -> tuple[str, str] | None:
        """Conversation id and secret of a token's text, unverified; None when it has not the form of one."""
        match = _FORM.fullmatch(token)
        return (match[1], match[2]) if match else None

    def is_right(self, conversation_id: str, epoch: int, secret: str) -> bool:
        """Whether the secret is the conversation's in that epoch (constant time)."""
        return hmac.compare_digest(secret, self._secret(conversation_id, epoch))

    def _secret(self, conversation_id: str, epoch: int) -> str:
        digest = hmac.new(self._key, f"{conversation_id}:{epoch}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
