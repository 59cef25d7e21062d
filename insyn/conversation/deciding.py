"""Asking Rasa what to say to a message."""

from __future__ import annotations

from insyn.conversation.messages import Heard
from insyn.conversation.rasa import RasaClient, RasaUnavailable, TurnResult
from insyn.conversation.transcript import Message


async def decided(rasa: RasaClient, heard: Heard, waited: float = 0.0) -> TurnResult:
    """What Rasa and the actions made of a message. Raises `RasaUnavailable`, also when an action could not reach the store."""
    state = {key: heard.dialogue.get(key) for key in ("slots", "active_loop", "requested_slot")}
    result = await rasa.turn(heard.conversation_id, heard.for_rasa, state, heard.metadata, waited=waited)
    if any(each["data"].get("postponed") for each in result.messages):
        raise RasaUnavailable("an action could not reach the store")
    return result


def said_in(result: TurnResult) -> tuple[list[Message], str | None]:
    """The messages with something in them, and the error id of an action that failed."""
    failure = next((each["data"]["failed"] for each in result.messages if each["data"].get("failed")), None)
    return [each for each in result.messages if each.get("text")], failure
