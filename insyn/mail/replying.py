"""Composing the one reply to a mail from what the conversation's actions said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.cases.casebook import Casebook
from insyn.cases.deadline import due_for
from insyn.clock import Clock
from insyn.conversation.transcript import Transcript
from insyn.identity.challenge import Issued
from insyn.letters.post import Post
from insyn.letters.reply import Block, Place, Proof, Reply, Source, reply_letter
from insyn.mail.inbox import Head
from insyn.outbox.queue import Letter, Outbox
from insyn.policy.answers import HUMAN
from insyn.requests.desk import LINK_PATH, Here, RequestDesk, Sent
from insyn.store.models import Case, Conversation, OutgoingMail, Turn

ASKS_FOR_CODE = ("code", "lookup_code")


@dataclass(frozen=True)
class Queued:
    """A reply on its way: the outgoing mail and its words."""

    mail_id: str
    letter: Letter


class Replying:
    """Writes replies and puts them into the outbox. All calls are part of the caller's transaction."""

    def __init__(
        self, transcript: Transcript, casebook: Casebook, desk: RequestDesk, outbox: Outbox, post: Post, clock: Clock,
        *, public_url: str,
    ) -> None:  # fmt: skip
        self._transcript = transcript
        self._casebook = casebook
        self._desk = desk
        self._outbox = outbox
        self._post = post
        self._clock = clock
        self._public_url = public_url

    def came_back(self, session: Session, case: Case) -> bool:
        """A mail server reports that the address of a case cannot be reached; whether a letter of ours is meant."""
        return self._post.came_back(session, case, self._clock())

    def said(self, session: Session, turn_ids: Sequence[str]) -> list[Turn]:
        """What was said in answer to these turns, in order."""
        return list(session.scalars(select(Turn).where(Turn.answers_id.in_(turn_ids)).order_by(Turn.seq)))

    def queue(
        self, session: Session, mail_id: str, conversation: Conversation, turn_ids: Sequence[str], head: Head, name: str,
        notices: Sequence[str] = (),
    ) -> Queued | None:  # fmt: skip
        """Queues the reply to a mail, once; None when nothing was said to it."""
        said = self.said(session, turn_ids)
        blocks = [*self._blocks(session, conversation, said), *(Block(notice) for notice in notices)]
        if not blocks:
            return None
        opened = self._opened(session, turn_ids)
        issued = self._code(session, said, Here(conversation.id, turn_ids[-1]))
        reply = Reply(
            blocks=blocks,
            name=name,
            deadlines=list(dict.fromkeys(due_for(case.received_at).explanation() for case in opened)),
            shown=self._shown(opened),
            proof=self._proof(issued),
            limited_until=issued.until if isinstance(issued, Sent) else None,
            offers_human=all(turn.topic != HUMAN for turn in said),
            may_complain=bool(opened),
            english=bool(conversation.dialogue.get("english")),
        )
        place = Place(head.address, head.subject, head.message_id, tuple(head.references.split()))
        letter = reply_letter(reply, place, now=self._clock())
        key = f"reply:{mail_id}"
        if opened and reply.proof is None:
            # The answer is also the receipt: its words are kept with the case.
            self._post.send(session, "receipt", letter, opened[0], key)
        else:
            kind = "reply.code" if reply.proof else "reply"
            self._outbox.queue(session, kind, letter, unique_key=key, data_key_id=conversation.data_key_id)
            if opened and reply.proof:
                self._casebook.keep_letter(session, opened[0], "receipt", _without_secrets(letter, reply.proof))
        outgoing = session.scalars(select(OutgoingMail.id).where(OutgoingMail.unique_key == key)).one()
        return Queued(outgoing, letter)

    def tell(self, session: Session, mail_id: str, data_key_id: str, head: Head, text: str) -> Queued:
        """Queues one thing to be said to a mail that belongs to no conversation, once."""
        place = Place(head.address, head.subject, head.message_id, tuple(head.references.split()))
        letter = reply_letter(Reply([Block(text)]), place, now=self._clock())
        key = f"reply:{mail_id}"
        self._outbox.queue(session, "reply", letter, unique_key=key, data_key_id=data_key_id)
        outgoing = session.scalars(select(OutgoingMail.id).where(OutgoingMail.unique_key == key)).one()
        return Queued(outgoing, letter)

    def outgoing(self, session: Session, outgoing_id: str | None) -> Letter | None:
        """A reply as it was queued, for as long as its words are kept."""
        row = session.get(OutgoingMail, outgoing_id) if outgoing_id else None
        return self._outbox.letter(session, row) if row is not None else None

    def _blocks(self, session: Session, conversation: Conversation, said: Sequence[Turn]) -> list[Block]:
        """What was said, each thing once; the words that ask for a code come last, next to it."""
        ordered = sorted(said, key=lambda turn: turn.expects in ASKS_FOR_CODE)
        answers = [turn for turn in said if (turn.content or {}).get("sources") or (turn.content or {}).get("basis")]
        blocks: dict[str, Block] = {}
        for turn in ordered:
            message = self._transcript.message(session, conversation, turn)
            heading = (self._transcript.book.title(turn.topic) if turn.topic else "") or ""
            sources = tuple(Source(_title(each), each["url"]) for each in message["sources"])
            blocks.setdefault(
                message["text"],
                Block(message["text"], heading if len(answers) > 1 and turn in answers else "", sources),
            )
        return list(blocks.values())

    def _opened(self, session: Session, turn_ids: Sequence[str]) -> list[Case]:
        """The cases that these turns opened for work, locked as every case that is written to."""
        cases = session.scalars(
            select(Case).where(Case.confirming_turn.in_(turn_ids)).order_by(Case.created_at, Case.position)
        )
        return list(cases)

    def _shown(self, opened: Sequence[Case]) -> str:
        proofs = [self._casebook.proof_of(case) for case in opened]
        return next((proof for proof in ("mailbox", "address") if proof in proofs), "")

    def _code(self, session: Session, said: Sequence[Turn], here: Here) -> Issued | Sent | None:
        asked = any(turn.expects in ASKS_FOR_CODE for turn in said)
        return self._desk.code_for_reply(session, here) if asked else None

    def _proof(self, issued: Issued | Sent | None) -> Proof | None:
        if not isinstance(issued, Issued):
            return None
        link = f"{self._public_url}{LINK_PATH}/{issued.link}" if issued.link else None
        return Proof(issued.code, issued.expires_at, link)


def _without_secrets(letter: Letter, proof: Proof) -> str:
    """A letter's words without its code and its link, which nobody is to read later."""
    code = f"{proof.code[:4]} {proof.code[4:]}"
    return f"{letter.subject}\n\n{letter.text}".replace(code, "•••• ••••").replace(proof.link or code, "•••• ••••")


def _title(source: dict[str, str]) -> str:
    if source["section"] == "law":
        return source["title"]
    return f"Konteks personuppgiftspolicy, ”{source['title']}”"
