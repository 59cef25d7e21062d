"""The watch over Rasa, with a small stand-in that dies, hangs and stays deaf to SIGTERM on demand."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from insyn.runtime import rasa_process as module
from insyn.runtime.rasa_command import rasa_environment
from insyn.runtime.rasa_process import RasaProcess, State

STAND_IN = textwrap.dedent(
    """
    import http.server, os, signal, subprocess, sys
    port, manner = int(sys.argv[1]), sys.argv[2]
    print("started", manner, flush=True)
    if manner == "broken":
        sys.exit(3)
    if manner == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if manner == "parent":
        child = subprocess.Popen(["sleep", "60"])
        print("child", child.pid, flush=True)

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            right = self.headers["Authorization"] == "Bearer secret"
            self.send_response(200 if right else 401)
            self.end_headers()
            self.wfile.write(b'{"ready": false}' if manner == "unready" else b'{"ready": true}')
        def log_message(self, *_):
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", port), Health).serve_forever()
    """
)

Start = Callable[[str], Awaitable[RasaProcess]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    started: list[RasaProcess] = []

    async def _start(manner: str) -> RasaProcess:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        process = RasaProcess(
            [sys.executable, "-c", STAND_IN, str(port), manner],
            env=rasa_environment(),
            health_url=f"http://127.0.0.1:{port}/",
            headers={"Authorization": "Bearer secret"},
            log=tmp_path / "log" / "rasa.log",
            pauses=(0.05, 0.1),
            check_seconds=0.1,
        )
        await process.start()
        started.append(process)
        return process

    yield _start
    for process in started:
        await process.stop()


async def _within(seconds: float, awaitable: Awaitable[None]) -> None:
    await asyncio.wait_for(awaitable, seconds)


async def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_it_is_starting_then_ready_then_stopped(start: Start) -> None:
    process = await start("well")
    states: list[State] = [process.state]
    await _within(10, process.wait_ready())
    states.append(process.state)
    pid = process.pid
    await process.stop()
    states.append(process.state)

    assert states == ["starting", "ready", "stopped"]
    assert pid is not None
    assert not _alive(pid)


async def test_killed_process_is_restarted(start: Start) -> None:
    process = await start("well")
    await _within(10, process.wait_ready())
    first = process.pid
    assert first is not None

    os.kill(first, signal.SIGKILL)
    await _until(lambda: process.state == "restarting")
    await _within(10, process.wait_ready())

    assert process.state == "ready"
    assert process.pid not in (None, first)


async def test_hung_process_is_restarted(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_LIMIT_SECONDS", 0.3)
    monkeypatch.setattr(module, "HEALTH_TIMEOUT_SECONDS", 0.2)
    process = await start("well")
    await _within(10, process.wait_ready())
    first = process.pid
    assert first is not None

    os.kill(first, signal.SIGSTOP)
    await _until(lambda: process.pid not in (None, first))
    await _within(10, process.wait_ready())


async def test_broken_process_is_tried_again_and_again(start: Start) -> None:
    process = await start("broken")
    await _until(lambda: process.log.exists() and process.log.read_text().count("started") >= 3)

    assert process.state == "restarting"


async def test_process_without_a_model_is_not_ready(start: Start) -> None:
    process = await start("unready")
    with pytest.raises(TimeoutError):
        await _within(1.0, process.wait_ready())
    assert process.state == "starting"


async def test_deaf_process_is_killed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_LIMIT_SECONDS", 0.3)
    process = await start("deaf")
    await _within(10, process.wait_ready())
    pid = process.pid
    assert pid is not None

    await _within(3, process.stop())
    assert not _alive(pid)


async def test_what_it_started_ends_with_it(start: Start) -> None:
    process = await start("parent")
    await _within(10, process.wait_ready())
    child = int(process.log.read_text().split("child ")[1].split()[0])
    assert _alive(child)

    await process.stop()
    await _until(lambda: not _alive(child))


async def test_stop_during_the_pause_is_quick(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    process = await start("broken")
    process._pauses = (60.0,)
    await _until(lambda: process.state == "restarting" and process.pid is None)
    await _within(1, process.stop())


@pytest.mark.skipif(sys.platform != "linux", reason="the tether is Linux's")
@pytest.mark.parametrize("frozen", [False, True], ids=["at work", "frozen"])
def test_it_ends_when_we_are_killed(frozen: bool) -> None:
    script = textwrap.dedent(
        """
        import os, subprocess, sys
        from insyn.runtime import tether
        child = subprocess.Popen([sys.executable, tether.__file__, str(os.getpid()), "/bin/sleep", "60"])
        print(child.pid, flush=True)
        child.wait()
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    asyncio.run(_until(lambda: Path(f"/proc/{child}/comm").read_text().strip() == "sleep"))
    if frozen:
        os.kill(child, signal.SIGSTOP)

    parent.kill()
    parent.wait()
    asyncio.run(_until(lambda: not _alive(child)))
    parent.stdout.close()


def test_rasa_gets_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSYN_MASTER_KEYS", "k1:secret")
    environment = rasa_environment(INSYN_RASA_TOKEN="token")

    assert [key for key in environment if key.startswith("INSYN_")] == ["INSYN_RASA_TOKEN"]
    assert environment["RASA_TELEMETRY_ENABLED"] == "false"


def test_big_log_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOG_LIMIT_BYTES", 10)
    log = tmp_path / "rasa.log"
    log.write_text("more than ten bytes")
    module._rotate(log)

    assert not log.exists()
    assert (tmp_path / "rasa.log.1").read_text() == "more than ten bytes"
