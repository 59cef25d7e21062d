"""One message from the command line: to the running service, or to one started for the occasion."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from insyn.runtime.progress import Stop
from insyn.settings import Settings


def ask_once(settings: Settings, text: str, session_file: Path | None) -> dict[str, Any]:
    """What POST /api/chat/messages answers to `text`. `session_file` keeps the conversation. Raises `Stop`."""
    address = f"http://{settings.host}:{settings.port}"
    if is_up(address):
        return _ask(address, text, session_file)
    with service_aside(settings) as aside:
        return _ask(aside, text, session_file)


@contextmanager
def service_aside(settings: Settings) -> Iterator[str]:
    """The service on free ports for as long as the block lasts, on the same store. Raises `Stop`."""
    port, rasa_port, action_port, mail_port, listener_port = _free_ports(5)
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "INSYN_HOST": "127.0.0.1",
        "INSYN_PORT": str(port),
        "INSYN_RASA_PORT": str(rasa_port),
        "INSYN_ACTION_PORT": str(action_port),
        "INSYN_DEV_SMTP_PORT": str(mail_port),
        "INSYN_MAIL_LISTEN_PORT": str(listener_port),
        "INSYN_BASE_URL": address,
    }
    sys.stderr.write("Tjänsten är inte igång: startar den för den här frågan (make run låter den gå).\n")
    process = subprocess.Popen([sys.executable, "-m", "insyn.cli", "serve"], env=environment, stdout=sys.stderr)
    try:
        while not is_up(address, "/readyz"):
            if process.poll() is not None:
                raise Stop("Tjänsten kunde inte startas, se ovan.", "The service could not be started, see above.")
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def is_up(address: str, path: str = "/healthz") -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(address + path, timeout=2, trust_env=False).is_success
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
