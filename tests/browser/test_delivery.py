"""Fetching files as a person does: link, code, download. Forms without scripts, so the browser's own rules about them count."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from insyn.bootstrap import build
from insyn.store.engine import Store
from insyn.web.app import create_app
from tests.browser.conftest import PATIENCE_MS, Watch, accessible
from tests.fixtures.house import House, SettableClock, house_settings


@pytest.fixture
def served(sqlite_file: Path, tmp_path: Path, quick_build: None) -> Iterator[tuple[House, str]]:
    """A house whose delivery pages are served on a port of their own."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    clock, store = SettableClock(), Store(f"sqlite:///{sqlite_file}", busy_timeout_seconds=30)
    services = build(house_settings(tmp_path, port=port), clock=clock, store=store)
    app = create_app(services.settings, services=services)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield House(services, clock), f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    store.close()


@pytest.fixture
def page(browser: Browser, served: tuple[House, str]) -> Iterator[Page]:
    context = browser.new_context(base_url=served[1], locale="sv-SE", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(served[1])
    context.on("page", watch.over)
    yield context.new_page()
    context.close()
    # What is refused comes with a status that the browser tells of; anything else is an error of ours.
    assert [each for each in watch.errors if "status of 422" not in each and "favicon" not in each] == []
    assert watch.elsewhere == []


def test_from_the_link_to_the_file(served: tuple[House, str], page: Page) -> None:
    house, _ = served
    visitor = house.visitor()
    visitor.claims("request.rectification")
    visitor.proves()
    house.services.desk.submit(visitor.says())
    house.clock.go(hours=2)
    (case,) = house.cases()
    house.services.files.put(case.id, "rättat avtal.pdf", [b"%PDF of ours"], by="staff-1")
    house.services.deliveries.send(case.id, by="staff-1")
    link = re.search(r"(/hamta/\S+)", house.letters("delivery")[-1].text)
    assert link

    page.goto(link[1])
    accessible(page)
    page.get_by_role("button", name="Skicka koden").click()
    expect(page.get_by_role("status")).to_contain_text("En kod är på väg")
    page.get_by_label("Kod, 8 siffror").fill("00000000")
    page.get_by_role("button", name="Öppna").click()
    expect(page.get_by_role("alert")).to_contain_text("Koden stämmer inte")
    accessible(page)
    page.get_by_label("Kod, 8 siffror").fill(house.code())
    page.get_by_role("button", name="Öppna").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dina filer")
    accessible(page)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Hämta").click()
    download = downloading.value
    assert download.suggested_filename == "rättat avtal.pdf"
    assert Path(download.path()).read_bytes() == b"%PDF of ours"
    expect(page.get_by_role("heading", level=1)).to_have_text("Dina filer")
