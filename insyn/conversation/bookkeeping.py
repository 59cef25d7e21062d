"""Storing what was said in answer to a message, how the message was read, and what is counted of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.conversation.channels import CHAT, MAIL
from insyn.conversation.messages import Heard
from insyn.conversation.rasa import TurnResult
from insyn.conversation.transcript import Message, Transcript, public_topic
from insyn.numbers.counting import count, outcome_of
from insyn.policy.answers import AnswerBook
from insyn.store.models import Conversation, Turn


class Bookkeeping:
    """Writes as part of the caller's transaction."""

    def __init__(self, transcript: Transcript, book: AnswerBook, audit: AuditLog, clock: Clock) -> None:
        self._transcript = transcript
        self._book = book
        self._audit = audit
        self._clock = clock

    def reply(
        self, session: Session, conversation: Conversation, heard: Heard, result: TurnResult, messages: list[Message],
        *, failed: bool = False, late: bool = False,
    ) -> list[Turn]:  # fmt: skip
        """Stores what was said in answer to a turn, how it was read and where the dialogue then stands."""
        now, reading = self._clock(), result.reading
        english = _writes_english(heard, reading)
        said = [
            self._transcript.said(
                conversation.id, each["text"], each["data"], at=now, answers=heard.turn_id, english=english,
                status="late" if late else "said", channel=MAIL if heard.writer else CHAT,
            )
            for each in messages
        ]  # fmt: skip
        session.add_all(said)
        topic = public_topic(reading.get("intent") or "out_of_scope")
        came_at = session.scalars(
            update(Turn)
            .where(Turn.id == heard.turn_id)
            .values(
                status="failed" if failed else "answered",
                topic=topic,
                intent=reading.get("intent"),
                confidence=reading.get("confidence"),
                reading={key: reading.get(key) for key in ("ranking", "parts", "language")},
            )
            .returning(Turn.at)
            .execution_options(synchronize_session=False)
        ).one()
        if not failed:
            conversation.dialogue = {**result.state, "english": english}
        session.flush()
        self._audit.append(
            session, "turn.failed" if failed else "turn.answered", conversation.id, turn=heard.turn_id, topic=topic
        )
        outcome, about = outcome_of(topic, [each.topic for each in said], failed=failed)
        count(session, came_at, MAIL if heard.writer else CHAT, outcome, about)
        return said

    def promise(self, session: Session, conversation: Conversation, heard: Heard) -> Turn:
        """Stores, once, that the message is kept and answered later."""
        turn = session.scalar(select(Turn).where(Turn.answers_id == heard.turn_id, Turn.status == "promised"))
        if turn is None:
            phrase = self._book.phrase("later")
            turn = self._transcript.said(
                conversation.id, phrase.text, {"english": phrase.english}, at=self._clock(), answers=heard.turn_id,
                english=heard.in_english, status="promised",
            )  # fmt: skip
            session.add(turn)
            session.flush()
            self._audit.append(session, "turn.postponed", conversation.id, turn=heard.turn_id)
        return turn

    def sorry(self, error_id: str) -> Message:
        """What is said when an action failed."""
        phrase = self._book.phrase("failed", error_id=error_id)
        return {"text": phrase.text, "data": {"english": phrase.english}}


def _writes_english(heard: Heard, reading: dict[str, Any]) -> bool:
    """Whether the person writes English; a choice or a bare value says nothing of it, so the last word stands."""
    if heard.for_rasa.startswith("/") or len(heard.for_rasa.split()) < 3 or not reading.get("language"):
        return heard.in_english
    return bool(reading["language"] == "en")
