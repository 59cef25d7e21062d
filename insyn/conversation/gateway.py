"""The gateway: takes a message in, masks and stores it, lets Rasa decide, stores and gives the reply.

A message is stored before Rasa hears of it and marked answered in the transaction that stores the reply. What Rasa could
not answer stays pending and is answered later; a message sent again with the same key gets the same reply.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.shredding import shred_mail
from insyn.clock import Clock
from insyn.conversation.bookkeeping import Bookkeeping
from insyn.conversation.channels import CHAT, MAIL
from insyn.conversation.deciding import decided, said_in
from insyn.conversation.messages import MAX_BYTES, NOT_WORDS, Heard, Refused, Reply
from insyn.conversation.news import News
from insyn.conversation.one_at_a_time import OneAtATime
from insyn.conversation.placeholders import Placeholders
from insyn.conversation.rasa import RasaClient, RasaUnavailable, TurnResult
from insyn.conversation.takeover import Takeover
from insyn.conversation.tokens import Tokens
from insyn.conversation.transcript import Transcript
from insyn.errors import new_error_id
from insyn.privacy import lexicon
from insyn.privacy.incoming import shred_incoming
from insyn.privacy.keys import DataKeyring
from insyn.privacy.masking import normalise
from insyn.privacy.traces import leave_no_trace
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Conversation, Turn

LATER_AFTER = timedelta(seconds=6)
LAST_WORD = timedelta(days=1)  # for whoever was away when the answer came that ends a conversation
HELD = (
    "Konversationen behövs för ett rättsligt anspråk och kan inte raderas nu (dataskyddsförordningen, artikel 17.3 e)."
)

log = structlog.get_logger()


class Gateway:
    """One message after another, each at most once."""

    def __init__(
        self, store: Store, rasa: RasaClient, keyring: DataKeyring, audit: AuditLog, transcript: Transcript, tokens: Tokens,
        takeover: Takeover, placeholders: Placeholders, bookkeeping: Bookkeeping, alone: OneAtATime, news: News, clock: Clock,
    ) -> None:  # fmt: skip
        self._store = store
        self._rasa = rasa
        self._keyring = keyring
        self._audit = audit
        self._transcript = transcript
        self._tokens = tokens
        self._takeover = takeover
        self._placeholders = placeholders
        self._bookkeeping = bookkeeping
        self._alone = alone
        self._news = news
        self._clock = clock

    # -- messages

    async def receive(
        self,
        conversation_id: str,
        *,
        text: str | None = None,
        choice: str | None = None,
        key: str | None = None,
    ) -> Reply:
        """Takes one message and answers it. Raises `Refused` for what cannot be taken, `StoreUnavailable`."""
        came = asyncio.get_running_loop().time()
        async with self._alone(conversation_id):
            heard = await asyncio.to_thread(self._hear, conversation_id, text, choice, key)
            if isinstance(heard, Reply):
                if heard.ended:
                    await asyncio.to_thread(self._erase, conversation_id)
                self._news.tell(conversation_id)
                return heard
            return await self._answer(heard, waited=asyncio.get_running_loop().time() - came)

    def _hear(self, conversation_id: str, text: str | None, choice: str | None, key: str | None) -> Heard | Reply:
        """Masks and stores a message, or finds the reply that it has already had."""
        if choice is None:
            lexicon.load()  # just after a start it takes a second, in which others could not write
        # Whatever acknowledges the message commits after this, and durably.
        with self._store.write(durable=False) as session:
            conversation = _held(session, conversation_id)
            if conversation is None:
                raise Refused(401, "no such conversation", "Konversationen finns inte längre.")
            if key is not None:
                known = session.scalar(
                    select(Turn).where(Turn.conversation_id == conversation_id, Turn.idempotency_key == key)
                )
                if known is not None:
                    return self._again(session, conversation, known)
            now = self._clock()
            turn = Turn(
                id=str(uuid.uuid4()), conversation_id=conversation_id, author="person", at=now, idempotency_key=key,
                text="", status="pending",
            )  # fmt: skip
            if choice is not None:
                title, turn.choice = self._offered(session, conversation_id, choice)
                turn.text = title
            else:
                turn.text = self._masked(session, conversation, text or "")
            session.add(turn)
            conversation.last_activity_at = now
            session.flush()
            if self._takeover.is_human(conversation):
                self._takeover.hears(conversation, turn)
                self._audit.append(session, "turn.for_human", conversation.id, turn=turn.id)
                return Reply([])
            self._takeover.end(session, conversation)  # whoever had it has been silent for long
            return Heard.of(conversation, turn)

    def _masked(self, session: Session, conversation: Conversation, text: str) -> str:
        if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
            raise Refused(413, "too long", "Meddelandet är för långt. Korta det, eller dela upp det i flera.")
        clean = normalise(text)
        if not clean.strip(NOT_WORDS):
            raise Refused(422, "empty", "Meddelandet är tomt. Skriv vad du vill ha hjälp med.")
        return self._placeholders.put_in(session, conversation, clean)

    def _offered(self, session: Session, conversation_id: str, choice_id: str) -> tuple[str, str]:
        """Title and meaning of a choice that was offered in this very conversation."""
        turn_id, _, _ = choice_id.partition(".")
        turn = session.scalar(select(Turn).where(Turn.id == turn_id, Turn.conversation_id == conversation_id))
        for choice in (turn.content or {}).get("choices", []) if turn else []:
            if choice["id"] == choice_id:
                return str(choice["title"]), str(choice["payload"])
        raise Refused(422, "unknown choice", "Det valet finns inte i den här konversationen. Välj igen eller skriv.")

    def _again(self, session: Session, conversation: Conversation, turn: Turn) -> Heard | Reply:
        """The reply a message has had, or the message once more when it has had none."""
        if turn.status == "pending":
            return Heard.of(conversation, turn)
        replies = session.scalars(
            select(Turn).where(Turn.answers_id == turn.id, Turn.status != "promised").order_by(Turn.seq)
        )
        renewed = conversation.token_rotated_by == turn.id
        messages = [self._transcript.message(session, conversation, each) for each in replies]
        return Reply(
            messages,
            self._tokens.issue(conversation.id, conversation.token_epoch) if renewed else None,
            ended=any(message.get("ended") for message in messages) and not conversation.on_hold,
        )

    async def _answer(self, heard: Heard, *, waited: float = 0.0, late: bool = False) -> Reply:
        """The reply to a message. One that ends the conversation erases it, unless nobody may be there to read it (`late`)."""
        try:
            result = await decided(self._rasa, heard, waited)
        except RasaUnavailable as error:
            log.warning("rasa unavailable", error=str(error), conversation=heard.conversation_id)
            if late:
                raise
            return await asyncio.to_thread(self._promise, heard)
        reply = await asyncio.to_thread(self._store_reply, heard, result, late)
        if not late and any(message.get("ended") for message in reply.messages):
            await asyncio.to_thread(self._erase, heard.conversation_id)
            reply = Reply(reply.messages, ended=True)
        self._news.tell(heard.conversation_id)
        return reply

    def _store_reply(self, heard: Heard, result: TurnResult, late: bool) -> Reply:
        messages, failure = said_in(result)
        failed = failure is not None or not messages
        if failed:
            error_id = failure or new_error_id()
            log.error("turn failed", error_id=error_id, conversation=heard.conversation_id, turn=heard.turn_id)
            messages = [self._bookkeeping.sorry(error_id)]
        with self._store.write() as session:
            conversation = _held(session, heard.conversation_id)
            if conversation is None:
                return Reply([])
            said = self._bookkeeping.reply(session, conversation, heard, result, messages, failed=failed, late=late)
            if any(each["data"].get("ends") for each in messages):
                conversation.ends_at = self._clock() + LAST_WORD
            renewed = conversation.token_rotated_by == heard.turn_id
            return Reply(
                [self._transcript.message(session, conversation, each) for each in said],
                self._tokens.issue(conversation.id, conversation.token_epoch) if renewed else None,
            )

    def _promise(self, heard: Heard) -> Reply:
        """Rasa does not answer: the message is kept, and that is what the person is told."""
        with self._store.write() as session:
            conversation = _held(session, heard.conversation_id)
            if conversation is None:
                return Reply([])
            turn = self._bookkeeping.promise(session, conversation, heard)
            return Reply([self._transcript.message(session, conversation, turn)])

    # -- a human in the chat

    async def take_over(self, conversation_id: str, *, by: str) -> bool:
        """The member `by` of the staff answers from now on, not Insyn; False when there is no such conversation."""
        return await self._change_hands(conversation_id, lambda session, one: self._takeover.begin(session, one, by=by))

    async def give_back(self, conversation_id: str, *, by: str) -> bool:
        """Insyn answers again; False when there is no such conversation."""
        return await self._change_hands(conversation_id, lambda session, one: self._takeover.end(session, one, by=by))

    async def _change_hands(self, conversation_id: str, change: Callable[[Session, Conversation], None]) -> bool:
        def changed() -> bool:
            with self._store.write() as session:
                conversation = session.get(Conversation, conversation_id)
                if conversation is None or conversation.channel != CHAT:
                    return False
                change(session, conversation)
                return True

        async with self._alone(conversation_id):  # an answer on its way comes first
            done = await asyncio.to_thread(changed)
        self._news.tell(conversation_id)
        return done

    # -- what was kept

    async def answer_pending(self) -> int:
        """Answers messages that were stored but never answered (Rasa was away, the service was ended, a human was silent).

        Returns how many.
        """
        answered = 0
        for conversation_id in await asyncio.to_thread(self._given_back):
            self._news.tell(conversation_id)
        for conversation_id in await asyncio.to_thread(self._waiting):
            async with self._alone(conversation_id):
                while (heard := await asyncio.to_thread(self._next_pending, conversation_id)) is not None:
                    await self._answer(heard, late=True)
                    answered += 1
        return answered

    def _given_back(self) -> list[str]:
        with self._store.read() as session:
            if not self._takeover.is_any_late(session):
                return []
        with self._store.write() as session:
            return self._takeover.run_out(session)

    def _waiting(self) -> list[str]:
        """Conversations with a message that has waited, the longest first. What is mailed is tried again by the mailbox."""
        with self._store.read() as session:
            rows = session.scalars(
                select(Turn.conversation_id)
                # As a literal: for a value yet to come SQLite would not look in the index of what is pending alone.
                .where(
                    Turn.status == literal_column("'pending'"),
                    Turn.at < self._clock() - LATER_AFTER,
                    Turn.channel != MAIL,
                )
                .order_by(Turn.seq)
                .limit(100)
            )
            return list(dict.fromkeys(rows))

    def _next_pending(self, conversation_id: str) -> Heard | None:
        with self._store.read() as session:
            turn = session.scalar(
                select(Turn)
                .where(Turn.conversation_id == conversation_id, Turn.status == "pending", Turn.channel != MAIL)
                .order_by(Turn.seq)
                .limit(1)
            )
            if turn is None:
                return None
            return Heard.of(session.get_one(Conversation, conversation_id), turn)

    async def erase(self, conversation_id: str) -> None:
        """Erases a conversation: its turns, its values, and the key that sealed them. Cases stay, with their own keys.

        Raises `Refused` when it is on hold.
        """
        async with self._alone(conversation_id):
            await asyncio.to_thread(self._erase, conversation_id)

    def _erase(self, conversation_id: str) -> None:
        with self._store.write() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                return
            if conversation.on_hold:
                raise Refused(409, "on hold", HELD)
            shred_mail(session, conversation.data_key_id)
            shred_incoming(session, IncomingMail.conversation_id == conversation_id)
            self._keyring.shred(session, conversation.data_key_id)
            session.delete(conversation)
            self._audit.append(session, "conversation.erased", conversation_id, by="person")
        leave_no_trace(self._store)

    async def erase_ended(self) -> int:
        """Erases the conversations whose last word has been there to be read for its time; returns how many."""
        ended = await asyncio.to_thread(self._ended)
        for conversation_id in ended:
            await self.erase(conversation_id)
        return len(ended)

    def _ended(self) -> Sequence[str]:
        with self._store.read() as session:
            over = select(Conversation.id).where(Conversation.ends_at <= self._clock(), Conversation.on_hold.is_(False))
            return session.scalars(over.limit(100)).all()

    async def note_refusal(self, conversation_id: str, refusal: Refused) -> None:
        """Records that a message was refused, and why (not what it said)."""

        def note() -> None:
            with self._store.write() as session:
                self._audit.append(session, "message.refused", conversation_id, reason=refusal.reason)

        await asyncio.to_thread(note)


def _held(session: Session, conversation_id: str) -> Conversation | None:
    """A conversation that nobody erases before the transaction ends; None when it is gone (its person erased all from another)."""
    return session.get(Conversation, conversation_id, with_for_update={"key_share": True})
