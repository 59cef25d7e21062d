"""Inviting to a stronger identification: a secret link for one case, sent only after a human has recorded a doubt."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from insyn.clock import Clock
from insyn.store.identity_tables import StepUpLink

PATH = "/bevis"
LINK_BYTES = 32
LASTS = timedelta(days=30)  # as long as someone asked for more has to answer before the month is over
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


class Invitations:
    """The links. Each call is part of the caller's transaction."""

    def __init__(self, public_url: str, clock: Clock) -> None:
        self._public_url = public_url
        self._clock = clock

    def issue(self, session: Session, case_id: str) -> str:
        """A new link for a case, as the person opens it; those before it no longer hold."""
        now, link = self._clock(), secrets.token_urlsafe(LINK_BYTES)
        session.execute(
            update(StepUpLink).where(StepUpLink.case_id == case_id, StepUpLink.expires_at > now).values(expires_at=now)
        )
        session.add(
            StepUpLink(
                id=str(uuid.uuid4()), case_id=case_id, link_hash=_hash(link), created_at=now, expires_at=now + LASTS
            )
        )
        session.flush()
        return f"{self._public_url}{PATH}/{link}"

    def find(self, session: Session, link: str) -> StepUpLink | None:
        """The invitation behind a link that still holds."""
        if not _FORM.fullmatch(link):
            return None
        return self._holding(session.scalar(select(StepUpLink).where(StepUpLink.link_hash == _hash(link))))

    def by_id(self, session: Session, invitation_id: str) -> StepUpLink | None:
        """An invitation that still holds."""
        return self._holding(session.get(StepUpLink, invitation_id))

    def _holding(self, invitation: StepUpLink | None) -> StepUpLink | None:
        if invitation is None or invitation.used_at is not None or invitation.expires_at <= self._clock():
            return None
        return invitation


def _hash(link: str) -> bytes:
    """Of 256 random bits a plain hash gives nothing away."""
    return hashlib.sha256(link.encode()).digest()
