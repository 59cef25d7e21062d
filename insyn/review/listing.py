"""What the list of conversations shows of each: a few facts, gathered for a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from insyn.policy.answers import HUMAN
from insyn.review.marks import FLAGGED, REVIEWED, tags_among
from insyn.store.models import Conversation, Turn
from insyn.store.review_tables import ConversationMark

NOT_UNDERSTOOD = ("fallback.clarify", "out_of_scope")


@dataclass(frozen=True)
class Hit:
    """A conversation, the message that matched (None where none was asked for), and the place in the list."""

    conversation_id: str
    turn_seq: int | None
    place: str


@dataclass(frozen=True)
class Row:
    """A conversation in the list. `words` are those of the matching, else of the newest, message of the person, masked."""

    id: str
    channel: str
    last_activity_at: datetime
    messages: int
    words: str
    topic: str | None
    least_confidence: float | None
    not_understood: int
    handed_over: bool
    thumbs_up: int
    thumbs_down: int
    reviewed: bool
    flagged: bool
    tags: tuple[str, ...]
    waits_since: datetime | None


def rows_of(session: Session, hits: Sequence[Hit]) -> list[Row]:
    """The rows of a page, in its order."""
    ids = [hit.conversation_id for hit in hits]
    if not ids:
        return []
    facts = _facts(session, ids)
    conversations = {row.id: row for row in session.scalars(select(Conversation).where(Conversation.id.in_(ids)))}
    shown = {
        hit.conversation_id: hit.turn_seq or facts[hit.conversation_id].newest
        for hit in hits
        if hit.conversation_id in facts
    }
    wanted = [seq for seq in shown.values() if seq is not None]
    turns = {turn.seq: turn for turn in session.scalars(select(Turn).where(Turn.seq.in_(wanted)))}
    marks: dict[str, list[ConversationMark]] = {}
    for mark in session.scalars(select(ConversationMark).where(ConversationMark.conversation_id.in_(ids))):
        marks.setdefault(mark.conversation_id, []).append(mark)
    return [
        _row(conversations[each], facts.get(each), turns.get(shown.get(each) or 0), marks.get(each, []))
        for each in ids
        if each in conversations
    ]  # fmt: skip


def _facts(session: Session, ids: Sequence[str]) -> dict[str, Any]:
    by_person = Turn.author == "person"
    rows = session.execute(
        select(
            Turn.conversation_id,
            func.count(case((by_person, 1))).label("messages"),
            func.max(case((by_person, Turn.seq))).label("newest"),
            func.min(case((and_(by_person, Turn.choice.is_(None)), Turn.confidence))).label("least"),
            func.count(case((and_(by_person, Turn.topic.in_(NOT_UNDERSTOOD)), 1))).label("not_understood"),
            func.count(case((and_(by_person, Turn.topic == HUMAN), 1))).label("handed_over"),
            func.count(case((Turn.feedback == "up", 1))).label("up"),
            func.count(case((Turn.feedback == "down", 1))).label("down"),
        )
        .where(Turn.conversation_id.in_(ids))
        .group_by(Turn.conversation_id)
    )
    return {row.conversation_id: row for row in rows}


def _row(conversation: Conversation, facts: Any, turn: Turn | None, marks: Sequence[ConversationMark]) -> Row:
    named = {mark.mark: mark for mark in marks}
    reviewed = named.get(REVIEWED)
    return Row(
        id=conversation.id,
        channel=conversation.channel,
        last_activity_at=conversation.last_activity_at,
        messages=facts.messages if facts else 0,
        words=turn.text if turn else "",
        topic=turn.topic if turn else None,
        least_confidence=facts.least if facts else None,
        not_understood=facts.not_understood if facts else 0,
        handed_over=bool(facts and facts.handed_over),
        thumbs_up=facts.up if facts else 0,
        thumbs_down=facts.down if facts else 0,
        reviewed=reviewed is not None and reviewed.at >= conversation.last_activity_at,
        flagged=FLAGGED in named,
        tags=tags_among(named),
        waits_since=conversation.waits_since,
    )
