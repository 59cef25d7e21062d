"""Marks on conversations: reviewed, flagged, and tags in words of the staff's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.privacy.masking import personal_in
from insyn.store.engine import Store
from insyn.store.models import Conversation
from insyn.store.review_tables import ConversationMark

REVIEWED = "reviewed"
FLAGGED = "flagged"
TAG_LENGTH = 30
_TAG = "tag:"
_AFTER_TAGS = "tag;"  # the sign that follows the colon
_TAG_FORM = re.compile(rf"[a-zåäöéü][a-zåäöéü0-9 -]{{0,{TAG_LENGTH - 1}}}")
_TOO_LIKE_A_NUMBER = re.compile(r"\d{4}")


class NotATag(Exception):
    """The words cannot be a tag; `says` tells why, in Swedish."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


def tag_mark(tag: str) -> str:
    """How a tag is stored as a mark."""
    return f"{_TAG}{tag}"


def tags_among(marks: Iterable[str]) -> tuple[str, ...]:
    """The tags among marks, in order of the alphabet."""
    return tuple(sorted(mark.removeprefix(_TAG) for mark in marks if mark.startswith(_TAG)))


def tag_of(words: str) -> str:
    """A tag as it is kept: small letters, single spaces. Raises `NotATag`, also for what could point someone out."""
    if personal_in(words):
        raise NotATag("Etiketten ser ut att innehålla en personuppgift. Välj ett annat ord.")
    tag = " ".join(words.lower().split())
    if not _TAG_FORM.fullmatch(tag):
        raise NotATag(
            f"En etikett har högst {TAG_LENGTH} bokstäver, siffror, mellanslag och bindestreck, och börjar med en bokstav."
        )
    if _TOO_LIKE_A_NUMBER.search(tag):
        raise NotATag("Skriv inga nummer i etiketter: de ska inte kunna peka ut någon.")
    return tag


class Marks:
    """Sets and takes away marks. `by` is the id of the member."""

    def __init__(self, store: Store, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock

    def add(self, conversation_ids: Sequence[str], mark: str, *, by: str) -> dict[str, bool]:
        """Marks conversations; for each id whether there is such a conversation."""
        with self._store.write() as session:
            there = self._there(session, conversation_ids)
            known = {
                row.conversation_id: row
                for row in session.scalars(
                    select(ConversationMark).where(
                        ConversationMark.conversation_id.in_(there), ConversationMark.mark == mark
                    )
                )
            }
            now = self._clock()
            for each in there:
                if each in known:
                    known[each].at, known[each].by = now, by
                else:
                    session.add(ConversationMark(conversation_id=each, mark=mark, at=now, by=by))
                self._audit.append(session, "conversation.marked", each, by=by, mark=mark)
            return {each: each in there for each in conversation_ids}

    def remove(self, conversation_ids: Sequence[str], mark: str, *, by: str) -> dict[str, bool]:
        """Takes a mark away; for each id whether there is such a conversation."""
        with self._store.write() as session:
            there = self._there(session, conversation_ids)
            marked = session.scalars(
                select(ConversationMark.conversation_id).where(
                    ConversationMark.conversation_id.in_(there), ConversationMark.mark == mark
                )
            ).all()
            session.execute(
                delete(ConversationMark).where(
                    ConversationMark.conversation_id.in_(marked), ConversationMark.mark == mark
                )
            )
            for each in marked:
                self._audit.append(session, "conversation.unmarked", each, by=by, mark=mark)
            return {each: each in there for each in conversation_ids}

    def tags(self, session: Session, limit: int = 50) -> list[str]:
        """The tags in use, the commonest first."""
        mark = ConversationMark.mark
        # SQLite finds a range in the index but no beginning; the signs of PostgreSQL may stand in another order.
        in_range = and_(mark >= _TAG, mark < _AFTER_TAGS)
        rows = (
            select(mark)
            .where(in_range if session.get_bind().dialect.name == "sqlite" else mark.startswith(_TAG))
            .group_by(mark)
            .order_by(func.count().desc(), mark)
            .limit(limit)
        )
        return [each.removeprefix(_TAG) for each in session.scalars(rows)]

    @staticmethod
    def _there(session: Session, ids: Sequence[str]) -> set[str]:
        return set(session.scalars(select(Conversation.id).where(Conversation.id.in_(ids)).order_by(Conversation.id)))
