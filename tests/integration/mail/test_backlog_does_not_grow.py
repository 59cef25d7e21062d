"""One mail costs the same however many there have been: nothing on its way reads a growing table as a whole.

Figures: `make bench ARGS=mail-backlog`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Connection

from insyn.mail.inbox import Origin
from insyn.store.engine import Store
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Base, OutgoingMail
from tests.fixtures.correspondence import mail
from tests.fixtures.fake_rasa import FakeRasa, reads_as
from tests.fixtures.house import ADDRESS, House

STAYS_SMALL = {"audit_head", "mail_folder"}
SCAN = re.compile(r"^SCAN (?P<table>\w+)(?: USING (?:COVERING )?INDEX (?P<index>\w+))?$")
HOLDS_ONLY_WHAT_WAITS = {
    "ix_turn_pending",
    "ix_incoming_mail_waiting",
    "ix_conversation_waits",
    "ix_conversation_ended",
}

Asked = list[tuple[str, tuple[object, ...]]]


@pytest.fixture
def store(sqlite_file: Path) -> Iterator[Store]:
    """SQLite: it says which index it takes whatever the tables hold, PostgreSQL reads a small table as a whole."""
    store = Store(f"sqlite:///{sqlite_file}", busy_timeout_seconds=30)
    yield store
    store.close()


@contextmanager
def listening(store: Store) -> Iterator[Asked]:
    """All that the store is asked meanwhile."""
    asked: Asked = []

    def note(
        _connection: Connection,
        _cursor: object,
        statement: str,
        values: tuple[object, ...],
        _context: object,
        many: bool,
    ) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")) and not many:
            asked.append((statement, values))

    event.listen(store.engine, "before_cursor_execute", note)
    yield asked
    event.remove(store.engine, "before_cursor_execute", note)


def plan(store: Store, statement: str, values: tuple[object, ...]) -> list[str]:
    with store.read() as session:
        return [row.detail for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]


def read_as_a_whole(store: Store, asked: Asked) -> list[tuple[str, str]]:
    """Where a table that grows is gone through from end to end, and for which statement."""
    growing = {table.name for table in Base.metadata.sorted_tables} - STAYS_SMALL
    scans = [(SCAN.match(step), statement) for statement, values in asked for step in plan(store, statement, values)]
    return [
        (scan[0], statement)
        for scan, statement in scans
        if scan and scan["table"] in growing and scan["index"] not in HOLDS_ONLY_WHAT_WAITS
    ]


@pytest.mark.usefixtures("running_rasa")
async def test_a_mail_and_the_reply_to_ours_go_by_indexes(house: House, rasa: FakeRasa) -> None:
    rasa.readings["Radera mig."] = reads_as("request.erasure")

    async def arrives(text: str, **about: str) -> None:
        message = mail(text, sender=ADDRESS, **about).as_bytes()
        taken = house.services.inbox.take(message, Origin("smtp"), envelope_sender=ADDRESS)
        [waiting] = house.services.inbox.waiting(10)
        assert waiting == taken.id
        await house.services.mailroom.handle(waiting)

    with listening(house.store) as asked:
        await arrives("Vad är cookies?\nRadera mig.")
        with house.store.read() as session:
            [due] = house.services.outbox.due(session)[0]
            ours = session.scalars(select(OutgoingMail.message_id).where(OutgoingMail.id == due.id)).one()
        with house.store.write() as session:
            house.services.outbox.sent(session, due.id)
        await arrives("Tack! Och hur länge sparas de?", in_reply_to=ours)
        await arrives("Vi begär upplysningar i ett tillsynsärende, INS-5A9T-S3GZ.", subject="Tillsyn")
    assert len(asked) > 50
    assert house.count(IncomingMail) == 3
    assert read_as_a_whole(house.store, asked) == []


def test_what_the_actions_do_for_a_mail_goes_by_indexes(house: House) -> None:
    visitor = house.visitor("email")
    with listening(house.store) as asked:
        visitor.claims("request.erasure", "request.access")
        visitor.gives_address()
        house.services.desk.send_code(visitor.says(), visitor.address())
    code = visitor.code(house.code())
    with listening(house.store) as asked_then:
        assert house.services.desk.check_code(visitor.says(), code).value == "right"
    asked += asked_then
    assert len(asked) > 30
    assert read_as_a_whole(house.store, asked) == []


async def test_what_runs_by_the_clock_beside_it_goes_by_indexes(house: House) -> None:
    with listening(house.store) as asked:
        await house.services.gateway.answer_pending()
        await house.services.gateway.erase_ended()
        house.services.sender.send_due()
        house.services.due_watch.look()
    assert len(asked) >= 4
    assert read_as_a_whole(house.store, asked) == []


def test_the_next_mails_are_found_without_sorting_all_that_wait(house: House) -> None:
    with listening(house.store) as asked:
        assert house.services.inbox.waiting(20) == []
    [steps] = [plan(house.store, *each) for each in asked]
    assert steps == ["SEARCH incoming_mail USING INDEX ix_incoming_mail_waiting (next_attempt_at<?)"]
