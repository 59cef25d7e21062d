"""The Rasa child process: started on loopback, watched, restarted when it dies, ended with us."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import httpx
import structlog

from insyn.runtime import tether
from insyn.runtime.rasa_command import connected_environment, rasa_executable
from insyn.settings import PROJECT_ROOT, Settings

State = Literal["starting", "ready", "restarting", "stopped"]

PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
START_LIMIT_SECONDS = 240.0
STEADY_SECONDS = 60.0
STOP_LIMIT_SECONDS = 8.0
CHECK_SECONDS = 10.0
HEALTH_TIMEOUT_SECONDS = 5.0
MISSED_CHECKS = 4
LOG_LIMIT_BYTES = 2_000_000

logger = structlog.get_logger(__name__)


class RasaProcess:
    """Keeps one child process alive and knows whether it answers.

    `health_url` is asked with `headers`; the child is ready when the answer is 200 and says `"ready": true`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        health_url: str,
        headers: Mapping[str, str],
        log: Path,
        cwd: Path = PROJECT_ROOT,
        pauses: Sequence[float] = PAUSES_SECONDS,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self.state: State = "stopped"
        self.pid: int | None = None
        self._command = [sys.executable, tether.__file__, str(os.getpid()), *command]
        self._env = dict(env)
        self._health_url = health_url
        self._headers = dict(headers)
        self.log = log
        self._cwd = cwd
        self._pauses = pauses
        self._check_seconds = check_seconds
        self._ready = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts the child and the watch over it; returns when the child runs, not when it answers."""
        if self._watch is None:
            _rotate(self.log)
            self.state = "starting"
            first = await self._spawn()
            self._watch = asyncio.create_task(self._keep_alive(first), name="rasa")

    async def wait_ready(self) -> None:
        """Returns when Rasa answers."""
        await self._ready.wait()

    async def stop(self) -> None:
        """Ends the child and all it started: SIGTERM, and SIGKILL after 8 s."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        if self._process is not None and self._process.returncode is None:  # the watch never began
            await _end(self._process)
        self.state = "stopped"

    async def _keep_alive(self, process: asyncio.subprocess.Process) -> None:
        attempt = 0
        loop = asyncio.get_running_loop()
        async with httpx.AsyncClient(headers=self._headers, timeout=HEALTH_TIMEOUT_SECONDS, trust_env=False) as client:
            while True:
                ready_at = None
                try:
                    if await self._becomes_ready(process, client):
                        self.state, ready_at = "ready", loop.time()
                        self._ready.set()
                        await self._until_lost(process, client)
                finally:
                    self._ready.clear()
                    self.state = "restarting"
                    await _end(process)
                    self.pid = None
                if ready_at is not None and loop.time() - ready_at >= STEADY_SECONDS:
                    attempt = 0
                pause = self._pauses[min(attempt, len(self._pauses) - 1)]
                attempt += 1
                logger.error("rasa_lost", exit_code=process.returncode, restart_in_seconds=pause)
                await asyncio.sleep(pause)
                process = await self._spawn()

    async def _spawn(self) -> asyncio.subprocess.Process:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as sink:
            process = await asyncio.create_subprocess_exec(
                *self._command, cwd=self._cwd, env=self._env, stdin=asyncio.subprocess.DEVNULL,
                stdout=sink, stderr=sink, start_new_session=True,
            )  # fmt: skip
        self._process, self.pid = process, process.pid
        return process

    async def _becomes_ready(self, process: asyncio.subprocess.Process, client: httpx.AsyncClient) -> bool:
        loop = asyncio.get_running_loop()
        limit = loop.time() + START_LIMIT_SECONDS
        while loop.time() < limit:
            if await _ends_within(process, 0.25):
                return False
            if await self._answers(client):
                return True
        return False

    async def _until_lost(self, process: asyncio.subprocess.Process, client: httpx.AsyncClient) -> None:
        missed = 0
        while missed < MISSED_CHECKS and not await _ends_within(process, self._check_seconds):
            missed = 0 if await self._answers(client) else missed + 1

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            answer = await client.get(self._health_url)
            return answer.status_code == 200 and answer.json().get("ready") is True
        except (httpx.HTTPError, ValueError, AttributeError):
            return False


def rasa_process(settings: Settings, model: Path, root: Path = PROJECT_ROOT) -> RasaProcess:
    """Rasa with `model`, on 127.0.0.1 only, without its HTTP API: nothing but the gateway's channel."""
    token = settings.rasa_token.get_secret_value()
    command = [
        rasa_executable(root), "run", "--interface", "127.0.0.1", "--port", str(settings.rasa_port),
        "--model", str(model), "--endpoints", str(root / "endpoints.yml"),
        "--credentials", str(root / "credentials.yml"),
    ]  # fmt: skip
    return RasaProcess(
        command,
        env=connected_environment(settings),
        health_url=f"{settings.rasa_url}/webhooks/insyn/",
        headers={"Authorization": f"Bearer {token}"},
        log=settings.var_dir / "log" / "rasa.log",
        cwd=root,
    )


async def _ends_within(process: asyncio.subprocess.Process, seconds: float) -> bool:
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends the process group; what is left of it when the leader is gone goes too."""
    _signal(process, signal.SIGTERM)
    if not await _ends_within(process, STOP_LIMIT_SECONDS):
        _signal(process, signal.SIGKILL)
        await process.wait()
    _signal(process, signal.SIGKILL)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_name(log.name + ".1"))
