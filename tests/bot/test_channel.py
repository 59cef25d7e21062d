"""State out and in again, and the channel against an agent that only pretends."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from insyn_bot import tracker_store
from insyn_bot.channel import GatewayChannel
from insyn_bot.state import restore, serialise
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, SlotSet, UserUttered

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [request.erasure, policy.company]
slots:
  email: {type: text, influence_conversation: false, mappings: [{type: custom}]}
  tries: {type: any, initial_value: 0, mappings: [{type: custom}]}
forms:
  request_form: {required_slots: [email]}
"""
)
STATE = {"slots": {"email": "⟨e-post 1⟩", "tries": 2}, "active_loop": "request_form", "requested_slot": "email"}


def test_state_round_trip() -> None:
    tracker = restore("c1", STATE, DOMAIN)
    assert tracker.active_loop_name == "request_form"
    assert tracker.get_slot("requested_slot") == "email"
    assert tracker.latest_action_name == "action_listen"
    assert serialise(tracker) == STATE


def test_an_empty_state_is_a_new_conversation() -> None:
    assert serialise(restore("c1", {}, DOMAIN)) == {
        "slots": {"tries": 0},
        "active_loop": None,
        "requested_slot": None,
    }


def test_a_slot_set_to_none_stays_none() -> None:
    tracker = restore("c1", {"slots": {"tries": None}}, DOMAIN)
    assert serialise(tracker)["slots"] == {"tries": None}


def test_what_the_domain_no_longer_has_is_left_out() -> None:
    state = {"slots": {"gone": 1}, "active_loop": "gone_form", "requested_slot": "gone"}
    assert serialise(restore("c1", state, DOMAIN))["active_loop"] is None


class Agent:
    """Answers every message and leaves the dialogue in the form; raises or complains if told to."""

    domain = DOMAIN

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble
        self.store = tracker_store.TurnTrackerStore(DOMAIN)

    async def handle_message(self, message: UserMessage) -> None:
        tracker = await self.store.retrieve(message.sender_id)
        assert tracker is not None
        if self.trouble == "raise":
            raise RuntimeError
        parse = {"intent": {"name": "policy.company", "confidence": 0.9}, "language": "sv", "entities": []}
        tracker.update(UserUttered(message.text, parse["intent"], [], parse), DOMAIN)
        tracker.update(ActiveLoop("request_form"), DOMAIN)
        tracker.update(SlotSet("requested_slot", "email"), DOMAIN)
        if self.trouble == "action":
            logging.getLogger("rasa.core.processor").error("Encountered an exception while running action")
        if self.trouble != "silent":
            answer = {"text": "Vi är Kontek.\n\nI Ljungby.", "custom": {"topic": message.metadata["turn"]}}
            await message.output_channel.send_response(message.sender_id, answer)


def take_turn(agent: Agent) -> dict[str, Any]:
    channel = GatewayChannel("secret")
    body = {"sender": "c1", "text": "vilka är ni", "metadata": {"turn": "t7"}, "state": {"slots": {"tries": 1}}}
    return asyncio.run(channel._turn(agent, body))


def test_a_turn() -> None:
    answer = take_turn(Agent())
    assert answer["messages"] == [{"text": "Vi är Kontek.\n\nI Ljungby.", "data": {"topic": "t7"}}]
    assert answer["state"] == {"slots": {"tries": 1}, "active_loop": "request_form", "requested_slot": "email"}
    assert (answer["reading"]["intent"], answer["reading"]["language"]) == ("policy.company", "sv")
    assert answer["failed"] is False


@pytest.mark.parametrize("trouble", ["raise", "action", "silent"])
def test_a_turn_that_went_wrong_says_so(trouble: str) -> None:
    answer = take_turn(Agent(trouble))
    assert answer["failed"] is True
    if trouble == "raise":
        assert answer["state"] == {"slots": {"tries": 1}}


def test_nothing_stays_after_the_turn() -> None:
    agent = Agent()
    take_turn(agent)
    assert asyncio.run(agent.store.retrieve("c1")) is None


def test_a_token_is_needed() -> None:
    with pytest.raises(Exception, match="credentials"):
        GatewayChannel.from_credentials({})


@pytest.mark.parametrize("given", ["", "secret", "Bearer wrong", "Bearer secret2", "Bearer sécret"])
def test_a_wrong_token_is_refused(given: str) -> None:
    routes = GatewayChannel("secret").blueprint(lambda message: asyncio.sleep(0))
    request = SimpleNamespace(headers={"Authorization": given}, json={"texts": []}, app=None)
    for future in routes._future_routes:
        assert asyncio.run(future.handler(request)).status == 401
