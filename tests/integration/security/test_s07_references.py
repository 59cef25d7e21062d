"""security.md 7: a case reference of another conversation is met as a random one is; a reference alone opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from insyn.cases.reference import new_reference
from insyn.requests.desk import RequestDesk
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House, Visitor
from tests.fixtures.web import Browser

Ask = Callable[[RequestDesk, Visitor, str], Any]


@pytest.fixture
def theirs(house: House) -> str:
    """The reference of someone else's case, opened and proved in their conversation."""
    other = house.visitor()
    (reference,) = other.claims("request.access")
    other.proves(OTHER_ADDRESS)
    house.services.desk.submit(other.says())
    house.clock.go(hours=2)
    return reference


ASKS: dict[str, Ask] = {
    "status": lambda desk, visitor, reference: desk.opened_case(visitor.says(), reference),
    "withdrawal": lambda desk, visitor, reference: desk.withdraw(visitor.says(), reference),
    "a code": lambda desk, visitor, reference: desk.ask_for_case(visitor.says(), reference),
    "a guessed code": lambda desk, visitor, reference: desk.open_case(
        visitor.says(), reference, visitor.code("00000000")
    ),
    "an address for it": lambda desk, visitor, reference: desk.add_address_to_report(
        visitor.says(), reference, visitor.address(ADDRESS)
    ),
}


@pytest.mark.parametrize("asked", ASKS)
@pytest.mark.parametrize("verified", [False, True])
def test_security_7_anothers_reference_is_answered_as_a_random_one(
    house: House, theirs: str, asked: str, verified: bool
) -> None:
    before = house.case(theirs)
    answers = []
    for reference in (theirs, new_reference()):
        visitor = house.visitor()
        if verified:  # of a mailbox of their own
            visitor.claims("request.erasure")
            house.clock.go(minutes=2)
            visitor.proves(ADDRESS)
        answers.append(ASKS[asked](house.services.desk, visitor, reference))
        assert theirs not in [case.reference for case in house.services.desk.own_cases(visitor.says())]
    assert answers[0] == answers[1]
    after = house.case(theirs)
    assert (after.state, after.version, after.address_index) == (before.state, before.version, before.address_index)


def test_security_7_a_code_sent_for_one_case_opens_no_other(house: House, theirs: str) -> None:
    visitor = house.visitor()
    (mine,) = visitor.claims("request.access")
    visitor.proves(ADDRESS)
    house.services.desk.submit(visitor.says())
    house.clock.go(hours=2)
    later = house.visitor()
    house.services.desk.ask_for_case(later.says(), mine)
    code = house.code(ADDRESS)
    assert house.services.desk.open_case(later.says(), theirs, later.code(code)) is None
    opened = house.services.desk.open_case(later.says(), mine, later.code(code))
    assert opened is not None
    assert opened.reference == mine


async def test_security_7_whatever_is_put_into_an_address_there_is_the_same_404(
    house: House, theirs: str, browser: Browser
) -> None:
    await browser.opens()

    async def got(path: str) -> tuple[int, str, list[str]]:
        response: httpx.Response = await browser.http.get(path, headers=browser.headers())
        body = response.text.replace(theirs, "REF").replace(random, "REF")
        if "application/json" in response.headers["content-type"]:
            body = response.json()["error"]["message"]
        return response.status_code, body, sorted(response.headers)

    random = new_reference()
    for path in ("/hamta/{}", "/bekrafta/{}", "/api/chat/cases/{}", "/cases/{}", "/{}"):
        known, unknown = await got(path.format(theirs)), await got(path.format(random))
        assert known == unknown
        assert known[0] == 404


def test_security_7_references_cannot_be_guessed_from_each_other() -> None:
    drawn = {new_reference() for _ in range(10_000)}
    assert len(drawn) == 10_000
    places = list(zip(*(reference.removeprefix("INS-").replace("-", "") for reference in drawn), strict=True))
    assert len(places) == 8
    for place in places:
        assert len(set(place)) >= 28, "a place that hardly varies"
