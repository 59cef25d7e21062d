"""The gateway's way into Rasa: one stateless turn, or a reading without any dialogue.

POST turn  {"sender", "text", "metadata", "state"} -> {"messages", "state", "reading", "failed"}
POST read  {"texts": [...]}                        -> [reading, ...]
GET  /     {"ready", "model"}
All under /webhooks/insyn, all with `Authorization: Bearer <token>`.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from functools import wraps
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.events import UserUttered
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from insyn_bot import shortcuts
from insyn_bot.state import restore, serialise
from insyn_bot.tracker_store import turn

logger = logging.getLogger(__name__)

Handler = Callable[..., Coroutine[Any, Any, HTTPResponse]]

_troubles: ContextVar[list[str] | None] = ContextVar("insyn_troubles", default=None)


class _TroubleHandler(logging.Handler):
    """Notes what Rasa's processor swallows: an action's exception, or its circuit breaker."""

    def emit(self, record: logging.LogRecord) -> None:
        troubles = _troubles.get()
        if troubles is not None:
            troubles.append(record.levelname)


class _Collector(OutputChannel):  # type: ignore[misc]
    """Collects what the bot says; one entry for each utterance, never split."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        return "insyn"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        data = dict(message.get("custom") or {})
        if message.get("buttons"):
            data["buttons"] = message["buttons"]
        if message.get("text") or data:
            self.messages.append({"text": message.get("text") or "", "data": data})


def reading(parse_data: dict[str, Any]) -> dict[str, Any]:
    """How a message was understood: `intent`, `confidence`, `ranking`, `parts`, `language`."""
    intent = parse_data.get("intent") or {}
    return {
        "intent": intent.get("name"),
        "confidence": intent.get("confidence", 0.0),
        "ranking": [
            {"name": each["name"], "confidence": each["confidence"]}
            for each in parse_data.get("intent_ranking") or []
        ],
        "parts": parse_data.get("parts") or [],
        "language": parse_data.get("language"),
    }


class GatewayChannel(InputChannel):  # type: ignore[misc]
    """Rasa input channel `insyn`; `token` comes from credentials.yml."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        shortcuts.take()
        processor_log = logging.getLogger("rasa.core.processor")
        if not any(isinstance(each, _TroubleHandler) for each in processor_log.handlers):
            processor_log.addHandler(_TroubleHandler(logging.WARNING))

    @classmethod
    def name(cls) -> str:
        return "insyn"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GatewayChannel:
        token = (credentials or {}).get("token")
        if not token:
            cls.raise_missing_credentials_exception()
        return cls(str(token))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        routes = Blueprint("insyn_gateway")

        def authorised(handler: Handler) -> Handler:
            @wraps(handler)
            async def guarded(request: Request) -> HTTPResponse:
                given = request.headers.get("Authorization", "").encode()
                if not hmac.compare_digest(given, b"Bearer " + self._token):
                    return json_response({"error": "unauthorised"}, status=401)
                return await handler(request)

            return guarded

        @routes.get("/")
        @authorised
        async def health(request: Request) -> HTTPResponse:
            agent = request.app.ctx.agent
            ready = agent is not None and agent.is_ready()
            return json_response({"ready": ready, "model": agent.model_id if ready else None})

        @routes.post("/turn")
        @authorised
        async def one_turn(request: Request) -> HTTPResponse:
            agent = request.app.ctx.agent
            if agent is None or not agent.is_ready():
                return json_response({"error": "not ready"}, status=503)
            body = request.json
            if not isinstance(body, dict) or not body.get("sender") or not isinstance(body.get("text"), str):
                return json_response({"error": "sender and text are needed"}, status=400)
            return json_response(await self._turn(agent, body))

        @routes.post("/read")
        @authorised
        async def read(request: Request) -> HTTPResponse:
            agent = request.app.ctx.agent
            if agent is None or not agent.is_ready():
                return json_response({"error": "not ready"}, status=503)
            texts = (request.json or {}).get("texts")
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                return json_response({"error": "texts must be a list of strings"}, status=400)
            # A leading slash would make Rasa take the text for an intent of the gateway's.
            return json_response(
                [reading(await agent.parse_message(text.lstrip("/ \t\r\n"))) for text in texts]
            )

        return routes

    async def _turn(self, agent: Any, body: dict[str, Any]) -> dict[str, Any]:
        sender, state = str(body["sender"]), body.get("state") or {}
        output = _Collector()
        message = UserMessage(
            body["text"], output, sender, input_channel=self.name(), metadata=body.get("metadata")
        )
        troubles: list[str] = []
        noted = _troubles.set(troubles)
        try:
            with turn(restore(sender, state, agent.domain)) as tracker:
                await agent.handle_message(message)
        except Exception as error:
            # The text is not logged; the gateway keeps the state it sent and tells the person.
            logger.error("turn failed: %s", type(error).__name__, exc_info=error)
            return {"messages": [], "state": state, "reading": None, "failed": True}
        finally:
            _troubles.reset(noted)
        # The default fallback takes the message back from the tracker's state, not from its events.
        latest = next((each for each in reversed(tracker.events) if isinstance(each, UserUttered)), None)
        return {
            "messages": output.messages,
            "state": serialise(tracker),
            "reading": reading(latest.parse_data if latest else {}),
            "failed": bool(troubles) or not output.messages,
        }
