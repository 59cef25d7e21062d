"""A human answers in the chat: meanwhile what the person writes goes to the human, and Insyn says nothing beside.

The human has the conversation until it is given back, or until nobody on the staff has said a word for `idle`; a message of
the person's within that time has as long again to be answered. What was not answered then, Insyn answers. The person is told
each time who answers. Every function is part of the caller's transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.conversation.channels import CHAT
from insyn.conversation.transcript import Transcript
from insyn.policy.answers import HUMAN
from insyn.store.models import Conversation, Turn

FOR_HUMAN = "human"  # the status of a message that a human answers


@dataclass(frozen=True)
class Takeover:
    """Who answers in a conversation."""

    transcript: Transcript
    audit: AuditLog
    clock: Clock
    idle: timedelta

    def begin(self, session: Session, conversation: Conversation, *, by: str) -> None:
        """The member `by` has the conversation from now on; the person is told unless a human had it already."""
        had_one = self.is_human(conversation)
        if not had_one:
            self._tell(session, conversation, "human.here")
        if not had_one or conversation.human_by != by:
            self.audit.append(session, "human.took_over", conversation.id, by=by)
        conversation.human_by, conversation.human_until = by, self.clock() + self.idle
        # What Insyn has not got round to is the human's to answer now.
        waiting = session.execute(
            update(Turn)
            .where(Turn.conversation_id == conversation.id, Turn.status == "pending", Turn.channel == CHAT)
            .values(status=FOR_HUMAN)
        )
        if waiting.rowcount and conversation.waits_since is None:  # type: ignore[attr-defined]
            conversation.waits_since = self.clock()

    def answered(self, conversation: Conversation) -> None:
        """The human has said something."""
        conversation.human_until, conversation.waits_since = self.clock() + self.idle, None

    def is_human(self, conversation: Conversation) -> bool:
        """Whether a human has the conversation now."""
        return conversation.human_until is not None and conversation.human_until > self.clock()

    def hears(self, conversation: Conversation, turn: Turn) -> None:
        """A message of the person's goes to the human."""
        turn.status = FOR_HUMAN
        if conversation.waits_since is None:
            conversation.waits_since, conversation.human_until = turn.at, turn.at + self.idle

    def end(self, session: Session, conversation: Conversation, *, by: str | None = None) -> None:
        """Insyn answers again, first what nobody has answered; `by` gave it back, or nobody where the time ran out."""
        if conversation.human_by is None:
            return
        answered = select(func.coalesce(func.max(Turn.seq), 0)).where(
            Turn.conversation_id == conversation.id, Turn.author == "staff"
        )
        session.execute(
            update(Turn)
            .where(
                Turn.conversation_id == conversation.id,
                Turn.status == FOR_HUMAN,
                Turn.seq > session.scalars(answered).one(),
            )
            .values(status="pending")
        )
        self._tell(session, conversation, "human.left" if by or conversation.waits_since is None else "human.silent")
        self.audit.append(session, "human.left", conversation.id, **({"by": by} if by else {}))
        conversation.human_by = conversation.human_until = conversation.waits_since = None

    def run_out(self, session: Session) -> list[str]:
        """Gives back the conversations whose person has waited for as long as anyone should; returns their ids."""
        late = session.scalars(select(Conversation).where(*self._late())).all()
        for conversation in late:
            self.end(session, conversation)
        return [conversation.id for conversation in late]

    def is_any_late(self, session: Session) -> bool:
        """Whether `run_out` has something to do."""
        return session.scalar(select(Conversation.id).where(*self._late()).limit(1)) is not None

    def _late(self) -> tuple[ColumnElement[bool], ...]:
        return Conversation.waits_since.is_not(None), Conversation.human_until <= self.clock()

    def _tell(self, session: Session, conversation: Conversation, name: str) -> None:
        book = self.transcript.book
        phrase, title = book.phrase(name), book.title(HUMAN)
        choices = [{"title": title, "payload": f"/{HUMAN}", "topic": HUMAN}] if name == "human.silent" else []
        session.add(
            self.transcript.said(
                conversation.id, phrase.text, {"english": phrase.english, "choices": choices}, at=self.clock(),
                answers=None, english=bool(conversation.dialogue.get("english")),
            )
        )  # fmt: skip
        session.flush()
