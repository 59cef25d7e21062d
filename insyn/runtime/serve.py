"""Everything in one asyncio process: the web service, Rasa's action webhook, and Rasa as a watched child."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from insyn.runtime.ports import action_port, claim, require_free, web_port
from insyn.runtime.progress import Stop, Ticker
from insyn.runtime.rasa_process import RasaProcess, rasa_process
from insyn.runtime.training import model_path
from insyn.settings import Settings

GRACE_SECONDS = 4  # for requests under way when we are asked to stop


class _Server(uvicorn.Server):
    """A uvicorn server whose signals are `serve`'s business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Runs until SIGINT or SIGTERM; everything it started has ended when it returns, within 10 s.

    The web service answers at once and reports that Rasa is starting. Raises `Stop` when a port is taken, the
    model is missing, or the service cannot start.
    """
    require_free(settings)
    model = model_path()
    if not model.exists():
        raise Stop(
            "Det finns ingen modell för de data som nu gäller. Kör make train.",
            "There is no model for the present data. Use make train.",
        )
    web_socket, action_socket = claim(web_port(settings)), claim(action_port(settings))
    rasa = rasa_process(settings, model)
    servers: list[_Server] = []
    with _signals(servers) as stopping:
        try:
            # First, because it takes longest: Rasa loads on one core while the service is built on the other.
            await rasa.start()
            await _serve(settings, rasa, web_socket, action_socket, servers, stopping)
        finally:
            await rasa.stop()
    if not stopping.is_set():
        raise _not_started()


async def _serve(
    settings: Settings,
    rasa: RasaProcess,
    web_socket: socket.socket,
    action_socket: socket.socket,
    servers: list[_Server],
    stopping: asyncio.Event,
) -> None:
    from insyn.web.app import create_action_app, create_app

    app = create_app(settings)
    services = app.state.services
    services.rasa_state = lambda: rasa.state
    web, actions = _server(app), _server(create_action_app(services))
    servers.append(web)
    running = [
        asyncio.create_task(_run(web, web_socket), name="web"),
        asyncio.create_task(_run(actions, action_socket), name="actions"),
    ]
    attending: list[asyncio.Task[Any]] = [asyncio.create_task(stopping.wait(), name="stopping")]
    try:
        await _started(web, actions, running=running, stopping=stopping)
        _show_addresses(settings, await asyncio.to_thread(services.members.first_link))
        attending.append(asyncio.create_task(_greet(rasa), name="greeting"))
        await asyncio.wait([*running, attending[0]], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in attending:
            task.cancel()
        # Rasa needs the webhook until its last turn is over.
        web.should_exit = True
        await asyncio.gather(rasa.stop(), running[0], return_exceptions=True)
        actions.should_exit = True
        await asyncio.gather(*running, return_exceptions=True)
    for each in running:
        each.result()


def _server(app: Any) -> _Server:
    # The application decides whom to believe about addresses (INSYN_TRUSTED_PROXIES), and keeps its own log.
    return _Server(
        uvicorn.Config(
            app, log_config=None, access_log=False, proxy_headers=False, server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )  # fmt: skip


async def _run(server: _Server, listener: socket.socket) -> None:
    try:
        await server.serve(sockets=[listener])
    except SystemExit:  # uvicorn's way of saying that it could not start
        raise _not_started() from None


async def _started(*servers: _Server, running: list[asyncio.Task[None]], stopping: asyncio.Event) -> None:
    while not all(server.started for server in servers) and not stopping.is_set():
        if any(task.done() for task in running):
            for task in running:
                if task.done():
                    task.result()
            raise _not_started()
        await asyncio.sleep(0.02)


def _not_started() -> Stop:
    return Stop(
        "Tjänsten kunde inte starta eller slutade oväntat, se ovan.",
        "The service could not start or ended unexpectedly, see above.",
    )


@contextlib.contextmanager
def _signals(servers: list[_Server]) -> Iterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop(number: signal.Signals) -> None:
        stopping.set()
        for server in servers:
            # Through the server, because open event streams listen to it; a second Ctrl-C waits for no request.
            server.handle_exit(number, None)

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop, number)
    try:
        yield stopping
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _greet(rasa: RasaProcess) -> None:
    ticker = Ticker("Samtalsmotorn (Rasa) startar")
    waiting = asyncio.create_task(rasa.wait_ready())
    while not (await asyncio.wait([waiting], timeout=0.2))[0]:
        ticker.tick(f"se {rasa.log}" if rasa.state == "restarting" else "")
    ticker.done()
    Console(highlight=False).print("Redo. Avsluta med Ctrl-C.")


def _show_addresses(settings: Settings, first_link: str | None) -> None:
    local = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    address = f"http://{local}:{settings.port}"
    table = Table.grid(padding=(0, 2))
    table.add_row("Chatt", f"{address}/")
    if settings.catches_mail:
        table.add_row("Utvecklingsbrevlåda", f"{address}/dev/mailbox")
    table.add_row("Personalens konsol", f"{address}/konsol")
    table.add_row("Hälsa", f"{address}/readyz")
    console = Console(highlight=False)
    console.print(Panel(table, title="Insyn", expand=False))
    if first_link is not None:
        console.print("Ingen i personalen har ett konto än. Skapa det första här (länken gäller en gång, i två dygn):")
        console.print(f"{address}/konsol/valkommen/{first_link}", soft_wrap=True)
