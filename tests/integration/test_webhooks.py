"""Webhooks out, from the change of a case to a receiving process that verifies with the specification's own library."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import select, update

from insyn.bootstrap import Services
from insyn.cases.transitions import Event
from insyn.clock import swedish_date
from insyn.letters.elements import Wording
from insyn.settings import Settings
from insyn.store.engine import StoreUnavailable
from insyn.store.models import AuditRow, WebhookEvent
from insyn.webhooks.queue import KEPT, RETRY_AFTER, WebhookQueue
from insyn.webhooks.sender import WebhookSender
from insyn.webhooks.signature import Signer
from tests.fixtures.house import ADDRESS, House, SettableClock, Visitor, house_settings

SECRET = "whsec_" + base64.b64encode(os.urandom(32)).decode()
OTHER_SECRET = "whsec_" + base64.b64encode(os.urandom(32)).decode()
PROGRAM = Path(__file__).parents[1] / "fixtures" / "webhook_receiver.py"


@dataclass
class Receiver:
    """The receiving process."""

    base: str

    @property
    def url(self) -> str:
        return f"{self.base}/hooks/insyn?key=not-for-the-log"

    def behaves(self, *plan: str) -> None:
        httpx.put(f"{self.base}/plan", json=list(plan), trust_env=False).raise_for_status()

    def seen(self) -> list[dict[str, Any]]:
        return list(httpx.get(f"{self.base}/seen", trust_env=False).json())

    def taken(self) -> list[dict[str, Any]]:
        """The bodies taken, each once."""
        return [
            json.loads(each["body"])
            for each in self.seen()
            if each["manner"] == "take" and not each["refused"] and not each["repeated"]
        ]


@pytest.fixture(scope="module")
def receiver_process() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(PROGRAM), str(port), SECRET])
    base = f"http://127.0.0.1:{port}"
    try:
        limit = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"{base}/seen", trust_env=False)
                break
            except httpx.TransportError:
                assert time.monotonic() < limit, "the receiver does not start"
                time.sleep(0.05)
        yield base
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def receiver(receiver_process: str) -> Receiver:
    receiver = Receiver(receiver_process)
    receiver.behaves("take")
    return receiver


@pytest.fixture
def clock() -> SettableClock:
    """Begins now: the receiver goes by its own clock."""
    return SettableClock(datetime.now(UTC))


@pytest.fixture
def settings(tmp_path: Path, receiver: Receiver) -> Settings:
    return house_settings(tmp_path, webhook_url=receiver.url, webhook_secrets=SECRET)


@pytest.fixture
def webhooks(services: Services) -> WebhookSender:
    assert services.webhooks is not None
    return services.webhooks


def sender(house: House, receiver: Receiver, secrets: str = SECRET, timeout_seconds: float = 5) -> WebhookSender:
    return WebhookSender(
        house.store, WebhookQueue(receiver.url, house.clock), receiver.url, Signer(secrets), house.clock,
        timeout_seconds=timeout_seconds, jitter=lambda: 0.0,
    )  # fmt: skip


def queue(house: House) -> list[WebhookEvent]:
    with house.store.read() as session:
        return list(session.scalars(select(WebhookEvent).order_by(WebhookEvent.sequence)))


def statuses(house: House) -> list[str]:
    return [event.status for event in queue(house)]


def one_event(house: House) -> WebhookEvent:
    house.services.desk.report(house.visitor().says(), "complaint", "Ni svarar inte.", note="complaint")
    (event,) = queue(house)
    return event


def filed(visitor: Visitor) -> str:
    """A request to the end; returns its reference."""
    (reference,) = visitor.claims("request.erasure", words="Jag heter Anna Ek, 19811218-9876. Ta bort allt.")
    desk = visitor.house.services.desk
    desk.add_detail(visitor.says(), "concerns", "allt om mig sedan 2019, ring 070-174 06 05")
    desk.add_detail(visitor.says(), "name", visitor.keeps("namn", "Anna Ek"))
    visitor.proves()
    desk.submit(visitor.says())
    return reference


def work_through(house: House) -> str:
    """A case from its first word to its end, by the person and the staff; returns its reference."""
    reference = filed(house.visitor())
    case_id = house.case(reference).id
    work = house.services.casework
    work.take_up(case_id, by="staff-7")
    work.note(case_id, "Anna Ek finns i nyhetsbrevets lista.", by="staff-7")
    work.extend(case_id, Wording(reasons="Uppgifterna finns i tre system som måste gås igenom för hand."), by="staff-7")
    with house.store.write() as session:
        case = house.casebook.locked(session, case_id)
        house.casebook.move(session, case, Event.WITHDRAWN, by="person")
    return reference


def casebook_rows(house: House) -> list[AuditRow]:
    with house.store.read() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.seq))
        return [row for row in rows if row.event.startswith("case.")]


# -- what is queued


async def test_every_change_of_a_case_gives_exactly_one_event_in_its_order(
    house: House, receiver: Receiver, webhooks: WebhookSender
) -> None:
    reference = work_through(house)

    rows = casebook_rows(house)
    assert [event.sequence for event in queue(house)] == [row.seq for row in rows]
    assert len(rows) >= 9
    assert await webhooks.deliver_due() == len(rows)
    taken = receiver.taken()
    assert [each["data"]["change"] for each in taken] == [row.event.removeprefix("case.") for row in rows]
    assert [each["type"] for each in taken] == ["case.opened"] + ["case.changed"] * (len(rows) - 1)
    assert {each["data"]["reference"] for each in taken} == {reference}
    assert taken[0]["data"]["state"] == "received"
    assert taken[-1]["data"]["state"] == "withdrawn"
    assert taken[-1]["data"]["extended"] is True
    assert taken[-1]["data"]["closed"] is not None
    assert set(statuses(house)) == {"delivered"}
    assert await webhooks.deliver_due() == 0


async def test_payload_is_what_the_specification_recommends(
    house: House, receiver: Receiver, webhooks: WebhookSender
) -> None:
    reference = filed(house.visitor())
    case = house.case(reference)
    await webhooks.deliver_due()

    last = receiver.seen()[-1]
    body = json.loads(last["body"])
    assert body == {
        "id": last["headers"]["webhook-id"],
        "type": "case.changed",
        "timestamp": body["timestamp"],
        "data": {
            "sequence": queue(house)[-1].sequence,
            "change": "confirmed",
            "reference": reference,
            "kind": "request.erasure",
            "state": "open",
            "received": body["data"]["received"],
            "due": case.due_on.isoformat() if case.due_on else None,
            "extended": False,
            "closed": None,
        },
    }
    assert re.fullmatch(r"msg_[0-9a-f]{32}", body["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", body["timestamp"])
    assert datetime.fromisoformat(body["timestamp"]) == house.clock()
    assert last["headers"]["content-type"] == "application/json"
    assert len(last["body"]) < 20_000


async def test_nothing_personal_leaves(house: House, receiver: Receiver, webhooks: WebhookSender) -> None:
    work_through(house)
    await webhooks.deliver_due()

    said = json.dumps([[each["headers"], each["body"], each["path"]] for each in receiver.seen()]).casefold()
    assert house.case(json.loads(receiver.seen()[0]["body"])["data"]["reference"]).proof == "mailbox"
    for value in (
        ADDRESS, "anna", "ek,", "19811218", "070-174", "0701740605", "sedan 2019", "nyhetsbrev", "tre system", "staff-7", "⟨",
    ):  # fmt: skip
        assert value not in said, value


def test_a_change_that_is_undone_queues_nothing(house: House) -> None:
    reference = filed(house.visitor())
    before = len(queue(house))

    case_id = house.case(reference).id

    def taken_up_in_vain() -> None:
        with house.store.write() as session:
            house.casebook.move(session, house.casebook.locked(session, case_id), Event.TAKEN_UP, by="staff-7")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        taken_up_in_vain()
    assert len(queue(house)) == before


def test_a_turn_that_asks_again_queues_nothing_more(house: House) -> None:
    visitor = house.visitor()
    here = visitor.says("Ta bort mina uppgifter.")
    for _ in range(2):
        house.services.desk.begin(here, ["request.erasure"], "Ta bort mina uppgifter.")
    assert [event.type for event in queue(house)] == ["case.opened"]

    visitor.proves()
    confirming = visitor.says("ja")
    house.services.desk.submit(confirming)
    before = len(queue(house))
    house.services.desk.submit(confirming)
    assert len(queue(house)) == before


def test_without_an_address_nothing_is_queued(
    store: Any, tmp_path: Path, clock: SettableClock, quick_build: None
) -> None:
    from insyn.bootstrap import build

    services = build(house_settings(tmp_path), clock=clock, store=store)
    house = House(services, clock)
    filed(house.visitor())
    assert services.webhooks is None
    assert queue(house) == []


# -- due dates


async def test_due_soon_and_overdue_are_each_told_once(
    house: House, receiver: Receiver, webhooks: WebhookSender
) -> None:
    reference = filed(house.visitor())
    due = house.case(reference).due_on
    assert due is not None
    watch = house.services.due_watch
    await webhooks.deliver_due()
    receiver.behaves("take")

    days_left = (due - swedish_date(house.clock())).days
    house.clock.go(days=days_left - 8)
    assert watch.look() == 0
    house.clock.go(days=1)
    assert [watch.look(), watch.look()] == [1, 0]
    house.clock.go(days=7)
    assert watch.look() == 0, "on its last day a case is not overdue"
    house.clock.go(days=1)
    assert [watch.look(), watch.look()] == [1, 0]

    told = [json.loads(event.body) for event in queue(house)[-2:]]
    assert [(each["type"], each["data"]["change"], each["data"]["days_left"]) for each in told] == [
        ("case.due", "due_soon", 7),
        ("case.due", "overdue", -1),
    ]
    assert house.events(house.case(reference).id)[-2:] == ["case.due_soon", "case.overdue"]
    assert house.audit_is_whole()


# -- delivery


async def test_a_failed_event_comes_again_with_the_same_id_and_a_new_timestamp(
    house: House, receiver: Receiver, webhooks: WebhookSender
) -> None:
    event = one_event(house)
    receiver.behaves("500", "take")

    assert await webhooks.deliver_due() == 0
    assert webhooks.state == "failing"
    assert await webhooks.deliver_due() == 0, "it waits for its time"
    house.clock.go(seconds=7)
    assert await webhooks.deliver_due() == 1
    assert webhooks.state == "ok"

    first, second = receiver.seen()
    assert {first["headers"]["webhook-id"], second["headers"]["webhook-id"]} == {event.id}
    assert int(second["headers"]["webhook-timestamp"]) - int(first["headers"]["webhook-timestamp"]) == 7
    assert first["headers"]["webhook-signature"] != second["headers"]["webhook-signature"]
    assert first["body"] == second["body"]
    assert first["refused"] == second["refused"] == ""


@pytest.mark.parametrize("manner", ["hang", "drip", "reset", "redirect", "404", "502", "429"])
async def test_whatever_goes_wrong_is_tried_again(house: House, receiver: Receiver, manner: str) -> None:
    event = one_event(house)
    webhooks = sender(house, receiver, timeout_seconds=0.7)
    receiver.behaves(manner, "take")

    assert await asyncio.wait_for(webhooks.deliver_due(), 15) == 0
    assert statuses(house) == ["queued"]
    house.clock.go(seconds=6)
    assert await webhooks.deliver_due() == 1
    assert [each["headers"]["webhook-id"] for each in receiver.seen()] == [event.id] * 2, "no redirect is followed"


async def test_a_receiver_that_cannot_be_reached_is_left_in_peace_and_tried_again(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = Receiver(f"http://127.0.0.1:{listener.getsockname()[1]}")
    for _ in range(3):
        filed(house.visitor())
        house.clock.go(minutes=2)  # so that the next code may be sent
    webhooks = sender(house, gone)

    assert await webhooks.deliver_due() == 0
    assert sum(event.attempts for event in queue(house)) == 1, "one attempt is enough to know"
    assert await webhooks.deliver_due() == 0
    assert sum(event.attempts for event in queue(house)) == 1
    house.clock.go(seconds=6)
    await webhooks.deliver_due()
    assert sum(event.attempts for event in queue(house)) == 2


@pytest.mark.parametrize("asked", ["120", "date"])
async def test_retry_after_is_respected(house: House, receiver: Receiver, asked: str) -> None:
    one_event(house)
    webhooks = sender(house, receiver)
    moment = house.clock() + timedelta(seconds=120)
    receiver.behaves(f"503 {f'{moment:%a, %d %b %Y %H:%M:%S} GMT' if asked == 'date' else asked}", "take")

    await webhooks.deliver_due()
    house.clock.go(seconds=118)
    assert await webhooks.deliver_due() == 0
    assert len(receiver.seen()) == 1
    house.clock.go(seconds=3)
    assert await webhooks.deliver_due() == 1


async def test_the_schedule_is_the_specifications_and_has_an_end(house: House, receiver: Receiver) -> None:
    one_event(house)
    webhooks = sender(house, receiver)
    receiver.behaves("500")
    passed = [timedelta()]

    for pause in RETRY_AFTER:
        await webhooks.deliver_due()
        house.clock.now += pause - timedelta(seconds=1)
        assert await webhooks.deliver_due() == 0
        assert len(receiver.seen()) == len(passed)
        house.clock.go(seconds=1)
        passed.append(passed[-1] + pause)
    assert [str(each) for each in passed] == [
        "0:00:00", "0:00:05", "0:05:05", "0:35:05", "2:35:05", "7:35:05", "17:35:05", "1 day, 7:35:05",
        "2 days, 3:35:05", "3 days, 3:35:05",
    ]  # fmt: skip
    await webhooks.deliver_due()
    assert statuses(house) == ["failed"]
    house.clock.go(days=2)
    await webhooks.deliver_due()
    assert len(receiver.seen()) == 10


async def test_what_was_given_up_can_be_sent_anew_under_its_id(house: House, receiver: Receiver) -> None:
    event = one_event(house)
    webhooks = sender(house, receiver)
    with house.store.write() as session:
        session.execute(update(WebhookEvent).values(status="failed", attempts=10))

    with house.store.write() as session:
        assert WebhookQueue(receiver.url, house.clock).resume(session) == 1
    assert await webhooks.deliver_due() == 1
    assert [each["id"] for each in receiver.taken()] == [event.id]


async def test_gone_stops_everything_until_it_is_resumed(house: House, receiver: Receiver) -> None:
    filed(house.visitor())
    webhooks = sender(house, receiver)
    receiver.behaves("410", "take")

    assert await webhooks.deliver_due() == 0
    assert webhooks.state == "stopped"
    assert len(receiver.seen()) == 1
    house.clock.go(days=1)
    assert await sender(house, receiver).deliver_due() == 0, "also after a restart"
    assert len(receiver.seen()) == 1
    assert set(statuses(house)) == {"queued"}

    house.clock.now = datetime.now(UTC)
    with house.store.write() as session:
        WebhookQueue(receiver.url, house.clock).resume(session)
    assert await webhooks.deliver_due() == len(queue(house))
    assert webhooks.state == "ok"


async def test_a_new_address_is_not_stopped_by_what_an_old_one_said(house: House, receiver: Receiver) -> None:
    one_event(house)
    with house.store.write() as session:
        WebhookQueue("https://old.example.se/", house.clock).stop(session)
    assert await sender(house, receiver).deliver_due() == 1


async def test_what_was_taken_but_not_booked_comes_again_and_is_known_by_its_id(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = one_event(house)
    webhooks = sender(house, receiver)

    def lost(*_: object) -> None:
        raise StoreUnavailable("OperationalError")

    with monkeypatch.context() as broken:
        broken.setattr(WebhookQueue, "delivered", lost)
        with pytest.raises(StoreUnavailable):
            await webhooks.deliver_due()
    assert await webhooks.deliver_due() == 1

    assert [each["repeated"] for each in receiver.seen()] == [False, True]
    assert [each["id"] for each in receiver.taken()] == [event.id]


# -- secrets


async def test_a_wrong_secret_is_refused_by_the_receiver(house: House, receiver: Receiver) -> None:
    one_event(house)
    assert await sender(house, receiver, OTHER_SECRET).deliver_due() == 0
    assert receiver.seen()[0]["refused"] == "No matching signature found"
    assert statuses(house) == ["queued"]


async def test_during_rotation_a_receiver_with_the_old_secret_still_opens(house: House, receiver: Receiver) -> None:
    one_event(house)
    assert await sender(house, receiver, f"{OTHER_SECRET},{SECRET}").deliver_due() == 1
    assert receiver.seen()[0]["headers"]["webhook-signature"].count("v1,") == 2


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_outside_the_replay_window_nothing_is_taken(house: House, receiver: Receiver, minutes: int) -> None:
    one_event(house)
    house.clock.now = datetime.now(UTC) + timedelta(minutes=minutes)
    with house.store.write() as session:
        session.execute(update(WebhookEvent).values(next_attempt_at=house.clock()))

    assert await sender(house, receiver).deliver_due() == 0
    assert receiver.seen()[0]["refused"] == f"Message timestamp too {'old' if minutes < 0 else 'new'}"


async def test_a_captured_request_sent_again_is_known_by_its_id(house: House, receiver: Receiver) -> None:
    one_event(house)
    await sender(house, receiver).deliver_due()
    (captured,) = receiver.seen()

    httpx.post(receiver.url, content=captured["body"], headers=captured["headers"], trust_env=False)
    assert [each["repeated"] for each in receiver.seen()] == [False, True]
    assert len(receiver.taken()) == 1


# -- afterwards


async def test_logs_hold_neither_address_nor_secret_nor_payload(house: House, receiver: Receiver) -> None:
    event = one_event(house)
    webhooks = sender(house, receiver)
    receiver.behaves("500", "reset", "410")
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(0))  # whatever level was set before
    try:
        with structlog.testing.capture_logs() as logged:
            for _ in range(3):
                await webhooks.deliver_due()
                house.clock.go(minutes=6)
    finally:
        structlog.configure(**before)

    assert [line["answer"] for line in logged] == ["500", "RemoteProtocolError", "410"]
    said = json.dumps(logged)
    reference = json.loads(event.body)["data"]["reference"]
    for value in (reference, receiver.url, "not-for-the-log", SECRET, SECRET[6:]):
        assert value not in said


async def test_old_events_are_removed(house: House, receiver: Receiver, webhooks: WebhookSender) -> None:
    one_event(house)
    house.clock.now += KEPT - timedelta(days=1)
    filed(house.visitor())
    newer = len(queue(house)) - 1
    house.clock.go(days=2)
    running = asyncio.create_task(webhooks.run(pause_seconds=0.01))
    try:
        async with asyncio.timeout(30):
            while len(queue(house)) != newer:
                await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_worker_goes_on_after_the_store_was_away(
    house: House, receiver: Receiver, webhooks: WebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_event(house)
    asked = 0
    real = WebhookQueue.due

    def away_at_first(self: WebhookQueue, session: Any, limit: int = 50) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise StoreUnavailable("OperationalError")
        return real(self, session, limit)

    monkeypatch.setattr(WebhookQueue, "due", away_at_first)
    running = asyncio.create_task(webhooks.run(pause_seconds=0.01))
    try:
        async with asyncio.timeout(30):
            while statuses(house) != ["delivered"]:
                await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(receiver.taken()) == 1
