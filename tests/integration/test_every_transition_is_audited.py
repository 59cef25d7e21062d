"""Every step of the table, on a store: its row of the log is written with it, and without the row nothing of it stays.

The fault is made where it hurts: the database itself refuses the row, by a trigger.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from insyn.cases.casebook import Casebook
from insyn.cases.checklist import CHECKLISTS
from insyn.cases.grounds import grounds_for
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import ABSOLUTE, LIFECYCLE, Event, ForbiddenTransition, State, Step, row_for
from insyn.letters.elements import Wording
from insyn.store.engine import Store, StoreUnavailable
from insyn.store.models import AuditRow, Base, Case, IdentityDoubt
from tests.fixtures.house import ADDRESS, House, email

REASONS = "Det krävs mer tid för sökningen."
# One kind for each set of rows in the table.
KINDS_APART = ("request.erasure", "request.objection.marketing", "report.incident", "complaint")


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with store.read() as session:
        return {
            table.name: sorted(map(tuple, session.execute(select(table)).all()), key=repr)
            for table in Base.metadata.sorted_tables
        }


@contextmanager
def refusing_rows_of_the_log(store: Store) -> Iterator[None]:
    """The database takes everything but rows of the audit log."""
    if store.engine.dialect.name == "sqlite":
        begin = ["CREATE TRIGGER refuse BEFORE INSERT ON audit_row BEGIN SELECT RAISE(ABORT, 'refused'); END"]
        end = ["DROP TRIGGER refuse"]
    else:
        begin = [
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$ LANGUAGE plpgsql",
            "CREATE TRIGGER refuse BEFORE INSERT ON audit_row FOR EACH ROW EXECUTE FUNCTION refuse()",
        ]
        end = ["DROP TRIGGER refuse ON audit_row", "DROP FUNCTION refuse"]
    _execute(store, begin)
    try:
        yield
    finally:
        _execute(store, end)


def _execute(store: Store, statements: list[str]) -> None:
    with store.write() as session:
        for statement in statements:
            session.execute(text(statement))


def case_in(house: House, kind: str, state: State, event: Event) -> str:
    """A case that stands where the step begins, with all that its guards want."""
    now = house.clock()
    with house.store.write() as session:
        opened = {
            number: house.casebook.open(
                session, kind, opening_key=f"{number}:{uuid.uuid4()}", received_at=now, channel="chat",
                conversation_id=None, group_id=str(uuid.uuid4()), details={"words": "…", "address": ADDRESS},
            )
            for number in ("earlier", "this")
        }  # fmt: skip
        case = opened["this"]
        case.state = state
        proof = KINDS[kind].proof
        case.proof = "address" if event is Event.CLOSED_UNIDENTIFIED and kind not in ABSOLUTE else proof
        if event is Event.CLOSED_UNIDENTIFIED and kind in ABSOLUTE:
            case.proof = "none"
        if event is Event.EXTENDED:
            case.extended_at = None
        if event is Event.ATTACHED:
            case.repeats_id = opened["earlier"].id
        if _wants_doubt(row_for(kind, state, event)):
            session.add(IdentityDoubt(id=str(uuid.uuid4()), case_id=case.id, raised_at=now))
        return case.id


def _wants_doubt(row: Step) -> bool:
    return any(guard.id == "doubted" for guard in row.guards)


def take(casebook: Casebook, session: Session, case: Case, event: Event) -> None:
    """The step, with all that someone deciding can bring forward."""
    if event is Event.ADDRESS_GIVEN:
        casebook.give_address(session, case, email("bo.alm@example.se"))
        return
    ground = next(iter(grounds_for(case.kind)), None)
    casebook.move(
        session, case, event, by="handler-1", reasons=REASONS, ground=ground.id if ground else "",
        ticked=frozenset(point.id for point in CHECKLISTS.get(case.kind, ())), same_name=True,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS_APART)
def test_security_6_each_step_writes_its_row_with_it_or_nothing_of_it_stays(house: House, kind: str) -> None:
    steps = [(state, row.event) for row in LIFECYCLE if kind in row.kinds for state in sorted(row.start)]
    cases = [(case_in(house, kind, state, event), state, event) for state, event in steps]
    before = everything(house.store)
    with refusing_rows_of_the_log(house.store):
        for case_id, _, event in cases:
            with pytest.raises((DBAPIError, StoreUnavailable)), house.store.write() as session:
                take(house.casebook, session, house.casebook.locked(session, case_id), event)
    assert everything(house.store) == before, "a step without its row left something behind"

    for case_id, state, event in cases:
        with house.store.write() as session:
            take(house.casebook, session, house.casebook.locked(session, case_id), event)
        (written,) = [row for row in rows_of(house, case_id) if row.event == f"case.{event}"]
        told = json.loads(written.data)
        expected = row_for(kind, state, event).to or state
        assert (told["before"], told["state"]) == (state, expected), event
        with house.store.read() as session:
            assert session.get_one(Case, case_id).state == expected
    assert house.audit_is_whole()


def rows_of(house: House, case_id: str) -> list[AuditRow]:
    with house.store.read() as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.subject == case_id)))


@pytest.mark.parametrize("kind", KINDS_APART)
def test_security_6_a_step_the_table_does_not_have_leaves_nothing(house: House, kind: str) -> None:
    """Tried on a case in every state that has no such step, closed ones included."""
    held = {(state, row.event) for row in LIFECYCLE if kind in row.kinds for state in row.start}
    cases = {state: _put(house, kind, state) for state in State}
    before = everything(house.store)
    for state, case_id in cases.items():
        for event in Event:
            if (state, event) in held:
                continue
            with pytest.raises(ForbiddenTransition), house.store.write() as session:
                take(house.casebook, session, house.casebook.locked(session, case_id), event)
    assert everything(house.store) == before


def _put(house: House, kind: str, state: State) -> str:
    with house.store.write() as session:
        case = house.casebook.open(
            session, kind, opening_key=str(uuid.uuid4()), received_at=house.clock(), channel="chat",
            conversation_id=None, group_id=str(uuid.uuid4()), details={"words": "…"},
        )  # fmt: skip
        case.state, case.proof = state, "strong"
        return case.id


def test_security_6_a_handlers_step_with_its_letter_goes_with_its_rows_or_not_at_all(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.erasure")
    visitor.proves()
    (opened,) = house.services.desk.submit(visitor.says())
    wording = Wording(reasons="Sökningen omfattar flera system och tar längre tid.")
    before = everything(house.store)
    with refusing_rows_of_the_log(house.store), pytest.raises((DBAPIError, StoreUnavailable)):
        house.services.casework.extend(opened.id, wording, by="handler-1")
    assert everything(house.store) == before
    house.services.casework.extend(opened.id, wording, by="handler-1")
    assert house.case(opened.reference).state == "extended"
    assert house.events(opened.id)[-2:] == ["case.extended", "letter.queued"]
