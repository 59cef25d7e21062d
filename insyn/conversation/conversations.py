"""Conversations: beginning one, opening it with its token, reading it, and thumbs on its answers."""

from __future__ import annotations

import asyncio
import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.conversation.messages import Reply
from insyn.conversation.tokens import Tokens
from insyn.conversation.transcript import Message, Transcript
from insyn.numbers.counting import count_thumb
from insyn.policy.answers import AnswerBook
from insyn.privacy.keys import DataKeyring
from insyn.store.engine import Store
from insyn.store.models import Conversation, Turn

OPENING_CHOICES = ("policy.rights.overview", "request.access", "request.erasure", "policy.retention.general")


class Conversations:
    """What can be done with a conversation without a message: nothing here asks Rasa."""

    def __init__(
        self, store: Store, keyring: DataKeyring, audit: AuditLog, book: AnswerBook, transcript: Transcript, tokens: Tokens,
        clock: Clock,
    ) -> None:  # fmt: skip
        self._store = store
        self._keyring = keyring
        self._audit = audit
        self._book = book
        self._transcript = transcript
        self._tokens = tokens
        self._clock = clock

    async def open(self, channel: str) -> Reply:
        """Begins a conversation; the greeting says what Insyn is and does with what is written."""
        return await asyncio.to_thread(self._open, channel)

    def _open(self, channel: str) -> Reply:
        with self._store.write() as session:
            conversation = self.begin(session, channel)
            choices = [
                {"title": self._book.title(topic) or topic, "payload": f"/{topic}", "topic": topic}
                for topic in OPENING_CHOICES
            ]
            greeting = self._book.answers["smalltalk.greet"]
            turn = self._transcript.said(
                conversation.id, greeting.text, {"choices": choices, "topic": greeting.topic},
                at=conversation.created_at, answers=None, english=False,
            )  # fmt: skip
            session.add(turn)
            session.flush()
            return Reply(
                [self._transcript.message(session, conversation, turn)],
                self._tokens.issue(conversation.id, 0),
            )

    def begin(self, session: Session, channel: str) -> Conversation:
        """A conversation with nothing in it, as part of the caller's transaction."""
        now = self._clock()
        conversation = Conversation(
            id=str(uuid.uuid4()),
            channel=channel,
            token_epoch=0,
            data_key_id=self._keyring.create(session, now),
            created_at=now,
            last_activity_at=now,
            dialogue={},
        )
        session.add(conversation)
        session.flush()
        self._audit.append(session, "conversation.opened", conversation.id, channel=channel)
        return conversation

    async def authorise(self, token: str, idempotency_key: str | None = None) -> str | None:
        """The conversation a token opens, or None.

        A token that has just been replaced still opens the very call that replaced it, so that a lost reply can be
        fetched again; nothing else.
        """
        return await asyncio.to_thread(self._authorise, token, idempotency_key)

    def _authorise(self, token: str, idempotency_key: str | None) -> str | None:
        named = self._tokens.conversation_of(token)
        if named is None:
            return None
        conversation_id, secret = named
        with self._store.read() as session:
            conversation = session.get(Conversation, conversation_id)
            epoch = conversation.token_epoch if conversation else 0
            right = self._tokens.is_right(conversation_id, epoch, secret)
            if conversation is None:
                return None
            if not right and epoch and idempotency_key and self._tokens.is_right(conversation_id, epoch - 1, secret):
                repeated = select(Turn.id).where(
                    Turn.conversation_id == conversation_id, Turn.idempotency_key == idempotency_key
                )
                right = session.scalar(repeated) == conversation.token_rotated_by
            return conversation_id if right else None

    async def transcript(self, conversation_id: str, *, after: int = 0) -> tuple[list[Message], int]:
        """What has been said, for the person's own eyes, and the sequence number it reaches to."""
        return await asyncio.to_thread(self._read_transcript, conversation_id, after)

    def _read_transcript(self, conversation_id: str, after: int) -> tuple[list[Message], int]:
        with self._store.read() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                return [], after
            turns = self._transcript.turns(session, conversation_id, after=after)
            return self._transcript.entries(session, conversation, turns), turns[-1].seq if turns else after

    def sequence_of(self, conversation_id: str, message_id: str) -> int | None:
        """The sequence number of a message of this conversation."""
        with self._store.read() as session:
            return session.scalar(
                select(Turn.seq).where(Turn.conversation_id == conversation_id, Turn.id == message_id)
            )

    def newest(self, conversation_id: str) -> int:
        """The sequence number of the latest message of a conversation."""
        with self._store.read() as session:
            return session.scalar(select(func.max(Turn.seq)).where(Turn.conversation_id == conversation_id)) or 0

    async def feedback(self, conversation_id: str, message_id: str, value: str) -> bool:
        """Notes a thumb on an answer; False when there is no such message here."""
        return await asyncio.to_thread(self._feedback, conversation_id, message_id, value)

    def _feedback(self, conversation_id: str, message_id: str, value: str) -> bool:
        with self._store.write() as session:
            turn = session.scalar(
                select(Turn).where(
                    Turn.conversation_id == conversation_id, Turn.id == message_id, Turn.author == "insyn"
                )
            )
            if turn is None:
                return False
            if turn.feedback != value:
                count_thumb(session, turn.at, turn.channel, value, turn.topic, instead_of=turn.feedback)
                turn.feedback = value
            return True
