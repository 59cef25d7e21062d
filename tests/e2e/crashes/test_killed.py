"""The service is killed, or PostgreSQL is restarted under it, at random moments of running conversations.

Afterwards no acknowledged case is lost and none doubled, no code was valid twice, the audit chain is whole, each change has
its one event for the organisation's own system, each letter came once, and every conversation was finished by making the
same call again. `INTERRUPTIONS=50` sets how often.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from insyn.audit.chain import AuditLog
from insyn.cases.kinds import KINDS
from insyn.clock import utc_now
from insyn.store.engine import Store
from insyn.store.models import AuditRow, Case, Challenge, OutgoingMail, Turn, WebhookEvent
from tests.fixtures.apart import Apart
from tests.fixtures.crowd import REFERENCE, Crowd, Person
from tests.fixtures.postgres import Cluster

INTERRUPTIONS = int(os.environ.get("INTERRUPTIONS", "8"))
CROWD = 4
SEED = 20260305
MOST_ANSWERS_BETWEEN = 12
LONGEST_PAUSE_SECONDS = 0.2  # about a turn, so that it strikes anywhere within one
# A commit that was acknowledged must outlive a crash of the server; only a crash of the machine does not matter here.
DURABLE = "-c fsync=off -c synchronous_commit=on -c shared_buffers=32MB"

NOBODY_LISTENS = {
    "INSYN_WEBHOOK_URL": "http://127.0.0.1:9/",
    "INSYN_WEBHOOK_SECRETS": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}

Launch = Callable[..., Apart]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts a system of the test's own, with its Rasa apart."""
    started: list[Apart] = []

    def start(**settings: str) -> Apart:
        system = Apart(tmp_path / "insyn", **NOBODY_LISTENS, **settings)
        started.append(system)
        system.start()
        return system

    yield start
    for system in started:
        system.stop()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster(DURABLE)
    try:
        cluster.start()
        try:
            cluster.create()
            yield cluster
        finally:
            cluster.stop()
    finally:
        cluster.remove()


def test_service_killed_at_random_moments(launch: Launch) -> None:
    system = launch()

    def killed(_number: int) -> None:
        system.kill_service()
        system.start_service()

    crowd = interrupted_by(killed, system)
    everything_is_in_order(system, crowd, f"sqlite:///{system.var / 'insyn.db'}")


def test_postgresql_restarted_at_random_moments(launch: Launch, cluster: Cluster) -> None:
    system = launch(INSYN_DATABASE_URL=cluster.url)

    def restarted(number: int) -> None:
        cluster.stop("immediate" if number % 2 else "fast")
        cluster.start()

    crowd = interrupted_by(restarted, system)
    everything_is_in_order(system, crowd, cluster.url)


def interrupted_by(interrupt: Callable[[int], None], system: Apart) -> Crowd:
    chance = random.Random(SEED)
    crowd = Crowd(system, size=CROWD, seed=SEED)
    began = time.monotonic()
    crowd.begin()
    down = 0.0
    for number in range(INTERRUPTIONS):
        crowd.wait_for_answers(chance.randint(0, MOST_ANSWERS_BETWEEN))
        time.sleep(chance.uniform(0, LONGEST_PAUSE_SECONDS))
        away_since = time.monotonic()
        interrupt(number)
        down += time.monotonic() - away_since
        assert crowd.failures == []
    crowd.end()
    took = time.monotonic() - began
    calls = [call for person in crowd.people for call in person.calls]
    print(
        f"\n{INTERRUPTIONS} interruptions in {took:.0f} s ({down:.0f} s of them away): {len(crowd.people)} conversations, {len(calls)} messages, "
        f"{sum(call.attempts > 1 for call in calls)} of them needed more than one call; "
        f"{len(system.post.letters)} deliveries of mail"
    )
    return crowd


def everything_is_in_order(system: Apart, crowd: Crowd, url: str) -> None:
    assert crowd.failures == []
    assert sum(person.interrupted for person in crowd.people) >= INTERRUPTIONS // 4, "nothing was interrupted"
    store = Store(url)
    try:
        system.wait_for(lambda: _mails(store, "queued") == 0, "the mails to be sent", 60)
        for person in crowd.people:
            _conversation_is_whole(store, person)
        _nothing_is_doubled(store, crowd)
        _letters_came_once(system, store, crowd)
        with store.read() as session:
            assert AuditLog(system.env["INSYN_AUDIT_KEY"], utc_now).verify(session) == []
        _codes_are_spent(system, store, crowd)
        told = sum(len(person.told) for person in crowd.people)
        print(f"{told} cases that people were told of: all there, none twice; the log is whole")
    finally:
        store.close()


def _conversation_is_whole(store: Store, person: Person) -> None:
    assert person.refused == []
    said = [message["id"] for message in person.transcript() if message["author"] != "person"]
    assert set(said) >= person.promises
    said = [each for each in said if each not in person.promises]
    assert said == person.greeting + [each for call in person.calls for each in call.answered_with]
    with store.read() as session:
        cases = session.scalars(select(Case).where(Case.conversation_id == person.id)).all()
        turns = session.scalars(select(Turn).where(Turn.conversation_id == person.id, Turn.author == "person")).all()
    kinds = [case.kind for case in cases]
    assert kinds, "a conversation without a case"
    assert len(kinds) == len(set(kinds)), "the same right twice"
    assert set(kinds) <= set(person.kinds)
    assert {case.reference for case in cases} == person.told
    assert {case.state for case in cases} == {"open"}
    assert all(case.proof == KINDS[case.kind].proof for case in cases)
    assert [(turn.idempotency_key, turn.status) for turn in sorted(turns, key=lambda turn: turn.seq)] == [
        (call.key, "answered") for call in person.calls
    ]


def _nothing_is_doubled(store: Store, crowd: Crowd) -> None:
    with store.read() as session:
        rows = session.execute(select(AuditRow.event, AuditRow.subject, AuditRow.data)).all()
        cases = session.scalars(select(Case)).all()
    assert len(cases) == sum(len(person.told) for person in crowd.people)
    steps = Counter((event, subject) for event, subject, _ in rows if event.startswith("case."))
    once = {"case.received", "case.address_given", "case.mailbox_proved", "case.confirmed"}
    assert {step: times for step, times in steps.items() if times > 1 and step[0] in once} == {}
    with store.read() as session:
        events = session.scalars(select(WebhookEvent.sequence)).all()
        changes = session.scalars(select(AuditRow.seq).where(AuditRow.event.startswith("case."))).all()
    assert sorted(events) == sorted(changes)
    passed = Counter(data for event, _, data in rows if event == "challenge.passed")
    assert set(passed.values()) <= {1}
    assert len(passed) == sum(_needs_code(person) for person in crowd.people)


def _letters_came_once(system: Apart, store: Store, crowd: Crowd) -> None:
    for person in crowd.people:
        letters = system.letters(person.address)
        codes = [letter for letter in letters if "kod" in letter.subject]
        receipts = [letter for letter in letters if letter not in codes]
        assert len(codes) == _needs_code(person)
        assert len(receipts) == ("report.incident" not in person.kinds)
        assert all(person.told <= set(REFERENCE.findall(letter.text)) for letter in receipts)
    assert _mails(store, "failed") == 0


def _codes_are_spent(system: Apart, store: Store, crowd: Crowd) -> None:
    """A code that was used opens nothing in another conversation about the same address."""
    for before in [person for person in crowd.people if _needs_code(person)][:3]:
        code = next(letter.code for letter in system.letters(before.address) if "kod" in letter.subject)
        again = Person(system, before.errand)
        again.address = before.address
        again.say(again.words)
        again.go_on_to("code", again.address)
        again.say(code)
        assert again.expects == "code", again.text
        with store.read() as session:
            cases = session.scalars(select(Case).where(Case.conversation_id == again.id)).all()
            used = session.scalars(
                select(Challenge).where(Challenge.conversation_id == again.id, Challenge.status == "used")
            )
            assert {case.proof for case in cases} == {"address"}
            assert used.all() == []


def _needs_code(person: Person) -> bool:
    return any(KINDS[kind].proof == "mailbox" for kind in person.kinds)


def _mails(store: Store, status: str) -> int:
    with store.read() as session:
        return len(session.scalars(select(OutgoingMail.id).where(OutgoingMail.status == status)).all())
