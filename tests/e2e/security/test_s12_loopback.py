"""security.md 12: Rasa and the action webhook can be reached from this machine alone, and there by their secrets only."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from tests.fixtures.system import System

INNER = ("INSYN_RASA_PORT", "INSYN_ACTION_PORT", "INSYN_DEV_SMTP_PORT", "INSYN_MAIL_LISTEN_PORT")
HTTP_API = (
    ("GET", "/status"), ("GET", "/version"), ("GET", "/domain"), ("PUT", "/model"), ("POST", "/model/parse"), ("POST", "/model/train"),
    ("GET", "/conversations/default/tracker"), ("POST", "/conversations/default/messages"), ("POST", "/webhooks/rest/webhook"),
)  # fmt: skip


@pytest.mark.parametrize("port", INNER)
def test_security_12_what_is_inside_listens_on_loopback_only(system: System, port: str) -> None:
    """127.0.0.2 is this machine as well, but nothing that a listener on 127.0.0.1 alone would answer."""
    number = system.ports[port]
    socket.create_connection(("127.0.0.1", number), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", number), timeout=5)


def test_security_12_rasa_has_no_http_api_and_its_channel_needs_the_token(system: System) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{system.ports['INSYN_RASA_PORT']}", timeout=10) as rasa:
        for method, path in HTTP_API:
            assert rasa.request(method, path, json={}).status_code in (404, 405), path
        turn = {"sender": "x", "text": "/restart", "metadata": {"turn": "x"}, "state": {}}
        for headers in ({}, {"Authorization": "Bearer x"}):
            assert rasa.post("/webhooks/insyn/turn", json=turn, headers=headers).status_code == 401
            assert rasa.post("/webhooks/insyn/read", json={"texts": ["hej"]}, headers=headers).status_code == 401


def test_security_12_rasa_is_started_without_telemetry(system: System) -> None:
    assert system.rasa_pid is not None
    environment = Path(f"/proc/{system.rasa_pid}/environ").read_bytes().split(b"\0")
    assert b"RASA_TELEMETRY_ENABLED=false" in environment
