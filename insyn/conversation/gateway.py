"""The gateway: takes a message in, masks and stores it, lets Rasa decide, stores and gives the reply.

A message is stored before Rasa hears of it and marked answered in the transaction that stores the reply. What Rasa could
not answer stays pending and is answered later; a message sent again with the same key gets the same reply.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Container, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, literal_column, select, update
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.shredding import shred_mail
from insyn.clock import Clock
from insyn.conversation.channels import CHAT, MAIL
from insyn.conversation.rasa import RasaClient, RasaUnavailable, TurnResult
from insyn.conversation.takeover import Takeover
from insyn.conversation.tokens import Tokens
from insyn.conversation.transcript import Message, Transcript, public_topic
from insyn.errors import new_error_id
from insyn.identity.challenge import Challenges
from insyn.numbers.counting import count, count_thumb, outcome_of
from insyn.policy.answers import AnswerBook
from insyn.privacy import lexicon
from insyn.privacy.incoming import shred_incoming
from insyn.privacy.keys import DataKeyring
from insyn.privacy.masking import mask, normalise
from insyn.privacy.traces import leave_no_trace
from insyn.privacy.vault import Vault
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Conversation, Turn

MAX_BYTES = 8192
OPENING_CHOICES = ("policy.rights.overview", "request.access", "request.erasure", "policy.retention.general")
LATER_AFTER = timedelta(seconds=6)
LAST_WORD = timedelta(days=1)  # for whoever was away when the answer came that ends a conversation
NOT_WORDS = "/ \t\n"
HELD = (
    "Konversationen behövs för ett rättsligt anspråk och kan inte raderas nu (dataskyddsförordningen, artikel 17.3 e)."
)

log = structlog.get_logger()


class Refused(Exception):
    """The message cannot be taken; `reason` names why and `text` says it in Swedish."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.text = text


@dataclass(frozen=True)
class Reply:
    """What to give back: messages, a new token when the old one has just died, and whether the conversation is erased."""

    messages: list[Message]
    token: str | None = None
    ended: bool = False


class TurnFailed(Exception):
    """An action could not do its work: the message is as it was before it was tried. `error_id` stands in the log."""

    def __init__(self, error_id: str) -> None:
        super().__init__(error_id)
        self.error_id = error_id


@dataclass(frozen=True)
class Writer:
    """Who wrote a mail, as placeholders of the conversation's vault: the address it came from, and a name it was signed with."""

    address: str
    name: str | None = None


@dataclass(frozen=True)
class _Heard:
    """A stored message on its way to Rasa."""

    conversation_id: str
    turn_id: str
    for_rasa: str
    dialogue: dict[str, Any]
    epoch: int
    writer: Writer | None = None  # of a mail

    @property
    def metadata(self) -> dict[str, str]:
        """What the actions are told of the turn besides its words."""
        known = {"turn": self.turn_id}
        if self.writer is not None:
            known |= {"channel": MAIL, "address": self.writer.address}
            known |= {"name": self.writer.name} if self.writer.name else {}
        return known


class Gateway:
    """One conversation after another, each message at most once."""

    def __init__(
        self,
        store: Store,
        rasa: RasaClient,
        keyring: DataKeyring,
        vault: Vault,
        challenges: Challenges,
        audit: AuditLog,
        book: AnswerBook,
        transcript: Transcript,
        tokens: Tokens,
        takeover: Takeover,
        clock: Clock,
        vocabulary: Container[str],
    ) -> None:
        self._store = store
        self._rasa = rasa
        self._keyring = keyring
        self._vault = vault
        self._challenges = challenges
        self._audit = audit
        self._book = book
        self._transcript = transcript
        self._tokens = tokens
        self._takeover = takeover
        self._clock = clock
        self._vocabulary = vocabulary
        self._busy: dict[str, tuple[asyncio.Lock, int]] = {}
        self.news = News()

    # -- conversations

    async def open(self, channel: str) -> Reply:
        """Begins a conversation; the greeting says what Insyn is and does with what is written."""
        return await asyncio.to_thread(self._open, channel)

    def _open(self, channel: str) -> Reply:
        with self._store.write() as session:
            conversation = self._new_conversation(session, channel)
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

    def _new_conversation(self, session: Session, channel: str) -> Conversation:
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

    async def erase(self, conversation_id: str) -> None:
        """Erases a conversation: its turns, its values, and the key that sealed them. Cases stay, with their own keys.

        Raises `Refused` when it is on hold.
        """
        async with self.alone(conversation_id):
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
        async with self.alone(conversation_id):
            heard = await asyncio.to_thread(self._hear, conversation_id, text, choice, key)
            if isinstance(heard, Reply):
                if heard.ended:
                    await asyncio.to_thread(self._erase, conversation_id)
                self.news.tell(conversation_id)
                return heard
            return await self._answer(heard, waited=asyncio.get_running_loop().time() - came)

    def _hear(self, conversation_id: str, text: str | None, choice: str | None, key: str | None) -> _Heard | Reply:
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
            return self._heard(conversation, turn)

    def _heard(self, conversation: Conversation, turn: Turn) -> _Heard:
        for_rasa = turn.choice or _no_command(turn.text)
        return _Heard(conversation.id, turn.id, for_rasa, dict(conversation.dialogue), conversation.token_epoch)

    def _masked(self, session: Session, conversation: Conversation, text: str) -> str:
        if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
            raise Refused(413, "too long", "Meddelandet är för långt. Korta det, eller dela upp det i flera.")
        clean = normalise(text)
        if not clean.strip(NOT_WORDS):
            raise Refused(422, "empty", "Meddelandet är tomt. Skriv vad du vill ha hjälp med.")
        return self._mask(session, conversation, clean)

    def _mask(self, session: Session, conversation: Conversation, clean: str) -> str:
        """Normalised text with every personal value behind a placeholder of the conversation's vault."""
        keep = self._vault.keeper(session, conversation)

        def keep_value(kind: str, value: str) -> str:
            # Of a code only its keyed fingerprint is kept.
            return keep(kind, self._challenges.digest(conversation.id, value) if kind == "kod" else value)

        expects = conversation.dialogue.get("requested_slot")
        expects = "code" if expects in ("lookup_code", "own_code") else expects
        if clean.lstrip().startswith("/"):
            expects = None  # an attempted command is not the answer that was asked for
        return mask(clean, keep_value, expects=expects, vocabulary=self._vocabulary)

    def _offered(self, session: Session, conversation_id: str, choice_id: str) -> tuple[str, str]:
        """Title and meaning of a choice that was offered in this very conversation."""
        turn_id, _, _ = choice_id.partition(".")
        turn = session.scalar(select(Turn).where(Turn.id == turn_id, Turn.conversation_id == conversation_id))
        for choice in (turn.content or {}).get("choices", []) if turn else []:
            if choice["id"] == choice_id:
                return str(choice["title"]), str(choice["payload"])
        raise Refused(422, "unknown choice", "Det valet finns inte i den här konversationen. Välj igen eller skriv.")

    def _again(self, session: Session, conversation: Conversation, turn: Turn) -> _Heard | Reply:
        """The reply a message has had, or the message once more when it has had none."""
        if turn.status == "pending":
            return self._heard(conversation, turn)
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

    async def _answer(self, heard: _Heard, *, waited: float = 0.0, late: bool = False) -> Reply:
        """The reply to a message. One that ends the conversation erases it, unless nobody may be there to read it (`late`)."""
        try:
            result = await self._decided(heard, waited)
        except RasaUnavailable as error:
            log.warning("rasa unavailable", error=str(error), conversation=heard.conversation_id)
            if late:
                raise
            return await asyncio.to_thread(self._promise, heard)
        reply = await asyncio.to_thread(self._store_reply, heard, result, late)
        if not late and any(message.get("ended") for message in reply.messages):
            await asyncio.to_thread(self._erase, heard.conversation_id)
            reply = Reply(reply.messages, ended=True)
        self.news.tell(heard.conversation_id)
        return reply

    async def _decided(self, heard: _Heard, waited: float = 0.0) -> TurnResult:
        """What Rasa and the actions made of a message. Raises `RasaUnavailable`, also when an action could not reach the store."""
        state = {key: heard.dialogue.get(key) for key in ("slots", "active_loop", "requested_slot")}
        result = await self._rasa.turn(heard.conversation_id, heard.for_rasa, state, heard.metadata, waited=waited)
        if any(each["data"].get("postponed") for each in result.messages):
            raise RasaUnavailable("an action could not reach the store")
        return result

    def _store_reply(self, heard: _Heard, result: TurnResult, late: bool) -> Reply:
        messages, failure = _said_in(result)
        failed = failure is not None or not messages
        if failed:
            error_id = failure or new_error_id()
            log.error("turn failed", error_id=error_id, conversation=heard.conversation_id, turn=heard.turn_id)
            sorry = self._book.phrase("failed", error_id=error_id)
            messages = [{"text": sorry.text, "data": {"english": sorry.english}}]
        with self._store.write() as session:
            conversation = _held(session, heard.conversation_id)
            if conversation is None:
                return Reply([])
            said = self._book_reply(session, conversation, heard, result, messages, failed=failed, late=late)
            if any(each["data"].get("ends") for each in messages):
                conversation.ends_at = self._clock() + LAST_WORD
            renewed = conversation.token_rotated_by == heard.turn_id
            return Reply(
                [self._transcript.message(session, conversation, each) for each in said],
                self._tokens.issue(conversation.id, conversation.token_epoch) if renewed else None,
            )

    def _book_reply(
        self, session: Session, conversation: Conversation, heard: _Heard, result: TurnResult, messages: list[Message],
        *, failed: bool = False, late: bool = False,
    ) -> list[Turn]:  # fmt: skip
        """Stores what was said in answer to a turn, how it was read and where the dialogue then stands."""
        now, reading = self._clock(), result.reading
        english = self._writes_english(heard, reading)
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

    @staticmethod
    def _writes_english(heard: _Heard, reading: dict[str, Any]) -> bool:
        """Whether the person writes English; a choice or a bare value says nothing of it, so the last word stands."""
        if heard.for_rasa.startswith("/") or len(heard.for_rasa.split()) < 3 or not reading.get("language"):
            return bool(heard.dialogue.get("english"))
        return bool(reading["language"] == "en")

    def _promise(self, heard: _Heard) -> Reply:
        """Rasa does not answer: the message is kept, and that is what the person is told."""
        phrase = self._book.phrase("later")
        with self._store.write() as session:
            conversation = _held(session, heard.conversation_id)
            if conversation is None:
                return Reply([])
            promised = select(Turn).where(Turn.answers_id == heard.turn_id, Turn.status == "promised")
            turn = session.scalar(promised)
            if turn is None:
                turn = self._transcript.said(
                    conversation.id, phrase.text, {"english": phrase.english}, at=self._clock(), answers=heard.turn_id,
                    english=bool(heard.dialogue.get("english")), status="promised",
                )  # fmt: skip
                session.add(turn)
                session.flush()
                self._audit.append(session, "turn.postponed", conversation.id, turn=heard.turn_id)
            return Reply([self._transcript.message(session, conversation, turn)])

    # -- mails

    def begin_mailed(self, session: Session) -> Conversation:
        """A conversation that begins with a mail, as part of the caller's transaction."""
        return self._new_conversation(session, MAIL)

    def hear_mail(
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
            words = text if masked else self._mask(session, conversation, normalise(text))
            turn = Turn(
                id=str(uuid.uuid4()), conversation_id=conversation.id, author="person", channel=MAIL, at=at,
                idempotency_key=key, text=words, status="pending", choice=f"/{right}" if right else None,
            )  # fmt: skip
            session.add(turn)
            conversation.last_activity_at = self._clock()
            session.flush()
        return turn

    def masked(self, text: str, *, expects: str | None) -> str:
        """A text as Rasa may read it before it is kept: every personal value behind a placeholder of no conversation's."""
        numbers: dict[tuple[str, str], str] = {}

        def forget(kind: str, value: str) -> str:
            alike = sum(1 for each, _ in numbers if each == kind)
            return numbers.setdefault((kind, value), f"⟨{kind} {alike + 1}⟩")

        return mask(normalise(text), forget, expects=expects, vocabulary=self._vocabulary)

    def writer(self, session: Session, conversation: Conversation, address: str, name: str) -> Writer:
        """Who wrote a mail, as placeholders of its conversation; either may be empty."""
        keep = self._vault.keeper(session, conversation)
        return Writer(keep("e-post", address) if address else "", keep("namn", name) if name else None)

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

    async def answer_mail(self, conversation_id: str, turn_id: str, writer: Writer) -> None:
        """Has Rasa and the actions deal with a stored mail, if that has not been done.

        Raises `RasaUnavailable`, and `TurnFailed` when an action failed; the mail is then to be tried again.
        """
        async with self.alone(conversation_id):
            heard = await asyncio.to_thread(self._mail_to_answer, conversation_id, turn_id, writer)
            if heard is None:
                return
            result = await self._decided(heard)
            messages, failure = _said_in(result)
            if failure is not None or not messages:
                raise TurnFailed(failure or new_error_id())

            def book() -> None:
                with self._store.write() as session:
                    conversation = session.get_one(Conversation, conversation_id)
                    self._book_reply(session, conversation, heard, result, messages)

            await asyncio.to_thread(book)
        self.news.tell(conversation_id)

    def _mail_to_answer(self, conversation_id: str, turn_id: str, writer: Writer) -> _Heard | None:
        with self._store.read() as session:
            turn = session.scalars(select(Turn).where(Turn.id == turn_id)).one()
            if turn.status != "pending":
                return None
            return replace(self._heard(session.get_one(Conversation, conversation_id), turn), writer=writer)

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

        async with self.alone(conversation_id):  # an answer on its way comes first
            done = await asyncio.to_thread(changed)
        self.news.tell(conversation_id)
        return done

    # -- what was kept

    async def answer_pending(self) -> int:
        """Answers messages that were stored but never answered (Rasa was away, the service was ended, a human was silent).

        Returns how many.
        """
        answered = 0
        for conversation_id in await asyncio.to_thread(self._given_back):
            self.news.tell(conversation_id)
        for conversation_id in await asyncio.to_thread(self._waiting):
            async with self.alone(conversation_id):
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

    def _next_pending(self, conversation_id: str) -> _Heard | None:
        with self._store.read() as session:
            turn = session.scalar(
                select(Turn)
                .where(Turn.conversation_id == conversation_id, Turn.status == "pending", Turn.channel != MAIL)
                .order_by(Turn.seq)
                .limit(1)
            )
            if turn is None:
                return None
            return self._heard(session.get_one(Conversation, conversation_id), turn)

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

    @asynccontextmanager
    async def alone(self, conversation_id: str) -> AsyncIterator[None]:
        """One message of a conversation at a time: two tabs take turns."""
        lock, waiting = self._busy.get(conversation_id, (asyncio.Lock(), 0))
        self._busy[conversation_id] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._busy[conversation_id]
            if waiting == 1:
                del self._busy[conversation_id]
            else:
                self._busy[conversation_id] = (lock, waiting - 1)


def _held(session: Session, conversation_id: str) -> Conversation | None:
    """A conversation that nobody erases before the transaction ends; None when it is gone (its person erased all from another)."""
    return session.get(Conversation, conversation_id, with_for_update={"key_share": True})


def _said_in(result: TurnResult) -> tuple[list[Message], str | None]:
    """The messages with something in them, and the error id of an action that failed."""
    failure = next((each["data"]["failed"] for each in result.messages if each["data"].get("failed")), None)
    return [each for each in result.messages if each.get("text")], failure


def _no_command(text: str) -> str:
    """What a person wrote, without the form that Rasa would take for an intent of the gateway's (`/intent{...}`)."""
    if not text.lstrip().startswith("/"):
        return text
    words = text.lstrip(NOT_WORDS)
    return words.partition("{")[0].strip() or words


class News:
    """Wakes those who listen for what is new in a conversation."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = {}

    def tell(self, conversation_id: str) -> None:
        """Something new has been said."""
        for listener in self._listeners.get(conversation_id, ()):
            listener.set()

    @asynccontextmanager
    async def listening(self, conversation_id: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever something new is said."""
        listener = asyncio.Event()
        self._listeners.setdefault(conversation_id, set()).add(listener)
        try:
            yield listener
        finally:
            self._listeners[conversation_id].discard(listener)
            if not self._listeners[conversation_id]:
                del self._listeners[conversation_id]
