"""Taking the content of mails that came in away: their key goes, and with it what it sealed; that they came stays."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from insyn.store.mail_tables import IncomingMail
from insyn.store.models import DataKey


def shred_incoming(session: Session, which: ColumnElement[bool]) -> None:
    """Makes the content of these mails unreadable for ever and unlinks them from their senders."""
    keys = select(IncomingMail.data_key_id).where(which)
    session.execute(delete(DataKey).where(DataKey.id.in_(keys)))
    session.execute(
        update(IncomingMail)
        .where(which)
        .values(sealed_raw=None, sealed_head=None, address_index=None)
        .execution_options(synchronize_session=False)
    )
