"""The way to Rasa: one turn, or a reading without a dialogue. Only masked text goes this way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

LEAST_SECONDS = 0.5  # given to Rasa however long a message has waited for its turn


class RasaUnavailable(Exception):
    """Rasa is down, starting, does not answer in time, or answers something else than its channel does."""


@dataclass(frozen=True)
class TurnResult:
    """What Rasa made of a message: what to say, the state afterwards, and how it was read."""

    messages: list[dict[str, Any]]
    state: dict[str, Any]
    reading: dict[str, Any] = field(default_factory=dict)
    failed: bool = False


class RasaClient:
    """Calls the gateway channel of a Rasa on loopback. Raises `RasaUnavailable`."""

    def __init__(self, url: str, token: str, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_seconds,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
            trust_env=False,
        )

    async def turn(
        self, sender: str, text: str, state: dict[str, Any], metadata: dict[str, str], *, waited: float = 0.0
    ) -> TurnResult:
        """One message in a conversation whose dialogue stands in `state`; it has already `waited` seconds for its turn."""
        body = await self._post(
            "/webhooks/insyn/turn",
            {"sender": sender, "text": text, "state": state, "metadata": metadata},
            max(self._timeout - waited, LEAST_SECONDS),
        )
        try:
            messages = [{"text": each.get("text"), "data": dict(each.get("data") or {})} for each in body["messages"]]
            return TurnResult(messages, dict(body["state"]), body.get("reading") or {}, bool(body.get("failed")))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RasaUnavailable("not the answer of a turn") from error

    async def read(self, texts: list[str]) -> list[dict[str, Any]]:
        """How each text is understood, without any dialogue."""
        readings: list[dict[str, Any]] = await self._post("/webhooks/insyn/read", {"texts": texts}, self._timeout)
        return readings

    async def is_ready(self) -> bool:
        """Whether Rasa answers and has a model."""
        try:
            response = await self._client.get("/webhooks/insyn/", timeout=1.0)
            return response.status_code == 200 and bool(response.json().get("ready"))
        except (httpx.HTTPError, ValueError):
            return False

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, path: str, body: dict[str, Any], seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds):  # of all, also of an answer that comes drop by drop
                response = await self._client.post(path, json=body)
            response.raise_for_status()
            return response.json()
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise RasaUnavailable(type(error).__name__) from error
