"""Shredding a case: its key and its words go, the facts of the procedure stay (kind, dates, outcome, reference)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from insyn.privacy.keys import DataKeyring
from insyn.store.identity_tables import StepUpLink, StrongIdentification
from insyn.store.models import Case, CaseNote, Delivery, DeliveryFile, OutgoingMail


def shred_case(session: Session, case: Case, now: datetime) -> None:
    """Makes a case's content unreadable for ever and unlinks it from address and conversation."""
    DataKeyring.shred(session, case.data_key_id)
    case.sealed = b""
    case.address_index = case.conversation_id = None
    case.shredded_at = case.changed_at = now
    session.execute(delete(CaseNote).where(CaseNote.case_id == case.id))
    session.execute(delete(StepUpLink).where(StepUpLink.case_id == case.id))
    session.execute(delete(StrongIdentification).where(StrongIdentification.case_id == case.id))
    session.execute(delete(DeliveryFile).where(DeliveryFile.case_id == case.id))
    session.execute(
        update(Delivery).where(Delivery.case_id == case.id, Delivery.shredded_at.is_(None)).values(shredded_at=now)
    )
    shred_mail(session, case.data_key_id)


def shred_mail(session: Session, data_key_id: str) -> None:
    """Takes the content of all mail under a key away; what was not sent will not be."""
    mine = OutgoingMail.data_key_id == data_key_id
    session.execute(
        update(OutgoingMail).where(mine, OutgoingMail.status == "queued").values(status="failed", last_error="erased")
    )
    session.execute(update(OutgoingMail).where(mine, OutgoingMail.sealed.is_not(None)).values(sealed=None))
