"""The tables of the mailbox: what came in, where it is, and how far each folder has been read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from insyn.store.models import Base

WAITING = ("received", "decided")
HANDLED = ("answered", "ignored", "human", "quarantined")


class IncomingMail(Base):
    """A mail that has entered, in exactly one status; its bytes and headers are sealed with a key of its own.

    `received` and `decided` are on their way; `answered`, `ignored`, `human` and `quarantined` are where it ends. The row
    stays when its content has been purged: the digest tells that the mail has been taken in.
    """

    __tablename__ = "incoming_mail"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    source: Mapped[str] = mapped_column(String(10))  # smtp | imap | file
    folder: Mapped[str | None] = mapped_column(String(200))
    uid_validity: Mapped[int | None] = mapped_column(BigInteger)
    uid: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256 of the raw bytes
    message_id_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    received_at: Mapped[datetime]  # when it reached us: the clock of what it asks for runs from here
    status: Mapped[str] = mapped_column(String(12))
    decision: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(300))  # in Swedish, for the staff
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(String(60))
    data_key_id: Mapped[str] = mapped_column(String(36))
    sealed_raw: Mapped[bytes | None]
    sealed_head: Mapped[bytes | None]
    address_index: Mapped[bytes | None]
    conversation_id: Mapped[str | None] = mapped_column(String(36), index=True)
    case_id: Mapped[str | None] = mapped_column(
        String(36), index=True
    )  # what a human is to look at, where there is one
    reply_id: Mapped[str | None] = mapped_column(String(36), unique=True)  # the outgoing mail that answers it
    replied_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
    flagged_at: Mapped[datetime | None]  # when the IMAP server was told
    settled_at: Mapped[datetime | None]  # when a human was done with it
    settled_by: Mapped[str | None] = mapped_column(String(36))
    __table_args__ = (
        UniqueConstraint("folder", "uid_validity", "uid"),
        Index("ix_incoming_mail_waiting", "next_attempt_at", "received_at", sqlite_where=sql("handled_at IS NULL"), postgresql_where=sql("handled_at IS NULL")),
        Index("ix_incoming_mail_status", "status", "received_at", "id"),
        Index("ix_incoming_mail_unsettled", "status", "received_at", "id", "case_id", sqlite_where=sql("settled_at IS NULL"), postgresql_where=sql("settled_at IS NULL")),
        Index("ix_incoming_mail_sender", "address_index", "replied_at"),
        Index("ix_incoming_mail_handled", "handled_at", sqlite_where=sql("handled_at IS NOT NULL"), postgresql_where=sql("handled_at IS NOT NULL")),
        Index("ix_incoming_mail_unmarked", "folder", "uid_validity", sqlite_where=sql("flagged_at IS NULL"), postgresql_where=sql("flagged_at IS NULL")),
    )  # fmt: skip


class MailFolder(Base):
    """How far an IMAP folder has been read: everything below `next_uid` has been taken in."""

    __tablename__ = "mail_folder"
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    uid_validity: Mapped[int] = mapped_column(BigInteger)
    next_uid: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[datetime]
