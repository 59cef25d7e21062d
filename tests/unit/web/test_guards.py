"""A call that the service cannot wait for when it is told to end: a plain word and when to come back, never a bare 500."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from insyn.web.guards import RESTARTING, Guards
from tests.fixtures.house import house_settings

SCOPE: Scope = {"type": "http", "method": "POST", "path": "/api/chat/messages", "headers": []}


async def cut_short(tmp_path: Path, *, after_the_start: bool) -> list[Any]:
    """What was sent of a call that was cancelled while it waited. Raises CancelledError as the guard does."""
    sent: list[Any] = []
    waiting = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        if after_the_start:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        waiting.set()
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    call = asyncio.create_task(Guards(app, house_settings(tmp_path))(SCOPE, receive, send))  # type: ignore[arg-type]
    await waiting.wait()
    call.cancel()
    await call
    return sent


async def test_it_is_told_to_come_back(tmp_path: Path) -> None:
    start, body = await cut_short(tmp_path, after_the_start=False)
    headers = dict(start["headers"])
    assert (start["status"], headers[b"retry-after"], headers[b"cache-control"]) == (503, b"5", b"no-store")
    error = json.loads(body["body"])["error"]
    assert error["message"] == RESTARTING
    assert error["id"].startswith("F-")


async def test_what_has_begun_is_not_answered_twice(tmp_path: Path) -> None:
    with pytest.raises(asyncio.CancelledError):
        await cut_short(tmp_path, after_the_start=True)
