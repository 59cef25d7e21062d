"""The service is killed at each step of a mail's way, and at random moments: each mail one effect, at most one reply, none lost.

Mail comes by IMAP from a real dovecot and leaves by real SMTP. `MAILS=200` sets how many, `MAIL_INTERRUPTIONS=50` how often.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from insyn.audit.chain import AuditLog
from insyn.clock import utc_now
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Case, OutgoingMail, Turn
from tests.fixtures.apart import Apart
from tests.fixtures.correspondence import mail
from tests.fixtures.dovecot import Dovecot

MAILS = int(os.environ.get("MAILS", "24"))
INTERRUPTIONS = int(os.environ.get("MAIL_INTERRUPTIONS", "3"))
SEED = 20260305
WORDS = (
    ("Radera alla mina uppgifter.", "request.erasure"),
    ("Sluta skicka reklam till mig.", "request.objection.marketing"),
    ("Jag vill ha en kopia av mina uppgifter.", "request.access"),
    ("Hur länge sparar ni en jobbansökan?", None),
)
# After the step of this name the process is gone, once.
STEPS = ("fetched", "stored", "decided", "turned", "replied", "sent", "flagged")


@pytest.fixture
def launch(tmp_path: Path, dovecot: Dovecot) -> Iterator[Callable[[], Apart]]:
    started: list[Apart] = []

    def start() -> Apart:
        system = Apart(tmp_path / "insyn", **dovecot.settings(), INSYN_MAIL_LISTEN="off")
        started.append(system)
        system.start()
        return system

    yield start
    for system in started:
        system.stop()


def addresses(count: int) -> list[str]:
    return [f"person{number}@example.se" for number in range(count)]


def deliver(dovecot: Dovecot, senders: list[str]) -> None:
    for number, sender in enumerate(senders):
        dovecot.deliver(mail(WORDS[number % len(WORDS)][0], sender=sender).as_bytes())


def settled(system: Apart, store: Store, count: int) -> bool:
    """Whether all mails have ended, are marked, and their replies are sent."""
    with store.read() as session:
        ended = session.scalar(select(func.count()).where(IncomingMail.flagged_at.is_not(None)))
        waiting = session.scalar(select(func.count()).where(OutgoingMail.status == "queued"))
    if waiting:
        system.hurry_mail()
    return ended == count and not waiting


def test_security_24_killed_at_random_moments(launch: Callable[[], Apart], dovecot: Dovecot) -> None:
    system = launch()
    store = Store(f"sqlite:///{system.var / 'insyn.db'}", busy_timeout_seconds=30)
    senders = addresses(MAILS)
    chance = random.Random(SEED)
    deliver(dovecot, senders)
    for _ in range(INTERRUPTIONS):
        time.sleep(chance.uniform(0.05, 2.5))
        system.kill_service()
        system.start_service()
    system.wait_for(lambda: settled(system, store, len(senders)), "all mails to end")
    everything_is_in_order(system, dovecot, store, senders)


def test_security_24_killed_after_each_step(launch: Callable[[], Apart], dovecot: Dovecot, tmp_path: Path) -> None:
    system = launch()
    store = Store(f"sqlite:///{system.var / 'insyn.db'}", busy_timeout_seconds=30)
    senders = addresses(len(STEPS) * len(WORDS))
    for number, step in enumerate(STEPS):
        system.kill_service()
        mark = tmp_path / step
        system.env["INSYN_TEST_DIES_AFTER"] = f"{step}:{mark}"
        system.begin_service()
        deliver(dovecot, senders[number * len(WORDS) : (number + 1) * len(WORDS)])
        system.wait_until_gone()
        assert mark.exists(), step
        del system.env["INSYN_TEST_DIES_AFTER"]
        system.start_service()
        system.wait_for(lambda: settled(system, store, (number + 1) * len(WORDS)), f"all mails to end after {step}")  # noqa: B023
    everything_is_in_order(system, dovecot, store, senders)


def everything_is_in_order(system: Apart, dovecot: Dovecot, store: Store, senders: list[str]) -> None:
    with store.read() as session:
        rows = session.scalars(select(IncomingMail)).all()
        kinds = Counter(session.scalars(select(Case.kind)))
        turns = session.scalar(select(func.count()).select_from(Turn).where(Turn.author == "person"))
        breaks = AuditLog(system.env["INSYN_AUDIT_KEY"], utc_now).verify(session)
    assert len(rows) == len(senders)
    assert {row.status for row in rows} == {"answered"}
    wanted = Counter(kind for number in range(len(senders)) if (kind := WORDS[number % len(WORDS)][1]))
    assert kinds == wanted
    assert turns == len(senders)
    for sender in senders:
        assert len({letter.id for letter in system.letters(sender)}) == 1, sender
    assert all(dovecot.flags())
    assert breaks == []
    store.close()
