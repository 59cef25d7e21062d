"""What people asked lately that Insyn did not understand or did not know, the same words together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, literal, select, union_all
from sqlalchemy.orm import Session

from insyn.review.finding import REVIEWED_SINCE
from insyn.review.listing import NOT_UNDERSTOOD
from insyn.store.models import Conversation, Turn

LATELY = timedelta(days=30)
LOOKED_AT = 300  # messages of each way of not being understood, the newest
SHOWN = 5


@dataclass(frozen=True)
class Question:
    """A question as it was written the latest time, masked, and how many times it was asked."""

    text: str
    times: int


def questions(session: Session, now: datetime, *, limit: int = SHOWN) -> Sequence[Question]:
    """The most frequent of the last 30 days whose conversations nobody has reviewed, among the newest messages."""
    newest = union_all(*(_newest(topic) for topic in NOT_UNDERSTOOD)).subquery()
    rows = session.scalars(
        select(newest.c.text)
        .join(Conversation, Conversation.id == newest.c.conversation_id)
        .where(newest.c.at > now - LATELY, ~REVIEWED_SINCE)
        .order_by(newest.c.seq.desc())
    ).all()
    alike = {_alike(text): text for text in reversed(rows)}
    counted = Counter(_alike(text) for text in rows)
    return [Question(alike[key], times) for key, times in counted.most_common(limit)]


def _newest(topic: str) -> Select[Any]:
    rows = select(Turn.seq, Turn.conversation_id, Turn.at, Turn.text)
    rows = rows.where(Turn.author == literal("person", literal_execute=True), Turn.topic == topic)
    return rows.order_by(Turn.seq.desc()).limit(LOOKED_AT).subquery().select()


def _alike(text: str) -> str:
    return " ".join(text.casefold().strip(" ?!.").split())
