"""Fills a store quickly: cases of every kind, state and age, each with its conversation; nobody in it exists.

The rows are as the service itself would write them: sealed with keys that open, findable by address, the audit log whole,
what the bot did counted day by day.
"""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from insyn.audit.chain import GENESIS
from insyn.bootstrap import Services
from insyn.cases.clocks import extension, incident_clock
from insyn.cases.deadline import due_for
from insyn.cases.kinds import KINDS
from insyn.cases.reference import new_reference
from insyn.cases.transitions import State
from insyn.clock import swedish_date
from insyn.numbers.counting import THUMBS, Outcome, outcome_of
from insyn.privacy.keys import BlindIndex, seal
from insyn.review.marks import FLAGGED, REVIEWED, tag_mark
from insyn.staff.roles import Role
from insyn.store.models import AuditRow, Case, Conversation, Turn
from insyn.store.review_tables import BotCount, ConversationMark
from tests.seed.bulk import indexed_afterwards, put

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
]
_SELDOM = ("gäller det här mina syskonbarn också?", "policy.categories", 0.58)
_SELDOM_EVERY = 500  # conversations
_MARKED = {REVIEWED: 0.6, FLAGGED: 0.01, tag_mark("följ upp"): 0.02}  # the share that each mark stands on
_AT_LEAST = 80  # conversations with each of these, where there are so many: more than a page of a list holds
_THUMBS = [None] * 14 + ["up"] * 3 + ["down"] * 3


@dataclass(frozen=True)
class Filled:
    """What was put in."""

    cases: int
    turns: int


def fill(services: Services, index: BlindIndex, *, cases: int, turns: int, seed: int = 1) -> Filled:
    """Puts `cases` and `turns` in beside what is there. The same `seed` gives the same mixture."""
    chance = random.Random(seed)
    staff = _staff(services)
    conversations = max(cases, turns // TURNS)
    ids = [_id(chance) for _ in range(conversations)]
    moments = [services.clock() - AGE * ((conversations - number) / conversations) for number in range(conversations)]
    with (
        services.store.write(durable=False) as session,
        indexed_afterwards(session, Conversation, ConversationMark, Turn, Case, AuditRow),
    ):
        key_id = services.keyring.create(session, services.clock())
        key = services.keyring.open(session, key_id)
        _put_conversations(session, ids, moments, key_id)
        put(
            session,
            ConversationMark,
            ("conversation_id", "mark", "at", "by"),
            _marks(ids, staff, services.clock(), chance),
        )
        counts = _counts(session)
        put(session, Turn, _TURN, _counted(islice(_turns(ids, moments, chance), turns), counts))
        _put_counts(session, counts)
        facts: list[tuple[str, dict[str, Any]]] = []
        with_case = range(0, conversations, conversations // cases)[:cases] if cases else range(0)
        rows = (
            _case(services, index, number, ids[number], moments[number], key_id, key, staff, chance, facts)
            for number in with_case
        )
        put(session, Case, _CASE, rows)
        _put_log(services, session, facts)
    _settle(services)
    return Filled(len(facts), min(turns, conversations * TURNS))


def _staff(services: Services) -> list[str]:
    with services.store.read() as session:
        known = [member.id for member in services.members.all(session)]
    names = ("Alva Ek", "Bo Alm", "Cleo Fors", "Dan Gren", "Eli Holm", "Fia Ask")
    return known or [
        services.members.invite(name, f"{name.split()[0].lower()}@example.com", [Role.HANDLER], by="operator")[0]
        for name in names
    ]


def _put_conversations(session: Session, ids: Sequence[str], moments: Sequence[datetime], key_id: str) -> None:
    columns = ("id", "channel", "token_epoch", "data_key_id", "created_at", "last_activity_at", "dialogue", "on_hold")
    rows = (
        (each, _channel(number), 0, key_id, at, at + timedelta(minutes=TURNS), "{}", False)
        for number, (each, at) in enumerate(zip(ids, moments, strict=True))
    )
    put(session, Conversation, columns, rows)


def _channel(number: int) -> str:
    return "email" if number % 4 == 0 else "chat"


def _marks(ids: Sequence[str], staff: Sequence[str], now: datetime, chance: random.Random) -> Iterator[tuple[Any, ...]]:
    shares = {mark: max(share, _AT_LEAST / max(len(ids), 1)) for mark, share in _MARKED.items()}
    for conversation_id in ids:
        for mark, share in shares.items():
            if chance.random() < share:
                yield conversation_id, mark, now, chance.choice(staff)


_TURN = (
    "id", "conversation_id", "author", "channel", "at", "text", "status", "intent", "confidence", "topic", "answers_id", "feedback",
    "reading",
)  # fmt: skip


def _turns(ids: Sequence[str], moments: Sequence[datetime], chance: random.Random) -> Iterator[tuple[Any, ...]]:
    seldom_every = min(_SELDOM_EVERY, len(ids) // _AT_LEAST or 1)
    *read, seldom = [
        (words, intent, sure, json.dumps({"ranking": [{"name": intent, "confidence": sure}], "parts": [], "language": "sv"}))
        for words, intent, sure in (*_SAID, _SELDOM)
    ]  # fmt: skip
    for number, (conversation_id, began) in enumerate(zip(ids, moments, strict=True)):
        channel = _channel(number)
        for minute in range(TURNS // 2):
            is_seldom = number % seldom_every == 0 and minute == 0
            words, intent, sure, reading = seldom if is_seldom else chance.choice(read)
            at, asked = began + timedelta(minutes=minute), _id(chance)
            yield (
                asked, conversation_id, "person", channel, at, words, "answered", intent, sure, intent, None, None, reading,
            )  # fmt: skip
            yield (
                _id(chance), conversation_id, "insyn", channel, at + timedelta(seconds=1), "Så här är det.", "said", None, None,
                intent, asked, chance.choice(_THUMBS), None,
            )  # fmt: skip


_Counted = tuple[date, str, str, str]  # day, channel, outcome, topic


def _counts(session: Session) -> Counter[_Counted]:
    """What has been counted before."""
    rows = session.scalars(select(BotCount))
    return Counter({(row.day, row.channel, row.outcome, row.topic): row.count for row in rows})


def _counted(turns: Iterable[tuple[Any, ...]], counts: Counter[_Counted]) -> Iterator[tuple[Any, ...]]:
    """The turns as they come, each added to the counts in passing."""
    author, channel, at, topic, feedback = map(_TURN.index, ("author", "channel", "at", "topic", "feedback"))
    for turn in turns:
        day = swedish_date(turn[at])
        if turn[author] == "person":
            outcome, about = _became(turn[topic])
            counts[day, turn[channel], outcome, about] += 1
        elif turn[feedback]:
            counts[day, turn[channel], THUMBS[turn[feedback]], turn[topic]] += 1
        yield turn


@cache
def _became(topic: str) -> tuple[Outcome, str]:
    return outcome_of(topic, [topic], failed=False)


def _put_counts(session: Session, counts: Counter[_Counted]) -> None:
    session.execute(delete(BotCount))
    rows = ((*key, count) for key, count in counts.items())
    put(session, BotCount, ("day", "channel", "outcome", "topic", "count"), rows)


def _id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128)))


_CASE = (
    "id", "reference", "kind", "state", "conversation_id", "channel", "group_id", "position", "ordered", "opening_key", "received_at",
    "due_on", "sort_on", "urgent", "assignee", "closed_at", "extended_at", "on_hold", "proof", "proved_at", "address_index",
    "data_key_id", "sealed", "created_at", "changed_at", "version",
)  # fmt: skip


def _case(
    services: Services, index: BlindIndex, number: int, talk: str, received: datetime, key_id: str, key: bytes, staff: Sequence[str],
    chance: random.Random, facts: list[tuple[str, dict[str, Any]]],
) -> tuple[Any, ...]:  # fmt: skip
    """A row of `_CASE`; what the log says of it goes to `facts`."""
    now = services.clock()
    kind = KINDS[chance.choice(_KINDS)]
    is_open = now - received < STAYS_OPEN
    state = (
        chance.choice(_OPEN if is_open else _CLOSED) if kind.is_right else State.OPEN if is_open else State.COMPLETED
    )
    closed = None if is_open else min(received + timedelta(days=chance.randint(2, 28), minutes=number % 600), now)
    due, sort_on = _days(kind.id, received, state, now)
    case_id, address = _id(chance), f"person{number}@example.com"
    details = {
        "address": address,
        "name": "Kim Exempel",
        "words": "Jag heter Kim Exempel och vill veta vad ni har om mig.",
    }
    facts.append(
        (case_id, {"kind": kind.id, "channel": "chat", "state": state, "due": due.isoformat() if due else None})
    )
    return (
        case_id, new_reference(), kind.id, state, talk, "email" if chance.random() < 0.25 else "chat", _id(chance), 0, False,
        f"seed:{case_id}", received, due, sort_on, kind.id == "report.incident", chance.choice([None, *staff]), closed,
        received + timedelta(days=20) if state is State.EXTENDED else None, False,
        _PROOFS.get(state, "mailbox") if kind.is_right else "none", received, index.of("address", address), key_id,
        seal(key, json.dumps(details).encode(), f"case/{case_id}"), received, closed or received, 3,
    )  # fmt: skip


def _days(kind_id: str, received: datetime, state: State, now: datetime) -> tuple[date | None, date]:
    """When it is due, and where it stands in a queue."""
    if kind_id == "report.incident":
        return None, swedish_date(incident_clock(received, now).due_at)
    due = extension(swedish_date(received)).due if state is State.EXTENDED else due_for(received).due
    return (due if KINDS[kind_id].is_right else None), due


def _put_log(services: Services, session: Session, facts: Sequence[tuple[str, dict[str, Any]]]) -> None:
    head = services.audit.hold(session)
    rows = []
    at, previous = services.clock(), head.hash or GENESIS
    for number, (case_id, data) in enumerate(facts, start=1):
        row = AuditRow(
            seq=head.seq + number, at=at, event="case.received", subject=case_id,
            data=json.dumps(data, sort_keys=True, ensure_ascii=False), previous=previous, hash="",
        )  # fmt: skip
        previous = services.audit.hash_of(row)
        rows.append((row.seq, at, row.event, row.subject, row.data, row.previous, previous))
    put(session, AuditRow, ("seq", "at", "event", "subject", "data", "previous", "hash"), rows)
    if rows:
        services.audit.seal_head(head, rows[-1][0], previous)


def _settle(services: Services) -> None:
    """What a store does by itself in quiet hours: statistics for the planner."""
    with services.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
