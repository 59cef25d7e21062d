"""Keys: a master key that wraps one data key per subject, and the blind index under a key of its own.

Sealing is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the context a value belongs to is authenticated
with it, so a sealed value moved to another row does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import uuid
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from insyn.store.models import DataKey

NONCE_BYTES = 12
KEY_BYTES = 32


class Shredded(Exception):
    """The key is gone: what it sealed can no longer be read by anyone."""


class Tampered(Exception):
    """A sealed value does not open under its key and context."""


def seal(key: bytes, plain: bytes, context: str) -> bytes:
    """`plain` sealed under a 32-byte `key`, bound to `context`; nonce first."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    """What `seal` sealed. Raises `Tampered` when key, context or content differ."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except InvalidTag as error:
        raise Tampered(context) from error


class DataKeyring:
    """Makes and opens subjects' keys. `master_keys` is `id:base64,id:base64`, the first in use, the rest to unwrap."""

    def __init__(self, master_keys: str) -> None:
        pairs = [part.strip().partition(":") for part in master_keys.split(",") if part.strip()]
        self._masters = {key_id: base64.b64decode(encoded, validate=True) for key_id, _, encoded in pairs}
        if not self._masters or any(len(key) != KEY_BYTES for key in self._masters.values()):
            raise ValueError("INSYN_MASTER_KEYS must hold id:base64 pairs of 32 bytes each")
        self.current_id = pairs[0][0]

    def create(self, session: Session, now: datetime) -> str:
        """A new subject's key, stored wrapped; returns its id."""
        key_id = str(uuid.uuid4())
        wrapped = seal(self._masters[self.current_id], os.urandom(KEY_BYTES), key_id)
        session.add(DataKey(id=key_id, wrapped=wrapped, master_key_id=self.current_id, created_at=now))
        session.flush()
        return key_id

    def open(self, session: Session, key_id: str) -> bytes:
        """The subject's key. Raises `Shredded` when it has been destroyed."""
        row = session.get(DataKey, key_id)
        if row is None:
            raise Shredded(key_id)
        return unseal(self._masters[row.master_key_id], row.wrapped, key_id)

    def rewrap(self, row: DataKey) -> None:
        """Wraps a stored key under the master key now in use; what it sealed stays readable."""
        if row.master_key_id != self.current_id:
            key = unseal(self._masters[row.master_key_id], row.wrapped, row.id)
            row.wrapped = seal(self._masters[self.current_id], key, row.id)
            row.master_key_id = self.current_id

    @staticmethod
    def shred(session: Session, key_id: str) -> None:
        """Destroys a subject's key, and with it everything it sealed."""
        row = session.get(DataKey, key_id)
        if row is not None:
            session.delete(row)


class BlindIndex:
    """A keyed fingerprint by which an exact value can be looked up but not read (HMAC-SHA-256)."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def of(self, kind: str, value: str) -> bytes:
        """32 bytes for `value`; `kind` keeps the same text in different roles apart."""
        return hmac.new(self._key, f"{kind}\0{value}".encode(), hashlib.sha256).digest()
