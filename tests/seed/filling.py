"""Fills a store quickly: cases of every kind, state and age, each with its conversation; nobody in it exists.

The rows are as the service itself would write them: sealed with keys that open, findable by address, the audit log whole.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from insyn.audit.chain import GENESIS
from insyn.bootstrap import Services
from insyn.cases.clocks import extension, incident_clock
from insyn.cases.deadline import due_for
from insyn.cases.kinds import KINDS
from insyn.cases.reference import new_reference
from insyn.cases.transitions import State
from insyn.clock import swedish_date
from insyn.privacy.keys import BlindIndex, seal
from insyn.staff.roles import Role
from insyn.store.models import AuditRow, Case, Conversation, Turn

BATCH = 2000
AGE = timedelta(days=700)
STAYS_OPEN = timedelta(days=35)  # what came in within this time is open, what is older is closed
TURNS = 10  # of each conversation
RIGHTS = [kind.id for kind in KINDS.values() if kind.is_right]
_KINDS = (
    RIGHTS * 3
    + ["request.access"] * 8
    + ["request.erasure"] * 8
    + ["report.incident", "complaint", "question", "question"]
)
_CLOSED = [State.COMPLETED] * 6 + [
    State.PARTLY_REFUSED,
    State.REFUSED,
    State.WITHDRAWN,
    State.CLOSED_UNIDENTIFIED,
    State.HANDED_TO_CONTROLLER,
]
_OPEN = [State.RECEIVED, State.AWAITING_VERIFICATION, *[State.OPEN] * 4, *[State.IN_PROGRESS] * 4, State.EXTENDED]
_PROOFS = {State.RECEIVED: "none", State.AWAITING_VERIFICATION: "address"}
_SAID = [
    ("Hur länge sparar ni min jobbansökan?", "policy.retention.applicants", 0.97),
    ("Vilka cookies använder ni egentligen?", "policy.cookies.types", 0.91),
    ("Jag vill ha en kopia av allt ni har om ⟨namn 1⟩", "request.access", 0.95),
    ("ta bort mig ur era register", "request.erasure", 0.88),
    ("vad kostar lönekörningen per månad", "out_of_scope", 0.71),
    ("hmm det där med bokföringen då", "out_of_scope", 0.43),
]  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """What was put in."""

    cases: int
    turns: int


def fill(services: Services, index: BlindIndex, *, cases: int, turns: int, seed: int = 1) -> Filled:
    """Puts `cases` and `turns` in beside what is there. The same `seed` gives the same mixture."""
    chance = random.Random(seed)
    staff = _staff(services)
    put, conversations = 0, max(cases, turns // TURNS)
    for start in range(0, conversations, BATCH):
        numbers = range(start, min(start + BATCH, conversations))
        with services.store.write(durable=False) as session:
            key_id = services.keyring.create(session, services.clock())
            key = services.keyring.open(session, key_id)
            ids = [str(uuid.uuid4()) for _ in numbers]
            moments = [services.clock() - AGE * ((conversations - number) / conversations) for number in numbers]
            _put_conversations(session, ids, moments, key_id)
            put += _put_turns(session, ids, moments, chance, turns - put)
            chosen = [
                number for number in numbers if number * cases // conversations != (number - 1) * cases // conversations
            ]
            _put_cases(services, session, index, chosen, [ids[number - start] for number in chosen], [moments[number - start] for number in chosen], key_id, key, staff, chance)  # fmt: skip
    _settle(services)
    with services.store.read() as session:
        return Filled(session.scalar(select(func.count()).select_from(Case)) or 0, put)


def _staff(services: Services) -> list[str]:
    with services.store.read() as session:
        known = [member.id for member in services.members.all(session)]
    names = ("Alva Ek", "Bo Alm", "Cleo Fors", "Dan Gren", "Eli Holm", "Fia Ask")
    return known or [
        services.members.invite(name, f"{name.split()[0].lower()}@example.com", [Role.HANDLER], by="operator")[0]
        for name in names
    ]


def _put_conversations(session: Session, ids: Sequence[str], moments: Sequence[datetime], key_id: str) -> None:
    session.execute(
        insert(Conversation),
        [
            {
                "id": each, "channel": "email" if number % 4 == 0 else "chat", "token_epoch": 0, "data_key_id": key_id,
                "created_at": at, "last_activity_at": at + timedelta(minutes=TURNS), "dialogue": {}, "on_hold": False,
            }
            for number, (each, at) in enumerate(zip(ids, moments, strict=True))
        ],
    )  # fmt: skip


def _put_turns(
    session: Session, ids: Sequence[str], moments: Sequence[datetime], chance: random.Random, most: int
) -> int:
    rows = list(_turns(ids, moments, chance))[: max(most, 0)]
    if rows:
        session.execute(insert(Turn), rows)
    return len(rows)


def _turns(ids: Sequence[str], moments: Sequence[datetime], chance: random.Random) -> Iterator[dict[str, Any]]:
    for conversation_id, at in zip(ids, moments, strict=True):
        for number in range(TURNS // 2):
            words, intent, sure = chance.choice(_SAID)
            asked = str(uuid.UUID(int=chance.getrandbits(128)))
            common = {"conversation_id": conversation_id, "idempotency_key": None, "expects": None, "choice": None}
            yield common | {
                "id": asked, "author": "person", "at": at + timedelta(minutes=number), "text": words, "status": "answered",
                "intent": intent, "confidence": sure, "topic": None, "answers_id": None, "feedback": None,
                "reading": {"intent": intent, "confidence": sure, "ranking": [{"name": intent, "confidence": sure}]}, "content": None,
            }  # fmt: skip
            yield common | {
                "id": str(uuid.UUID(int=chance.getrandbits(128))), "author": "insyn", "at": at + timedelta(minutes=number, seconds=1),
                "text": "Så här är det.", "status": "said", "intent": None, "confidence": None, "topic": intent,
                "answers_id": asked, "feedback": chance.choice([None] * 18 + ["up", "down"]), "reading": None, "content": None,
            }  # fmt: skip


def _put_cases(
    services: Services, session: Session, index: BlindIndex, numbers: Sequence[int], talks: Sequence[str], moments: Sequence[datetime],
    key_id: str, key: bytes, staff: Sequence[str], chance: random.Random,
) -> None:  # fmt: skip
    now, rows, facts = services.clock(), [], []
    for number, talk, received in zip(numbers, talks, moments, strict=True):
        kind = KINDS[chance.choice(_KINDS)]
        is_open = now - received < STAYS_OPEN
        state = (
            chance.choice(_OPEN if is_open else _CLOSED)
            if kind.is_right
            else State.OPEN
            if is_open
            else State.COMPLETED
        )
        closed = None if is_open else min(received + timedelta(days=chance.randint(2, 28), minutes=number % 600), now)
        due, sort_on = _days(kind.id, received, state, now)
        case_id, address = str(uuid.uuid4()), f"person{number}@example.com"
        details = {
            "address": address,
            "name": "Kim Exempel",
            "words": "Jag heter Kim Exempel och vill veta vad ni har om mig.",
        }
        rows.append(
            {
                "id": case_id, "reference": new_reference(), "kind": kind.id, "state": state, "conversation_id": talk,
                "channel": "email" if chance.random() < 0.25 else "chat", "group_id": str(uuid.uuid4()), "position": 0,
                "ordered": False, "opening_key": f"seed:{case_id}", "received_at": received, "due_on": due, "sort_on": sort_on,
                "urgent": kind.id == "report.incident", "assignee": chance.choice([None, *staff]), "closed_at": closed,
                "extended_at": received + timedelta(days=20) if state is State.EXTENDED else None, "on_hold": False,
                "proof": _PROOFS.get(state, "mailbox") if kind.is_right else "none", "proved_at": received,
                "address_index": index.of("address", address), "data_key_id": key_id,
                "sealed": seal(key, json.dumps(details).encode(), f"case/{case_id}"),
                "created_at": received, "changed_at": closed or received, "version": 3,
            }
        )  # fmt: skip
        facts.append(
            (case_id, {"kind": kind.id, "channel": "chat", "state": state, "due": due.isoformat() if due else None})
        )
    if rows:
        session.execute(insert(Case), rows)
        _put_log(services, session, facts)


def _days(kind_id: str, received: datetime, state: State, now: datetime) -> tuple[date | None, date]:
    """When it is due, and where it stands in a queue."""
    if kind_id == "report.incident":
        return None, swedish_date(incident_clock(received, now).due_at)
    due = extension(swedish_date(received)).due if state is State.EXTENDED else due_for(received).due
    return (due if KINDS[kind_id].is_right else None), due


def _put_log(services: Services, session: Session, facts: Sequence[tuple[str, dict[str, Any]]]) -> None:
    head = services.audit.hold(session)
    rows = []
    previous = head.hash or GENESIS
    for number, (case_id, data) in enumerate(facts, start=1):
        row = AuditRow(
            seq=head.seq + number, at=services.clock(), event="case.received", subject=case_id,
            data=json.dumps(data, sort_keys=True, ensure_ascii=False), previous=previous, hash="",
        )  # fmt: skip
        previous = services.audit.hash_of(row)
        rows.append(
            {"seq": row.seq, "at": row.at, "event": row.event, "subject": row.subject, "data": row.data, "previous": row.previous, "hash": previous}
        )  # fmt: skip
    session.execute(insert(AuditRow), rows)
    services.audit.seal_head(head, rows[-1]["seq"], previous)


def _settle(services: Services) -> None:
    """What a store does by itself in quiet hours: statistics for the planner."""
    with services.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
