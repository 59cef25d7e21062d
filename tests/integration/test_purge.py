"""The purge, security.md 15 and legal.md on Insyn's own processing: what has passed its period is gone for good, and shown to be."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from insyn.cases.transitions import CLOSED, State
from insyn.privacy import traces
from insyn.privacy.keys import Shredded, seal
from insyn.privacy.retention import periods
from insyn.store.engine import Store
from insyn.store.models import (
    AddressFailure,
    AuditRow,
    Base,
    Case,
    CaseNote,
    Challenge,
    Conversation,
    DataKey,
    Delivery,
    DeliveryChunk,
    DeliveryFile,
    OutgoingMail,
    PurgeProof,
    Turn,
    VaultValue,
)
from insyn.upkeep import purge as purge_module
from insyn.upkeep.timers import purge_nightly, seconds_until
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House, Visitor


def purge(house: House) -> dict[str, int]:
    return {kind: count for kind, count in house.services.purge.run().items() if count}


def preview(house: House) -> dict[str, int]:
    return {kind: count for kind, count in house.services.purge.preview().items() if count}


def rows(house: House, *tables: type[Base]) -> list[int]:
    with house.store.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def confirmed(house: House, address: str = ADDRESS, right: str = "request.access") -> Visitor:
    """Someone whose request is open for work."""
    visitor = house.visitor()
    visitor.claims(right, words="Jag vill ha det ni vet om min uppsägning.")
    house.services.desk.add_detail(visitor.says(), "name", "Anna Ek")
    visitor.proves(address)
    house.services.desk.submit(visitor.says())
    return visitor


def withdrawn(house: House, address: str = ADDRESS) -> Case:
    """A case that its person has taken back."""
    visitor = confirmed(house, address)
    case = house.cases()[-1]
    house.services.desk.withdraw(visitor.says(), case.reference)
    return house.case(case.reference)


# -- each kind at its own time


def test_each_chat_goes_after_its_period_and_not_a_day_before(house: House) -> None:
    anonymous, verified = house.visitor(), house.visitor()
    anonymous.address()
    verified.claims("request.access")
    verified.proves()
    house.clock.go(days=30)
    assert preview(house).get("anonymous_chats") is None
    house.clock.go(seconds=1)
    assert preview(house)["anonymous_chats"] == 1
    assert purge(house)["anonymous_chats"] == 1
    with house.store.read() as session:
        assert session.get(Conversation, anonymous.id) is None
        assert session.get(Conversation, verified.id) is not None
    house.clock.go(days=60)
    assert purge(house)["verified_chats"] == 1
    assert rows(house, Conversation, Turn, VaultValue) == [0, 0, 0]


def test_security_15_keys_go_with_the_chats_and_only_with_theirs(house: House) -> None:
    gone, kept = house.visitor(), house.visitor()
    gone.address(), kept.address()
    key = gone.conversation.data_key_id
    house.clock.go(days=29)
    with house.store.write() as session:
        session.get_one(Conversation, kept.id).last_activity_at = house.clock()
    house.clock.go(days=2)
    purge(house)
    with house.store.read() as session:
        with pytest.raises(Shredded):
            house.services.keyring.open(session, key)
        assert house.vault.value(session, session.get_one(Conversation, kept.id), "⟨e-post 1⟩") == ADDRESS
    assert rows(house, DataKey) == [1]


def test_a_closed_case_keeps_the_facts_of_the_procedure_and_nothing_else(house: House) -> None:
    case = withdrawn(house)
    house.clock.go(days=730)
    assert "cases" not in purge(house)
    house.clock.go(seconds=1)
    assert purge(house)["cases"] == 1
    after = house.case(case.reference)
    facts = ("reference", "kind", "state", "received_at", "due_on", "closed_at", "proof", "channel")
    assert [getattr(after, fact) for fact in facts] == [getattr(case, fact) for fact in facts]
    assert (after.sealed, after.address_index, after.conversation_id) == (b"", None, None)
    assert after.shredded_at == house.clock()
    with pytest.raises(Shredded):
        house.details(after)
    assert rows(house, CaseNote) == [0]
    assert house.letters() == []
    assert purge(house) == {}  # once


def test_an_open_case_is_never_shredded(house: House) -> None:
    confirmed(house)
    house.clock.go(days=5000)
    purge(house)
    (case,) = house.cases()
    assert case.state == State.OPEN
    assert house.details(case)["address"] == ADDRESS


def test_an_unverified_request_is_closed_by_the_table_and_whoever_can_be_reached_is_told(house: House) -> None:
    reachable, silent = house.visitor(), house.visitor()
    (with_address,) = reachable.claims("request.erasure")
    reachable.gives_address()
    (without,) = silent.claims("request.access")
    house.clock.go(days=90)
    assert "unfinished_cases" not in purge(house)
    house.clock.go(seconds=1)
    assert purge(house)["unfinished_cases"] == 2
    assert {house.case(each).state for each in (with_address, without)} == {State.CLOSED_UNIDENTIFIED}
    (letter,) = house.letters("closed_unidentified")
    assert letter.to == ADDRESS
    assert with_address in letter.text
    assert "IMY" in letter.text
    assert "case.closed_unidentified" in house.events(house.case(without).id)
    house.clock.go(days=91)
    assert purge(house)["unverified_cases"] == 2
    assert {each.sealed for each in house.cases()} == {b""}
    assert all(State(each.state) in CLOSED for each in house.cases())


def test_a_request_that_needs_no_more_proof_waits_for_a_human_however_long(house: House) -> None:
    """A marketing objection with an address is as proved as it must be; so is a request whose mailbox was proved."""
    marketing, proved = house.visitor(), house.visitor()
    (first,) = marketing.claims("request.objection.marketing")
    marketing.gives_address()
    (second,) = proved.claims("request.access")
    proved.proves(OTHER_ADDRESS)
    house.clock.go(days=2000)
    assert "unfinished_cases" not in purge(house)
    assert {house.case(each).state for each in (first, second)} == {State.AWAITING_VERIFICATION}


def test_a_request_that_someone_works_on_is_not_closed_by_the_clock(house: House) -> None:
    visitor = house.visitor()
    (reference,) = visitor.claims("request.access")
    visitor.gives_address()
    house.services.casework.assign(house.case(reference).id, "staff-1", by="staff-1")
    house.clock.go(days=2000)
    purge(house)
    assert house.case(reference).state == State.AWAITING_VERIFICATION


def test_codes_and_failures_go_after_a_day_but_still_count_until_then(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    code = visitor.asks_for_code()
    house.services.desk.check_code(visitor.says(), visitor.code(f"{(int(code) + 1) % 10**8:08d}"))
    house.clock.go(hours=23, minutes=59)
    purge(house)
    assert rows(house, Challenge, AddressFailure) == [1, 1]
    house.clock.go(minutes=12)
    assert purge(house) == {"codes": 1, "failed_codes": 1}
    assert rows(house, Challenge, AddressFailure) == [0, 0]


def test_mail_loses_its_content_once_handled_and_what_waits_keeps_it(house: House) -> None:
    confirmed(house)
    with house.store.write() as session:
        sent, failed, queued = (
            house.services.outbox.queue(
                session, "note", house.letters("receipt")[0], unique_key=key,
                data_key_id=session.scalars(select(Case.data_key_id)).one(),
            )
            for key in ("a", "b", "c")
        )  # fmt: skip
        assert (sent, failed, queued) == (True, True, True)
        ids = dict(session.execute(select(OutgoingMail.unique_key, OutgoingMail.id)).all())
        house.services.outbox.sent(session, ids["a"])
        house.services.outbox.not_sent(session, ids["b"], "refused", permanent=True)
    house.clock.go(hours=24, seconds=1)
    assert purge(house)["mails"] == 2
    with house.store.read() as session:
        left = {mail.unique_key: mail.sealed is not None for mail in session.scalars(select(OutgoingMail))}
    assert (left["a"], left["b"], left["c"]) == (False, False, True)


# -- holds


def test_what_is_on_hold_is_never_purged_and_goes_when_released(house: House) -> None:
    case = withdrawn(house)
    holds = house.services.holds
    with pytest.raises(ValueError, match="reasons"):
        holds.hold(case.id, "  ", by="staff-1")
    holds.hold(case.id, "Personen har stämt Kontek.", by="staff-1")
    house.clock.go(days=5000)
    purge(house)
    held = house.case(case.reference)
    assert house.details(held)["name"] == "Anna Ek"
    with house.store.read() as session:
        assert session.get(Conversation, case.conversation_id) is not None
    holds.release(case.id, "Målet är avslutat.", by="staff-1")
    assert {kind: count for kind, count in purge(house).items() if kind in ("cases", "verified_chats")} == {
        "cases": 1,
        "verified_chats": 1,
    }
    assert {"case.held", "case.released"} <= set(house.events(case.id))
    with pytest.raises(LookupError):
        holds.hold(case.id, "För sent.", by="staff-1")


# -- dry run, proof, order


def everything_old(house: House) -> None:
    house.visitor().address()
    withdrawn(house)
    visitor = house.visitor()
    visitor.claims("request.erasure")
    house.clock.go(days=800)


def test_a_dry_run_says_what_a_real_one_does_and_changes_nothing(house: House) -> None:
    everything_old(house)
    before = snapshot(house)
    expected = preview(house)
    assert {"anonymous_chats", "verified_chats", "cases", "unfinished_cases", "codes"} <= set(expected)
    assert snapshot(house) == before
    assert purge(house) == expected


def snapshot(house: House) -> dict[str, list[object]]:
    with house.store.read() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table)).all())) for table in Base.metadata.sorted_tables
        }


def test_each_purge_leaves_a_proof_that_whoever_has_the_ids_can_check(house: House) -> None:
    visitors = sorted(house.visitor().id for _ in range(5))
    house.clock.go(days=31)
    purge(house)
    digest = hashlib.sha256().hexdigest()
    for each in visitors:
        digest = hashlib.sha256(f"{digest}{each}".encode()).hexdigest()
    with house.store.read() as session:
        proof = session.scalars(select(PurgeProof)).one()
        row = session.scalars(select(AuditRow).where(AuditRow.event == "purge.done")).one()
    before = (house.clock() - timedelta(days=30)).isoformat()
    assert proof.kinds["anonymous_chats"] == {"count": 5, "before": before, "ids": digest}
    assert proof.kinds["cases"]["count"] == 0
    assert proof.finished_at == house.clock()
    said = json.loads(row.data)
    assert said["proof"] == proof.id
    assert (said["anonymous_chats.count"], said["anonymous_chats.ids"]) == (5, digest)
    assert not any(each in row.data for each in visitors)


def test_security_15_the_audit_chain_verifies_after_a_purge_and_is_anchored(house: House) -> None:
    everything_old(house)
    purge(house)
    with house.store.read() as session:
        assert house.audit.verify(session, house.services.anchor) == []
        last = session.scalar(select(func.max(AuditRow.seq)))
    assert [mark.seq for mark in house.services.anchor.marks()][-1] == last


def test_a_purge_broken_off_has_proved_what_it_did(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge_module, "BATCH", 2)
    for _ in range(5):
        house.visitor()
    house.clock.go(days=31)
    remove, calls = purge_module._remove_conversations, 0

    def break_off(session: object, ids: Sequence[str]) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        remove(session, ids)  # type: ignore[arg-type]

    monkeypatch.setattr(purge_module, "_remove_conversations", break_off)
    services = type(house.services.purge)(
        house.store, house.casebook, house.services.outbox, house.audit, house.services.anchor, house.clock,
        house.services.settings,
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        services.run()
    assert rows(house, Conversation) == [3]
    with house.store.read() as session:
        proof = session.scalars(select(PurgeProof)).one()
        assert (proof.kinds["anonymous_chats"]["count"], proof.finished_at) == (2, None)
    house.clock.go(hours=7)
    assert purge(house) == {"anonymous_chats": 3}
    assert house.events("retention") == ["purge.broken_off", "purge.done"]
    assert house.audit_is_whole()


def test_many_batches_remove_everything_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge_module, "BATCH", 7)
    for _ in range(30):
        house.visitor()
    house.clock.go(days=31)
    assert purge(house) == {"anonymous_chats": 30}
    assert rows(house, Conversation, DataKey) == [0, 0]


# -- nothing left in the files


def test_security_15_raw_database_and_log_bytes_hold_nothing_of_the_purged(house: House) -> None:
    """Old and new chats side by side on the same pages, of all lengths, some changed after they were written."""
    if house.store.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's files are its own; there the keys are what is destroyed")
    dice = random.Random(15)
    old, new = [house.visitor().id for _ in range(60)], [house.visitor().id for _ in range(60)]
    written: list[str] = []
    for _ in range(100):
        with house.store.write() as session:
            for _ in range(60):
                conversation_id, turn_id = dice.choice(old + new), str(uuid.UUID(int=dice.getrandbits(128)))
                words = ("GAMMALT" if conversation_id in old else "NYTT") + " ord" * dice.choice([1, 10, 80, 700])
                session.execute(
                    insert(Turn).values(
                        id=turn_id, conversation_id=conversation_id, author="person", at=house.clock(), text=words, status="answered"
                    )
                )  # fmt: skip
                written.append(turn_id)
                if dice.random() < 0.3:
                    longer = Turn.text + " mer" * dice.choice([1, 30, 250])
                    session.execute(update(Turn).where(Turn.id == dice.choice(written)).values(text=longer))
    case = withdrawn(house)
    key_bytes = _wrapped(house, case.data_key_id)
    house.clock.go(days=731)
    with house.store.write() as session:
        for each in new:
            session.get_one(Conversation, each).last_activity_at = house.clock()
    assert raw(house).count(b"GAMMALT") > 2000
    assert key_bytes in raw(house)
    purge(house)
    left = raw(house)
    assert left.count(b"NYTT") > 2000  # the search finds what is there
    assert b"GAMMALT" not in left
    assert key_bytes not in left
    for each in old:
        assert each.encode() not in left  # this test's chats were never logged
    assert house.audit_is_whole()


def _wrapped(house: House, key_id: str) -> bytes:
    with house.store.read() as session:
        return session.get_one(DataKey, key_id).wrapped


def raw(house: House) -> bytes:
    home = house.services.settings.var_dir
    return b"\n".join(path.read_bytes() for path in sorted(home.glob("insyn.db*")))


def test_a_reader_that_will_not_end_keeps_the_log_and_is_told_of(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    if house.store.engine.dialect.name != "sqlite":
        pytest.skip("about SQLite's write-ahead log")
    monkeypatch.setattr(traces, "TRIES", 2)
    house.visitor()
    with house.store.read() as session:
        session.scalar(select(func.count()).select_from(Conversation))
        house.visitor()
        impatient = Store(house.store.engine.url.render_as_string(), busy_timeout_seconds=0.2)
        assert traces.leave_no_trace(impatient) is False
        impatient.close()
    assert traces.leave_no_trace(house.store) is True


# -- files


def test_a_delivery_is_destroyed_when_its_time_is_out_and_the_fact_of_it_stays(house: House) -> None:
    confirmed(house)
    (case,) = house.cases()
    house.services.files.put(case.id, "svar.txt", [b"hemligt"], by="staff-1")
    sent = house.services.deliveries.send(case.id, by="staff-1")
    house.clock.go(days=14)
    assert "deliveries" not in purge(house)
    house.clock.go(seconds=1)
    assert purge(house)["deliveries"] == 1
    assert rows(house, DeliveryFile, DeliveryChunk) == [0, 0]
    with house.store.read() as session:
        assert session.get_one(Delivery, sent.delivery_id).shredded_at == house.clock()
    assert "delivery.shredded" in house.events(case.id)


def test_files_never_sent_and_files_never_whole_go_too(house: House) -> None:
    case = withdrawn(house)
    house.services.files.put(case.id, "osänd.txt", [b"x"], by="staff-1")
    house.services.files.begin(case.id, "avbruten.txt", by="staff-1").write(b"y" * 10)
    house.clock.go(days=1, seconds=1)
    assert purge(house)["broken_uploads"] == 1
    house.clock.go(days=13)
    assert purge(house)["unsent_files"] == 1
    assert rows(house, DeliveryFile, DeliveryChunk) == [0, 0]


# -- by the clock, and documented


async def test_the_service_purges_when_it_starts_and_every_night(house: House) -> None:
    house.visitor()
    house.clock.go(days=31)
    task = asyncio.create_task(purge_nightly(house.services.purge, house.clock))
    while rows(house, Conversation) != [0]:
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 3, 5, 1, 20, tzinfo=UTC), 1),
        (datetime(2026, 3, 5, 2, 20, tzinfo=UTC), 24),
        (datetime(2026, 3, 28, 12, 20, tzinfo=UTC), 13),  # the night the clocks go forward: 03.20 is 01.20 in UTC
        (datetime(2026, 10, 24, 12, 20, tzinfo=UTC), 14),
    ],
)
def test_the_night_is_swedish(now: datetime, hours: int) -> None:
    assert seconds_until(time(3, 20), now) == hours * 3600


def test_every_kind_has_a_documented_period_and_reason(house: House) -> None:
    listed = periods(house.services.settings)
    assert set(house.services.purge.preview()) == set(listed)
    for each in listed.values():
        assert each.length > timedelta(0)
        assert each.reason.endswith(".")
        assert each.name
    assert listed["anonymous_chats"].written() == "30 dagar"
    assert listed["codes"].written() == "24 timmar"


def test_a_sealed_value_is_not_in_the_clear_to_begin_with() -> None:
    """What the search for raw bytes of sealed values rests on."""
    assert b"GAMMALT" not in seal(b"k" * 32, b"GAMMALT", "somewhere")


def test_reasons_of_settings_stand_in_the_example() -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
    for name in ("CHAT_DAYS", "VERIFIED_CHAT_DAYS", "CASE_DAYS", "UNVERIFIED_CASE_DAYS", "CODE_HOURS", "MAIL_HOURS"):
        assert f"INSYN_RETENTION_{name}=" in example
