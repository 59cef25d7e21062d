"""A conversation that is erased from within itself, and one that is on hold."""

from __future__ import annotations

import pytest

from insyn.store.models import Conversation, Turn
from tests.fixtures.fake_rasa import FakeRasa
from tests.fixtures.house import House
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
