"""Mails as messages of a conversation: stored as they come in, then answered by Rasa and the actions like the chat's."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.clock import Clock
from insyn.conversation.bookkeeping import Bookkeeping
from insyn.conversation.channels import MAIL
from insyn.conversation.conversations import Conversations
from insyn.conversation.deciding import decided, said_in
from insyn.conversation.messages import Heard, TurnFailed, Writer
from insyn.conversation.news import News
from insyn.conversation.one_at_a_time import OneAtATime
from insyn.conversation.placeholders import Placeholders
from insyn.conversation.rasa import RasaClient
from insyn.conversation.transcript import Transcript
from insyn.errors import new_error_id
from insyn.privacy.masking import normalise
from insyn.store.engine import Store
from insyn.store.models import Conversation, Turn


class MailedTurns:
    """The turns of a conversation that come by mail."""

    def __init__(
        self, store: Store, rasa: RasaClient, conversations: Conversations, placeholders: Placeholders, transcript: Transcript,
        bookkeeping: Bookkeeping, alone: OneAtATime, news: News, clock: Clock,
    ) -> None:  # fmt: skip
        self._store = store
        self._rasa = rasa
        self._conversations = conversations
        self._placeholders = placeholders
        self._transcript = transcript
        self._bookkeeping = bookkeeping
        self._alone = alone
        self._news = news
        self._clock = clock

    def begin(self, session: Session) -> Conversation:
        """A conversation that begins with a mail, as part of the caller's transaction."""
        return self._conversations.begin(session, MAIL)

    def hear(
        self,
        session: Session,
        conversation: Conversation,
        text: str,
        *,
        key: str,
        at: datetime,
        masked: bool = False,
        right: str | None = None,
    ) -> Turn:
        """Masks and stores a mail's words, or a part of them, once for each `key`; part of the caller's transaction.

        `at` is when the mail was received: the clock of what it asks for runs from there. `masked`: the text is from a turn
        that has been masked; `right` is what it is taken to claim, as if that had been chosen.
        """
        known = select(Turn).where(Turn.conversation_id == conversation.id, Turn.idempotency_key == key)
        turn = session.scalar(known)
        if turn is None:
            words = text if masked else self._placeholders.put_in(session, conversation, normalise(text))
            turn = Turn(
                id=str(uuid.uuid4()), conversation_id=conversation.id, author="person", channel=MAIL, at=at,
                idempotency_key=key, text=words, status="pending", choice=f"/{right}" if right else None,
            )  # fmt: skip
            session.add(turn)
            conversation.last_activity_at = self._clock()
            session.flush()
        return turn

    def note_said(self, session: Session, turn: Turn, text: str, data: dict[str, Any]) -> None:
        """Stores something said in answer to a mail that Rasa was not asked about; part of the caller's transaction."""
        conversation = session.get_one(Conversation, turn.conversation_id)
        session.add(
            self._transcript.said(
                conversation.id, text, data, at=self._clock(), answers=turn.id,
                english=bool(conversation.dialogue.get("english")), channel=MAIL,
            )
        )  # fmt: skip
        session.flush()

    async def answer(self, conversation_id: str, turn_id: str, writer: Writer) -> None:
        """Has Rasa and the actions deal with a stored mail, if that has not been done.

        Raises `RasaUnavailable`, and `TurnFailed` when an action failed; the mail is then to be tried again.
        """
        async with self._alone(conversation_id):
            heard = await asyncio.to_thread(self._to_answer, conversation_id, turn_id, writer)
            if heard is None:
                return
            result = await decided(self._rasa, heard)
            messages, failure = said_in(result)
            if failure is not None or not messages:
                raise TurnFailed(failure or new_error_id())

            def book() -> None:
                with self._store.write() as session:
                    conversation = session.get_one(Conversation, conversation_id)
                    self._bookkeeping.reply(session, conversation, heard, result, messages)

            await asyncio.to_thread(book)
        self._news.tell(conversation_id)

    def _to_answer(self, conversation_id: str, turn_id: str, writer: Writer) -> Heard | None:
        with self._store.read() as session:
            turn = session.scalars(select(Turn).where(Turn.id == turn_id)).one()
            if turn.status != "pending":
                return None
            return Heard.of(session.get_one(Conversation, conversation_id), turn, writer)
