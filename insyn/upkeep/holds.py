"""Holds: what is needed for a legal claim is kept beyond its period, by a human's decision and with a recorded reason."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.store.engine import Store
from insyn.store.models import Case, Conversation


class Holds:
    """Puts cases on hold and lets them go, each together with the conversation it came from."""

    def __init__(self, store: Store, casebook: Casebook, audit: AuditLog) -> None:
        self._store = store
        self._casebook = casebook
        self._audit = audit

    def hold(self, case_id: str, reasons: str, *, by: str) -> None:
        """Keeps a case and its conversation from purge and erasure. Raises ValueError without reasons, LookupError."""
        self._set(case_id, reasons, by, on_hold=True)

    def release(self, case_id: str, reasons: str, *, by: str) -> None:
        """Lets a case and its conversation go their way again. Raises ValueError without reasons, LookupError."""
        self._set(case_id, reasons, by, on_hold=False)

    def _set(self, case_id: str, reasons: str, by: str, *, on_hold: bool) -> None:
        if not reasons.strip():
            raise ValueError("a hold needs its reasons")
        with self._store.write() as session:
            conversation = self._conversation_of(session, case_id)  # before its cases, as the desk has it
            case = self._casebook.locked(session, case_id)
            if case.shredded_at is not None:
                raise LookupError(case_id)
            if case.on_hold == on_hold:
                return
            case.on_hold = on_hold
            if conversation is not None:
                others = self._casebook.of_conversation(session, conversation.id)
                conversation.on_hold = any(each.on_hold for each in others)
            self._casebook.note(session, case, reasons.strip(), by=by)
            self._audit.append(session, "case.held" if on_hold else "case.released", case.id, by=by)

    @staticmethod
    def _conversation_of(session: Session, case_id: str) -> Conversation | None:
        own = select(Case.conversation_id).where(Case.id == case_id).scalar_subquery()
        return session.scalar(select(Conversation).where(Conversation.id == own).with_for_update(key_share=True))
