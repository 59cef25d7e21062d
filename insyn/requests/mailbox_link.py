"""Confirming by the link in the mail instead of the code: looking changes nothing, confirming does what the code does.

The code comes back in the conversation, so it also shows that whoever writes there reads the mailbox. A link is opened
anywhere: it shows that the mailbox's holder stands behind the requests, and says nothing of who writes in a chat. So it
proves the requests and never the chat's session. A conversation by mail is held with the mailbox itself, and its requests
were written out in the mail: there the link is the confirmation, and they are opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.cases.casebook import Casebook
from insyn.cases.kinds import KINDS
from insyn.clock import Clock
from insyn.conversation.channels import MAIL
from insyn.identity.challenge import Challenges, Outcome
from insyn.requests.desk import CaseView, Here, RequestDesk
from insyn.store.engine import Store
from insyn.store.models import Challenge, Conversation, Turn

_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


class NoSuchLink(Exception):
    """No such link, or it is used up, replaced or too old. Which one is told to nobody."""


@dataclass(frozen=True)
class Asked:
    """What a link asks to have confirmed: the names of the requests. `confirmed` when it has been."""

    requests: tuple[str, ...]
    confirmed: bool


@dataclass(frozen=True)
class Confirmed:
    """What came of it: in which conversation, and the requests that were opened by it (by mail only)."""

    conversation_id: str
    by_mail: bool
    opened: tuple[CaseView, ...]


class MailboxLinks:
    """The links of open challenges."""

    def __init__(
        self, store: Store, casebook: Casebook, challenges: Challenges, desk: RequestDesk, clock: Clock
    ) -> None:
        self._store = store
        self._casebook = casebook
        self._challenges = challenges
        self._desk = desk
        self._clock = clock

    def look(self, link: str) -> Asked:
        """What is to be confirmed; nothing is changed. Raises `NoSuchLink`."""
        with self._store.read() as session:
            challenge, conversation = self._find(session, link)
            cases = [
                case
                for case in self._casebook.unfinished(session, conversation.id)
                if case.address_index == challenge.address_index
            ]
            return Asked(tuple(KINDS[case.kind].name for case in cases), challenge.status == "used")

    def confirm(self, link: str) -> Confirmed:
        """Proves the mailbox for the requests the link was sent for; once more does nothing more. Raises `NoSuchLink`."""
        with self._store.write() as session:
            challenge, conversation = self._find(session, link)
            # Whoever writes in the conversation meanwhile waits, as for any message of it.
            session.refresh(conversation, with_for_update={"key_share": True})
            unfinished = self._casebook.unfinished(session, conversation.id, held=True)  # cases before the log
            checked = self._challenges.follow(session, link)
            if checked.outcome is not Outcome.RIGHT:
                raise NoSuchLink
            by_mail = self._asked_by_mail(session, challenge, conversation)
            cases = []
            for case in unfinished:
                if case.address_index == checked.address_index:
                    self._casebook.mailbox_proved(session, case, self._clock(), how="engångslänk")
                    cases.append(case)
            opened = self._desk.open_confirmed(session, Here(conversation.id, challenge.id), cases) if by_mail else []
            return Confirmed(conversation.id, by_mail, tuple(opened))

    @staticmethod
    def _asked_by_mail(session: Session, challenge: Challenge, conversation: Conversation) -> bool:
        """Whether the link stood in the answer to a mail, whichever way the conversation began."""
        channel = session.scalar(select(Turn.channel).where(Turn.id == challenge.issued_by))
        return (channel or conversation.channel) == MAIL

    def _find(self, session: Session, link: str) -> tuple[Challenge, Conversation]:
        challenge = self._challenges.behind(session, link) if _FORM.fullmatch(link) else None
        conversation = session.get(Conversation, challenge.conversation_id) if challenge else None
        if challenge is None or conversation is None:
            raise NoSuchLink
        return challenge, conversation
