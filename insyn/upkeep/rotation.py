"""New keys for what is stored, while the service runs beside it: batch by batch, each in a transaction of its own.

The order that keeps everything readable throughout: the new key is configured beside the old one, then what is stored
is brought under it, then the old one is removed. Running it again goes on where it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.clock import Clock
from insyn.identity.address import EmailAddress
from insyn.privacy.keys import BlindIndex, DataKeyring, Shredded, unseal
from insyn.privacy.traces import leave_no_trace
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Case, Challenge, Conversation, DataKey, VaultValue

BATCH = 500
SUBJECT = "keys"


@dataclass(frozen=True)
class Reindexed:
    """How many addresses and values are under the new index key, and how many addresses wait for a code to run out."""

    addresses: int
    values: int
    waiting: int


class Rotation:
    """Brings stored keys and fingerprints under the keys now in use."""

    def __init__(
        self,
        store: Store,
        keyring: DataKeyring,
        index: BlindIndex,
        casebook: Casebook,
        audit: AuditLog,
        clock: Clock,
        *,
        batch: int = BATCH,
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._index = index
        self._casebook = casebook
        self._audit = audit
        self._clock = clock
        self._batch = batch

    # -- the master key

    def rotate_master(self) -> int:
        """Wraps every data key under the master key in use; returns how many were wrapped anew.

        Raises `UnknownMasterKey` when one is wrapped by a key that is not configured.
        """
        self._keyring.hear_news()
        rewrapped = 0
        while count := self._rewrap_batch():
            rewrapped += count
        with self._store.write() as session:
            self._audit.append(
                session, "keys.master_rotated", SUBJECT, to=self._keyring.current_id, rewrapped=rewrapped
            )
        leave_no_trace(self._store)
        return rewrapped

    def _rewrap_batch(self) -> int:
        with self._store.write() as session:
            rows = session.scalars(
                select(DataKey)
                .where(DataKey.master_key_id != self._keyring.current_id)
                .limit(self._batch)
                .with_for_update()
            ).all()
            for row in rows:
                self._keyring.rewrap(row)
            return len(rows)

    def masters_in_use(self) -> dict[str, int]:
        """How many data keys each master key wraps. A master key that is not here can be removed."""
        with self._store.read() as session:
            rows = session.execute(select(DataKey.master_key_id, func.count()).group_by(DataKey.master_key_id))
            return {row[0]: row[1] for row in rows}

    # -- the index key

    def rotate_index(self) -> Reindexed:
        """Brings fingerprints under the index key in use, by opening what they are fingerprints of.

        An address to which a code is under way waits for ten minutes: run it again. What remains of codes and failures
        cannot be opened and lives a day, so the former key is to stay configured for a day after.
        """
        with self._store.write() as session:
            late = (Challenge.status == "open", Challenge.expires_at <= self._clock())
            session.execute(update(Challenge).where(*late).values(status="dead"))
        addresses, waiting = self._each(Case.id, Case.address_index, self._reindex_case)
        more, more_waiting = self._each(Conversation.id, Conversation.verified_index, self._reindex_conversation)
        mails, mails_waiting = self._each(IncomingMail.id, IncomingMail.address_index, self._reindex_mail)
        values, _ = self._each(VaultValue.id, VaultValue.blind_index, self._reindex_value)
        done = Reindexed(addresses + more + mails, values, waiting + more_waiting + mails_waiting)
        with self._store.write() as session:
            self._audit.append(
                session, "keys.index_rotated", SUBJECT, addresses=done.addresses, values=done.values, waiting=done.waiting
            )  # fmt: skip
        leave_no_trace(self._store)
        return done

    def _each(self, id_column, index_column, reindex) -> tuple[int, int]:  # type: ignore[no-untyped-def]
        """Goes through a table in batches; `reindex(session, row)` says whether it changed, must wait (None), or was right."""
        changed, waiting, last = 0, 0, None
        while True:
            with self._store.write() as session:
                rows = session.scalars(
                    select(id_column.class_)
                    .where(index_column.is_not(None), *([id_column > last] if last is not None else []))
                    .order_by(id_column)
                    .limit(self._batch)
                ).all()
                for row in rows:
                    outcome = reindex(session, row)
                    changed += outcome is True
                    waiting += outcome is None
                if not rows:
                    return changed, waiting
                last = rows[-1].id

    def _reindex_case(self, session: Session, case: Case) -> bool | None:
        before = case.address_index
        try:
            address = self._casebook.details(session, case).get("address")
        except Shredded:
            return False
        return self._settled(session, before, EmailAddress.parse(address).canonical) if address else False

    def _reindex_mail(self, session: Session, mail: IncomingMail) -> bool | None:
        if mail.sealed_head is None:
            return False
        key = self._keyring.open(session, mail.data_key_id)
        head = json.loads(unseal(key, mail.sealed_head, f"incoming-head/{mail.id}"))
        return self._settled(session, mail.address_index, EmailAddress.parse(head["address"]).canonical)

    def _reindex_conversation(self, session: Session, conversation: Conversation) -> bool | None:
        before = conversation.verified_index
        values = session.scalars(
            select(VaultValue).where(
                VaultValue.conversation_id == conversation.id, VaultValue.placeholder.like("⟨e-post %")
            )
        )
        for row in values:
            canonical = EmailAddress.parse(self._open(session, row)).canonical
            if before in self._index.candidates("address", canonical):
                return self._settled(session, before, canonical)
        return False

    def _settled(self, session: Session, before: bytes | None, canonical: str) -> bool | None:
        present = self._index.of("address", canonical)
        if before == present:
            return False
        return True if self._index.address(session, canonical) == present else None

    def _reindex_value(self, session: Session, row: VaultValue) -> bool:
        kind = row.placeholder.strip("⟨⟩").rpartition(" ")[0]
        fingerprint = self._index.of(f"vault:{kind}", self._open(session, row))
        changed = row.blind_index != fingerprint
        row.blind_index = fingerprint
        return changed

    def _open(self, session: Session, row: VaultValue) -> str:
        conversation = session.get_one(Conversation, row.conversation_id)
        key = self._keyring.open(session, conversation.data_key_id)
        return unseal(key, row.sealed, f"{row.conversation_id}/{row.placeholder}").decode()
