"""A conversation that is erased from within itself, and one that is on hold."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from insyn.conversation.gateway import Gateway
from insyn.review import finding
from insyn.review.finding import Wanted
from insyn.store.models import Conversation, Turn
from tests.fixtures.fake_rasa import FakeRasa
from tests.fixtures.house import House
from tests.fixtures.talks import Asked, Talk
from tests.fixtures.web import Browser


async def test_the_last_answer_is_given_and_then_nothing_is_left(
    house: House, browser: Browser, running_rasa: FakeRasa
) -> None:
    await browser.opens()
    running_rasa.will_say("Då raderar jag chatten nu.", ends=True)
    response = await browser.posts({"text": "ja"})
    assert response.json()["ended"] is True
    assert "token" not in response.json()
    assert [message["text"] for message in response.json()["messages"]] == ["Då raderar jag chatten nu."]
    assert (house.count(Conversation), house.count(Turn)) == (0, 0)
    assert house.events(browser.conversation_id)[-1] == "conversation.erased"
    assert (await browser.http.get("/api/chat/transcript", headers=browser.headers())).status_code == 401


async def test_no_word_of_an_erased_chat_is_left_in_the_files(
    house: House, browser: Browser, running_rasa: FakeRasa
) -> None:
    """Neither as it was written nor in the index of words, which other chats have come into meanwhile."""
    if house.store.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's files are its own")
    stays = Talk(house, Asked("vad är bokstavskakor"))
    await browser.opens()
    await browser.says("Min kusin var uppsägningshotad")
    stays.asks(Asked("och sparkvarnar"))
    home = house.services.settings.var_dir

    def in_files(word: str) -> bool:
        return any(word.encode() in path.read_bytes() for path in home.glob("insyn.db*"))

    written = ["uppsägningshotad", "uppsagningshotad"]  # as it was written, and as the index has it
    assert [in_files(word) for word in written] == [True, True]
    response = await browser.http.delete("/api/chat/conversation", headers=browser.headers())
    assert response.status_code == 204
    assert [in_files(word) for word in written] == [False, False]
    assert in_files("bokstavskakor")
    with house.store.read() as session:
        for word in ("bokstav", "sparkvarnar"):
            assert [row.id for row in finding.page(session, Wanted(words=word)).rows] == [stays.id]


async def test_what_is_on_hold_is_not_erased_and_that_is_said(house: House, browser: Browser) -> None:
    await browser.opens()
    with house.store.write() as session:
        session.get_one(Conversation, browser.conversation_id).on_hold = True
    response = await browser.http.delete("/api/chat/conversation", headers=browser.headers())
    assert response.status_code == 409
    assert "artikel 17.3 e" in response.json()["error"]["message"]
    assert house.count(Conversation) == 1
    with house.store.write() as session:
        session.get_one(Conversation, browser.conversation_id).on_hold = False
    assert (await browser.http.delete("/api/chat/conversation", headers=browser.headers())).status_code == 204


@pytest.mark.parametrize("form", ["json", "html"])
async def test_own_data_are_not_given_to_a_chat_that_has_shown_no_mailbox(browser: Browser, form: str) -> None:
    await browser.opens()
    response = await browser.http.get(f"/api/chat/own-data.{form}", headers=browser.headers())
    assert response.status_code == 403
    assert "Bekräfta din e-postadress" in response.json()["error"]["message"]
    response = await browser.http.get(f"/api/chat/own-data.{form}")
    assert response.status_code == 401


KEPT = "Det här finns kvar: Ärende INS-2345-6789: Ärendet pågår."


async def erased_while_rasa_was_away(house: House, browser: Browser, rasa: FakeRasa) -> str:
    """The answer that ends a conversation came when nobody waited for it any more; returns the message's key."""
    await browser.opens()
    (promise,) = await browser.says("ja", key="k1")
    assert "ditt meddelande är sparat" in promise["text"]
    rasa.will_say(KEPT, ends=True)
    house.clock.go(seconds=10)
    async with rasa.running():
        await house.services.gateway.answer_pending()
    return "k1"


async def test_what_is_kept_after_a_late_erasure_can_be_read_before_the_chat_goes(
    house: House, browser: Browser, rasa: FakeRasa
) -> None:
    await erased_while_rasa_was_away(house, browser, rasa)
    last = (await browser.transcript())[-1]
    assert (last["text"], last["ended"]) == (KEPT, True)
    response = await browser.http.delete("/api/chat/conversation", headers=browser.headers())
    assert response.status_code == 204
    assert house.count(Conversation) == 0


async def test_whoever_asks_again_for_a_late_last_answer_has_then_read_it(
    house: House, browser: Browser, rasa: FakeRasa
) -> None:
    key = await erased_while_rasa_was_away(house, browser, rasa)
    response = await browser.posts({"text": "ja"}, key=key)
    assert ([each["text"] for each in response.json()["messages"]], response.json()["ended"]) == ([KEPT], True)
    assert house.count(Conversation) == 0


async def test_a_late_last_answer_that_nobody_reads_goes_after_a_day(
    house: House, browser: Browser, rasa: FakeRasa
) -> None:
    await erased_while_rasa_was_away(house, browser, rasa)
    house.clock.go(hours=23, minutes=59)
    assert await house.services.gateway.erase_ended() == 0
    assert (await browser.transcript())[-1]["text"] == KEPT
    house.clock.go(minutes=2)
    with house.store.write() as session:
        session.get_one(Conversation, browser.conversation_id).on_hold = True
    assert await house.services.gateway.erase_ended() == 0
    with house.store.write() as session:
        session.get_one(Conversation, browser.conversation_id).on_hold = False
    assert await house.services.gateway.erase_ended() == 1
    assert (house.count(Conversation), house.count(Turn)) == (0, 0)
    assert house.events(browser.conversation_id)[-1] == "conversation.erased"


async def test_an_erasure_that_a_crash_kept_from_happening_is_made_up_for(
    house: House, browser: Browser, running_rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_gateway: Gateway, _conversation_id: str) -> None:
        raise SystemError("the process is gone")

    await browser.opens()
    running_rasa.will_say(KEPT, ends=True)
    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "_erase", killed)
        assert (await browser.posts({"text": "ja"})).status_code == 500
    house.clock.go(days=1)
    assert await house.services.gateway.erase_ended() == 1
    assert house.count(Conversation) == 0


async def test_a_message_into_a_chat_that_is_just_being_erased_is_told_so(
    house: House, browser: Browser, running_rasa: FakeRasa
) -> None:
    """Its person has everything erased from another chat at the same moment."""
    await browser.opens()
    going = threading.Event()

    def erase() -> None:
        with house.store.write() as session:
            session.delete(session.get_one(Conversation, browser.conversation_id, with_for_update={"key_share": True}))
            session.flush()
            going.set()
            time.sleep(0.3)

    erasing = asyncio.create_task(asyncio.to_thread(erase))
    assert await asyncio.to_thread(going.wait, 10)
    response = await browser.posts({"text": "hej"})
    await erasing
    assert response.status_code == 401
    assert running_rasa.heard == []
