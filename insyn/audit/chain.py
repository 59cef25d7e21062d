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
from itertools import islice
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.anchor import Anchor
from insyn.clock import Clock
from insyn.store.models import AuditHead, AuditRow

GENESIS = "0" * 64
TOLD = 1000  # breaks that are told of; more of them say nothing more

Value = str | int | float | bool | None


class Link(Protocol):
    """A row of the log, as an object or as its columns."""

    seq: int
    at: datetime
    event: str
    subject: str
    data: str
    previous: str
    hash: str


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold, and how it shows: `reason` in Swedish, for whoever looks after the log."""

    seq: int
    reason: str


class AuditLog:
    """Appends to the chain and verifies it."""

    def __init__(self, key: str, clock: Clock) -> None:
        self._key = key.encode()
        self._clock = clock

    def append(self, session: Session, event: str, subject: str, **data: Value) -> int:
        """Adds a row about `subject` (a pseudonymous id); returns its sequence number.

        Rows are totally ordered: the head row is locked.
        """
        head = self.hold(session)
        row = AuditRow(
            seq=head.seq + 1,
            at=self._clock(),
            event=event,
            subject=subject,
            data=json.dumps(data, sort_keys=True, ensure_ascii=False),
            previous=head.hash,
            hash="",
        )
        row.hash = self.hash_of(row)
        session.add(row)
        self.seal_head(head, row.seq, row.hash)
        session.flush()
        return row.seq

    def hold(self, session: Session) -> AuditHead:
        """Holds the log's head until the transaction ends: no other transaction that writes to the log goes on meanwhile."""
        head = session.get(AuditHead, 1, with_for_update=True, populate_existing=True)
        if head is None:
            raise LookupError("the audit head is missing: the store is not migrated, or someone removed it")
        return head

    def seal_head(self, head: AuditHead, seq: int, row_hash: str) -> None:
        """Notes that the log ends with this row; `head` is held by the caller's transaction."""
        head.seq, head.hash, head.seal = seq, row_hash, self._seal(seq, row_hash)

    @staticmethod
    def hash_of(row: Link) -> str:
        """What binds a row to its content and to the row before it."""
        return _hash(row)

    def verify(self, session: Session, anchor: Anchor | None = None) -> list[Break]:
        """The first places where the log was edited, cut, reordered or added to; empty when it is whole.

        With the anchor also where it was put back to an earlier state, head and all. Memory does not grow with the log.
        """
        return list(islice(self._breaks(session, anchor), TOLD))

    def _breaks(self, session: Session, anchor: Anchor | None) -> Iterator[Break]:
        marks = anchor.marks() if anchor else iter(())
        mark = next(marks, None)
        expected_seq, previous = 1, GENESIS
        for row in self._rows(session):
            if row.seq != expected_seq:
                yield Break(expected_seq, "raden saknas")
            if row.previous != previous:
                yield Break(row.seq, "följer inte på raden före")
            if row.hash != _hash(row):
                yield Break(row.seq, "innehållet har ändrats")
            while mark is not None and (not mark.whole or mark.seq <= row.seq):
                if not mark.whole:
                    yield Break(mark.seq, f"rad {mark.line} i ankaret är inte som den skrevs")
                elif mark.seq < row.seq or mark.hash != row.hash:
                    yield Break(mark.seq, f"inte den rad som rad {mark.line} i ankaret har sett")
                mark = next(marks, None)
            expected_seq, previous = row.seq + 1, row.hash
        yield from self._head_breaks(session, expected_seq - 1, previous)
        while mark is not None:
            if not mark.whole:
                yield Break(mark.seq, f"rad {mark.line} i ankaret är inte som den skrevs")
            else:
                yield Break(mark.seq, f"loggen slutar före den här raden, som rad {mark.line} i ankaret har sett")
            mark = next(marks, None)

    def _rows(self, session: Session) -> Iterator[Link]:
        """All rows in order; those that others append meanwhile as well, so that the end fits the head."""
        after: int | None = None
        while True:
            before = after
            columns = (
                AuditRow.seq, AuditRow.at, AuditRow.event, AuditRow.subject, AuditRow.data, AuditRow.previous, AuditRow.hash
            )  # fmt: skip
            rows = select(*columns).order_by(AuditRow.seq).execution_options(yield_per=1000)
            for row in session.execute(rows if after is None else rows.where(AuditRow.seq > after)):
                yield row
                after = row.seq
            head = session.get(AuditHead, 1, populate_existing=True)
            if after == before or head is None or head.seq <= (after or 0):
                return

    def _head_breaks(self, session: Session, last_seq: int, last_hash: str) -> Iterator[Break]:
        head = session.get(AuditHead, 1)
        if head is None:
            yield Break(last_seq + 1, "uppgiften om var loggen slutar saknas")
        elif (head.seq, head.hash) != (last_seq, last_hash):
            yield Break(head.seq, "loggen slutar inte där den ska sluta")
        elif not hmac.compare_digest(head.seal, self._seal(head.seq, head.hash)):
            yield Break(head.seq, "förseglingen av loggens slut är inte vår")

    def _seal(self, seq: int, row_hash: str) -> str:
        return hmac.new(self._key, f"{seq}:{row_hash}".encode(), hashlib.sha256).hexdigest()

    def genesis(self) -> AuditHead:
        """The head of an empty log."""
        return AuditHead(id=1, seq=0, hash=GENESIS, seal=self._seal(0, GENESIS))


def _hash(row: Link) -> str:
    at = row.at.isoformat()
    content = json.dumps([row.seq, at, row.event, row.subject, row.data, row.previous], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
