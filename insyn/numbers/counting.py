"""Counting what the bot does, in the transaction in which it does it: the counts outlive the conversations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy.dialects.postgresql import insert as insert_into_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_into_sqlite
from sqlalchemy.orm import Session

from insyn.clock import swedish_date
from insyn.store.review_tables import BotCount


class Outcome(StrEnum):
    """What became of a message of a person; the thumbs stand beside, since they come later."""

    ANSWERED = "answered"
    REQUEST = "request"
    CLARIFIED = "clarified"
    UNKNOWN = "unknown"
    HUMAN = "human"
    FAILED = "failed"
    DIALOGUE = "dialogue"  # an answer to what Insyn asked, small talk: no question
    THUMB_UP = "thumb_up"
    THUMB_DOWN = "thumb_down"


QUESTIONS = (Outcome.ANSWERED, Outcome.REQUEST, Outcome.CLARIFIED, Outcome.UNKNOWN, Outcome.HUMAN, Outcome.FAILED)
_BY_FAMILY = {
    "policy": Outcome.ANSWERED, "process": Outcome.ANSWERED, "assistant": Outcome.ANSWERED, "request": Outcome.REQUEST,
    "report": Outcome.REQUEST, "complaint": Outcome.REQUEST, "own_data": Outcome.REQUEST, "handover": Outcome.HUMAN,
    "out_of_scope": Outcome.UNKNOWN, "fallback": Outcome.CLARIFIED, "application": Outcome.CLARIFIED,
}  # fmt: skip
_THUMBS = {"up": Outcome.THUMB_UP, "down": Outcome.THUMB_DOWN}


def outcome_of(read_as: str, said: Sequence[str | None], *, failed: bool) -> Outcome:
    """What became of a message that was read as the topic `read_as`, when the topics `said` were said to it."""
    if failed:
        return Outcome.FAILED
    families = [topic.partition(".")[0] for topic in said if topic] or [read_as.partition(".")[0]]
    outcomes = [_BY_FAMILY.get(family, Outcome.DIALOGUE) for family in families]
    return min(outcomes, key=_WEIGHT.index)


# Of several things that were said the one that tells most of the message.
_WEIGHT = [
    Outcome.HUMAN, Outcome.REQUEST, Outcome.ANSWERED, Outcome.CLARIFIED, Outcome.UNKNOWN, Outcome.DIALOGUE, Outcome.FAILED
]  # fmt: skip


def count(session: Session, at: datetime, channel: str, outcome: Outcome, topic: str) -> None:
    """Adds one; part of the caller's transaction."""
    row = {"day": swedish_date(at), "channel": channel, "outcome": outcome.value, "topic": topic, "count": 1}
    insert = insert_into_postgresql if session.get_bind().dialect.name == "postgresql" else insert_into_sqlite
    added = insert(BotCount).values(row)
    session.execute(
        added.on_conflict_do_update(
            index_elements=[BotCount.day, BotCount.channel, BotCount.outcome, BotCount.topic],
            set_={"count": BotCount.count + 1},
        )
    )


def count_thumb(session: Session, at: datetime, channel: str, thumb: str, topic: str | None) -> None:
    """Adds a thumb; any other value counts for nothing."""
    if thumb in _THUMBS:
        count(session, at, channel, _THUMBS[thumb], topic or "")
