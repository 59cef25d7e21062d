"""What every action shares: it never lets an exception reach Rasa, and it works off the event loop."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.speech import Voice, writer
from insyn.errors import new_error_id
from insyn.policy.answers import AnswerBook
from insyn.requests.desk import RequestDesk
from insyn.store.engine import StoreUnavailable

Events = list[dict[str, Any]]

log = structlog.get_logger()


class InsynAction(Action):  # type: ignore[misc]
    """An action with the approved texts and the desk at hand. Subclasses write `act`."""

    def __init__(self, book: AnswerBook, desk: RequestDesk) -> None:
        self.book = book
        self.desk = desk

    @abstractmethod
    def act(self, voice: Voice, tracker: Tracker) -> Events:
        """Says what there is to say and returns Rasa events."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Runs `act` in a thread. On an error Rasa is given nothing it could show or log: the gateway sees the mark."""
        try:
            voice = Voice(self.book, dispatcher, by_mail=writer(tracker) is not None)
            return await asyncio.to_thread(self.act, voice, tracker)
        except ActionExecutionRejection:
            raise
        except StoreUnavailable as error:
            # Not a fault of the turn: the gateway keeps the message and has the whole turn done again.
            log.warning("action postponed", action=self.name(), error=str(error))
            dispatcher.messages.clear()
            dispatcher.utter_message(text="", json_message={"postponed": True})
            return []
        except Exception as error:
            error_id = new_error_id()
            log.error(
                "action failed",
                action=self.name(),
                error_id=error_id,
                error=type(error).__name__,
                exc_info=True,
            )
            dispatcher.messages.clear()
            dispatcher.utter_message(text="", json_message={"failed": error_id})
            return []
