"""The audit log: append-only, each row bound to the one before it by SHA-256, the end sealed with a key.

Rows carry pseudonymous ids only. They are written in the caller's transaction: what was not committed was not logged,
and what was logged has happened.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.clock import Clock
from insyn.store.models import AuditHead, AuditRow

GENESIS = "0" * 64

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold, and how it shows."""

    seq: int
    reason: str


class AuditLog:
    """Appends to the chain and verifies it."""

    def __init__(self, key: str, clock: Clock) -> None:
        self._key = key.encode()
        self._clock = clock

    def append(self, session: Session, event: str, subject: str, **data: Value) -> None:
        """Adds a row about `subject` (a pseudonymous id). Rows are totally ordered: the head row is locked."""
        head = session.get(AuditHead, 1, with_for_update=True, populate_existing=True)
        if head is None:
            raise LookupError("the audit head is missing: the store is not migrated, or someone removed it")
        row = AuditRow(
            seq=head.seq + 1,
            at=self._clock(),
            event=event,
            subject=subject,
            data=json.dumps(data, sort_keys=True, ensure_ascii=False),
            previous=head.hash,
            hash="",
        )
        row.hash = _hash(row)
        session.add(row)
        head.seq, head.hash = row.seq, row.hash
        head.seal = self._seal(row.seq, row.hash)
        session.flush()

    def verify(self, session: Session) -> list[Break]:
        """Every place where the log was edited, cut, reordered or added to; empty when it is whole."""
        return list(self._breaks(session))

    def _breaks(self, session: Session) -> Iterator[Break]:
        expected_seq, previous = 1, GENESIS
        for row in session.scalars(select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=1000)):
            if row.seq != expected_seq:
                yield Break(expected_seq, "row missing")
            if row.previous != previous:
                yield Break(row.seq, "does not follow the row before it")
            if row.hash != _hash(row):
                yield Break(row.seq, "content was changed")
            expected_seq, previous = row.seq + 1, row.hash
        head = session.get(AuditHead, 1)
        if head is None:
            yield Break(expected_seq, "head missing")
        elif (head.seq, head.hash) != (expected_seq - 1, previous):
            yield Break(head.seq, "the log does not end where its head says")
        elif not hmac.compare_digest(head.seal, self._seal(head.seq, head.hash)):
            yield Break(head.seq, "the head's seal is not ours")

    def _seal(self, seq: int, row_hash: str) -> str:
        return hmac.new(self._key, f"{seq}:{row_hash}".encode(), hashlib.sha256).hexdigest()

    def genesis(self) -> AuditHead:
        """The head of an empty log."""
        return AuditHead(id=1, seq=0, hash=GENESIS, seal=self._seal(0, GENESIS))


def _hash(row: AuditRow) -> str:
    at = row.at.isoformat() if isinstance(row.at, datetime) else str(row.at)
    content = json.dumps([row.seq, at, row.event, row.subject, row.data, row.previous], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
