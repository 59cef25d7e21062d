"""Retention: what has passed its period is removed, its keys first, and the removal is proved by an audit row."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.privacy.keys import DataKeyring
from insyn.settings import Settings
from insyn.store.engine import Store
from insyn.store.models import AddressFailure, Challenge, Conversation, DataKey, OutgoingMail

BATCH = 500


class Purge:
    """Removes in batches, each in a transaction of its own."""

    def __init__(self, store: Store, keyring: DataKeyring, audit: AuditLog, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._keyring = keyring
        self._audit = audit
        self._clock = clock
        self._settings = settings

    def run(self, *, really: bool) -> dict[str, int]:
        """How many of each kind have passed their period; removed when `really`."""
        counts = {
            "conversations": self._conversations(really),
            "challenges": self._challenges(really),
            "mails": self._mails(really),
        }
        if really:
            with self._store.write() as session:
                self._audit.append(session, "purge.done", "retention", **counts)
            self._clean_pages()
        return counts

    def _conversations(self, really: bool) -> int:
        limit = self._clock() - timedelta(days=self._settings.retention_chat_days)
        passed = (Conversation.last_activity_at < limit, Conversation.on_hold.is_(False))
        if not really:
            with self._store.read() as session:
                return session.scalar(select(func.count()).select_from(Conversation).where(*passed)) or 0
        removed = 0
        while True:
            with self._store.write() as session:
                rows = session.execute(
                    select(Conversation.id, Conversation.data_key_id).where(*passed).limit(BATCH)
                ).all()
                ids, keys = [row[0] for row in rows], [row[1] for row in rows]
                session.execute(delete(DataKey).where(DataKey.id.in_(keys)))
                session.execute(delete(Challenge).where(Challenge.conversation_id.in_(ids)))
                session.execute(delete(Conversation).where(Conversation.id.in_(ids)))
            removed += len(rows)
            if len(rows) < BATCH:
                return removed

    def _challenges(self, really: bool) -> int:
        limit = self._clock() - timedelta(days=1)
        with self._store.write() as session:
            old = session.scalars(select(Challenge.id).where(Challenge.expires_at < limit)).all()
            if really:
                session.execute(delete(Challenge).where(Challenge.expires_at < limit))
                session.execute(delete(AddressFailure).where(AddressFailure.at < limit))
            return len(old)

    def _mails(self, really: bool) -> int:
        limit = self._clock() - timedelta(hours=self._settings.retention_mail_hours)
        with self._store.write() as session:
            old = session.scalars(
                select(OutgoingMail).where(OutgoingMail.sent_at < limit, OutgoingMail.sealed.is_not(None))
            ).all()
            if really:
                for mail in old:
                    mail.sealed = None
            return len(old)

    def _clean_pages(self) -> None:
        """Leaves no removed text behind in SQLite's write-ahead log (`secure_delete` overwrites the pages themselves)."""
        if self._store.engine.dialect.name == "sqlite":
            connection = self._store.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()
