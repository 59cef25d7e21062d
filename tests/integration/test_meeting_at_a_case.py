"""Person and staff at the same case at once: one waits for the other, and what was decided first stands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from insyn.cases.transitions import Event
from insyn.identity.challenge import Outcome
from insyn.store.models import Case
from tests.fixtures.house import ADDRESS, House, Visitor

WAITS_SECONDS = 0.4


@contextmanager
def while_staff_verifies(house: House, case: Case) -> Iterator[None]:
    """A handler's transaction that has moved the case and is not committed until the block ends, or a little before."""
    moved, go_on = threading.Event(), threading.Event()

    def verify() -> None:
        with house.store.write() as session:
            mine = house.casebook.locked(session, case.id)
            house.casebook.move(
                session, mine, Event.VERIFIED_BY_STAFF, by="staff-1", reasons="Ringde upp på känt nummer."
            )
            session.flush()
            moved.set()
            go_on.wait(WAITS_SECONDS)

    handler = threading.Thread(target=verify)
    handler.start()
    assert moved.wait(10)
    try:
        yield
    finally:
        go_on.set()
        handler.join(10)


def submits(visitor: Visitor) -> Any:
    return visitor.house.services.desk.submit(visitor.says())


def breaks_off(visitor: Visitor) -> Any:
    return visitor.house.services.desk.abandon(visitor.says())


def gives_another_address(visitor: Visitor) -> Any:
    return visitor.gives_address("bo.alm@example.se")


def adds_a_fact(visitor: Visitor) -> Any:
    return visitor.house.services.desk.add_detail(visitor.says(), "name", "Anna Ek")


@pytest.mark.parametrize("act", [submits, breaks_off, gives_another_address, adds_a_fact])
def test_what_a_handler_decided_first_is_not_undone(house: House, act: Callable[[Visitor], Any]) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    (case,) = house.cases()
    with while_staff_verifies(house, case):
        act(visitor)
    (after,) = house.cases()
    assert (after.state, after.proof) == ("open", "staff")
    assert house.events(case.id)[-1] == "case.verified_by_staff"
    assert house.details(after)["address"] == ADDRESS
    assert house.letters("receipt") == []
    assert house.audit_is_whole()


def test_a_code_given_while_a_handler_verifies_proves_the_session_and_leaves_the_case(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    code = visitor.asks_for_code()
    (case,) = house.cases()
    here, placeholder = visitor.says(), visitor.code(code)
    with while_staff_verifies(house, case):
        assert house.services.desk.check_code(here, placeholder) is Outcome.RIGHT
    (after,) = house.cases()
    assert (after.state, after.proof) == ("open", "staff")
    assert visitor.conversation.verified_at is not None


def test_a_hold_and_a_message_at_once_wait_for_each_other(house: House) -> None:
    """Neither is refused: both take the conversation before its cases."""
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    (case,) = house.cases()
    failed: list[BaseException] = []

    def repeatedly(act: Callable[[int], object]) -> threading.Thread:
        def run() -> None:
            try:
                for number in range(25):
                    act(number)
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    holds = house.services.holds
    threads = [
        repeatedly(lambda n: (holds.release if n % 2 else holds.hold)(case.id, "Tvist.", by="staff-1")),
        repeatedly(lambda n: house.services.desk.add_detail(visitor.says(), "concerns", f"uppgift {n}")),
    ]
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert house.audit_is_whole()
