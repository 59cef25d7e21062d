"""One process for everything: up at once, down on a signal, and no child left behind when it cannot start."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import insyn.web.app
from insyn.runtime import serve as module
from insyn.runtime.environment import SECRETS
from insyn.runtime.progress import Stop
from insyn.runtime.rasa_command import rasa_environment
from insyn.runtime.rasa_process import RasaProcess
from insyn.settings import Settings


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    secrets: dict[str, Any] = {name.removeprefix("INSYN_").lower(): make() for name, make in SECRETS.items()}
    ports = {name: _free_port() for name in ("port", "action_port", "rasa_port", "dev_smtp_port")}
    return Settings(_env_file=None, var_dir=tmp_path, **secrets, **ports)


@pytest.fixture
def rasa(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RasaProcess:
    """A Rasa that starts for ever."""
    process = RasaProcess(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        env=rasa_environment(),
        health_url=f"{settings.rasa_url}/",
        headers={},
        log=tmp_path / "rasa.log",
    )
    model = tmp_path / "model.tar.gz"
    model.touch()
    monkeypatch.setattr(module, "rasa_process", lambda settings, model: process)
    monkeypatch.setattr(module, "model_path", lambda: model)
    return process


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Starlette:
    """A service with one page, which tells how Rasa is."""

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.app.state.services.rasa_state())

    app = Starlette(routes=[Route("/", page)])
    app.state.services = SimpleNamespace(rasa_state=lambda: "ready", members=SimpleNamespace(first_link=lambda: None))
    monkeypatch.setattr(insyn.web.app, "create_app", lambda settings: app)
    monkeypatch.setattr(insyn.web.app, "create_action_app", lambda services: Starlette())
    return app


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_service_answers_while_rasa_starts_and_a_signal_ends_both(
    settings: Settings, rasa: RasaProcess, app: Starlette, number: signal.Signals
) -> None:
    serving = asyncio.create_task(module.serve(settings))
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(10):
        while True:
            try:
                answer = await client.get(f"http://127.0.0.1:{settings.port}/")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
    assert answer.text == "starting"

    os.kill(os.getpid(), number)
    await asyncio.wait_for(serving, 10)
    assert rasa.state == "stopped"
    assert rasa.pid is None


async def test_service_that_cannot_be_built_leaves_no_rasa(
    settings: Settings, rasa: RasaProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: Settings) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(insyn.web.app, "create_app", fail)
    with pytest.raises(RuntimeError):
        await module.serve(settings)
    assert rasa._process is not None
    assert rasa._process.returncode is not None


async def test_service_that_cannot_start_is_told(settings: Settings, rasa: RasaProcess, app: Starlette) -> None:
    @asynccontextmanager
    async def fail(app: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no")
        yield

    app.router.lifespan_context = fail
    with pytest.raises(Stop, match="could not start"):
        await asyncio.wait_for(module.serve(settings), 10)
    assert rasa.state == "stopped"


async def test_missing_model_says_what_to_run(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "model_path", lambda: tmp_path / "none.tar.gz")
    with pytest.raises(Stop, match="make train"):
        await module.serve(settings)
