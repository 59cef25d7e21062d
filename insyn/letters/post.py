"""Posting: a letter of a case goes into the outbox, into the case's own notes and into the log, in one transaction."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.outbox.queue import Letter, Outbox
from insyn.store.models import Case, OutgoingMail

# Puts a letter into the mail thread of a conversation, where there is one.
InThread = Callable[[Session, str, Letter], Letter]


def in_no_thread(_session: Session, _conversation_id: str, letter: Letter) -> Letter:
    """Where there are no mail threads: the letter as it is."""
    return letter


class Post:
    """Posts letters of cases. Each call is part of the caller's transaction."""

    def __init__(self, outbox: Outbox, casebook: Casebook, audit: AuditLog, in_thread: InThread = in_no_thread) -> None:
        self._in_thread = in_thread
        self._outbox = outbox
        self._casebook = casebook
        self._audit = audit

    def send(
        self, session: Session, kind: str, letter: Letter, case: Case, unique_key: str, *, secret: str = ""
    ) -> bool:
        """Posts a letter once per `unique_key`; False when no address is known, so that someone must send it by hand.

        It answers the last mail of the case's conversation, unless it names one itself.
        The words are kept with the case either way, but for `secret`: the outbox forgets them soon after sending.
        """
        if session.scalar(select(OutgoingMail.id).where(OutgoingMail.unique_key == unique_key)) is not None:
            return True
        words = f"{letter.subject}\n\n{letter.text}"
        note = self._casebook.keep_letter(session, case, kind, words.replace(secret, "[länken]") if secret else words)
        if not letter.to:
            self._audit.append(session, "letter.to_send_by_hand", case.id, kind=kind, note=note)
            return False
        if case.conversation_id and not letter.in_reply_to:
            letter = self._in_thread(session, case.conversation_id, letter)
        self._outbox.queue(session, kind, letter, unique_key=unique_key, data_key_id=case.data_key_id, case_id=case.id)
        self._audit.append(session, "letter.queued", case.id, kind=kind, note=note)
        return True
