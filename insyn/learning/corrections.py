"""Corrections: what a message should have been read as, judged by a human before anything learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.clock import Clock
from insyn.learning.examples import NotAnExample, example_of, require_nothing_personal
from insyn.learning.intents import Intents
from insyn.numbers.counting import Outcome, count, uncount
from insyn.store.engine import Store
from insyn.store.models import Turn
from insyn.store.review_tables import Correction

SUBJECT = "learning"


class State(StrEnum):
    """How far a correction has come."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    ACCEPTED = "accepted"


class NotCorrectable(Exception):
    """The message cannot be corrected so: it is not one that was read, or there is no such intent."""


@dataclass(frozen=True)
class Lesson:
    """An example that a human has approved."""

    turn_seq: int
    intent: str
    text: str


class Corrections:
    """Takes corrections and judges them. `by` is the id of the member."""

    def __init__(self, store: Store, intents: Intents, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._intents = intents
        self._audit = audit
        self._clock = clock

    def correct(self, conversation_id: str, turn_seq: int, intent: str, *, by: str) -> None:
        """Says what a message should have been read as; anew, if it was said before. Raises `NotCorrectable`."""
        with self._store.write() as session:
            turn = session.get(Turn, turn_seq)
            if (
                turn is None
                or turn.conversation_id != conversation_id
                or turn.author != "person"
                or turn.choice is not None
                or turn.intent is None
                or intent not in self._intents
            ):
                raise NotCorrectable
            row = session.get(Correction, turn_seq)
            is_first = row is None
            if row is None:
                row = Correction(turn_seq=turn_seq, read_as=turn.intent)
                session.add(row)
            row.intent, row.text, row.state = intent, example_of(turn.text), State.WAITING
            row.by, row.at, row.judged_by, row.judged_at = by, self._clock(), None, None
            session.flush()
            if is_first:
                count(session, *_counted_as(turn))
            self._audit.append(
                session, "turn.corrected", conversation_id, by=by, turn=turn.id, read_as=turn.intent, intent=intent
            )

    def withdraw(self, conversation_id: str, turn_seq: int, *, by: str) -> None:
        """Takes a correction back that nothing has learnt from. Raises `NotCorrectable`."""
        with self._store.write() as session:
            turn, row = session.get(Turn, turn_seq), session.get(Correction, turn_seq)
            if turn is None or row is None or turn.conversation_id != conversation_id or row.state == State.ACCEPTED:
                raise NotCorrectable
            session.delete(row)
            uncount(session, *_counted_as(turn))
            self._audit.append(session, "turn.correction_withdrawn", conversation_id, by=by, turn=turn.id)

    def approve(self, turn_seq: int, intent: str, text: str, *, by: str) -> None:
        """Lets an example be learnt, in the words given. Raises `NotCorrectable`, `NotAnExample`."""
        if intent not in self._intents:
            raise NotCorrectable
        example = example_of(text)
        require_nothing_personal(example)
        with self._store.write() as session:
            row = self._judged(session, turn_seq, State.APPROVED, by)
            row.intent, row.text = intent, example

    def reject(self, turn_seq: int, *, by: str) -> None:
        """Lets nothing be learnt from a correction. Raises `NotCorrectable`."""
        with self._store.write() as session:
            self._judged(session, turn_seq, State.REJECTED, by)

    def approve_all(self, turn_seqs: Sequence[int], *, by: str) -> dict[int, str]:
        """Approves several as they are; for each that could not be, why (in Swedish)."""
        with self._store.read() as session:
            rows = session.scalars(select(Correction).where(Correction.turn_seq.in_(turn_seqs))).all()
        refused: dict[int, str] = {}
        for row in rows:
            try:
                self.approve(row.turn_seq, row.intent, row.text, by=by)
            except NotAnExample as error:
                refused[row.turn_seq] = error.says
            except NotCorrectable:
                refused[row.turn_seq] = "Rättelsen finns inte längre."
        return refused

    def of_state(
        self, session: Session, state: State, *, after: int | None = None, limit: int
    ) -> Sequence[tuple[Correction, str]]:
        """Corrections in a state with the id of their conversation, the oldest message first."""
        rows = (
            select(Correction, Turn.conversation_id)
            .join(Turn, Turn.seq == Correction.turn_seq)
            .where(Correction.state == state)
            .order_by(Correction.turn_seq)
            .limit(limit)
        )
        if after is not None:
            rows = rows.where(Correction.turn_seq > after)
        return [(row[0], row[1]) for row in session.execute(rows)]

    def counts(self, session: Session) -> dict[str, int]:
        """How many corrections there are in each state."""
        rows = session.execute(select(Correction.state, func.count()).group_by(Correction.state))
        counted = {str(row[0]): int(row[1]) for row in rows}
        return {state: counted.get(state, 0) for state in State}

    def lessons(self) -> list[Lesson]:
        """What has been approved and is not in the project yet."""
        with self._store.read() as session:
            rows = session.scalars(
                select(Correction).where(Correction.state == State.APPROVED).order_by(Correction.turn_seq)
            )
            return [Lesson(row.turn_seq, row.intent, row.text) for row in rows]

    def accepted(self, lessons: Sequence[Lesson], *, by: str, model: str) -> None:
        """Notes that lessons are now part of the project, with the model that was trained from them."""
        with self._store.write() as session:
            session.execute(
                update(Correction)
                .where(Correction.turn_seq.in_([each.turn_seq for each in lessons]), Correction.state == State.APPROVED)
                .values(state=State.ACCEPTED)
            )
            self._audit.append(session, "learning.accepted", SUBJECT, by=by, model=model, lessons=len(lessons))

    def _judged(self, session: Session, turn_seq: int, state: State, by: str) -> Correction:
        row = session.get(Correction, turn_seq)
        if row is None or row.state == State.ACCEPTED:
            raise NotCorrectable
        row.state, row.judged_by, row.judged_at = state, by, self._clock()
        turn = session.get_one(Turn, turn_seq)
        self._audit.append(session, f"turn.lesson_{state}", turn.conversation_id, by=by, turn=turn.id)
        return row


def _counted_as(turn: Turn) -> tuple[datetime, str, Outcome, str]:
    """Where a corrected message counts among the bot's figures: under what it was read as."""
    return turn.at, turn.channel, Outcome.CORRECTED, turn.topic or ""
