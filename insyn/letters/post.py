"""Posting: a letter of a case goes into the outbox, into the case's own notes and into the log, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.outbox.queue import Letter, Outbox
from insyn.store.models import Case, OutgoingMail

CAME_BACK_WITHIN = timedelta(days=7)  # mail servers give up sooner than that (RFC 5321 4.5.4.1: four to five days)

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

    def came_back(self, session: Session, case: Case, now: datetime) -> bool:
        """A mail server reports that the address of a case cannot be reached: its latest letter did not arrive.

        False where no letter of the case can be meant.
        """
        latest = session.scalar(
            select(OutgoingMail)
            .where(
                OutgoingMail.case_id == case.id,
                OutgoingMail.status == "sent",
                OutgoingMail.sent_at > now - CAME_BACK_WITHIN,
            )
            .order_by(OutgoingMail.sent_at.desc())
            .limit(1)
        )
        if latest is None:
            return False
        latest.status, latest.last_error = "failed", "came back"
        self._audit.append(session, "letter.came_back", case.id, kind=latest.kind)
        return True

    def settle(self, session: Session, case: Case, mail_id: str, *, by: str) -> bool:
        """A human has seen to a letter of the case that did not arrive; False where there is none such."""
        letter = session.get(OutgoingMail, mail_id)
        if letter is None or letter.case_id != case.id or letter.status != "failed":
            return False
        letter.status = "settled"
        self._audit.append(session, "letter.settled", case.id, kind=letter.kind, by=by)
        return True
