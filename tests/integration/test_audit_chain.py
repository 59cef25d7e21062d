"""The audit log, security.md 17: every way of changing it after the fact is found, and concurrent writers keep one chain."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from insyn.audit import chain
from insyn.audit.chain import AuditLog
from insyn.store.models import AuditHead, AuditRow, Case
from tests.fixtures.house import ADDRESS, House

ROWS = 6


@pytest.fixture
def written(house: House) -> House:
    """A log of six rows."""
    for number in range(1, ROWS + 1):
        with house.store.write() as session:
            house.audit.append(session, "case.noted", f"subject-{number}", number=number, ok=True, none=None)
        house.clock.go(seconds=1)
    return house


def edit(field: str, value: object) -> Callable[[Session], None]:
    def do(session: Session) -> None:
        session.execute(update(AuditRow).where(AuditRow.seq == 3).values({field: value}))

    return do


def delete_one(session: Session) -> None:
    session.execute(delete(AuditRow).where(AuditRow.seq == 3))


def delete_first(session: Session) -> None:
    session.execute(delete(AuditRow).where(AuditRow.seq == 1))


def truncate(session: Session) -> None:
    session.execute(delete(AuditRow).where(AuditRow.seq > 4))


def empty(session: Session) -> None:
    session.execute(delete(AuditRow))


def swap(session: Session) -> None:
    """Two rows change places, numbers and all."""
    for before, after in ((3, 99), (4, 3), (99, 4)):
        session.execute(update(AuditRow).where(AuditRow.seq == before).values(seq=after))


def insert(session: Session) -> None:
    last = session.get_one(AuditRow, ROWS)
    session.add(
        AuditRow(
            seq=ROWS + 1, at=last.at, event="case.noted", subject="x", data="{}", previous=last.hash, hash="0" * 64
        )
    )


def close_the_gap(session: Session) -> None:
    """A row is taken out and the later ones are renumbered and chained again, hashes and all."""
    session.execute(delete(AuditRow).where(AuditRow.seq == 3))
    rechain(session)


def edit_and_rechain(session: Session) -> None:
    session.execute(update(AuditRow).where(AuditRow.seq == 3).values(subject="someone else"))
    rechain(session)


def truncate_and_move_the_head(session: Session) -> None:
    truncate(session)
    last = session.get_one(AuditRow, 4)
    session.execute(update(AuditHead).values(seq=last.seq, hash=last.hash))


def rechain_and_move_the_head(session: Session) -> None:
    edit_and_rechain(session)
    last = session.scalars(select(AuditRow).order_by(AuditRow.seq.desc())).first()
    assert last is not None
    session.execute(update(AuditHead).values(seq=last.seq, hash=last.hash))


def remove_the_head(session: Session) -> None:
    session.execute(delete(AuditHead))


def empty_all(session: Session) -> None:
    """As if nothing had ever been logged, with a head to match but no key to seal it."""
    session.execute(delete(AuditRow))
    session.execute(update(AuditHead).values(seq=0, hash=chain.GENESIS, seal="0" * 64))


def rechain(session: Session) -> None:
    """What someone with the database but not the key can do: number and hash all rows anew."""
    session.expire_all()
    rows = [
        {key: getattr(row, key) for key in ("at", "event", "subject", "data")}
        for row in session.scalars(select(AuditRow).order_by(AuditRow.seq))
    ]
    session.execute(delete(AuditRow))
    session.expunge_all()
    previous = chain.GENESIS
    for seq, values in enumerate(rows, start=1):
        row = AuditRow(seq=seq, previous=previous, hash="", **values)
        row.hash = previous = chain._hash(row)
        session.add(row)
    session.flush()


FORGERIES = {
    "event edited": edit("event", "case.completed"),
    "subject edited": edit("subject", "subject-4"),
    "data edited": edit("data", json.dumps({"none": None, "number": 4, "ok": True})),
    "hash edited": edit("hash", "f" * 64),
    "previous edited": edit("previous", "f" * 64),
    "row deleted": delete_one,
    "first row deleted": delete_first,
    "last rows deleted": truncate,
    "all rows deleted": empty,
    "rows reordered": swap,
    "row inserted": insert,
    "row deleted and chain made anew": close_the_gap,
    "row edited and chain made anew": edit_and_rechain,
    "last rows deleted and head moved": truncate_and_move_the_head,
    "row edited, chain made anew and head moved": rechain_and_move_the_head,
    "head removed": remove_the_head,
    "everything emptied": empty_all,
}


def breaks(house: House) -> list[chain.Break]:
    with house.store.read() as session:
        return house.audit.verify(session)


def test_an_untouched_log_is_whole(written: House) -> None:
    assert breaks(written) == []


def test_an_empty_log_is_whole(house: House) -> None:
    assert breaks(house) == []


@pytest.mark.parametrize("forgery", FORGERIES)
def test_security_17_what_was_done_to_the_log_is_found(written: House, forgery: str) -> None:
    with written.store.write() as session:
        FORGERIES[forgery](session)
    assert breaks(written) != []


def test_security_17_a_changed_time_is_found(written: House) -> None:
    with written.store.write() as session:
        session.get_one(AuditRow, 3).at -= timedelta(microseconds=1)
    assert [each.seq for each in breaks(written)] == [3]


def test_security_17_the_place_is_named(written: House) -> None:
    with written.store.write() as session:
        delete_one(session)
        session.execute(update(AuditRow).where(AuditRow.seq == 6).values(event="x"))
    assert {each.seq for each in breaks(written)} >= {3, 6}


def test_security_17_a_log_of_another_key_is_not_ours(written: House) -> None:
    with written.store.read() as session:
        assert AuditLog("another key", written.clock).verify(session) != []


def test_nothing_can_be_logged_without_a_head(written: House) -> None:
    with written.store.write() as session:
        remove_the_head(session)
    with pytest.raises(LookupError), written.store.write() as session:
        written.audit.append(session, "case.noted", "x")


def test_what_was_not_committed_was_not_logged(house: House) -> None:
    def break_off() -> None:
        with house.store.write() as session:
            house.audit.append(session, "case.noted", "x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert house.events() == []
    assert house.audit_is_whole()


def test_writers_at_once_keep_one_chain(house: House) -> None:
    def write(number: int) -> None:
        with house.store.write() as session:
            for _ in range(3):
                house.audit.append(session, "case.noted", f"writer-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(16)))
    assert house.audit_is_whole()
    with house.store.read() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.seq)).all()
    assert [row.seq for row in rows] == list(range(1, 49))
    subjects = [row.subject for row in rows]
    assert all(len(set(subjects[at : at + 3])) == 1 for at in range(0, 48, 3))  # a transaction's rows stand together


def test_writers_that_give_up_leave_no_gap(house: House) -> None:
    def write(number: int) -> None:
        try:
            with house.store.write() as session:
                house.audit.append(session, "case.noted", f"writer-{number}")
                if number % 2:
                    raise RuntimeError
        except RuntimeError:
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(16)))
    assert house.audit_is_whole()
    assert len(house.events()) == 8


def test_security_17_a_whole_request_logs_pseudonyms_only(house: House) -> None:
    visitor = house.visitor()
    house.services.desk.begin(visitor.says(), ["request.access"], f"Ge mig allt, {visitor.address()}")
    house.services.desk.add_detail(visitor.says(), "name", visitor.keeps("namn", "Anna Ek"))
    visitor.proves()
    house.services.desk.submit(visitor.says())
    with house.store.read() as session:
        (case,) = session.scalars(select(Case))
        rows = session.scalars(select(AuditRow).order_by(AuditRow.seq)).all()
        told = " ".join(f"{row.event} {row.subject} {row.data}" for row in rows)
        assert {row.subject for row in rows} <= {visitor.id, case.id}
    for given in (ADDRESS, "Anna", "Ge mig allt", house.code()):
        assert given not in told
    assert case.reference not in told
