"""Keys: a master key that wraps one data key per subject, and the blind index under a key of its own.

Sealing is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the context a value belongs to is authenticated
with it, so a sealed value moved to another row does not open.

Both kinds of key can be changed while the service runs: `news` tells a running keyring that the keys have been written
anew, and it then takes them over. `insyn.upkeep.rotation` brings what is stored under the new keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import uuid
from collections.abc import Callable
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from insyn.store.mail_tables import IncomingMail
from insyn.store.models import AddressFailure, Case, Challenge, Conversation, DataKey

NONCE_BYTES = 12
KEY_BYTES = 32

# Every column that holds the blind index of an address.
ADDRESS_COLUMNS = (
    Case.address_index,
    Conversation.verified_index,
    Challenge.address_index,
    AddressFailure.address_index,
    IncomingMail.address_index,
)


class Shredded(Exception):
    """The key is gone: what it sealed can no longer be read by anyone."""


class UnknownMasterKey(KeyError):
    """A data key is wrapped by a master key that is not configured here."""


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


def parse_master_keys(text: str) -> dict[str, bytes]:
    """The keys of `id:base64` pairs, separated by commas or lines, the one in use first. Raises ValueError."""
    pairs = [part.partition(":") for part in text.replace(",", "\n").split()]
    keys = {key_id: base64.b64decode(encoded, validate=True) for key_id, _, encoded in pairs}
    if not keys or len(keys) != len(pairs) or any(len(key) != KEY_BYTES for key in keys.values()):
        raise ValueError("INSYN_MASTER_KEYS must hold id:base64 pairs of 32 bytes each")
    return keys


class DataKeyring:
    """Makes and opens subjects' keys. `news` gives the master keys as text when they have changed, otherwise None."""

    def __init__(self, master_keys: str, news: Callable[[], str | None] = lambda: None) -> None:
        self._masters = parse_master_keys(master_keys)
        self._news = news

    @property
    def current_id(self) -> str:
        """The id of the master key that new keys are wrapped by."""
        return next(iter(self._masters))

    def create(self, session: Session, now: datetime) -> str:
        """A new subject's key, stored wrapped; returns its id."""
        self.hear_news()
        masters = self._masters
        current_id = next(iter(masters))
        key_id = str(uuid.uuid4())
        wrapped = seal(masters[current_id], os.urandom(KEY_BYTES), key_id)
        session.add(DataKey(id=key_id, wrapped=wrapped, master_key_id=current_id, created_at=now))
        session.flush()
        return key_id

    def open(self, session: Session, key_id: str) -> bytes:
        """The subject's key. Raises `Shredded` when it has been destroyed, `UnknownMasterKey`."""
        row = session.get(DataKey, key_id)
        if row is None:
            raise Shredded(key_id)
        return unseal(self._master(row.master_key_id), row.wrapped, key_id)

    def rewrap(self, row: DataKey) -> None:
        """Wraps a stored key under the master key now in use; what it sealed stays readable."""
        if row.master_key_id != self.current_id:
            key = unseal(self._master(row.master_key_id), row.wrapped, row.id)
            row.wrapped = seal(self._masters[self.current_id], key, row.id)
            row.master_key_id = self.current_id

    @staticmethod
    def shred(session: Session, key_id: str) -> None:
        """Destroys a subject's key, and with it everything it sealed."""
        row = session.get(DataKey, key_id)
        if row is not None:
            session.delete(row)

    def hear_news(self) -> None:
        """Takes over the master keys as they stand now, where they have been changed."""
        text = self._news()
        if text is not None:
            self._masters = parse_master_keys(text)

    def _master(self, master_key_id: str) -> bytes:
        if master_key_id not in self._masters:
            self.hear_news()
        try:
            return self._masters[master_key_id]
        except KeyError:
            raise UnknownMasterKey(master_key_id) from None


class BlindIndex:
    """A keyed fingerprint by which an exact value can be looked up but not read (HMAC-SHA-256).

    While the key is changed the former one is configured too: what is stored under it is still found. `news` gives both
    when they have changed, otherwise None.
    """

    def __init__(self, key: str, former: str = "", news: Callable[[], tuple[str, str] | None] = lambda: None) -> None:
        self._keys = _index_keys(key, former)
        self._news = news

    def of(self, kind: str, value: str) -> bytes:
        """32 bytes for `value`; `kind` keeps the same text in different roles apart."""
        return self.candidates(kind, value)[0]

    def candidates(self, kind: str, value: str) -> tuple[bytes, ...]:
        """Everything `value` may be stored as: under the key in use first, then under the former one if there is one."""
        news = self._news()
        if news is not None:
            self._keys = _index_keys(*news)
        text = f"{kind}\0{value}".encode()
        return tuple(hmac.new(key, text, hashlib.sha256).digest() for key in self._keys)

    def address(self, session: Session, canonical: str) -> bytes:
        """The fingerprint that an address goes by in the store, everywhere the same.

        What is found under the former key is brought under the new one at once. Where a code to the address is under
        way, which is bound to the fingerprint it was sent under, the address keeps the former one a little longer.
        """
        present, *former = self.candidates("address", canonical)
        return next((old for old in former if not move_address(session, old, present)), present)


def move_address(session: Session, old: bytes, new: bytes) -> bool:
    """Puts everything of an address under another fingerprint; False, and nothing done, while a code is under way."""
    if session.scalar(select(exists().where(Challenge.address_index == old, Challenge.status == "open"))):
        return False
    for column in ADDRESS_COLUMNS:
        session.execute(update(column.class_).where(column == old).values({column: new}))
    return True


def _index_keys(key: str, former: str) -> tuple[bytes, ...]:
    return tuple(each.encode() for each in (key, former) if each)
