"""One message from the command line: to the running service, or to one started for the occasion."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from insyn.runtime.progress import Stop
from insyn.settings import Settings


def ask_once(settings: Settings, text: str, session_file: Path | None) -> dict[str, Any]:
    """What POST /api/chat/messages answers to `text`. `session_file` keeps the conversation. Raises `Stop`."""
    if not _is_up(settings):
        from insyn.runtime.serve import running_aside

        return asyncio.run(_ask_aside(settings, text, session_file, running_aside))
    return _ask(f"http://{settings.host}:{settings.port}", text, session_file)


async def _ask_aside(settings: Settings, text: str, session_file: Path | None, running_aside: Any) -> dict[str, Any]:
    async with running_aside(settings) as base_url:
        return await asyncio.to_thread(_ask, base_url, text, session_file)


def _is_up(settings: Settings) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"http://{settings.host}:{settings.port}/healthz", timeout=2, trust_env=False).is_success
    return False


def _ask(base_url: str, text: str, session_file: Path | None) -> dict[str, Any]:
    with httpx.Client(base_url=base_url, timeout=15, trust_env=False) as client:
        token = _kept_token(session_file)
        response = _send(client, token, text) if token else None
        if response is None or response.status_code == 401:
            token = client.post("/api/chat/conversations").raise_for_status().json()["token"]
            response = _send(client, token, text)
        body: dict[str, Any] = response.json()
        if response.is_error:
            message = body["error"]["message"]
            raise Stop(message, f"HTTP {response.status_code}")
        token = body.pop("token", token)
    if session_file is not None:
        _keep_token(session_file, token)
    return body


def _send(client: httpx.Client, token: str, text: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}
    return client.post("/api/chat/messages", json={"text": text}, headers=headers)


def _kept_token(session_file: Path | None) -> str | None:
    if session_file is None or not session_file.exists():
        return None
    token = json.loads(session_file.read_text(encoding="utf-8")).get("token")
    return str(token) if token else None


def _keep_token(session_file: Path, token: str) -> None:
    descriptor = os.open(session_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"token": token}, file)
