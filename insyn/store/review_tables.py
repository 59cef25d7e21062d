"""The tables of the review: marks on conversations, corrections, approved answers, and what the bot did each day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from insyn.store.models import Base, SequenceNumber


class ConversationMark(Base):
    """What someone on the staff has noted about a conversation: `reviewed`, `flagged`, or a tag as `tag:word`."""

    __tablename__ = "conversation_mark"
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    mark: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(36))
    __table_args__ = (Index("ix_conversation_mark_mark", "mark", "conversation_id"),)


class Correction(Base):
    """A message that was misread, with the intent it should have had; an example to learn from once a human approves it.

    It goes with its message: what a person erases teaches nobody, unless it has left as an example without anything personal.
    """

    __tablename__ = "correction"
    turn_seq: Mapped[int] = mapped_column(
        SequenceNumber, ForeignKey("turn.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    read_as: Mapped[str] = mapped_column(String(80))
    intent: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)  # the example: masked, as the reviewer wants it
    state: Mapped[str] = mapped_column(String(10), index=True)  # waiting | approved | rejected | accepted
    by: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime]
    judged_by: Mapped[str | None] = mapped_column(String(36))
    judged_at: Mapped[datetime | None]


class BotCount(Base):
    """How many messages of people had an outcome on a Swedish day; outlives the conversations it was counted from."""

    __tablename__ = "bot_count"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20), primary_key=True)  # see insyn.numbers.counting
    topic: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)


class PolicyReading(Base):
    """The policy as it was read once: a fingerprint for each section, none where the heading is gone."""

    __tablename__ = "policy_reading"
    seq: Mapped[int] = mapped_column(SequenceNumber, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(36))  # insyn (the configured file) or a staff id
    fingerprints: Mapped[dict[str, Any]]  # section id: SHA-256 as hex, or None


class AnswerApproval(Base):
    """That the data-protection officer stands for an answer: for this very text, resting on these very sections."""

    __tablename__ = "answer_approval"
    topic: Mapped[str] = mapped_column(String(80), primary_key=True)
    text_hash: Mapped[str] = mapped_column(String(64))
    fingerprints: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime]
