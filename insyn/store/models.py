"""The tables. Personal values are only ever in `bytes` columns, sealed by `insyn.privacy`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)  # fmt: skip
from sqlalchemy import text as sql
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime on every database (SQLite forgets the zone; this puts it back)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Moment, dict[str, Any]: JSON, list[Any]: JSON, bytes: LargeBinary}  # noqa: RUF012


SequenceNumber = BigInteger().with_variant(Integer, "sqlite")


class DataKey(Base):
    """A subject's own key, wrapped by the master key. Deleting the row shreds everything sealed with it."""

    __tablename__ = "data_key"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    wrapped: Mapped[bytes]
    master_key_id: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


class Conversation(Base):
    """One conversation with one person, whatever the channel."""

    __tablename__ = "conversation"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    token_epoch: Mapped[int] = mapped_column(Integer, default=0)
    token_rotated_by: Mapped[str | None] = mapped_column(String(36))
    data_key_id: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime]
    last_activity_at: Mapped[datetime] = mapped_column(index=True)
    dialogue: Mapped[dict[str, Any]] = mapped_column(default=dict)
    verified_index: Mapped[bytes | None] = mapped_column(index=True)
    verified_at: Mapped[datetime | None]
    on_hold: Mapped[bool] = mapped_column(Boolean, default=False)
    ends_at: Mapped[datetime | None]  # its person has had it erased; until then the last answer can be read
    # While a human answers in the chat (see insyn.conversation.takeover): who, until when, and since when the person waits.
    human_by: Mapped[str | None] = mapped_column(String(36))
    human_until: Mapped[datetime | None]
    waits_since: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_conversation_channel", "channel", "last_activity_at"),
        Index("ix_conversation_ended", "ends_at", sqlite_where=sql("ends_at IS NOT NULL"), postgresql_where=sql("ends_at IS NOT NULL")),
        Index("ix_conversation_waits", "waits_since", sqlite_where=sql("waits_since IS NOT NULL"), postgresql_where=sql("waits_since IS NOT NULL")),
    )  # fmt: skip


class Turn(Base):
    """One message of a conversation, masked: what a person wrote, or what was answered."""

    __tablename__ = "turn"
    seq: Mapped[int] = mapped_column(SequenceNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    author: Mapped[str] = mapped_column(String(10))  # person | insyn | staff
    channel: Mapped[str] = mapped_column(String(20), default="chat")  # the way this message came or went
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(String(100))
    answers_id: Mapped[str | None] = mapped_column(String(36), index=True)
    status: Mapped[str] = mapped_column(
        String(10)
    )  # person: pending | answered | failed | human; insyn: said | promised | late
    expects: Mapped[str | None] = mapped_column(String(20))
    topic: Mapped[str | None] = mapped_column(String(80))
    choice: Mapped[str | None] = mapped_column(Text)
    intent: Mapped[str | None] = mapped_column(String(80))
    confidence: Mapped[float | None] = mapped_column(Float)
    reading: Mapped[dict[str, Any] | None]
    content: Mapped[dict[str, Any] | None]  # insyn: sources, choices, case; never personal values
    feedback: Mapped[str | None] = mapped_column(String(10))
    __table_args__ = (
        UniqueConstraint("conversation_id", "idempotency_key"),
        Index("ix_turn_conversation_seq", "conversation_id", "seq"),
        Index("ix_turn_pending", "seq", sqlite_where=sql("status = 'pending'"), postgresql_where=sql("status = 'pending'")),
        Index("ix_turn_asked", "topic", "seq", sqlite_where=sql("author = 'person'"), postgresql_where=sql("author = 'person'")),
        Index("ix_turn_thumb", "feedback", "seq", sqlite_where=sql("feedback IS NOT NULL"), postgresql_where=sql("feedback IS NOT NULL")),
    )  # fmt: skip


class VaultValue(Base):
    """One personal value of a conversation behind its placeholder, sealed with the conversation's key."""

    __tablename__ = "vault_value"
    id: Mapped[int] = mapped_column(SequenceNumber, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    placeholder: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[bytes]
    blind_index: Mapped[bytes]
    __table_args__ = (
        UniqueConstraint("conversation_id", "placeholder"),
        Index("ix_vault_value_lookup", "conversation_id", "blind_index"),
    )


class Case(Base):
    """A data-subject request, report, complaint or question with its clock."""

    __tablename__ = "case"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(30))
    channel: Mapped[str] = mapped_column(String(20))
    conversation_id: Mapped[str | None] = mapped_column(String(36), index=True)
    group_id: Mapped[str] = mapped_column(String(36), index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)
    opening_key: Mapped[str] = mapped_column(String(120), unique=True)
    received_at: Mapped[datetime]
    due_on: Mapped[date | None] = mapped_column(Date)
    sort_on: Mapped[date] = mapped_column(Date)  # where it stands in a queue, also when the law sets no due date
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    ordered: Mapped[bool] = mapped_column(Boolean, default=False)  # after the earlier ones of its group
    assignee: Mapped[str | None] = mapped_column(String(36))
    extended_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    on_hold: Mapped[bool] = mapped_column(Boolean, default=False)
    shredded_at: Mapped[datetime | None]  # its key is gone; only the facts of the procedure are left
    repeats_id: Mapped[str | None] = mapped_column(String(36), index=True)  # an earlier one, same kind and address
    repeat_seen_at: Mapped[datetime | None]  # when a human judged that possible repeat
    confirming_turn: Mapped[str | None] = mapped_column(String(36), index=True)
    reminding_turn: Mapped[str | None] = mapped_column(String(36))  # the last one that added words to it
    proof: Mapped[str] = mapped_column(String(30))
    proved_at: Mapped[datetime | None]
    address_index: Mapped[bytes | None]
    data_key_id: Mapped[str] = mapped_column(String(36))
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        Index("ix_case_due", "due_on", "id"),
        Index("ix_case_due_open", "due_on", sqlite_where=sql("closed_at IS NULL"), postgresql_where=sql("closed_at IS NULL")),
        Index("ix_case_address", "address_index"),
        # The lists of the console (see insyn.cases.finding). What is open is one index of its own that holds all that lists and
        # numbers ask for; through the rest there is one way for each filter, and open cases are on none of them.
        Index(
            "ix_case_queue", "sort_on", "id", "closed_at", "state", "kind", "assignee", "channel", "due_on", "repeats_id", "repeat_seen_at",
            sqlite_where=sql("closed_at IS NULL"), postgresql_where=sql("closed_at IS NULL"),
        ),
        # Trays that hold a few of those: each is an index of nothing else, with what its condition is about.
        *(
            Index(f"ix_case_tray_{tray}", "sort_on", "id", "closed_at", *about, sqlite_where=sql(holds), postgresql_where=sql(holds))
            for tray, about, holds in (
                ("incidents", ("kind",), "closed_at IS NULL AND kind = 'report.incident'"),
                ("human", ("kind",), "closed_at IS NULL AND kind IN ('question', 'complaint')"),
                ("unverified", ("state",), "closed_at IS NULL AND state IN ('received', 'awaiting_verification')"),
                ("repeats", ("repeats_id", "repeat_seen_at"), "closed_at IS NULL AND repeats_id IS NOT NULL AND repeat_seen_at IS NULL"),
            )
        ),
        Index("ix_case_sorted", "sort_on", "id", sqlite_where=sql("closed_at IS NOT NULL"), postgresql_where=sql("closed_at IS NOT NULL")),
        Index("ix_case_received", "received_at", "id"),
        Index("ix_case_closed", "closed_at", "id", sqlite_where=sql("closed_at IS NOT NULL"), postgresql_where=sql("closed_at IS NOT NULL")),
        *(
            Index(f"ix_case_{'_'.join(way)}_closed", *way, "closed_at", "id", sqlite_where=sql("closed_at IS NOT NULL"), postgresql_where=sql("closed_at IS NOT NULL"))
            for way in (("kind",), ("state",), ("channel",), ("assignee",), ("kind", "state"))
        ),
    )  # fmt: skip


class CaseNote(Base):
    """Words that belong to a case: a note, the reasons for a step, a letter sent, a reminder. Sealed with the case's key."""

    __tablename__ = "case_note"
    seq: Mapped[int] = mapped_column(SequenceNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(36))  # person | insyn | a staff id
    kind: Mapped[str] = mapped_column(String(40))  # note | reasons | letter | reminder
    about: Mapped[str | None] = mapped_column(String(40))  # the event or kind of letter
    sealed: Mapped[bytes | None]


class IdentityDoubt(Base):
    """A time during which a human reasonably doubted who a case's person is (GDPR art. 12(6)): one clock stands still."""

    __tablename__ = "identity_doubt"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    raised_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class DueNotice(Base):
    """That a case's due date was near, or had passed, has been told: once for each due date."""

    __tablename__ = "due_notice"
    case_id: Mapped[str] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    due_on: Mapped[date] = mapped_column(Date, primary_key=True)
    event: Mapped[str] = mapped_column(String(20), primary_key=True)  # case.due_soon | case.overdue
    at: Mapped[datetime]


class Challenge(Base):
    """A one-time code sent to an address, with a link that does the same: only their keyed hashes are here."""

    __tablename__ = "challenge"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(36))
    purpose: Mapped[str] = mapped_column(String(60))
    address_index: Mapped[bytes]
    code_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[str] = mapped_column(String(12))  # open | used | replaced | dead
    issued_by: Mapped[str] = mapped_column(String(36))  # the turn that asked for it
    tried_by: Mapped[str | None] = mapped_column(String(36))  # the turn that tried it last, or `link`
    link_hash: Mapped[bytes | None] = mapped_column(unique=True)
    link_expires_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_challenge_conversation", "conversation_id", "status"),
        Index("ix_challenge_address", "address_index", "created_at"),
    )


class AddressFailure(Base):
    """One failed code for an address, kept a day: the budget that no new code resets."""

    __tablename__ = "address_failure"
    id: Mapped[int] = mapped_column(SequenceNumber, primary_key=True, autoincrement=True)
    address_index: Mapped[bytes]
    at: Mapped[datetime]
    __table_args__ = (Index("ix_address_failure", "address_index", "at"),)


class Delivery(Base):
    """Files that lie ready for one person behind a link; only the link's hash is here."""

    __tablename__ = "delivery"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    link_hash: Mapped[bytes] = mapped_column(unique=True)
    sent_by: Mapped[str] = mapped_column(String(36))  # insyn | a staff id
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    shredded_at: Mapped[datetime | None]


class DeliveryFile(Base):
    """A file of a case, sealed in chunks with a key of its own, which the case's key seals. `delivery_id` once it is sent."""

    __tablename__ = "delivery_file"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    delivery_id: Mapped[str | None] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"), index=True)
    sealed_key: Mapped[bytes | None]
    sealed_name: Mapped[bytes | None]
    size: Mapped[int] = mapped_column(BigInteger, default=0)  # bytes
    chunks: Mapped[int] = mapped_column(Integer, default=0)
    complete: Mapped[bool] = mapped_column(Boolean, default=False)
    fetches: Mapped[int] = mapped_column(Integer, default=0)
    put_by: Mapped[str] = mapped_column(String(36))  # insyn | a staff id
    created_at: Mapped[datetime]


class DeliveryChunk(Base):
    """One piece of a file, sealed for its place in it."""

    __tablename__ = "delivery_chunk"
    file_id: Mapped[str] = mapped_column(ForeignKey("delivery_file.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes]


class DeliveryPass(Base):
    """Lets whoever gave the right code fetch for a short while; only its hash is here."""

    __tablename__ = "delivery_pass"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]


class PurgeProof(Base):
    """That a purge happened: how many of each kind, from before when, and a digest of their ids."""

    __tablename__ = "purge_proof"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    began_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    kinds: Mapped[dict[str, Any]] = mapped_column(default=dict)  # kind: {"count", "before", "ids"}


class OutgoingMail(Base):
    """A mail to be sent exactly once; recipient and content sealed."""

    __tablename__ = "outgoing_mail"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    unique_key: Mapped[str] = mapped_column(String(160), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    data_key_id: Mapped[str] = mapped_column(String(36))
    sealed: Mapped[bytes | None]
    case_id: Mapped[str | None] = mapped_column(String(36), index=True)
    status: Mapped[str] = mapped_column(
        String(12)
    )  # queued | sent | failed | settled: failed, and a human has seen to it
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(200))
    __table_args__ = (
        Index("ix_outgoing_mail_queue", "status", "next_attempt_at"),
        Index("ix_outgoing_mail_key", "data_key_id"),
    )


class WebhookEvent(Base):
    """An event about a case on its way to the organisation's own system; `body` is what is sent, nothing personal in it."""

    __tablename__ = "webhook_event"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, unique=True)  # the row of the audit log that it tells of
    type: Mapped[str] = mapped_column(String(20))
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(12))  # queued | delivered | failed
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(index=True)
    next_attempt_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(60))
    __table_args__ = (Index("ix_webhook_event_queue", "status", "next_attempt_at", "sequence"),)


class WebhookStop(Base):
    """An address that has answered 410 Gone and gets nothing until someone lifts the stop; only its hash is kept."""

    __tablename__ = "webhook_stop"
    url_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


class AuditRow(Base):
    """One link of the audit chain (see `insyn.audit.chain`)."""

    __tablename__ = "audit_row"
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(60), index=True)
    data: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (Index("ix_audit_row_event", "event", "seq"),)


class AuditHead(Base):
    """Where the chain ends: sequence number, hash and their keyed seal. One row."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    seal: Mapped[str] = mapped_column(String(64))
