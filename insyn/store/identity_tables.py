"""Tables of stronger identification: the links that invite to it, and what is kept of one that was made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from insyn.store.models import Base


class StepUpLink(Base):
    """A link mailed to a case's person after a human's doubt; only its hash is here."""

    __tablename__ = "step_up_link"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    link_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class StrongIdentification(Base):
    """That a case's person logged in: where, how, when, and a keyed fingerprint of whom. No name, no number, no token."""

    __tablename__ = "strong_identification"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(String(200))  # the issuer
    acr: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    subject: Mapped[bytes]
    same_name: Mapped[bool | None] = mapped_column(Boolean)  # None where there were no names to compare
