"""A console that is served, and someone on the staff in front of it. No Rasa: the staff need none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from insyn.bootstrap import build
from insyn.staff.roles import Role
from insyn.store.engine import Store
from insyn.web.app import create_app
from tests.browser.conftest import PATIENCE_MS, Watch
from tests.fixtures.house import House, SettableClock, house_settings
from tests.fixtures.staff import PASSWORD, Account, set_up

EXPECTED_STATUSES = ("status of 401", "status of 422", "status of 404", "status of 403")


@dataclass
class Served:
    """A house whose pages are on a port."""

    house: House
    url: str


@pytest.fixture
def served(sqlite_file: Path, tmp_path: Path, quick_build: None) -> Iterator[Served]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    clock, store = SettableClock(), Store(f"sqlite:///{sqlite_file}", busy_timeout_seconds=30)
    services = build(house_settings(tmp_path, port=port), clock=clock, store=store)
    app = create_app(services.settings, services=services)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield Served(House(services, clock), f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join()
    store.close()


@pytest.fixture
def screen(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Opens a fresh browser, in which nothing may go wrong unseen."""
    expect.set_options(timeout=PATIENCE_MS)
    opened: list[tuple[BrowserContext, Watch]] = []

    def make(width: int = 1280, **options: object) -> Page:
        context = browser.new_context(
            base_url=served.url, locale="sv-SE", timezone_id="Europe/Stockholm", reduced_motion="reduce",
            viewport={"width": width, "height": 900}, **options,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        watch = Watch(served.url)
        context.on("page", watch.over)
        opened.append((context, watch))
        return context.new_page()

    yield make
    for context, watch in opened:
        context.close()
        # What is refused comes with a status that the browser tells of; anything else is an error of ours.
        assert [each for each in watch.errors if not any(status in each for status in EXPECTED_STATUSES)] == []
        assert watch.elsewhere == []


def logs_in(page: Page, account: Account, clock: SettableClock) -> None:
    """Fills in the page of the log-in, with a code that has not been used."""
    clock.go(minutes=1)
    page.get_by_label("E-postadress").fill(account.email)
    page.get_by_label("Lösenord").fill(PASSWORD)
    page.get_by_label("Kod ur appen").fill(account.totp.at(clock()))
    page.get_by_role("button", name="Logga in").click()
    page.get_by_role("button", name="Logga ut").wait_for()


@pytest.fixture
def works(served: Served, screen: Callable[..., Page]) -> Callable[..., tuple[Page, Account]]:
    """Someone with these roles who has logged in by the page."""

    def make(*roles: Role, **options: object) -> tuple[Page, Account]:
        account = set_up(served.house.services, *roles)
        page = screen(**options)
        page.goto("/konsol")
        logs_in(page, account, served.house.clock)
        page.get_by_role("heading", name="Idag").wait_for()
        return page, account

    return make
