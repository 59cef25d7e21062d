"""Finding conversations: filters of the staff's list, a page at a time, whatever the number of messages.

Without a filter on messages the latest activity comes first; with one, the conversation whose newest matching message is the
latest. A page begins after the last row of the one before (keyset) and looks at a bounded number of rows: where a
combination of filters is rare, it says how far it has come, and one goes on from there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, any_, func, literal, select, true, tuple_
from sqlalchemy.orm import Session

from insyn.conversation.transcript import public_topic
from insyn.policy.answers import HUMAN
from insyn.review.bands import Band, within
from insyn.review.listing import NOT_UNDERSTOOD, Hit, Row, rows_of
from insyn.review.marks import FLAGGED, REVIEWED, tag_mark
from insyn.store import word_index
from insyn.store.models import Conversation, Moment, Turn
from insyn.store.review_tables import ConversationMark

PAGE = 50
LOOKED_AT = 2000  # rows that a page looks at before it says how far it has come
BATCH = 125
SCANNED = 20_000  # messages in a row that are read where no index leads to what is wanted


# Whether someone has reviewed a conversation since its latest message.
REVIEWED_SINCE = (
    select(ConversationMark.conversation_id)
    .where(
        ConversationMark.mark == REVIEWED,
        ConversationMark.conversation_id == Conversation.id,
        ConversationMark.at >= Conversation.last_activity_at,
    )
    .correlate(Conversation)
    .exists()
)


@dataclass(frozen=True)
class Wanted:
    """What the list shows; what is empty or None does not count.

    `topic`, `band` and `words` are about one and the same message of the person, `not_understood` about any. `reviewed` is
    None, or whether someone has reviewed the conversation since its latest message; `waiting` is for a human's answer.
    """

    channel: str = ""
    topic: str = ""
    band: Band | None = None
    words: str = ""
    not_understood: bool = False
    thumb: str = ""
    handed_over: bool = False
    reviewed: bool | None = None
    flagged: bool = False
    tag: str = ""
    waiting: bool = False


@dataclass(frozen=True)
class Found:
    """A page. `after` leads on, None at the end; `cut_short` when it ends because enough was looked at, not because it is full."""

    rows: Sequence[Row]
    after: str | None
    cut_short: bool = False


def page(session: Session, wanted: Wanted, *, after: str | None = None, limit: int = PAGE) -> Found:
    """One page of conversations. An `after` that cannot be read counts as none."""
    words = word_index.words_of(wanted.words)
    about_messages = bool(
        wanted.topic or words or wanted.band or wanted.not_understood or wanted.thumb or wanted.handed_over
    )
    walk = _by_message if about_messages else _by_activity
    hits, more, cut_short = walk(session, wanted, words, after, limit)
    return Found(rows_of(session, hits), hits[limit - 1].place if len(hits) > limit else more, cut_short)


def count(session: Session, wanted: Wanted, *, most: int) -> int:
    """How many conversations a list holds, counted no further than one beyond `most`.

    For `waiting`, and for `not_understood` with what conversations themselves fulfil.
    """
    rows = select(Conversation.id).where(*_of_conversation(wanted))
    if wanted.not_understood:
        rows = select(Turn.conversation_id).distinct().where(*_matching(wanted, []))
        rows = rows.join(Conversation, Conversation.id == Turn.conversation_id).where(*_of_conversation(wanted))
    return session.scalar(select(func.count()).select_from(rows.limit(most + 1).subquery())) or 0


# -- by the latest activity


def _by_activity(
    session: Session, wanted: Wanted, _words: list[str], after: str | None, limit: int
) -> tuple[list[Hit], str | None, bool]:
    place = _read_moment(after)
    mark = _mark_of_few(session, wanted)
    if wanted.waiting or mark:
        rows = select(Conversation.id, Conversation.last_activity_at).where(
            _with_mark(session, mark) if mark else true(), *_of_conversation(wanted, but=mark, few=bool(mark)),
            _after(place) if place else true(),
        )  # fmt: skip
        found = session.execute(rows.order_by(*_LATEST_FIRST).limit(limit + 1)).all()
        return _moments(found, limit)
    return _among_the_latest(session, wanted, place, limit)


def _among_the_latest(
    session: Session, wanted: Wanted, place: tuple[datetime, str] | None, limit: int
) -> tuple[list[Hit], str | None, bool]:
    """The conversations in order, the conditions on each: where few match, only so many are looked at."""
    fits = and_(true(), *_of_conversation(wanted, few=True))
    latest = select(Conversation.id, Conversation.last_activity_at, fits.label("fits")).order_by(*_LATEST_FIRST)
    if wanted.channel:
        latest = latest.where(Conversation.channel == wanted.channel)
    found: list[Any] = []
    for _ in range(0, LOOKED_AT, BATCH):
        rows = session.execute((latest.where(_after(place)) if place else latest).limit(BATCH)).all()
        found += [row for row in rows if row.fits]
        if len(found) > limit or len(rows) < BATCH:
            return _moments(found, limit)
        place = rows[-1].last_activity_at, rows[-1].id
    return _moments(found, limit)[0], _written(*place) if place else None, True


_LATEST_FIRST = (Conversation.last_activity_at.desc(), Conversation.id.desc())


def _after(place: tuple[datetime, str]) -> ColumnElement[bool]:
    there = tuple_(literal(place[0], Moment()), literal(place[1]))
    return tuple_(Conversation.last_activity_at, Conversation.id) < there


def _moments(found: Sequence[Any], limit: int) -> tuple[list[Hit], str | None, bool]:
    hits = [Hit(row.id, None, _written(row.last_activity_at, row.id)) for row in found]
    return hits[:limit], hits[limit - 1].place if len(hits) > limit else None, False


def _mark_of_few(session: Session, wanted: Wanted) -> str:
    """A mark that is asked for and stands on so few conversations that all of them can be sorted; empty where none does."""
    marks = _marks(wanted)
    if not marks:
        return ""
    few = select(literal(1)).where(ConversationMark.mark == marks[0]).limit(LOOKED_AT + 1).subquery()
    return marks[0] if (session.scalar(select(func.count()).select_from(few)) or 0) <= LOOKED_AT else ""


def _with_mark(session: Session, mark: str) -> ColumnElement[bool]:
    """The conversations with a mark, found by their ids: PostgreSQL would rather read all there are, unless it has a list."""
    marked = select(ConversationMark.conversation_id).where(ConversationMark.mark == mark)
    if session.get_bind().dialect.name == "postgresql":
        return Conversation.id == any_(func.array(marked.scalar_subquery()))
    return Conversation.id.in_(marked)


def _marks(wanted: Wanted) -> list[str]:
    return [
        mark
        for mark, is_wanted in (
            (tag_mark(wanted.tag), wanted.tag), (FLAGGED, wanted.flagged), (REVIEWED, wanted.reviewed)
        )
        if is_wanted
    ]  # fmt: skip


def _of_conversation(wanted: Wanted, *, but: str = "", few: bool = False) -> list[ColumnElement[bool]]:
    """What a conversation itself fulfils, but for one mark; with `few` said such that no index leads to all that do."""
    said: list[ColumnElement[bool]] = []
    if wanted.channel:
        channel = func.coalesce(Conversation.channel, "") if few else Conversation.channel
        said.append(channel == wanted.channel)
    if wanted.waiting:
        said.append(Conversation.waits_since.is_not(None))
    for mark in _marks(wanted):
        if mark not in (but, REVIEWED):
            marked = select(ConversationMark.conversation_id).where(
                ConversationMark.mark == mark, ConversationMark.conversation_id == Conversation.id
            )
            said.append(marked.correlate(Conversation).exists())
    if wanted.reviewed is not None:
        said.append(REVIEWED_SINCE if wanted.reviewed else ~REVIEWED_SINCE)
    return said


# -- by the newest matching message


def _by_message(
    session: Session, wanted: Wanted, words: list[str], after: str | None, limit: int
) -> tuple[list[Hit], str | None, bool]:
    matching = _matching(wanted, words)
    before = shown_until = _read_number(after)
    floor = _floor(session, wanted, words, before)
    hits: list[Hit] = []
    known: set[str] = set()
    looked_at = 0
    with_words = word_index.newest_with(session, words, before=before, size=BATCH, most=LOOKED_AT) if words else None
    while True:
        batch, last, is_all = _batch(session, matching, with_words, before, floor)
        new: dict[str, int] = {}
        for seq, conversation_id in batch:
            if conversation_id not in known:
                new.setdefault(conversation_id, seq)
        known.update(new)
        fitting = _fitting(session, wanted, words, matching, list(new), shown_until)
        hits += [Hit(each, seq, str(seq)) for each, seq in new.items() if each in fitting]
        looked_at += BATCH
        if len(hits) > limit:
            return hits[:limit], hits[limit - 1].place, False
        if is_all:
            at_floor = floor is not None and floor > 1
            return hits, str(floor) if at_floor else None, at_floor
        before = last
        if looked_at >= LOOKED_AT:
            return hits, str(before), True


def _batch(
    session: Session,
    matching: list[ColumnElement[bool]],
    with_words: Iterator[list[int]] | None,
    before: int | None,
    floor: int | None,
) -> tuple[list[tuple[int, str]], int | None, bool]:
    """The next matching messages, newest first: `(number, conversation)`, how far they reach, whether there are no more."""
    rows = select(Turn.seq, Turn.conversation_id).where(*matching).order_by(Turn.seq.desc())
    if with_words is not None:
        found = next(with_words, [])
        records = session.execute(rows.where(Turn.seq.in_(found))).all()
        return [(row.seq, row.conversation_id) for row in records], found[-1] if found else None, len(found) < BATCH
    if before is not None:
        rows = rows.where(Turn.seq < before)
    if floor is not None:
        rows = rows.where(Turn.seq >= floor)
    records = session.execute(rows.limit(BATCH)).all()
    return (
        [(row.seq, row.conversation_id) for row in records],
        records[-1].seq if records else None,
        len(records) < BATCH,
    )


def _matching(wanted: Wanted, words: list[str]) -> list[ColumnElement[bool]]:
    """What the message fulfils, besides its words, that leads to a conversation: one kind, such that an index finds it."""
    by_person = Turn.author == literal("person", literal_execute=True)
    if words or wanted.topic or wanted.band:
        said = [by_person] if wanted.topic or wanted.band else []
        if wanted.topic:
            said.append(Turn.topic == public_topic(wanted.topic))
        if wanted.band:
            said.append(within(Turn.confidence, wanted.band))
        return said
    if wanted.thumb:
        return [Turn.feedback == wanted.thumb, Turn.feedback.is_not(None)]
    return [by_person, Turn.topic == HUMAN if wanted.handed_over else Turn.topic.in_(NOT_UNDERSTOOD)]


def _floor(session: Session, wanted: Wanted, words: list[str], before: int | None) -> int | None:
    """How far back messages are read one by one; None where an index leads to them."""
    if not wanted.band or wanted.topic or words:
        return None
    newest = before if before is not None else (session.scalar(select(func.max(Turn.seq))) or 0)
    return max(newest - SCANNED, 1)


def _fitting(
    session: Session, wanted: Wanted, words: list[str], matching: list[ColumnElement[bool]], ids: list[str],
    shown_until: int | None,
) -> set[str]:  # fmt: skip
    """Those of the conversations that fulfil the rest, and that no earlier page has shown."""
    if not ids:
        return set()
    conditions = _of_conversation(wanted, few=True)
    fitting = set(session.scalars(select(Conversation.id).where(Conversation.id.in_(ids), *conditions)))
    # What is wrapped in `coalesce` is no index's business: the messages of these few conversations are read.
    topic, thumb = func.coalesce(Turn.topic, ""), func.coalesce(Turn.feedback, "")
    for is_wanted, condition in (
        (wanted.not_understood, topic.in_(NOT_UNDERSTOOD)), (wanted.handed_over, topic == HUMAN),
        (wanted.thumb, thumb == wanted.thumb),
    ):  # fmt: skip
        if is_wanted and fitting:
            fitting &= set(session.scalars(_of(fitting).where(condition)))
    if shown_until is not None and fitting:
        unindexed = Turn.seq + 0
        newer = session.execute(
            select(Turn.conversation_id, Turn.text).where(
                Turn.conversation_id.in_(fitting), unindexed >= shown_until, Turn.author != "insyn" if words else true(),
                *matching,
            )
        )  # fmt: skip
        fitting -= {row.conversation_id for row in newer if not words or word_index.is_in(row.text, words)}
    return fitting


def _of(ids: set[str]) -> Select[str]:
    return select(Turn.conversation_id).where(Turn.conversation_id.in_(ids))


# -- places in the list


def _written(moment: datetime, conversation_id: str) -> str:
    return base64.urlsafe_b64encode(f"{moment.isoformat()} {conversation_id}".encode()).decode().rstrip("=")


def _read_moment(after: str | None) -> tuple[datetime, str] | None:
    if not after:
        return None
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode("ascii")
        moment, _, conversation_id = text.partition(" ")
        at = datetime.fromisoformat(moment)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (at, conversation_id) if at.tzinfo else None


def _read_number(after: str | None) -> int | None:
    return int(after) if after and after.isascii() and after.isdigit() and len(after) < 19 else None
