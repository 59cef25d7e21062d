"""Looking: every look at a person's matter is logged, and a masked value is shown one at a time, for a reason that is kept.

The log has ids only; the reason is sealed with the key of what was looked at, and dies with it (security.md 16).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session, aliased

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.cases.transitions import substantial
from insyn.clock import Clock
from insyn.privacy.keys import DataKeyring, Shredded, seal, unseal
from insyn.privacy.masking import PLACEHOLDER
from insyn.privacy.vault import Vault
from insyn.store.engine import Store
from insyn.store.models import AuditRow, Case, Conversation
from insyn.store.staff_tables import StaffReveal

DETAILS = ("name", "address", "relation", "concerns", "words", "note")
EVENTS = (
    "case.viewed", "case.revealed", "case.exported", "conversation.viewed", "conversation.revealed", "mail.viewed", "mail.revealed",
)  # fmt: skip


class NoReason(Exception):
    """A value is shown for a reason only."""


class NothingThere(Exception):
    """There is no such value, or it can no longer be read."""


@dataclass(frozen=True)
class Look:
    """A line of the log of looks; `reason` is None where none was asked for or it can no longer be read."""

    seq: int
    at: datetime
    member_id: str
    event: str
    subject: str
    what: str
    reason: str | None


class Viewing:
    """Notes looks, and shows single values. `by` is the id of the member."""

    def __init__(
        self, store: Store, casebook: Casebook, keyring: DataKeyring, vault: Vault, audit: AuditLog, clock: Clock
    ) -> None:
        self._store = store
        self._casebook = casebook
        self._keyring = keyring
        self._vault = vault
        self._audit = audit
        self._clock = clock

    def view_case(self, case_id: str, *, by: str) -> None:
        """Notes that someone has opened a case."""
        self._view("case.viewed", case_id, by)

    def view_conversation(self, conversation_id: str, *, by: str) -> None:
        """Notes that someone has opened a conversation."""
        self._view("conversation.viewed", conversation_id, by)

    def reveal_in_case(self, case_id: str, what: str, reason: str, *, by: str) -> str:
        """A value of a case: a detail by its name, a note by `note:<id>`, a value of its conversation by its placeholder.

        Raises `NoReason`, `NothingThere`.
        """
        self._require(reason)
        with self._store.write() as session:
            case = session.get(Case, case_id)
            if case is None or case.shredded_at is not None:
                raise NothingThere(what)
            value = self._value(session, case, what)
            self.note(session, "case.revealed", case.id, case.data_key_id, what, reason, by)
            return value

    def reveal_in_conversation(self, conversation_id: str, placeholder: str, reason: str, *, by: str) -> str:
        """The value behind a placeholder of a conversation. Raises `NoReason`, `NothingThere`."""
        self._require(reason)
        with self._store.write() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                raise NothingThere(placeholder)
            value = self._placed(session, conversation, placeholder)
            self.note(
                session, "conversation.revealed", conversation.id, conversation.data_key_id, placeholder, reason, by
            )
            return value

    def note_export(self, session: Session, case: Case, reason: str, *, by: str) -> None:
        """Notes that all of a case was taken out, as part of the caller's transaction. Raises `NoReason`."""
        self._require(reason)
        self.note(session, "case.exported", case.id, case.data_key_id, "all", reason, by)

    def looks(self, *, before: int | None = None, subject: str | None = None, limit: int) -> Sequence[Look]:
        """The log of looks, newest first; of one case or conversation, or of all."""
        parts = []
        for event in EVENTS:
            rows = select(AuditRow).where(AuditRow.event == event)
            if before is not None:
                rows = rows.where(AuditRow.seq < before)
            if subject is not None:
                rows = rows.where(AuditRow.subject == subject)
            parts.append(rows.order_by(AuditRow.seq.desc()).limit(limit).subquery().select())
        found = aliased(AuditRow, union_all(*parts).subquery())
        with self._store.read() as session:
            newest = session.scalars(select(found).order_by(found.seq.desc()).limit(limit))
            return [self._look(session, row) for row in newest]

    # -- within a transaction

    def _view(self, event: str, subject: str, by: str) -> None:
        with self._store.write(durable=False) as session:
            self._audit.append(session, event, subject, by=by)

    def _value(self, session: Session, case: Case, what: str) -> str:
        if what.startswith("note:"):
            wanted = what.removeprefix("note:")
            notes = {note.id: note.text for note in self._casebook.notes(session, case)}
            if wanted in notes:
                return notes[wanted]
        elif PLACEHOLDER.fullmatch(what):
            conversation = session.get(Conversation, case.conversation_id) if case.conversation_id else None
            if conversation is not None:
                return self._placed(session, conversation, what)
        elif what in DETAILS:
            value = self._casebook.details(session, case).get(what)
            if value:
                return str(value)
        raise NothingThere(what)

    def _placed(self, session: Session, conversation: Conversation, placeholder: str) -> str:
        value = self._vault.value(session, conversation, placeholder)
        if value is None or placeholder.startswith("⟨kod "):  # of a code only its fingerprint is kept
            raise NothingThere(placeholder)
        return value

    def note(
        self, session: Session, event: str, subject: str, data_key_id: str, what: str, reason: str, by: str
    ) -> None:
        """Notes that something was shown, and why, as part of the caller's transaction. Raises `NoReason`."""
        self._require(reason)
        reveal_id = str(uuid.uuid4())
        key = self._keyring.open(session, data_key_id)
        session.add(
            StaffReveal(
                id=reveal_id, at=self._clock(), member_id=by, data_key_id=data_key_id,
                sealed_reason=seal(key, reason.strip().encode(), f"reveal/{reveal_id}"),
            )
        )  # fmt: skip
        self._audit.append(session, event, subject, by=by, what=what, reveal=reveal_id)

    def _look(self, session: Session, row: AuditRow) -> Look:
        data = json.loads(row.data)
        return Look(
            row.seq, row.at, str(data.get("by", "")), row.event, row.subject, str(data.get("what", "")),
            self._reason(session, data.get("reveal")),
        )  # fmt: skip

    def _reason(self, session: Session, reveal_id: str | None) -> str | None:
        reveal = session.get(StaffReveal, reveal_id) if reveal_id else None
        if reveal is None:
            return None
        try:
            key = self._keyring.open(session, reveal.data_key_id)
        except Shredded:
            return None
        return unseal(key, reveal.sealed_reason, f"reveal/{reveal.id}").decode()

    @staticmethod
    def _require(reason: str) -> None:
        if not substantial(reason):
            raise NoReason
