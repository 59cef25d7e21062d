"""A case as the staff read it: everything there is about it, with what is personal masked.

Free texts are masked as what people write in a conversation is (`insyn.privacy.masking`); names and addresses are not shown
at all. Single values are shown by `insyn.staff.viewing`, for a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.story import story
from insyn.cases.casebook import Casebook, Details
from insyn.cases.kinds import KINDS, Kind
from insyn.cases.reference import canonical
from insyn.cases.transitions import State
from insyn.clock import Clock
from insyn.conversation.transcript import Transcript
from insyn.delivery.files import CaseFiles, FileView
from insyn.privacy.keys import Shredded
from insyn.privacy.masking import PLACEHOLDER, mask, normalise
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Case, Conversation, Delivery, IdentityDoubt, OutgoingMail, Turn

FREE_TEXTS = ("relation", "concerns", "words", "note")
HIDDEN = ("name", "address")
LOOKS = frozenset({"case.viewed", "case.revealed", "case.exported"})


@dataclass(frozen=True)
class Shown:
    """A value as it is shown: masked, or as it is where nothing in it needed masking. `what` is how it is asked for."""

    what: str
    text: str
    masked: bool


@dataclass(frozen=True)
class Step:
    """One thing that happened, with the words that were written then."""

    at: datetime
    text: str
    event: str
    words: Shown | None
    words_are: str


@dataclass(frozen=True)
class Said:
    """A turn of the conversation, masked as it is stored."""

    at: datetime
    author: str
    text: str


@dataclass(frozen=True)
class SentFiles:
    """A link that was sent, and what has become of it."""

    id: str
    sent_at: datetime
    expires_at: datetime
    is_open: bool
    files: tuple[FileView, ...]


@dataclass(frozen=True)
class CaseFile:
    """All about a case."""

    case: Case
    kind: Kind
    state: State
    is_closed: bool
    details: dict[str, Shown]
    timeline: tuple[Step, ...]
    transcript: tuple[Said, ...]
    values: tuple[str, ...]
    doubts: tuple[IdentityDoubt, ...]
    files: tuple[FileView, ...]
    deliveries: tuple[SentFiles, ...]
    letters: tuple[OutgoingMail, ...]
    mails: tuple[IncomingMail, ...]
    group: tuple[Case, ...]
    earlier: Case | None
    later: tuple[Case, ...]


class CaseFiling:
    """Reads cases for the staff."""

    def __init__(self, casebook: Casebook, files: CaseFiles, transcript: Transcript, clock: Clock) -> None:
        self._casebook = casebook
        self._files = files
        self._transcript = transcript
        self._clock = clock

    def find(self, session: Session, reference: str) -> Case | None:
        """The case of a reference, in whatever form it is written."""
        standard = canonical(reference)
        return self._casebook.by_reference(session, standard) if standard else None

    def read(self, session: Session, case: Case, name_of: Callable[[str], str]) -> CaseFile:
        """The file of a case; of a shredded one what is left."""
        conversation = session.get(Conversation, case.conversation_id) if case.conversation_id else None
        turns = self._transcript.turns(session, conversation.id) if conversation else []
        views = [] if case.shredded_at else self._views(session, case)
        group = [each for each in self._casebook.group(session, case) if each.id != case.id]
        return CaseFile(
            case=case,
            kind=KINDS[case.kind],
            state=State(case.state),
            is_closed=self._casebook.is_closed(case),
            details=self._details(session, case),
            timeline=self._timeline(session, case, name_of),
            transcript=tuple(Said(turn.at, turn.author, turn.text) for turn in turns),
            values=_values(turns),
            doubts=tuple(
                session.scalars(
                    select(IdentityDoubt).where(IdentityDoubt.case_id == case.id).order_by(IdentityDoubt.raised_at)
                )
            ),
            files=tuple(view for view, delivery_id in views if delivery_id is None),
            deliveries=self._deliveries(session, case, views),
            letters=tuple(
                session.scalars(
                    select(OutgoingMail).where(OutgoingMail.case_id == case.id).order_by(OutgoingMail.created_at)
                )
            ),
            mails=self._mails(session, case),
            group=tuple(group),
            earlier=self._casebook.earlier(session, case),
            later=tuple(session.scalars(select(Case).where(Case.repeats_id == case.id).order_by(Case.received_at))),
        )

    def whole(self, session: Session, case: Case, name_of: Callable[[str], str]) -> dict[str, Any]:
        """All of a case as JSON-ready data, nothing masked: for who has given a reason to take it out."""
        conversation = session.get(Conversation, case.conversation_id) if case.conversation_id else None
        turns = self._transcript.turns(session, conversation.id) if conversation else []
        vault = self._transcript.vault
        return {
            "reference": case.reference,
            "kind": case.kind,
            "state": case.state,
            "channel": case.channel,
            "received": case.received_at.isoformat(),
            "due": case.due_on.isoformat() if case.due_on else None,
            "closed": case.closed_at.isoformat() if case.closed_at else None,
            "proof": case.proof,
            "proved": case.proved_at.isoformat() if case.proved_at else None,
            "details": self._casebook.details(session, case),
            "timeline": [
                {"at": each.at.isoformat(), "event": each.event, "text": each.text, "note": each.note}
                for each in story(session, case.id, name_of=name_of)
            ],
            "notes": [
                {"id": note.id, "at": note.at.isoformat(), "by": note.author, "kind": note.kind, "text": note.text}
                for note in self._casebook.notes(session, case)
            ],
            "conversation": [
                {
                    "at": turn.at.isoformat(),
                    "author": turn.author,
                    "text": vault.reveal(session, conversation, turn.text),
                }
                for turn in turns
                if conversation is not None
            ],
            "files": [
                {"name": view.name, "bytes": view.size, "sent": view.sent, "fetches": view.fetches}
                for view, _ in self._files.with_deliveries(session, case.id)
            ],
        }

    def _details(self, session: Session, case: Case) -> dict[str, Shown]:
        try:
            details: Details = self._casebook.details(session, case)
        except Shredded:
            return {}
        shown = {field: Shown(field, "", masked=True) for field in HIDDEN if details.get(field)}
        return shown | {
            field: masked(field, str(details[field]), own=case.reference) for field in FREE_TEXTS if details.get(field)
        }

    def _timeline(self, session: Session, case: Case, name_of: Callable[[str], str]) -> tuple[Step, ...]:
        try:
            notes = {note.id: note for note in self._casebook.notes(session, case)}
        except Shredded:
            notes = {}
        steps = []
        for sentence in story(session, case.id, name_of=name_of):
            if sentence.event in LOOKS:
                continue
            note = notes.pop(sentence.note, None) if sentence.note else None
            words = masked(f"note:{note.id}", note.text, own=case.reference) if note else None
            steps.append(Step(sentence.at, sentence.text, sentence.event, words, note.kind if note else ""))
        steps += [
            Step(note.at, "", "", masked(f"note:{note.id}", note.text, own=case.reference), note.kind)
            for note in notes.values()
        ]  # words that no row of the log names, such as those of a reminder
        return tuple(sorted(steps, key=lambda step: step.at))

    def _mails(self, session: Session, case: Case) -> tuple[IncomingMail, ...]:
        """What has come in by mail about a case: to it, or in the conversation in which it was begun."""
        belongs = IncomingMail.case_id == case.id
        if case.conversation_id:
            belongs |= IncomingMail.conversation_id == case.conversation_id
        return tuple(session.scalars(select(IncomingMail).where(belongs).order_by(IncomingMail.received_at)))

    def _views(self, session: Session, case: Case) -> list[tuple[FileView, str | None]]:
        return self._files.with_deliveries(session, case.id)

    def _deliveries(
        self, session: Session, case: Case, views: Sequence[tuple[FileView, str | None]]
    ) -> tuple[SentFiles, ...]:
        now = self._clock()
        rows = session.scalars(select(Delivery).where(Delivery.case_id == case.id).order_by(Delivery.created_at))
        return tuple(
            SentFiles(
                row.id, row.created_at, row.expires_at, row.shredded_at is None and row.expires_at > now,
                tuple(view for view, delivery_id in views if delivery_id == row.id),
            )
            for row in rows
        )  # fmt: skip


def masked(what: str, text: str, *, own: str = "") -> Shown:
    """A free text with every identifier in it replaced by what kind of thing it is, but for the case's own reference."""
    plain = normalise(text)
    hidden = mask(plain, lambda kind, value: value if own and canonical(value) == own else f"⟨{kind} 1⟩")
    return Shown(what, PLACEHOLDER.sub(lambda found: f"[{found[0][1:-3]}]", hidden), masked=hidden != plain)


def _values(turns: Sequence[Turn]) -> tuple[str, ...]:
    """The placeholders of a conversation that have a value to show, in the order they came."""
    found = dict.fromkeys(match[0] for turn in turns for match in PLACEHOLDER.finditer(turn.text))
    return tuple(placeholder for placeholder in found if not placeholder.startswith("⟨kod "))
