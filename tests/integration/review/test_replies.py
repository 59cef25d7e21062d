"""A member of the staff answers: masked in the store, whole to the person, at once in the chat, once by mail."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from insyn.mail.inbox import Head, Origin
from insyn.review.replying import NotSaid
from insyn.store.models import Turn, VaultValue
from tests.fixtures.correspondence import mail
from tests.fixtures.house import ADDRESS, House

ME = "00000000-0000-4000-8000-00000000000a"


def said(house: House, conversation_id: str) -> list[Turn]:
    with house.store.read() as session:
        turns = select(Turn).where(Turn.conversation_id == conversation_id, Turn.author == "staff").order_by(Turn.seq)
        return list(session.scalars(turns))


async def test_an_answer_is_masked_and_seen_whole_by_the_person(house: House) -> None:
    visitor = house.visitor()
    name = visitor.keeps("namn", "Anna Ek")
    async with house.services.news.listening(visitor.id) as news:
        await house.services.replies.reply(
            visitor.id, f"Hej {name}! Mejla bo.alm@example.se, inte ⟨namn 7⟩.", by=ME, key="k1"
        )
        await asyncio.wait_for(news.wait(), 5)
    (turn,) = said(house, visitor.id)
    assert turn.text == f"Hej {name}! Mejla ⟨e-post 1⟩, inte <namn 7>."
    messages, _ = await house.services.conversations.transcript(visitor.id)
    assert (messages[-1]["author"], messages[-1]["text"]) == (
        "staff", "Hej Anna Ek! Mejla bo.alm@example.se, inte <namn 7>."
    )  # fmt: skip
    assert house.count(VaultValue) == 2
    assert house.events(visitor.id)[-1] == "staff.replied"
    assert house.letters("answered") == []


async def test_the_same_form_sent_twice_answers_once(house: House) -> None:
    visitor = house.visitor()
    for _ in range(2):
        await house.services.replies.reply(visitor.id, "Vi hör av oss.", by=ME, key="k1")
    assert len(said(house, visitor.id)) == 1


async def test_two_who_answer_at_once_give_one_answer(house: House) -> None:
    visitor, replies = house.visitor(), house.services.replies
    visitor.says("Hallå?")
    with house.store.read() as session:
        seen = session.scalars(select(Turn.seq).where(Turn.conversation_id == visitor.id)).one()
    await replies.reply(visitor.id, "Jag ringer dig.", by=ME, key="k1", seen=seen)
    with pytest.raises(NotSaid, match="Någon i personalen har svarat"):
        await replies.reply(visitor.id, "Vi skickar ett brev.", by="another", key="k2", seen=seen)
    (turn,) = said(house, visitor.id)
    assert turn.text == "Jag ringer dig."
    await replies.reply(visitor.id, "Och ett brev.", by="another", key="k3", seen=turn.seq)
    assert len(said(house, visitor.id)) == 2


async def test_by_mail_to_the_address_of_the_case(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    await house.services.replies.reply(visitor.id, "Vi har hittat allt.", by=ME, key="k1", mail=True)
    (letter,) = house.letters("answered")
    assert letter.to == ADDRESS
    assert "Vi har hittat allt." in letter.text
    assert house.cases()[0].reference in letter.subject


async def test_to_someone_who_mailed_it_goes_in_the_thread_of_the_mail(house: House) -> None:
    visitor = house.visitor("email")
    visitor.claims("request.access")
    visitor.proves()
    arrived = mail("Jag vill veta vad ni har om mig.", sender=ADDRESS, subject="Mina uppgifter")
    inbox = house.services.inbox
    taken = inbox.take(arrived.as_bytes(), Origin("smtp"))
    with house.store.write() as session:
        row = inbox.row(session, taken.id)
        row.conversation_id = visitor.id
        inbox.know_sender(
            session, row, Head(ADDRESS, "", "Mina uppgifter", arrived["Message-ID"], "<first@example.com>")
        )
    await house.services.replies.reply(visitor.id, "Vi har hittat allt.", by=ME, key="k1", mail=True)
    (letter,) = house.letters("answered")
    assert (letter.subject, letter.in_reply_to) == ("Sv: Mina uppgifter", arrived["Message-ID"])
    assert letter.references.split() == ["<first@example.com>", arrived["Message-ID"]]


async def test_what_cannot_be_said_is_told_why(house: House) -> None:
    visitor, replies = house.visitor(), house.services.replies
    for conversation_id, text, by_mail in (
        (visitor.id, "  ", False), (visitor.id, "å" * 5000, False), ("no such", "hej", False), (visitor.id, "hej", True)
    ):  # fmt: skip
        with pytest.raises(NotSaid) as refused:
            await replies.reply(conversation_id, text, by=ME, key="k", mail=by_mail)
        assert refused.value.says
    assert said(house, visitor.id) == []
