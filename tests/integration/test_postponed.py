"""A turn that meets a store which takes nothing just then is done later as a whole; a slow start keeps nobody from writing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, InsynAction
from actions.speech import Voice
from insyn.bootstrap import Services
from insyn.privacy import lexicon
from insyn.store.engine import Store, StoreUnavailable
from tests.fixtures.fake_rasa import FakeRasa, says
from tests.fixtures.house import House
from tests.fixtures.web import Browser


class _Action(InsynAction):
    def __init__(self, error: Exception, services: Services) -> None:
        super().__init__(services.book, services.desk)
        self._error = error

    def name(self) -> str:
        return "action_of_a_test"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        voice.say("unexpected")
        raise self._error


@pytest.mark.parametrize(
    ("error", "mark"), [(StoreUnavailable("OperationalError"), "postponed"), (LookupError("gone"), "failed")]
)
async def test_an_action_tells_a_busy_store_from_a_fault(services: Services, error: Exception, mark: str) -> None:
    dispatcher = CollectingDispatcher()
    tracker = Tracker("x", {}, {}, [], False, None, {}, "action_listen")

    assert await _Action(error, services).run(dispatcher, tracker, {}) == []
    (said,) = dispatcher.messages
    assert not said["text"], "nothing is said that did not happen"
    assert list(said["custom"]) == [mark]


async def test_a_postponed_turn_is_promised_and_done_again(
    browser: Browser, running_rasa: FakeRasa, house: House
) -> None:
    await browser.opens()
    half_done: dict[str, Any] = says("Halvvägs.", state={"slots": {"email": "half"}})
    half_done["messages"].append({"text": "", "data": {"postponed": True}})
    running_rasa.will_give(half_done)

    for _ in range(2):
        (promise,) = await browser.says("Radera mig", key="k1")
        assert "ditt meddelande är sparat" in promise["text"]
    running_rasa.answer = running_rasa.echo
    (reply,) = await browser.says("Radera mig", key="k1")
    assert reply["text"] == "Du skrev: Radera mig"
    assert [turn["metadata"]["turn"] for turn in running_rasa.heard] == [running_rasa.heard[0]["metadata"]["turn"]] * 3
    assert "half" not in str(running_rasa.heard[-1]["state"]), "the dialogue is where it was"
    assert "Halvvägs" not in str(await browser.transcript())
    assert house.events(browser.conversation_id) == ["conversation.opened", "turn.postponed", "turn.answered"]


@pytest.fixture
def unread_dictionaries() -> Iterator[None]:
    lexicon._dictionaries.cache_clear()
    yield
    lexicon._dictionaries.cache_clear()


async def test_others_can_write_while_the_dictionaries_are_read(
    browser: Browser, running_rasa: FakeRasa, store: Store, unread_dictionaries: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    class Slow:
        def get_dictionary(self, language: str) -> dict[str, str]:
            store.ping()  # raises when someone holds the store while the dictionaries are read
            read.append(language)
            return {}

    monkeypatch.setattr(lexicon, "DefaultDictionaryFactory", Slow)
    await browser.opens()
    await browser.says("Jag heter Örjan Gränsberg, radera mig")
    assert read == ["sv", "en"]
