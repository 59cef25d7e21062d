"""Sessions of the staff: rows on the server, a random secret in a cookie, an idle limit and an absolute one.

A secret that no row has is nobody's: one that a client chose opens nothing, and logging in always makes a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from insyn.clock import Clock
from insyn.staff.members import Member, Members, hash_of
from insyn.store.engine import Store
from insyn.store.staff_tables import StaffMember, StaffSession

SECRET_BYTES = 32
NOTED_EVERY = timedelta(minutes=1)  # how exactly the idle time is kept


@dataclass(frozen=True)
class LoggedIn:
    """Someone who is logged in. `csrf` is what the forms of this session carry."""

    member: Member
    secret_hash: bytes
    csrf: str
    began_at: datetime


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(
        self, store: Store, members: Members, clock: Clock, *, token_key: str, idle_minutes: int, hours: int
    ) -> None:
        self._store = store
        self._members = members
        self._clock = clock
        self._key = token_key.encode()
        self._idle = timedelta(minutes=idle_minutes)
        self._lifetime = timedelta(hours=hours)

    def begin(self, member_id: str) -> str:
        """A new session; returns the secret for its cookie. Sessions that have run out are cleared away."""
        now, secret = self._clock(), secrets.token_urlsafe(SECRET_BYTES)
        with self._store.write() as session:
            session.execute(
                delete(StaffSession).where(
                    or_(StaffSession.seen_at <= now - self._idle, StaffSession.began_at <= now - self._lifetime)
                )
            )
            session.add(StaffSession(token_hash=hash_of(secret), member_id=member_id, began_at=now, seen_at=now))
        return secret

    def find(self, secret: str, *, in_use: bool = True) -> LoggedIn | None:
        """Whose session a cookie's secret is, and notes that someone uses it; None when it has run out or never was.

        Not `in_use` is what a page asks for by itself: it keeps nobody logged in.
        """
        now, digest = self._clock(), hash_of(secret)
        with self._store.read() as session:
            row = session.get(StaffSession, digest)
            if row is None or row.seen_at <= now - self._idle or row.began_at <= now - self._lifetime:
                return None
            member = self._members.opened(session, session.get_one(StaffMember, row.member_id))
            seen_at, began_at = row.seen_at, row.began_at
        if not member.is_active:
            return None
        if in_use and now - seen_at >= NOTED_EVERY:
            with self._store.write(durable=False) as session:
                session.execute(update(StaffSession).where(StaffSession.token_hash == digest).values(seen_at=now))
        return LoggedIn(member, digest, self._csrf(secret), began_at)

    def end(self, secret: str) -> None:
        """Ends a session at once."""
        with self._store.write() as session:
            session.execute(delete(StaffSession).where(StaffSession.token_hash == hash_of(secret)))

    def of_member(self, member_id: str) -> list[StaffSession]:
        """The sessions of a member that have not run out, newest first."""
        now = self._clock()
        with self._store.read() as session:
            return list(
                session.scalars(
                    select(StaffSession)
                    .where(
                        StaffSession.member_id == member_id,
                        StaffSession.seen_at > now - self._idle,
                        StaffSession.began_at > now - self._lifetime,
                    )
                    .order_by(StaffSession.began_at.desc())
                )
            )

    def end_others(self, logged_in: LoggedIn) -> None:
        """Ends every other session of the same member."""
        with self._store.write() as session:
            session.execute(
                delete(StaffSession).where(
                    StaffSession.member_id == logged_in.member.id, StaffSession.token_hash != logged_in.secret_hash
                )
            )

    def _csrf(self, secret: str) -> str:
        return hmac.new(self._key, f"staff-form\0{secret}".encode(), hashlib.sha256).hexdigest()
