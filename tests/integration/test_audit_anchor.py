"""The audit log's anchor, security.md 17: a log that was put back to an earlier state, head and all, is found."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from insyn.audit import chain
from insyn.audit.anchor import Anchor
from insyn.store.models import AuditHead, AuditRow
from insyn.upkeep.timers import keep_anchored
from tests.fixtures.house import House


@pytest.fixture
def anchor(house: House) -> Anchor:
    return house.services.anchor


def write(house: House, rows: int) -> None:
    with house.store.write() as session:
        for number in range(rows):
            house.audit.append(session, "case.noted", f"subject-{number}")


def mark(house: House) -> bool:
    with house.store.read() as session:
        return house.services.anchor.mark(session)


def breaks(house: House, *, anchored: bool = True) -> list[chain.Break]:
    with house.store.read() as session:
        return house.audit.verify(session, house.services.anchor if anchored else None)


def head(house: House) -> dict[str, object]:
    with house.store.read() as session:
        row = session.get_one(AuditHead, 1)
        return {"seq": row.seq, "hash": row.hash, "seal": row.seal}


def put_back(house: House, old: dict[str, object]) -> None:
    """Someone with the database alone restores an earlier head, which we sealed then, and cuts the log to fit."""
    with house.store.write() as session:
        session.execute(delete(AuditRow).where(AuditRow.seq > old["seq"]))
        session.execute(update(AuditHead).values(**old))


def test_an_anchored_log_is_whole(house: House, anchor: Anchor) -> None:
    assert not mark(house)  # of an empty log there is nothing to say
    for _ in range(3):
        write(house, 4)
        assert mark(house)
        assert not mark(house)  # nothing new
    write(house, 2)  # after the last mark
    assert breaks(house) == []
    assert [each.seq for each in anchor.marks()] == [4, 8, 12]


def test_security_17_a_log_cut_and_given_its_older_head_is_found(house: House) -> None:
    write(house, 4)
    old = head(house)
    write(house, 4)
    mark(house)
    put_back(house, old)
    assert breaks(house, anchored=False) == []  # the database alone cannot tell
    assert [each.seq for each in breaks(house)] == [8]


def test_security_17_a_log_put_back_and_grown_again_is_found(house: House) -> None:
    write(house, 4)
    old = head(house)
    write(house, 4)
    mark(house)
    put_back(house, old)
    house.clock.go(hours=1)
    write(house, 9)
    mark(house)
    assert breaks(house, anchored=False) == []
    assert [each.seq for each in breaks(house)] == [8]


def test_security_17_an_emptied_log_with_its_first_head_is_found(house: House) -> None:
    first = head(house)
    write(house, 4)
    mark(house)
    put_back(house, first)
    assert breaks(house, anchored=False) == []
    assert [each.seq for each in breaks(house)] == [4]


def forge(change: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def do(path: Path) -> None:
        path.write_text("".join(f"{line}\n" for line in change(path.read_text().splitlines())))

    return do


def other_seq(line: str) -> str:
    return json.dumps({**json.loads(line), "seq": json.loads(line)["seq"] - 1})


FORGERIES = {
    "line taken out of the middle": forge(lambda lines: [*lines[:1], *lines[2:]]),
    "line changed": forge(lambda lines: [other_seq(line) if number == 1 else line for number, line in enumerate(lines)]),
    "lines change places": forge(lambda lines: [lines[1], lines[0], *lines[2:]]),
    "line made up": forge(lambda lines: [*lines, json.dumps({"seq": 99, "hash": "0" * 64, "at": "x", "seal": "0" * 64})]),
    "line spoiled": forge(lambda lines: [lines[0], lines[1][:40], *lines[2:]]),
    "seal that is no text": forge(lambda lines: [*lines, json.dumps({"seq": 1, "hash": "", "at": "", "seal": "åäö"})]),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_security_17_a_changed_anchor_is_found(house: House, anchor: Anchor, forgery: str) -> None:
    for _ in range(3):
        write(house, 2)
        mark(house)
    assert breaks(house) == []
    FORGERIES[forgery](anchor.path)
    assert breaks(house) != []


def test_an_anchor_of_another_key_is_not_ours(house: House, anchor: Anchor) -> None:
    write(house, 2)
    mark(house)
    with house.store.read() as session:
        assert house.audit.verify(session, Anchor(anchor.path, "another key", house.clock)) != []


def test_a_line_torn_by_a_crash_does_not_spoil_those_after_it(house: House, anchor: Anchor) -> None:
    write(house, 2)
    mark(house)
    with anchor.path.open("a") as file:
        file.write('{"seq": 4, "ha')
    write(house, 2)
    mark(house)
    assert [(each.line, each.seq, each.whole) for each in anchor.marks()] == [(1, 2, True), (2, 0, False), (3, 4, True)]


def test_the_anchor_holds_no_subject_and_only_its_owner_reads_it(house: House, anchor: Anchor) -> None:
    write(house, 1)
    mark(house)
    assert "subject-0" not in anchor.path.read_text()
    assert anchor.path.stat().st_mode & 0o777 == 0o600


async def test_the_service_anchors_by_the_clock_and_when_it_ends(house: House, anchor: Anchor) -> None:
    write(house, 3)
    task = asyncio.create_task(keep_anchored(house.store, anchor, pause_seconds=0.01))
    while [each.seq for each in anchor.marks()][-1:] != [3]:
        await asyncio.sleep(0.01)
    task.cancel()
    write(house, 2)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [each.seq for each in anchor.marks()][-1:] == [5]


def test_verification_streams(house: House) -> None:
    """Verifying a long log takes no more memory than a short one: each of these rows is a kilobyte."""
    fill(house, 2_000)
    short = peak_bytes(house)
    fill(house, 10_000)
    assert peak_bytes(house) < short + 1_000_000


def peak_bytes(house: House) -> int:
    tracemalloc.start()
    try:
        assert breaks(house) == []
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def fill(house: House, rows: int) -> None:
    """Writes a right log quickly: as `append` would, but many rows in one statement."""
    with house.store.write() as session:
        top = session.get_one(AuditHead, 1)
        at, previous, made = house.clock(), top.hash, []
        for seq in range(top.seq + 1, top.seq + 1 + rows):
            row = AuditRow(
                seq=seq, at=at, event="case.noted", subject="s" * 36, data="{}" * 400, previous=previous, hash=""
            )
            row.hash = previous = chain._hash(row)
            made.append(
                {name: getattr(row, name) for name in ("seq", "at", "event", "subject", "data", "previous", "hash")}
            )
        session.execute(AuditRow.__table__.insert(), made)
        top.seq, top.hash = top.seq + rows, previous
        top.seal = house.audit._seal(top.seq, top.hash)
