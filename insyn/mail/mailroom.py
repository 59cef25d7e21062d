"""The mailroom: takes each mail from the inbox to where it ends, whatever happens on the way.

    read → decide → keep its words as a turn → understand → decide again → let Rasa and the actions deal with it → reply

Every step can be done again without doing more: the turns have keys of the mail's own, what the actions write goes by
those turns, and the reply, its code and the mail's end are one transaction. A mail that was under way when the process
died is taken up again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.cases.casebook import Casebook
from insyn.cases.reference import canonical
from insyn.conversation.mailed import MailedTurns
from insyn.conversation.messages import TurnFailed, Writer
from insyn.conversation.placeholders import Placeholders
from insyn.conversation.rasa import RasaClient, RasaUnavailable
from insyn.identity.address import AddressInvalid, EmailAddress
from insyn.mail.deciding import Context, Decision, Holding, Reading
from insyn.mail.deciding.sequence import decide, needs_understanding
from insyn.mail.identity_documents import without_parts
from insyn.mail.inbox import Head, Inbox, Opened, Thread
from insyn.mail.reading import ReadMail
from insyn.mail.reading.attachments import described, megabytes
from insyn.mail.reading.reader import read
from insyn.mail.reading.signature import signed_name
from insyn.mail.replying import Queued, Replying
from insyn.mail.sentences import unwrapped
from insyn.mail.understanding import Part, Understood, understand
from insyn.policy.answers import HUMAN, AnswerBook
from insyn.privacy.vault import Vault
from insyn.requests.desk import Here, RequestDesk
from insyn.store.engine import Store, StoreUnavailable
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Case, Conversation, Turn

AT_ONCE = 20
PAUSE_SECONDS = 1.0
MOST_CHARACTERS = 20_000  # of new text; nobody writes so much, and a human is to read what is longer
NOTHING_WRITTEN = "(inget skrivet)"
WHOLLY_HUMAN = frozenset(
    {"distress", "protected_identity", "authority", "lawyer", "press", "representative", "forwarded_request"}
)
# Decisions for a human in which the actions nevertheless do their part: they pass on what they must, and say so.
DEALT_WITH = frozenset({"wants_human", "not_understood", "incomplete"})

log = structlog.get_logger()


@dataclass(frozen=True)
class Handling:
    """What the mailbox's settings say."""

    own_addresses: frozenset[str]
    authserv_id: str
    max_replies: int
    max_bytes: int


@dataclass(frozen=True)
class Kept:
    """A mail whose words are a turn of a conversation."""

    conversation_id: str
    turn_id: str
    text: str
    writer: Writer


@dataclass(frozen=True)
class Outcome:
    """What became of a mail: where it ended, what was read of it, the reply and the cases it led to."""

    status: str
    decision: str
    reason: str
    new_text: str = ""
    topics: tuple[str, ...] = ()
    reply: dict[str, str] | None = None
    cases: tuple[dict[str, Any], ...] = ()


class Mailroom:
    """Deals with the mails of the inbox, one after the other."""

    def __init__(
        self, store: Store, inbox: Inbox, mailed: MailedTurns, placeholders: Placeholders, rasa: RasaClient,
        desk: RequestDesk, casebook: Casebook, vault: Vault, replying: Replying, book: AnswerBook, handling: Handling,
    ) -> None:  # fmt: skip
        self._store = store
        self._inbox = inbox
        self._mailed = mailed
        self._placeholders = placeholders
        self._rasa = rasa
        self._desk = desk
        self._casebook = casebook
        self._vault = vault
        self._replying = replying
        self._book = book
        self._handling = handling
        self._alone = asyncio.Lock()

    async def run(self, *, pause_seconds: float = PAUSE_SECONDS) -> None:
        """Deals with what comes in until cancelled."""
        while True:
            try:
                handled = await self.handle_waiting()
            except StoreUnavailable as error:
                log.warning("mail waits", error=str(error))
                handled = 0
            except Exception:
                log.exception("mailroom failed")
                handled = 0
            if not handled:
                await asyncio.sleep(pause_seconds)

    async def handle_waiting(self) -> int:
        """Deals with mails whose time has come, if Rasa is there to understand them; returns how many were tried."""
        mail_ids = await asyncio.to_thread(self._inbox.waiting, AT_ONCE)
        if not mail_ids or not await self._rasa.is_ready():
            return 0
        for mail_id in mail_ids:
            await self.handle(mail_id)
        return len(mail_ids)

    async def handle(self, mail_id: str) -> None:
        """One attempt at one mail. What goes wrong is booked and tried again later, or the mail is set aside."""
        async with self._alone:
            opened = await asyncio.to_thread(self._inbox.begin, mail_id)
            if opened is None:
                return
            try:
                await self._deal_with(opened)
            except (RasaUnavailable, StoreUnavailable) as error:
                log.warning("mail postponed", mail=mail_id, error=type(error).__name__)
                await asyncio.to_thread(self._inbox.postpone, mail_id, type(error).__name__, counts=False)
            except Exception as error:
                log.error(
                    "mail failed", mail=mail_id, error=type(error).__name__, exc_info=not isinstance(error, TurnFailed)
                )
                await asyncio.to_thread(self._inbox.postpone, mail_id, type(error).__name__, counts=True)

    # -- the way of a mail

    async def _deal_with(self, opened: Opened) -> None:
        mail = await asyncio.to_thread(read, opened.raw, authserv_id=self._handling.authserv_id)
        sender = _address(mail)
        context, thread = await asyncio.to_thread(self._context, opened, mail, sender)
        text, understood = unwrapped(mail.new_text[:MOST_CHARACTERS]), None
        if text and not opened.oversize and needs_understanding(mail, context):
            text, understood = await self._understand(mail, text, thread)
            context = replace(context, readings=_readings(understood))
        if opened.oversize:  # nothing of its text is known, and that alone is no reason to leave it unanswered
            mail = replace(mail, new_text=NOTHING_WRITTEN, oddities=())
            context = replace(context, readings=(Reading(OVERSIZE[0], 1.0),))
        decision = decide(mail, context)
        if decision.kind == "ignored":
            return await asyncio.to_thread(self._ignore, opened, mail, sender, decision)
        if opened.oversize:
            return await asyncio.to_thread(self._refuse_size, opened, mail, sender, decision)
        if understood is not None and understood.is_courtesy and decision.kind == "answered":
            return await asyncio.to_thread(
                self._ignore,
                opened,
                mail,
                sender,
                replace(decision, kind="ignored", name=COURTESY[0], reason=COURTESY[1]),
            )
        kept = await asyncio.to_thread(self._keep, opened, mail, sender, thread, text, decision)
        if understood is None or not _is_for_the_actions(decision, understood):
            return await asyncio.to_thread(self._hand_over, opened, mail, kept, decision)
        if understood.beside:
            understood = await understand(self._rasa, kept.text)  # in the words that have been kept
        turn_ids = await self._have_answered(opened, kept, understood)
        return await asyncio.to_thread(self._finish, opened, mail, kept, turn_ids, decision)

    async def _understand(self, mail: ReadMail, text: str, thread: Thread) -> tuple[str, Understood]:
        """How a mail's new text is read; where it says nothing by itself, together with its subject."""
        expects = await asyncio.to_thread(self._expected, thread)
        understood = await self._read(text, expects)
        if understood.says_something or mail.is_reply or not mail.topic or mail.text_from_subject:
            return text, understood
        whole = f"{mail.topic}\n{text}"
        together = await self._read(whole, expects)
        return (whole, together) if together.says_something else (text, understood)

    async def _read(self, text: str, expects: str | None) -> Understood:
        """How a text is understood. A long one takes a while to mask, and so do the word lists: others need not wait for it."""
        masked = await asyncio.to_thread(self._placeholders.put_in_loose, text, expects=expects)
        return await understand(self._rasa, masked)

    def _expected(self, thread: Thread) -> str | None:
        """What the conversation that a mail continues has asked for."""
        if thread.conversation_id is None:
            return None
        with self._store.read() as session:
            conversation = session.get(Conversation, thread.conversation_id)
            slot = (conversation.dialogue if conversation else {}).get("requested_slot")
            return {"lookup_code": "code"}.get(slot, slot) if slot else None

    def _context(self, opened: Opened, mail: ReadMail, sender: EmailAddress | None) -> tuple[Context, Thread]:
        thread, replies, seen = Thread(None, known=False), 0, False
        if sender is not None:
            with self._store.read() as session:
                thread = self._inbox.thread(
                    session, [*mail.in_reply_to, *mail.references], canonical(mail.subject), sender
                )
                replies = self._inbox.replies_today(session, sender)
                seen = self._inbox.already_seen(session, opened.id, mail.message_id, sender)
        context = Context(
            own_addresses=self._handling.own_addresses,
            envelope_sender=opened.envelope_sender,
            automatic_replies=replies,
            max_automatic_replies=self._handling.max_replies,
            known_thread=thread.known,
            already_seen=seen,
        )
        return context, thread

    def _keep(
        self, opened: Opened, mail: ReadMail, sender: EmailAddress | None, thread: Thread, text: str, decision: Decision
    ) -> Kept:
        """The mail's words become a turn of its conversation: from here it cannot be lost, and its clock runs."""
        with self._store.write() as session:
            row = self._inbox.row(session, opened.id)
            self._note_sender(session, row, mail, sender)
            self._discard_id_documents(session, row, opened, mail)
            known = row.conversation_id or thread.conversation_id
            conversation = session.get(Conversation, known, with_for_update={"key_share": True}) if known else None
            conversation = conversation or self._mailed.begin(session)
            turn = self._mailed.hear(
                session, conversation, text or NOTHING_WRITTEN, key=f"mail:{opened.id}", at=opened.received_at
            )
            name = signed_name(mail.signature)
            writer = self._placeholders.of_writer(session, conversation, str(sender) if sender else "", name)
            if row.status == "received":
                row.status, row.conversation_id = "decided", conversation.id
                row.decision, row.reason = decision.name, decision.reason
            return Kept(conversation.id, turn.id, turn.text, writer)

    async def _have_answered(self, opened: Opened, kept: Kept, understood: Understood) -> list[str]:
        """Lets Rasa and the actions deal with the mail's turn, and with the parts that need a turn of their own."""
        await self._mailed.answer(kept.conversation_id, kept.turn_id, kept.writer)
        turn_ids = [kept.turn_id]
        for number, part in enumerate(understood.beside, start=1):
            turn_id = await asyncio.to_thread(self._keep_part, opened, kept, part, number)
            await self._mailed.answer(kept.conversation_id, turn_id, kept.writer)
            turn_ids.append(turn_id)
        return turn_ids

    def _keep_part(self, opened: Opened, kept: Kept, part: Part, number: int) -> str:
        with self._store.write() as session:
            conversation = session.get_one(Conversation, kept.conversation_id)
            key = f"mail:{opened.id}:{number}"
            return self._mailed.hear(
                session, conversation, part.text, key=key, at=opened.received_at, masked=True, right=part.right
            ).id

    def _finish(self, opened: Opened, mail: ReadMail, kept: Kept, turn_ids: Sequence[str], decision: Decision) -> None:
        """The reply, its code and the mail's end, in one transaction."""
        with self._store.write() as session:
            row = self._inbox.row(session, opened.id)
            if row.handled_at is not None:
                return
            said = self._replying.said(session, turn_ids)
            cases = self._cases_of(session, said)
            row.case_id = cases[-1].id if cases else None
            for case in cases:
                self._note_attachments(session, case, mail)
            if decision.reply_to is not None:
                self._reply(session, row, mail, kept, turn_ids, decision.reply_to)
            passed_on = any(turn.topic == HUMAN for turn in said)
            if decision.kind == "answered" and passed_on:
                self._inbox.book(session, row, "human", *PASSED_ON)
            elif decision.name == "not_understood" and not passed_on:
                self._inbox.book(session, row, "answered", *SHOWN_THE_WAY)
            else:
                self._inbox.book(session, row, decision.kind, decision.name, decision.reason)

    def _reply(
        self, session: Session, row: IncomingMail, mail: ReadMail, kept: Kept, turn_ids: Sequence[str], to: str
    ) -> Queued | None:
        conversation = session.get_one(Conversation, kept.conversation_id)
        head = self._inbox.head(session, row)
        if head is None:
            return None
        name = self._vault.reveal(session, conversation, kept.writer.name) if kept.writer.name else ""
        notices = [self._book.mail_phrase("mail.id_discarded").text] if _id_documents(mail) else []
        queued = self._replying.queue(session, row.id, conversation, turn_ids, replace(head, address=to), name, notices)
        if queued is not None:
            self._inbox.replied(row, queued.mail_id)
        return queued

    def _hand_over(self, opened: Opened, mail: ReadMail, kept: Kept, decision: Decision) -> None:
        """A human takes it from here: the mail is a question of its own, and a kind word goes out where one is due."""
        here = Here(kept.conversation_id, kept.turn_id)
        urgent = decision.holding in (Holding.PROTECTED, Holding.DISTRESS)
        case = self._desk.report(here, "question", kept.text, note=f"mail.{decision.name}", urgent=urgent)
        if kept.writer.address:
            self._desk.add_address_to_report(here, case.reference, kept.writer.address)
        with self._store.write() as session:
            row = self._inbox.row(session, opened.id)
            row.case_id = case.id
            self._note_attachments(session, self._casebook.locked(session, case.id), mail)
            turn = session.scalars(select(Turn).where(Turn.id == kept.turn_id)).one()
            if turn.status == "pending":
                turn.status, turn.topic = "answered", HUMAN
                if decision.holding is not Holding.NONE and decision.reply_to is not None:
                    phrase = self._book.mail_phrase(f"holding.{decision.holding}", reference=case.reference)
                    self._mailed.note_said(
                        session, turn, phrase.text, {"topic": HUMAN, "case": case.public(), "english": phrase.english}
                    )
                    self._reply(session, row, mail, kept, [turn.id], decision.reply_to)
            self._inbox.book(session, row, "human", decision.name, decision.reason)

    def _ignore(self, opened: Opened, mail: ReadMail, sender: EmailAddress | None, decision: Decision) -> None:
        with self._store.write() as session:
            row = self._inbox.row(session, opened.id)
            self._note_sender(session, row, mail, sender)
            self._discard_id_documents(session, row, opened, mail)
            for address in decision.unreachable:
                self._note_unreachable(session, address)
            self._inbox.book(session, row, "ignored", decision.name, decision.reason)

    def _refuse_size(self, opened: Opened, mail: ReadMail, sender: EmailAddress | None, decision: Decision) -> None:
        """Too large to be read: its sender is told so, and what to do instead."""
        with self._store.write() as session:
            row = self._inbox.row(session, opened.id)
            self._note_sender(session, row, mail, sender)
            may_answer = decision.kind == "answered" and decision.reply_to is not None
            if may_answer and decision.reply_to is not None:
                phrase = self._book.mail_phrase(
                    "mail.too_large", size=megabytes(opened.size), limit=megabytes(self._handling.max_bytes)
                )
                head = self._inbox.head(session, row)
                if head is not None:
                    queued = self._replying.tell(
                        session, row.id, row.data_key_id, replace(head, address=decision.reply_to), phrase.text
                    )
                    self._inbox.replied(row, queued.mail_id)
            self._inbox.book(session, row, "answered" if may_answer else "human", *OVERSIZE)

    # -- details

    def _note_sender(self, session: Session, row: IncomingMail, mail: ReadMail, sender: EmailAddress | None) -> None:
        if sender is None or mail.sender is None:
            return
        references = " ".join(dict.fromkeys([*mail.references, *mail.in_reply_to]))
        head = Head(str(sender), mail.sender.name, mail.topic, mail.message_id, references)
        self._inbox.know_sender(session, row, head)

    def _discard_id_documents(self, session: Session, row: IncomingMail, opened: Opened, mail: ReadMail) -> None:
        names = _id_documents(mail)
        if names and row.status == "received":
            self._inbox.replace_raw(session, row, without_parts(opened.raw, names))
            self._inbox.note(session, row, "mail.id_document_discarded", count=len(names))

    def _note_unreachable(self, session: Session, address: str) -> None:
        try:
            known = EmailAddress.parse(address)
        except AddressInvalid:
            return
        for case in self._casebook.of_address(session, known):
            if case.shredded_at is None and (self._replying.came_back(session, case) or case.closed_at is None):
                self._casebook.note(session, case, UNREACHABLE, by="insyn")

    def _cases_of(self, session: Session, said: Sequence[Turn]) -> list[Case]:
        """The cases that an answer speaks of, in that order, held as every case that is written to."""
        references = [turn.content["case"]["reference"] for turn in said if turn.content and turn.content.get("case")]
        found = [self._casebook.by_reference(session, reference) for reference in dict.fromkeys(references)]
        return [self._casebook.locked(session, case.id) for case in found if case is not None]

    def _note_attachments(self, session: Session, case: Case, mail: ReadMail) -> None:
        if mail.attachments and case.shredded_at is None:
            self._casebook.note(session, case, f"{ATTACHED} {described(mail.attachments)}.", by="insyn")

    def outcome(self, mail_id: str) -> Outcome | None:
        """What became of a mail, once it has ended."""
        with self._store.read() as session:
            row = session.get_one(IncomingMail, mail_id)
            if row.handled_at is None:
                return None
            raw = self._inbox.raw(session, row)
            mail = read(raw, authserv_id=self._handling.authserv_id) if raw is not None else None
            turns = session.scalars(select(Turn.id).where(Turn.idempotency_key.like(f"mail:{mail_id}%"))).all()
            said = self._replying.said(session, turns)
            cases = {
                turn.content["case"]["reference"]: turn.content["case"]
                for turn in said
                if turn.content and turn.content.get("case")
            }
            reply = self._replying.outgoing(session, row.reply_id)
            return Outcome(
                row.status, row.decision or "", row.reason or "", mail.new_text if mail else "",
                tuple(dict.fromkeys(turn.topic for turn in said if turn.topic)),
                {"to": reply.to, "subject": reply.subject, "text": reply.text} if reply else None,
                tuple(cases.values()),
            )  # fmt: skip


PASSED_ON = ("passed_on", "Mejlet kunde inte besvaras helt av assistenten. En människa läser det.")
SHOWN_THE_WAY = ("shown_the_way", "Mejlet gäller inget som Insyn svarar på. Avsändaren har fått veta vart det hör.")
COURTESY = ("courtesy", "Mejlet tackar eller tar farväl. Det behöver inget svar.")
OVERSIZE = ("oversize", "Mejlet var större än gränsen och har inte lästs. Avsändaren har fått veta det.")
ATTACHED = "Med mejlet kom bilagor, som inte har öppnats:"
UNREACHABLE = "E-post till den här adressen kommer tillbaka: den går inte att nå."


def _address(mail: ReadMail) -> EmailAddress | None:
    if mail.sender is None:
        return None
    try:
        return EmailAddress.parse(mail.sender.address)
    except AddressInvalid:
        return None


def _readings(understood: Understood) -> tuple[Reading, ...]:
    return tuple(Reading(name, trust, plainly=name in understood.plainly) for name, trust in understood.intents)


def _id_documents(mail: ReadMail) -> list[str]:
    return [each.name for each in mail.attachments if each.looks_like_id_document]


def _is_for_the_actions(decision: Decision, understood: Understood) -> bool:
    """Whether Rasa and the actions deal with a mail: as a rule, and with a right claimed in one that only a human may answer.

    What someone writes on another's behalf, or from an office, is a human's as a whole.
    """
    if decision.kind == "answered" or (decision.name in DEALT_WITH and decision.holding is not Holding.NONE):
        return True
    return decision.holding is Holding.NONE and decision.name not in WHOLLY_HUMAN and understood.claims_something
