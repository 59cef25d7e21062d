"""One-time codes: proof that whoever writes can read a mailbox. Nothing more is proved by them (EDPB 01/2022, 65-79).

Limits: 8 digits, 10 minutes, five tries, once; 60 s between codes and five an hour to an address, twenty failures a day
for an address whatever the session. Only a keyed hash is stored, bound to conversation, purpose and address.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.identity.address import EmailAddress
from insyn.privacy.keys import BlindIndex
from insyn.store.models import AddressFailure, Challenge

DIGITS = 8
LIFETIME = timedelta(minutes=10)
MAX_TRIES = 5
PAUSE = timedelta(seconds=60)
CODES_PER_HOUR = 5
FAILURES_PER_DAY = 20


class Limited(Exception):
    """No code may be sent to this address now; `until` is when one may."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class Outcome(Enum):
    """What came of a code that was given."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    DEAD = "dead"
    NONE = "none"


# What a turn that has tried a code is told when it asks again, by what became of the code.
_OUTCOME_AGAIN = {"used": Outcome.RIGHT, "open": Outcome.WRONG, "dead": Outcome.DEAD, "replaced": Outcome.DEAD}


@dataclass(frozen=True)
class Checked:
    """The outcome, and the blind index of the address the code was sent to when it was right."""

    outcome: Outcome
    address_index: bytes | None = None


@dataclass(frozen=True)
class Issued:
    """A code on its way: hand it to the mail and forget it."""

    challenge_id: str
    code: str
    expires_at: datetime


class Challenges:
    """Issues and checks one-time codes. Each call is part of the caller's transaction, which must commit a failure too."""

    def __init__(self, code_key: str, index: BlindIndex, audit: AuditLog, clock: Clock) -> None:
        self._key = code_key.encode()
        self._index = index
        self._audit = audit
        self._clock = clock

    def digest(self, conversation_id: str, code: str) -> str:
        """The keyed fingerprint of a code a person typed: what is kept of it in place of the code."""
        return hmac.new(self._key, f"typed\0{conversation_id}\0{code}".encode(), hashlib.sha256).hexdigest()

    def issue(
        self, session: Session, conversation_id: str, purpose: str, address: EmailAddress, *, turn_id: str
    ) -> Issued | None:
        """A fresh code that replaces any open one of the conversation; None when `turn_id` already asked for one.

        Raises `Limited`.
        """
        now = self._clock()
        address_index = self._index.address(session, address.canonical)
        _take_turns(session, address_index)
        repeated = select(Challenge.id).where(
            Challenge.conversation_id == conversation_id,
            Challenge.purpose == purpose,
            Challenge.issued_by == turn_id,
        )
        if session.scalar(repeated) is not None:
            return None
        self._check_limits(session, address_index, now)
        session.execute(
            update(Challenge)
            .where(Challenge.conversation_id == conversation_id, Challenge.status == "open")
            .values(status="replaced")
        )
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        challenge = Challenge(
            id=str(uuid.uuid4()),
            conversation_id=conversation_id,
            purpose=purpose,
            address_index=address_index,
            code_hash=b"",
            created_at=now,
            expires_at=now + LIFETIME,
            tries=0,
            status="open",
            issued_by=turn_id,
        )
        challenge.code_hash = self._hash(challenge, self.digest(conversation_id, code))
        session.add(challenge)
        session.flush()
        self._audit.append(session, "challenge.issued", conversation_id, challenge=challenge.id, purpose=purpose)
        return Issued(challenge.id, code, challenge.expires_at)

    def check(self, session: Session, conversation_id: str, purpose: str, digest: str, *, turn_id: str) -> Checked:
        """Whether the code behind `digest` is the open one of the conversation; it is used up, a try is counted first.

        The same turn asking again (its answer was lost) gets the same outcome.
        """
        now = self._clock()
        challenge = session.scalar(
            select(Challenge)
            .where(Challenge.conversation_id == conversation_id, Challenge.purpose == purpose)
            .order_by(Challenge.created_at.desc())
            .limit(1)
        )
        if challenge is None:
            return Checked(Outcome.NONE)
        _take_turns(session, challenge.address_index)
        tried = session.scalar(
            select(Challenge).where(
                Challenge.conversation_id == conversation_id,
                Challenge.purpose == purpose,
                Challenge.tried_by == turn_id,
            )
        )
        if tried is not None:
            outcome = _OUTCOME_AGAIN[tried.status]
            return Checked(outcome, tried.address_index if outcome is Outcome.RIGHT else None)
        session.refresh(challenge)
        if challenge.status != "open":
            return Checked(Outcome.DEAD)
        if challenge.expires_at <= now:
            return Checked(Outcome.EXPIRED)
        if self._used_up_until(session, challenge.address_index, now) is not None:
            return Checked(Outcome.DEAD)
        counted = session.execute(
            update(Challenge)
            .where(Challenge.id == challenge.id, Challenge.status == "open", Challenge.tries < MAX_TRIES)
            .values(tries=Challenge.tries + 1, tried_by=turn_id)
            .execution_options(synchronize_session=False)
        )
        if counted.rowcount != 1:  # type: ignore[attr-defined]
            return Checked(Outcome.DEAD)
        session.refresh(challenge)
        if not hmac.compare_digest(challenge.code_hash, self._hash(challenge, digest)):
            session.add(AddressFailure(address_index=challenge.address_index, at=now))
            if challenge.tries >= MAX_TRIES:
                challenge.status = "dead"
            session.flush()
            self._audit.append(
                session, "challenge.failed", conversation_id, challenge=challenge.id, tries=challenge.tries
            )
            return Checked(Outcome.DEAD if challenge.status == "dead" else Outcome.WRONG)
        used = session.execute(
            update(Challenge)
            .where(Challenge.id == challenge.id, Challenge.status == "open")
            .values(status="used")
            .execution_options(synchronize_session=False)
        )
        if used.rowcount != 1:  # type: ignore[attr-defined]
            return Checked(Outcome.DEAD)
        self._audit.append(session, "challenge.passed", conversation_id, challenge=challenge.id, purpose=purpose)
        return Checked(Outcome.RIGHT, challenge.address_index)

    def is_open(self, session: Session, conversation_id: str) -> bool:
        """Whether a code could be given in this conversation now."""
        return (
            session.scalar(
                select(Challenge.id)
                .where(
                    Challenge.conversation_id == conversation_id,
                    Challenge.status == "open",
                    Challenge.expires_at > self._clock(),
                )
                .limit(1)
            )
            is not None
        )

    def _check_limits(self, session: Session, address_index: bytes, now: datetime) -> None:
        recent = session.scalars(
            select(Challenge.created_at)
            .where(Challenge.address_index == address_index, Challenge.created_at > now - timedelta(hours=1))
            .order_by(Challenge.created_at.desc())
        ).all()
        if recent and recent[0] + PAUSE > now:
            raise Limited(recent[0] + PAUSE)
        if len(recent) >= CODES_PER_HOUR:
            raise Limited(recent[CODES_PER_HOUR - 1] + timedelta(hours=1))
        used_up_until = self._used_up_until(session, address_index, now)
        if used_up_until is not None:
            raise Limited(used_up_until)

    @staticmethod
    def _used_up_until(session: Session, address_index: bytes, now: datetime) -> datetime | None:
        """Until when an address has no failures left, or None when it has."""
        day = timedelta(days=1)
        last_that_counts = session.scalar(
            select(AddressFailure.at)
            .where(AddressFailure.address_index == address_index, AddressFailure.at > now - day)
            .order_by(AddressFailure.at.desc())
            .offset(FAILURES_PER_DAY - 1)
            .limit(1)
        )
        return last_that_counts + day if last_that_counts else None

    def _hash(self, challenge: Challenge, digest: str) -> bytes:
        bound = "\0".join(
            [
                challenge.id,
                challenge.conversation_id,
                challenge.purpose,
                challenge.address_index.hex(),
                digest,
            ]
        )
        return hmac.new(self._key, bound.encode(), hashlib.sha256).digest()


def _take_turns(session: Session, address_index: bytes) -> None:
    """Lets one transaction at a time count codes and failures of an address. SQLite has one writer in any case."""
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(address_index[:8], signed=True)
        session.execute(select(func.pg_advisory_xact_lock(number)))
