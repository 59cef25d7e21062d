"""How each answer stands: who stands for it, and whether the policy it rests on is still the one it was approved against.

What the files say (`reviewed`, the sections' fingerprints) is the draft; what the data-protection officer approves in the
console is kept in the store and counts for exactly that text on exactly those sections. An answer whose section has changed
is still given, with a line that says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.policy.answers import Answer, AnswerBook, Section
from insyn.policy.fingerprint import require_headings, section_fingerprints, text_of
from insyn.store.engine import Store
from insyn.store.review_tables import AnswerApproval, PolicyReading

SUBJECT = "policy"
BY_ITSELF = "insyn"


class Status(StrEnum):
    """How an answer stands, the most pressing first."""

    POLICY_CHANGED = "policy_changed"
    TEXT_CHANGED = "text_changed"
    DRAFT = "draft"
    APPROVED = "approved"


@dataclass(frozen=True)
class Standing:
    """An answer with what it rests on. `changed` are the sections that are no longer what it was approved against."""

    answer: Answer
    sections: tuple[Section, ...]
    changed: tuple[Section, ...]
    approval: AnswerApproval | None
    status: Status
    text_hash: str


class NoSuchAnswer(Exception):
    """There is no answer to this topic."""


class TextChanged(Exception):
    """The text is no longer the one that was read before it was approved."""


class Approvals:
    """Reads the policy, keeps approvals, and tells the book which answers rest on something that has changed."""

    def __init__(self, store: Store, book: AnswerBook, audit: AuditLog, clock: Clock, policy_file: str = "") -> None:
        self._store = store
        self._book = book
        self._audit = audit
        self._clock = clock
        self._file = Path(policy_file) if policy_file else None
        self._seen: float | None = None

    def refresh(self) -> None:
        """Brings the book up to date with the store."""
        with self._store.read() as session:
            self._tell_book(session)

    def look_at_file(self) -> None:
        """Reads the configured policy where it has changed, and brings the book up to date. Raises OSError, `NotAPolicy`."""
        if self._file is not None and self._file.exists() and self._file.stat().st_mtime != self._seen:
            self._seen = self._file.stat().st_mtime
            self.read_policy(text_of(self._file.read_bytes()), by=BY_ITSELF)
        self.refresh()

    def compare(self, text: str) -> tuple[dict[str, str | None], list[Standing]]:
        """What would be with another policy, of which nothing is kept: its fingerprints, and how each answer would stand.

        Raises `NotAPolicy`.
        """
        require_headings(self._book, text)
        fingerprints = section_fingerprints(self._book, text)
        with self._store.read() as session:
            return fingerprints, self._all(session, fingerprints)

    def read_policy(self, text: str, *, by: str) -> list[str]:
        """Takes the policy in as it is now: ids of the sections that differ from the reading before. Raises `NotAPolicy`."""
        require_headings(self._book, text)
        fingerprints = section_fingerprints(self._book, text)
        with self._store.write() as session:
            before = self._known(session)
            differ = [section for section, value in fingerprints.items() if before.get(section) != value]
            if differ or self.latest(session) is None:
                session.add(PolicyReading(at=self._clock(), by=by, fingerprints=dict(fingerprints)))
                session.flush()
                self._audit.append(session, "policy.read", SUBJECT, by=by, changed=",".join(differ))
            self._tell_book(session)
            return differ

    def approve(self, topic: str, text_hash: str, *, by: str) -> None:
        """Stands for an answer as it reads and for its sections as they are now. Raises `NoSuchAnswer`, `TextChanged`."""
        answer = self._book.answer(topic)
        if answer is None:
            raise NoSuchAnswer(topic)
        if text_hash != hash_of(answer):
            raise TextChanged(topic)
        with self._store.write() as session:
            known = self._known(session)
            row = session.get(AnswerApproval, topic)
            if row is None:
                row = AnswerApproval(topic=topic)
                session.add(row)
            row.text_hash, row.by, row.at = text_hash, by, self._clock()
            row.fingerprints = {section: known.get(section) for section in answer.sources}
            session.flush()
            self._audit.append(session, "answer.approved", SUBJECT, by=by, topic=topic, text=text_hash)
            self._tell_book(session)

    def all(self, session: Session) -> list[Standing]:
        """Every answer, what is most pressing first, then by topic."""
        return self._all(session, self._known(session))

    def latest(self, session: Session) -> PolicyReading | None:
        """The latest reading of the policy, if it was ever read."""
        return session.scalar(select(PolicyReading).order_by(PolicyReading.seq.desc()).limit(1))

    # -- within a transaction

    def _all(self, session: Session, known: Mapping[str, str | None]) -> list[Standing]:
        approvals = {row.topic: row for row in session.scalars(select(AnswerApproval))}
        standings = [
            self._standing(answer, approvals.get(answer.topic), known) for answer in self._book.answers.values()
        ]
        order = list(Status)
        return sorted(standings, key=lambda each: (order.index(each.status), each.answer.topic))

    def _known(self, session: Session) -> dict[str, str | None]:
        """The sections' fingerprints as they are now: of the latest reading, else those of the files."""
        latest = self.latest(session)
        filed = {section.id: section.fingerprint for section in self._book.sections.values()}
        return {**filed, **(latest.fingerprints if latest else {})}

    def _standing(self, answer: Answer, approval: AnswerApproval | None, known: Mapping[str, str | None]) -> Standing:
        text_hash = hash_of(answer)
        is_for_this = approval is not None and approval.text_hash == text_hash
        changed = []
        for section_id in answer.sources:
            section = self._book.sections[section_id]
            stood_for = approval.fingerprints.get(section_id) if approval and is_for_this else section.fingerprint
            if known.get(section_id) != stood_for:
                changed.append(section)
        if changed:
            status = Status.POLICY_CHANGED
        elif approval is None:
            status = Status.DRAFT
        else:
            status = Status.APPROVED if is_for_this else Status.TEXT_CHANGED
        sections = tuple(self._book.sections[each] for each in answer.sources)
        return Standing(answer, sections, tuple(changed), approval, status, text_hash)

    def _tell_book(self, session: Session) -> None:
        self._book.outdated = frozenset(
            each.answer.topic for each in self.all(session) if each.status is Status.POLICY_CHANGED
        )


def hash_of(answer: Answer) -> str:
    """A fingerprint of all that people read of an answer: text, English, sources and basis."""
    parts = (answer.text, answer.english, ",".join(answer.sources), answer.basis or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
