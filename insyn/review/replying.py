"""A member of the staff answers a person: in the conversation, where the page shows it at once, and by mail where one is known.

What is written is masked as what people write is. A placeholder of the conversation may be used: the person sees the value.
"""

from __future__ import annotations

import asyncio
import re
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.clock import Clock
from insyn.conversation.channels import CHAT
from insyn.conversation.messages import MAX_BYTES
from insyn.conversation.news import News
from insyn.conversation.one_at_a_time import OneAtATime
from insyn.conversation.takeover import Takeover
from insyn.letters.compose import answered_letter
from insyn.letters.post import Post
from insyn.mail.inbox import Inbox
from insyn.privacy.masking import PLACEHOLDER, mask, normalise
from insyn.privacy.vault import Vault
from insyn.store.engine import Store
from insyn.store.models import Case, Conversation, Turn

_PARTS = re.compile(f"({PLACEHOLDER.pattern})")


class NotSaid(Exception):
    """The answer could not be given; `says` tells why, in Swedish."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


class StaffReplies:
    """Gives the staff's answers. `by` is the id of the member."""

    def __init__(
        self, store: Store, alone: OneAtATime, news: News, takeover: Takeover, vault: Vault, casebook: Casebook, inbox: Inbox,
        post: Post, audit: AuditLog, clock: Clock,
    ) -> None:  # fmt: skip
        self._store = store
        self._alone = alone
        self._news = news
        self._takeover = takeover
        self._inbox = inbox
        self._vault = vault
        self._casebook = casebook
        self._post = post
        self._audit = audit
        self._clock = clock

    async def reply(
        self, conversation_id: str, text: str, *, by: str, key: str, mail: bool = False, seen: int | None = None
    ) -> None:
        """Says `text` in a conversation, once for each `key`; with `mail` also to the address of its case.

        `seen` is the number of the latest message that whoever answers has read: where a colleague has answered after it, nothing
        is said. In the chat whoever answers has the conversation from then on. Raises `NotSaid`.
        """
        if not text.strip():
            raise NotSaid("Skriv ett svar.")
        if len(text.encode()) > MAX_BYTES:
            raise NotSaid("Svaret är för långt. Korta det, eller dela upp det.")
        async with self._alone(conversation_id):  # an answer of Insyn's that is on its way comes first
            await asyncio.to_thread(self._say, conversation_id, text, by, key, mail, seen)
        self._news.tell(conversation_id)

    def mailable(self, session: Session, conversation_id: str) -> Case | None:
        """The newest case of a conversation that has an address to write to."""
        cases = session.scalars(
            select(Case)
            .where(Case.conversation_id == conversation_id, Case.shredded_at.is_(None), Case.address_index.is_not(None))
            .order_by(Case.received_at.desc(), Case.position.desc())
        )
        return next((case for case in cases if self._casebook.details(session, case).get("address")), None)

    def _say(self, conversation_id: str, text: str, by: str, key: str, mail: bool, seen: int | None) -> None:
        with self._store.write() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                raise NotSaid("Samtalet finns inte längre. Personen kan ha raderat det, eller så är det gallrat.")
            known = select(Turn.id).where(Turn.conversation_id == conversation_id, Turn.idempotency_key == key)
            if session.scalar(known) is not None:
                return
            if seen is not None and self._answered_after(session, conversation_id, seen):
                raise NotSaid(
                    "Någon i personalen har svarat sedan du öppnade sidan. Läs det svaret först. Ditt är inte skickat, men det står kvar."
                )
            case = self.mailable(session, conversation_id) if mail else None
            if mail and case is None:
                raise NotSaid("Ingen e-postadress är känd. Skicka svaret bara i chatten.")
            if conversation.channel == CHAT:
                self._takeover.begin(session, conversation, by=by)
                self._takeover.answered(conversation)
            now = self._clock()
            turn = Turn(
                id=str(uuid.uuid4()), conversation_id=conversation_id, author="staff", at=now, idempotency_key=key,
                text=self._masked(session, conversation, text), status="said", content={},
            )  # fmt: skip
            session.add(turn)
            conversation.last_activity_at = now
            session.flush()
            self._audit.append(session, "staff.replied", conversation_id, by=by, reply=turn.id, mail=mail)
            if case is not None:
                words = self._vault.reveal(session, conversation, turn.text)
                letter = answered_letter(case, self._casebook.details(session, case)["address"], words)
                letter = self._inbox.answering(session, conversation_id, letter)
                self._post.send(session, "answered", letter, case, f"answered:{turn.id}")

    @staticmethod
    def _answered_after(session: Session, conversation_id: str, seen: int) -> bool:
        by_staff = select(Turn.seq).where(
            Turn.conversation_id == conversation_id, Turn.author == "staff", Turn.seq > seen
        )
        return session.scalar(by_staff.limit(1)) is not None

    def _masked(self, session: Session, conversation: Conversation, text: str) -> str:
        keep = self._vault.keeper(session, conversation)
        parts = _PARTS.split(text)
        return "".join(
            part
            if PLACEHOLDER.fullmatch(part) and self._vault.value(session, conversation, part) is not None
            else _kept_space(part, mask(normalise(part), keep))
            for part in parts
        )


def _kept_space(part: str, masked: str) -> str:
    """`normalise` takes away space at the end, which within a sentence stands before a placeholder."""
    end = part[len(part.rstrip()) :]
    return f"{masked.rstrip()}{end}"
