"""A case opened by a member of the staff: its clock runs from the day it came, and nothing is proved by opening it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date

from insyn.cases.deadline import due_for
from insyn.clock import swedish_date
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Case
from tests.fixtures.house import ADDRESS, House
from tests.fixtures.staff import Desk

PATH = "/konsol/arenden/nytt"
TOLD = {
    "kind": "request.erasure",
    "received": "2026-03-02",
    "words": "Ringde och ville bli raderad.",
    "name": "Alva Lindqvist",
    "address": ADDRESS,
}


async def filled_in(handler: Desk, query: str = "", **fields: str) -> dict[str, str]:
    """The fields of the form as it came, with those given filled in."""
    page = (await handler.gets(f"{PATH}{query}")).text
    hidden = dict(re.findall(r'type="hidden" name="(key|case|mail|conversation)" value="([^"]*)"', page))
    day = re.search(r'name="received" required value="([\d-]+)"', page)
    assert day
    return {**hidden, "received": day[1], **fields}


def newest(house: House) -> Case:
    return max(house.cases(), key=lambda case: case.created_at)


async def test_what_is_told_on_the_telephone_is_a_case_whose_clock_runs_from_that_day(
    house: House, handler: Desk
) -> None:
    form = await filled_in(handler, **TOLD)
    opened = await handler.posts(PATH, **form)
    again = await handler.posts(PATH, **form)
    (case,) = house.cases()
    assert opened.headers["location"] == again.headers["location"] == f"/konsol/arenden/{case.reference}?klart=oppnat"
    assert (case.kind, case.channel, case.state, case.proof) == (
        "request.erasure", "staff", "awaiting_verification", "address",
    )  # fmt: skip
    assert swedish_date(case.received_at) == date(2026, 3, 2)
    assert case.due_on == due_for(case.received_at).due == date(2026, 4, 2)
    assert house.details(case) == {"words": TOLD["words"], "name": TOLD["name"], "address": ADDRESS}
    page = (await handler.gets(f"/konsol/arenden/{case.reference}")).text
    assert "öppnade ärendet för personens räkning" in page
    assert "Verifiera personen" in page
    assert house.events(case.id).count("case.taken_in") == 1
    assert house.audit_is_whole()


async def test_what_a_human_was_left_with_is_opened_as_the_right_it_was(house: House, handler: Desk) -> None:
    visitor = house.visitor()
    here = visitor.says()
    question = house.services.desk.report(here, "question", "Bort med mig ur rullorna.", note="handover.human")
    house.services.desk.add_address_to_report(visitor.says(), question.reference, visitor.address())
    house.clock.go(minutes=20)
    page = (await handler.gets(f"/konsol/arenden/{question.reference}")).text
    assert f"{PATH}?ur={question.reference}" in page
    await handler.posts(PATH, **await filled_in(handler, f"?ur={question.reference}", kind="request.erasure"))
    case = newest(house)
    asked = house.case(question.reference)
    assert (case.kind, case.received_at, case.conversation_id, case.channel) == (
        "request.erasure", asked.received_at, visitor.id, "chat",
    )  # fmt: skip
    assert house.details(case) == {"words": "Bort med mig ur rullorna.", "address": ADDRESS}


async def test_a_mail_becomes_a_case_of_its_sender_and_waits_with_it(
    house: House, handler: Desk, put: Callable[..., str]
) -> None:
    mail_id = put("human", "Stryk mig ur rullorna.")
    assert f"{PATH}?mejl={mail_id}" in (await handler.gets(f"/konsol/post/{mail_id}")).text
    house.clock.go(minutes=20)
    await handler.posts(PATH, **await filled_in(handler, f"?mejl={mail_id}", kind="request.erasure"))
    (case,) = house.cases()
    with house.store.read() as session:
        row = session.get_one(IncomingMail, mail_id)
        assert (row.case_id, case.received_at) == (case.id, row.received_at)
    assert house.details(case) == {"words": "Stryk mig ur rullorna.", "name": "Alva", "address": ADDRESS}
    assert "data-open" not in (await handler.gets("/konsol/post")).text, "it waits with its case"


async def test_what_cannot_be_a_case_is_told_and_opens_nothing(house: House, handler: Desk) -> None:
    for wrong, said in (
        ({"kind": "request.everything"}, "Välj vad ärendet gäller."),
        ({"received": "2999-01-01"}, "kan inte ligga framåt"),
        ({"received": "2020-01-01"}, "kan inte ligga framåt"),
        ({"received": "i går"}, "vilken dag"),
        ({"words": "  "}, "Skriv vad personen vill"),
        ({"address": "hos mormor"}, "inte skriven som en adress"),
        ({"mail": str(uuid.uuid4())}, "finns inte längre"),
        ({"case": "INS-2222-2222"}, "finns inte längre"),
    ):
        answer = await handler.posts(PATH, **{**await filled_in(handler, **TOLD), **wrong})
        assert answer.status_code == 422
        assert said in answer.text
        assert "Alva Lindqvist" in answer.text, "what was filled in stays"
    assert house.cases() == []
    assert (await handler.gets(f"{PATH}?mejl={uuid.uuid4()}")).status_code == 404
