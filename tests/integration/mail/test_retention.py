"""How long a mail is kept: its content goes after its period, what a human has not seen to stays, and the row remains."""

from __future__ import annotations

import pytest

from insyn.mail.inbox import Origin
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import DataKey
from tests.fixtures.correspondence import mail
from tests.fixtures.house import ADDRESS, House

pytestmark = pytest.mark.usefixtures("running_rasa")


async def ended(house: House, text: str, sender: str = ADDRESS) -> str:
    taken = house.services.inbox.take(mail(text, sender=sender).as_bytes(), Origin("smtp"))
    await house.services.mailroom.handle(taken.id)
    return taken.id


def content(house: House, mail_id: str) -> bytes | None:
    with house.store.read() as session:
        row = session.get_one(IncomingMail, mail_id)
        assert (row.sealed_raw is None) == (session.get(DataKey, row.data_key_id) is None)
        return house.services.inbox.raw(session, row)


async def test_what_was_answered_goes_after_its_period(house: House) -> None:
    mail_id = await ended(house, "Vad är cookies?")
    house.clock.go(days=29)
    house.services.purge.run()
    assert content(house, mail_id) is not None
    house.clock.go(days=2)
    assert house.services.purge.run()["incoming_mails"] == 1
    assert content(house, mail_id) is None


async def test_the_same_bytes_are_still_the_same_mail_after_the_purge(house: House) -> None:
    raw = mail("Vad är cookies?", sender=ADDRESS).as_bytes()
    first = house.services.inbox.take(raw, Origin("smtp"))
    await house.services.mailroom.handle(first.id)
    house.clock.go(days=31)
    house.services.purge.run()
    again = house.services.inbox.take(raw, Origin("smtp"))
    assert (again.id, again.new) == (first.id, False)


async def test_what_waits_for_a_human_stays_until_the_human_is_done(house: House) -> None:
    mail_id = await ended(house, "Vi begär upplysningar.", sender="handlaggare@imy.se")
    house.clock.go(days=60)
    house.services.purge.run()
    assert content(house, mail_id) is not None
    assert not house.services.inbox.settle(mail_id, by="cli"), "it waits with its case"
    (case,) = house.cases()
    house.services.casework.withdraw(case.id, "Myndigheten ringde: frågan är besvarad.", by="cli")
    house.clock.go(days=29)
    house.services.purge.run()
    assert content(house, mail_id) is not None
    house.clock.go(days=2)
    house.services.purge.run()
    assert content(house, mail_id) is None


async def test_erasing_a_conversation_takes_its_mails_along(house: House) -> None:
    mail_id = await ended(house, "Vad är cookies?")
    with house.store.read() as session:
        conversation_id = session.get_one(IncomingMail, mail_id).conversation_id
    assert conversation_id is not None
    await house.services.gateway.erase(conversation_id)
    assert content(house, mail_id) is None
