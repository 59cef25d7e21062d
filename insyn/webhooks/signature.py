"""Signatures of the Standard Webhooks specification, version 1.0.0 (symmetric, `v1`)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)


class Signer:
    """Signs with every secret that is configured: while one is being replaced the receiver may hold either.

    `secrets` is `whsec_<base64>`, several separated by commas. Raises ValueError that does not quote them.
    """

    def __init__(self, secrets: str) -> None:
        self._keys = [_key(part.strip()) for part in secrets.split(",") if part.strip()]
        if not self._keys:
            raise ValueError("at least one secret is needed")

    def headers(self, event_id: str, at: datetime, body: bytes) -> dict[str, str]:
        """The headers of one attempt: the event's id, the moment of the attempt, and a signature for each secret."""
        timestamp = str(int(at.timestamp()))
        signed = b".".join([event_id.encode(), timestamp.encode(), body])
        signatures = (hmac.new(key, signed, hashlib.sha256).digest() for key in self._keys)
        return {
            "webhook-id": event_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in signatures),
        }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:  # also where it is not ASCII
        key = b""
    if not secret.startswith(PREFIX) or len(key) not in KEY_BYTES:
        raise ValueError(f"each secret must be {PREFIX} and the base64 of 24 to 64 bytes")
    return key
