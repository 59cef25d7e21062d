"""A conversation as the staff read it: masked, each message with how it was read and what came of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.story import story
from insyn.privacy.masking import PLACEHOLDER
from insyn.review.bands import HIGH, LOW
from insyn.review.marks import FLAGGED, REVIEWED, tags_among
from insyn.store.models import AuditRow, Case, Conversation, Turn
from insyn.store.review_tables import ConversationMark, Correction

ALTERNATIVES = 5

_EVENTS = {
    "turn.answered": "Meddelandet lästes och besvarades.",
    "turn.failed": "En åtgärd misslyckades. Personen fick veta det och ett felnummer.",
    "turn.postponed": "Assistenten svarade inte i tid. Meddelandet sparades och personen fick veta det.",
    "message.refused": "Ett meddelande togs inte emot.",
    "challenge.issued": "En engångskod skickades.",
    "challenge.limited": "Ingen kod skickades: en gräns var nådd.",
    "challenge.failed": "En fel kod skrevs in.",
    "challenge.passed": "Rätt kod skrevs in. Personen når brevlådan.",
    "own_data.given": "Personen fick ut allt som Insyn har.",
    "staff.replied": "{By} svarade personen.",
    "turn.for_human": "Meddelandet gick till den som hade tagit över samtalet.",
    "human.took_over": "{By} tog över samtalet.",
    "human.left": "Insyn svarar igen.",
}
_LEFT_OUT = ("case.viewed", "case.revealed", "case.exported")


@dataclass(frozen=True)
class Happening:
    """Something that the log holds of a message; `event` is the log's own name for it."""

    at: datetime
    event: str
    text: str
    reference: str = ""


@dataclass(frozen=True)
class Entry:
    """A message, and for one of the person's how it was read. Confidences lie between 0 and 1."""

    turn: Turn
    alternatives: tuple[tuple[str, float], ...] = ()
    parts: tuple[tuple[str, float], ...] = ()
    language: str = ""
    correction: Correction | None = None
    happened: tuple[Happening, ...] = ()

    @property
    def was_read(self) -> bool:
        """Whether the understanding read it; a choice is taken as it is."""
        return self.turn.author == "person" and self.turn.intent is not None and self.turn.choice is None

    @property
    def band(self) -> str:
        """`low`, `middle` or `high`."""
        confidence = self.turn.confidence or 0.0
        return "low" if confidence < LOW else "high" if confidence >= HIGH else "middle"


@dataclass(frozen=True)
class File:
    """All of a conversation."""

    conversation: Conversation
    entries: tuple[Entry, ...]
    cases: tuple[Case, ...]
    values: tuple[str, ...]
    reviewed: ConversationMark | None
    flagged: bool
    tags: tuple[str, ...]
    happened_before: tuple[Happening, ...] = field(default=())

    @property
    def is_reviewed(self) -> bool:
        """Whether someone has reviewed it since its latest message."""
        return self.reviewed is not None and self.reviewed.at >= self.conversation.last_activity_at


def has_news(session: Session, conversation_id: str, after: int) -> bool:
    """Whether something has been said after the message with that number, or the conversation is gone."""
    newer = select(Turn.seq).where(Turn.conversation_id == conversation_id, Turn.seq > after).limit(1)
    return session.scalar(newer) is not None or session.get(Conversation, conversation_id) is None


def read(session: Session, conversation_id: str, name_of: Callable[[str], str]) -> File | None:
    """The file of a conversation, or None when there is no such one."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        return None
    turns = session.scalars(select(Turn).where(Turn.conversation_id == conversation_id).order_by(Turn.seq)).all()
    cases = session.scalars(
        select(Case).where(Case.conversation_id == conversation_id).order_by(Case.received_at, Case.position)
    ).all()
    corrections = {
        row.turn_seq: row
        for row in session.scalars(
            select(Correction)
            .join(Turn, Turn.seq == Correction.turn_seq)
            .where(Turn.conversation_id == conversation_id)
        )
    }
    happened, before = _happened(session, conversation_id, turns, cases, name_of)
    marks = {
        mark.mark: mark
        for mark in session.scalars(select(ConversationMark).where(ConversationMark.conversation_id == conversation_id))
    }
    return File(
        conversation=conversation,
        entries=tuple(_entry(turn, corrections.get(turn.seq), happened.get(turn.id, ())) for turn in turns),
        cases=tuple(cases),
        values=_values(turns),
        reviewed=marks.get(REVIEWED),
        flagged=FLAGGED in marks,
        tags=tags_among(marks),
        happened_before=tuple(before),
    )


def _entry(turn: Turn, correction: Correction | None, happened: Sequence[Happening]) -> Entry:
    reading = turn.reading or {}
    return Entry(
        turn=turn,
        alternatives=_scored(reading.get("ranking"), "name")[:ALTERNATIVES],
        parts=_scored(reading.get("parts"), "intent"),
        language=str(reading.get("language") or ""),
        correction=correction,
        happened=tuple(happened),
    )


def _scored(items: Any, name: str) -> tuple[tuple[str, float], ...]:
    return tuple((str(each.get(name)), float(each.get("confidence") or 0.0)) for each in items or [])


def _values(turns: Sequence[Turn]) -> tuple[str, ...]:
    """The placeholders that stand in the conversation, but codes, of which only a fingerprint is kept."""
    found = dict.fromkeys(match[0] for turn in turns for match in PLACEHOLDER.finditer(turn.text))
    return tuple(each for each in found if not each.startswith("⟨kod "))


def _happened(
    session: Session, conversation_id: str, turns: Sequence[Turn], cases: Sequence[Case], name_of: Callable[[str], str]
) -> tuple[dict[str, list[Happening]], list[Happening]]:
    """What the log holds, by the message it came of, and what came of none.

    Where a row does not name its message, it is the person's latest one at that time.
    """
    asked = [turn for turn in turns if turn.author == "person"]
    by_turn: dict[str, list[Happening]] = defaultdict(list)
    before: list[Happening] = []
    rows = session.scalars(select(AuditRow).where(AuditRow.subject == conversation_id).order_by(AuditRow.seq))
    found: list[tuple[Happening, str | None]] = []
    for row in rows:
        if row.event in _EVENTS:
            data = json.loads(row.data)
            by = name_of(str(data["by"])) if "by" in data else ""
            found.append((Happening(row.at, row.event, _EVENTS[row.event].format(By=by)), data.get("turn")))
    for case in cases:
        found += [
            (Happening(each.at, each.event, each.text, case.reference), None)
            for each in story(session, case.id, name_of=name_of)
            if each.event not in _LEFT_OUT
        ]
    for happening, turn_id in sorted(found, key=lambda each: each[0].at):
        latest = turn_id or next((turn.id for turn in reversed(asked) if turn.at <= happening.at), None)
        (by_turn[latest] if latest else before).append(happening)
    return by_turn, before
