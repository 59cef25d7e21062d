"""What came by mail is part of what a person gets and can have erased (GDPR art. 15, 17); what a human is still to read stays."""

from __future__ import annotations

import pytest

from insyn.mail.inbox import Origin
from insyn.own_data.erasure import HELD, MAIL_WAITS, SOMEONE_ELSES
from insyn.own_data.holdings import (
    MAIL_CONTENT_GONE,
    MAIL_IN_PART,
    MAIL_SETTLED,
    MAIL_UNREAD,
    NOT_SHOWN_TO_BE_YOURS,
    Holdings,
    as_json,
)
from insyn.own_data.page import page
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Conversation
from tests.fixtures.correspondence import mail
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House, Visitor

pytestmark = pytest.mark.usefixtures("running_rasa")

WORDS = "Vad är cookies? Jag såg det på min lönespecifikation."


async def mailed(house: House, text: str = WORDS, *, sender: str = ADDRESS, attached: bytes | None = None) -> str:
    """A mail that has been dealt with; returns its id."""
    message = mail(text, sender=sender, subject="Undrar över kakor")
    if attached is not None:
        message.add_attachment(attached, maintype="application", subtype="pdf", filename="avtal.pdf")
    taken = house.services.inbox.take(message.as_bytes(), Origin("smtp"))
    await house.services.mailroom.handle(taken.id)
    return taken.id


def row(house: House, mail_id: str) -> IncomingMail:
    with house.store.read() as session:
        return session.get_one(IncomingMail, mail_id)


def proved_by_mail(house: House, mail_id: str) -> None:
    """As when the code that was sent comes back in the thread."""
    with house.store.write() as session:
        known = session.get_one(IncomingMail, mail_id)
        conversation = session.get_one(Conversation, known.conversation_id)
        conversation.verified_index, conversation.verified_at = known.address_index, house.clock()


@pytest.fixture
def person(house: House) -> Visitor:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    return visitor


def mails(house: House, person: Visitor) -> list[Holdings]:
    held: list[Holdings] = house.services.own_data.collect(person.says())["mails"]
    return held


async def test_each_mail_is_told_with_its_words(house: House, person: Visitor) -> None:
    mail_id = await mailed(house, attached=b"%PDF-1.7")
    proved_by_mail(house, mail_id)
    await mailed(house, "Hej från någon annan", sender=OTHER_ADDRESS)
    held = house.services.own_data.collect(person.says())
    (told,) = held["mails"]
    assert told == {
        "received": "2026-03-05T09:30:00+01:00", "status": "besvarat", "answered": "2026-03-05T09:30:00+01:00",
        "size": row(house, mail_id).size, "subject": "Undrar över kakor", "text": WORDS, "attachments": ["application/pdf"],
        "withheld": MAIL_IN_PART,
    }  # fmt: skip
    shown = page(held)
    assert "Mejl från dig (1)" in shown
    for each in ("Undrar över kakor", WORDS, "application/pdf", MAIL_IN_PART):
        assert each in shown


async def test_whose_words_a_mail_holds_is_shown_by_a_code_alone(house: House, person: Visitor) -> None:
    """Anyone can write anyone's address above a mail."""
    await mailed(house)
    (told,) = mails(house, person)
    assert (told["status"], told["withheld"]) == ("besvarat", NOT_SHOWN_TO_BE_YOURS)
    assert "lönespecifikation" not in as_json(house.services.own_data.collect(person.says()))


async def test_what_is_gone_or_unread_is_told_as_that(house: House, person: Visitor) -> None:
    purged, unread, settled = [await mailed(house, f"Fråga {number}") for number in range(3)]
    for each in (purged, unread, settled):
        proved_by_mail(house, each)
    with house.store.write() as session:
        session.get_one(IncomingMail, purged).sealed_raw = None
        session.get_one(IncomingMail, unread).status = "quarantined"
        done = session.get_one(IncomingMail, settled)
        done.status, done.settled_at = "human", house.clock()
    told = {(each["status"], each["withheld"], each["text"]) for each in mails(house, person)}
    assert told == {
        ("besvarat", MAIL_CONTENT_GONE, None),
        ("satt åt sidan för en människa att läsa", MAIL_UNREAD, None),
        (MAIL_SETTLED, None, "Fråga 2"),
    }


async def test_mails_are_erased_but_for_what_a_human_is_to_read(house: House, person: Visitor) -> None:
    answered = await mailed(house)
    waiting = await mailed(house, "Jag skriver för min mors räkning, enligt fullmakt.")
    with house.store.write() as session:
        session.get_one(IncomingMail, waiting).status = "human"
    other = await mailed(house, "Hej från någon annan", sender=OTHER_ADDRESS)
    erased = house.services.erasure.erase(person.says())
    assert erased.mails == 1
    assert "1 mejl" in erased.text()
    reasons = {each.what: each.reason for each in erased.kept}
    assert reasons["Mejlet från dig den 5 mars 2026"] == MAIL_WAITS
    assert reasons["Samtalet som började med ett mejl från din adress den 5 mars 2026"] == SOMEONE_ELSES
    assert [row(house, each).sealed_raw is None for each in (answered, waiting, other)] == [True, False, False]
    assert row(house, answered).address_index is None


async def test_a_conversation_by_mail_that_is_shown_to_be_theirs_goes_with_its_mail(
    house: House, person: Visitor
) -> None:
    mail_id = await mailed(house)
    proved_by_mail(house, mail_id)
    erased = house.services.erasure.erase(person.says())
    assert (erased.conversations, erased.mails) == (2, 1)
    assert not [each for each in erased.kept if "mejl" in each.what.lower()]
    assert row(house, mail_id).sealed_raw is None


async def test_a_mail_of_something_on_hold_is_kept_and_named(house: House, person: Visitor) -> None:
    mail_id = await mailed(house)
    proved_by_mail(house, mail_id)
    with house.store.write() as session:
        session.get_one(Conversation, row(house, mail_id).conversation_id).on_hold = True
    erased = house.services.erasure.erase(person.says())
    assert ("Mejlet från dig den 5 mars 2026", HELD) in [(each.what, each.reason) for each in erased.kept]
    assert row(house, mail_id).sealed_raw is not None
