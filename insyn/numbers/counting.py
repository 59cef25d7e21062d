"""Counting what the bot does, in the transaction in which it does it: the counts outlive the conversations.

Everything counts on the Swedish day of its message: what became of a message and that it was corrected on the day on which
the message came, a thumb on the day of the answer it was given to. So a share is always of the same messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as insert_into_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_into_sqlite
from sqlalchemy.orm import Session

from insyn.clock import swedish_date
from insyn.store.review_tables import BotCount


class Outcome(StrEnum):
    """What became of a message of a person; thumbs and corrections stand beside, since they come later."""

    ANSWERED = "answered"
    REQUEST = "request"
    CLARIFIED = "clarified"
    UNKNOWN = "unknown"
    HUMAN = "human"
    FAILED = "failed"
    DIALOGUE = "dialogue"  # an answer to what Insyn asked, small talk: no question
    THUMB_UP = "thumb_up"
    THUMB_DOWN = "thumb_down"
    CORRECTED = "corrected"


QUESTIONS = (Outcome.ANSWERED, Outcome.REQUEST, Outcome.CLARIFIED, Outcome.UNKNOWN, Outcome.HUMAN, Outcome.FAILED)
MESSAGES = (*QUESTIONS, Outcome.DIALOGUE)  # every message once
_BY_FAMILY = {
    "policy": Outcome.ANSWERED, "process": Outcome.ANSWERED, "assistant": Outcome.ANSWERED, "request": Outcome.REQUEST,
    "report": Outcome.REQUEST, "complaint": Outcome.REQUEST, "own_data": Outcome.REQUEST, "handover": Outcome.HUMAN,
    "out_of_scope": Outcome.UNKNOWN, "fallback": Outcome.CLARIFIED, "application": Outcome.CLARIFIED,
}  # fmt: skip
_REPLIES = {"inform", "answer", "dialog"}  # what a person says when Insyn has asked
THUMBS = {"up": Outcome.THUMB_UP, "down": Outcome.THUMB_DOWN}


def outcome_of(read_as: str, said: Sequence[str | None], *, failed: bool) -> tuple[Outcome, str]:
    """What became of a message that was read as the topic `read_as`, when the topics `said` were said to it.

    With it the topic that it counts under: that of what was said, so a follow-up counts as what it was about. Where nothing
    said has a topic, Insyn went on with its own questions.
    """
    if failed:
        return Outcome.FAILED, read_as
    outcomes = [(_outcome(topic), topic) for topic in said if topic]
    if not outcomes and _outcome(read_as) is Outcome.REQUEST:
        outcomes = [(Outcome.REQUEST, read_as)]
    outcome, topic = min(outcomes, key=lambda each: _WEIGHT.index(each[0]), default=(Outcome.DIALOGUE, read_as))
    if outcome in (Outcome.ANSWERED, Outcome.REQUEST) and _family(read_as) in _REPLIES:
        return Outcome.DIALOGUE, read_as  # the last word of a request makes no second one
    return outcome, topic


def _outcome(topic: str) -> Outcome:
    return _BY_FAMILY.get(_family(topic), Outcome.DIALOGUE)


def _family(topic: str) -> str:
    return topic.partition(".")[0]


# Of several things that were said the one that tells most of the message.
_WEIGHT = [
    Outcome.HUMAN, Outcome.REQUEST, Outcome.ANSWERED, Outcome.CLARIFIED, Outcome.UNKNOWN, Outcome.DIALOGUE, Outcome.FAILED
]  # fmt: skip


def count(session: Session, at: datetime, channel: str, outcome: Outcome, topic: str) -> None:
    """Adds one; part of the caller's transaction. `at` is when the message came."""
    row = {"day": swedish_date(at), "channel": channel, "outcome": outcome.value, "topic": topic, "count": 1}
    insert = insert_into_postgresql if session.get_bind().dialect.name == "postgresql" else insert_into_sqlite
    added = insert(BotCount).values(row)
    session.execute(
        added.on_conflict_do_update(
            index_elements=[BotCount.day, BotCount.channel, BotCount.outcome, BotCount.topic],
            set_={"count": BotCount.count + 1},
        )
    )


def uncount(session: Session, at: datetime, channel: str, outcome: Outcome, topic: str) -> None:
    """Takes one away that was counted before, with the same words; never below none."""
    session.execute(
        update(BotCount)
        .where(
            BotCount.day == swedish_date(at), BotCount.channel == channel, BotCount.outcome == outcome.value,
            BotCount.topic == topic, BotCount.count > 0,
        )
        .values(count=BotCount.count - 1)
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def count_thumb(
    session: Session, at: datetime, channel: str, thumb: str, topic: str | None, *, instead_of: str | None = None
) -> None:
    """Adds a thumb in the place of the one given before; any other value counts for nothing. `at` is of the answer."""
    if instead_of in THUMBS:
        uncount(session, at, channel, THUMBS[instead_of], topic or "")
    if thumb in THUMBS:
        count(session, at, channel, THUMBS[thumb], topic or "")
