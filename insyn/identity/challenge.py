"""One-time codes and links: proof that whoever has them can read a mailbox. Nothing more is proved (EDPB 01/2022, 65-79).

Limits: 8 digits, 10 minutes, five tries, once; 60 s between codes and five an hour to an address, twenty failures a day
for an address whatever the session. Only a keyed hash is stored, bound to conversation, purpose and address.

A link is the other face of the same challenge: whichever is used first uses both up, and a new code replaces both. Nobody
types it, so it is 256 random bits that need no limit on guessing, and it lives as long as a mail may lie unread
(NIST SP 800-63A-4, 3.8: a day for what is sent by e-mail).
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
LINK_BYTES = 32
LINK_LIFETIME = timedelta(hours=24)
BY_LINK = "link"


class Limited(Exception):
    """No code may be sent to this address now; `until` is when one may. `just_sent`: one went out less than a minute ago."""

    def __init__(self, until: datetime, *, just_sent: bool = False) -> None:
        super().__init__(until)
        self.until = until
        self.just_sent = just_sent


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
    """A code on its way, and the secret of its link where there is one: hand them to the mail and forget them."""

    challenge_id: str
    code: str
    expires_at: datetime
    link: str | None = None


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
        self,
        session: Session,
        conversation_id: str,
        purpose: str,
        address: EmailAddress,
        *,
        turn_id: str,
        with_link: bool = False,
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
        link = secrets.token_urlsafe(LINK_BYTES) if with_link else None
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
            link_hash=self._link_hash(link) if link else None,
            link_expires_at=now + LINK_LIFETIME if link else None,
        )
        challenge.code_hash = self._hash(challenge, self.digest(conversation_id, code))
        session.add(challenge)
        session.flush()
        self._audit.append(session, "challenge.issued", conversation_id, challenge=challenge.id, purpose=purpose)
        return Issued(challenge.id, code, challenge.expires_at, link)

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

    def behind(self, session: Session, link: str) -> Challenge | None:
        """The challenge that a link can still answer, or has answered. Looking changes nothing."""
        challenge = session.scalar(select(Challenge).where(Challenge.link_hash == self._link_hash(link)))
        if challenge is None or not (self._answered(challenge) or self._answerable(challenge)):
            return None
        return challenge

    def follow(self, session: Session, link: str) -> Checked:
        """Uses a link, and its code with it; following it once more gives the same outcome."""
        found = self.behind(session, link)
        if found is None:
            return Checked(Outcome.NONE)
        _take_turns(session, found.address_index)
        session.refresh(found)
        if self._answered(found):
            return Checked(Outcome.RIGHT, found.address_index)
        used = session.execute(
            update(Challenge)
            .where(Challenge.id == found.id, Challenge.status == "open", Challenge.link_expires_at > self._clock())
            .values(status="used", tried_by=BY_LINK)
            .execution_options(synchronize_session=False)
        )
        if used.rowcount != 1:  # type: ignore[attr-defined]
            return Checked(Outcome.DEAD)
        session.refresh(found)
        self._audit.append(
            session, "challenge.passed", found.conversation_id, challenge=found.id, purpose=found.purpose, by=BY_LINK
        )
        return Checked(Outcome.RIGHT, found.address_index)

    @staticmethod
    def _answered(challenge: Challenge) -> bool:
        return challenge.status == "used" and challenge.tried_by == BY_LINK

    def _answerable(self, challenge: Challenge) -> bool:
        until = challenge.link_expires_at
        return challenge.status == "open" and until is not None and until > self._clock()

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
            raise Limited(recent[0] + PAUSE, just_sent=True)
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

    def _link_hash(self, link: str) -> bytes:
        return hmac.new(self._key, f"link\0{link}".encode(), hashlib.sha256).digest()

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
