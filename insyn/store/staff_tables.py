"""The tables of the staff: accounts, one-time links, recovery codes, sessions, and the log of log-ins.

Names, addresses and TOTP secrets are sealed with the account's own key; of every secret given out only a hash is here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from insyn.store.models import Base, SequenceNumber


class StaffMember(Base):
    """One person on the staff. Never deleted: cases and the log name the id."""

    __tablename__ = "staff_member"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    data_key_id: Mapped[str] = mapped_column(String(36))
    sealed: Mapped[bytes]  # name and e-mail address
    roles: Mapped[list[Any]]
    status: Mapped[str] = mapped_column(String(10))  # invited | active | closed
    password_hash: Mapped[str | None] = mapped_column(String(200))
    sealed_totp: Mapped[bytes | None]
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)  # the last 30-second step whose code was used
    oidc_subject: Mapped[bytes | None] = mapped_column(unique=True)  # keyed fingerprint of issuer and subject
    created_at: Mapped[datetime]


class StaffInvitation(Base):
    """A one-time link by which an account is set up, or set up anew."""

    __tablename__ = "staff_invitation"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("staff_member.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class StaffRecoveryCode(Base):
    """A code that stands in for the authenticator once; the row goes when it is used."""

    __tablename__ = "staff_recovery_code"
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("staff_member.id", ondelete="CASCADE"), index=True)


class StaffSession(Base):
    """Someone who is logged in; the cookie's value is here as a hash only."""

    __tablename__ = "staff_session"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("staff_member.id", ondelete="CASCADE"), index=True)
    began_at: Mapped[datetime] = mapped_column(index=True)
    seen_at: Mapped[datetime]


class StaffLogIn(Base):
    """An attempt to log in. `member_id` is None for an unknown name; `origin` a keyed fingerprint of the network address."""

    __tablename__ = "staff_log_in"
    seq: Mapped[int] = mapped_column(SequenceNumber, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    member_id: Mapped[str | None] = mapped_column(String(36))
    outcome: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str] = mapped_column(String(16))
    __table_args__ = (Index("ix_staff_log_in_member", "member_id", "seq"),)


class StaffReveal(Base):
    """That someone had a masked value shown, and why. The reason is sealed with the key of what it is about."""

    __tablename__ = "staff_reveal"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime]
    member_id: Mapped[str] = mapped_column(String(36))
    data_key_id: Mapped[str] = mapped_column(String(36), index=True)
    sealed_reason: Mapped[bytes]
