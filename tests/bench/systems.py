"""The two systems as the bench sees them: started, asked over HTTP, weighed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import httpx
import psutil

from insyn.runtime.progress import Stop
from insyn.runtime.rasa_command import rasa_executable
from tests.bench.training import HOME, stock_environment
from tests.fixtures.system import System

FIRST_QUESTION = "Hur länge sparar ni mina uppgifter?"
START_LIMIT_SECONDS = 240


class Conversation(Protocol):
    """One person's conversation."""

    async def ask(self, text: str) -> str:
        """Sends a message; returns what came back, as one text."""


class Candidate(AbstractContextManager["Candidate"]):
    """A running system; on entering it is started and answers its first question."""

    name: str
    start_seconds: float
    http: httpx.AsyncClient

    async def conversation(self) -> Conversation:
        """Begins a conversation."""
        raise NotImplementedError

    def processes(self) -> dict[str, psutil.Process]:
        """The processes by what they are."""
        raise NotImplementedError

    def memory(self) -> dict[str, int]:
        """Resident bytes of each process."""
        return {name: process.memory_info().rss for name, process in self.processes().items()}

    def cpu_seconds(self) -> float:
        """Processor time used so far by all its processes."""
        times = [process.cpu_times() for process in self.processes().values()]
        return sum(each.user + each.system for each in times)


class Insyn(Candidate):
    """`insyn serve` with a store of its own on the disk where a store would be."""

    name = "Insyn"

    def __enter__(self) -> Self:
        HOME.mkdir(parents=True, exist_ok=True)
        self._home = Path(tempfile.mkdtemp(prefix="run-", dir=HOME))
        self._system = System(self._home)
        self.http = _client(self._system.url)
        began = time.monotonic()
        try:
            self._system.start()
            _ask_first(self._first_answer)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.start_seconds = time.monotonic() - began
        return self

    def _first_answer(self) -> bool:
        with httpx.Client(base_url=self._system.url, timeout=30, trust_env=False) as http:
            token = http.post("/api/chat/conversations").raise_for_status().json()["token"]
            answer = http.post(
                "/api/chat/messages", json={"text": FIRST_QUESTION}, headers={"Authorization": f"Bearer {token}"}
            )
            return bool(answer.raise_for_status().json()["messages"][0].get("topic"))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._system.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    async def conversation(self) -> Conversation:
        opened = (await self.http.post("/api/chat/conversations")).raise_for_status().json()
        return _InsynConversation(self.http, opened["token"])

    def processes(self) -> dict[str, psutil.Process]:
        service = psutil.Process(self._system.pid)
        assert self._system.rasa_pid is not None
        return {"service": service, "Rasa": psutil.Process(self._system.rasa_pid)}


class _InsynConversation:
    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._token = token

    async def ask(self, text: str) -> str:
        answer = await self._http.post(
            "/api/chat/messages",
            json={"text": text},
            headers={"Authorization": f"Bearer {self._token}", "Idempotency-Key": str(uuid.uuid4())},
        )
        return _joined(answer.raise_for_status().json()["messages"])


class StockRasa(Candidate):
    """`rasa run` on the stock project, reached over its REST channel; trackers in memory, as `rasa init` has it."""

    name = "stock Rasa"

    def __init__(self, project: Path, model: str) -> None:
        self._project = project
        self._model = model

    def __enter__(self) -> Self:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        self.http = _client(url)
        command = [
            rasa_executable(), "run", "--interface", "127.0.0.1", "--port", str(port), "--model", self._model,
            "--credentials", "credentials.yml", "--endpoints", "endpoints.yml",
        ]  # fmt: skip
        began = time.monotonic()
        with (self._project / "console.log").open("wb") as sink:
            self._process = psutil.Popen(
                command, cwd=self._project, env=stock_environment(), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
            )
        try:
            _ask_first(lambda: self._first_answer(url))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.start_seconds = time.monotonic() - began
        return self

    def _first_answer(self, url: str) -> bool:
        if self._process.poll() is not None:
            log = self._project / "console.log"
            raise Stop(f"Rasa slutade, se {log}.", f"Rasa ended, see {log}.")
        body = {"sender": str(uuid.uuid4()), "message": FIRST_QUESTION}
        return bool(httpx.post(f"{url}/webhooks/rest/webhook", json=body, timeout=30, trust_env=False).json())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except psutil.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    async def conversation(self) -> Conversation:
        return _StockConversation(self.http, str(uuid.uuid4()))

    def processes(self) -> dict[str, psutil.Process]:
        return {"Rasa": psutil.Process(self._process.pid)}


class _StockConversation:
    def __init__(self, http: httpx.AsyncClient, sender: str) -> None:
        self._http = http
        self._sender = sender

    async def ask(self, text: str) -> str:
        answer = await self._http.post("/webhooks/rest/webhook", json={"sender": self._sender, "message": text})
        return _joined(answer.raise_for_status().json())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=60, trust_env=False)


def _joined(messages: list[dict[str, Any]]) -> str:
    return "\n\n".join(message.get("text") or "" for message in messages)


def _ask_first(answered: Callable[[], bool]) -> None:
    limit = time.monotonic() + START_LIMIT_SECONDS
    while time.monotonic() < limit:
        try:
            if answered():
                return
        except (httpx.HTTPError, ValueError):
            pass
        time.sleep(0.1)
    raise Stop("Ett av systemen svarade inte i tid.", "One of the systems did not answer in time.")
