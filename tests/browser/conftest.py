"""A person at a screen: Chromium, and whatever the page did that a person does not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.fixtures.system import System

# A headless browser that asks nothing of anyone but the page.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
PATIENCE_MS = 20_000


@dataclass
class Watch:
    """What went on behind the page: calls to other hosts, errors, and breaches of the content security policy."""

    own: str
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        """Watches a page."""
        page.on("request", lambda request: request.url.startswith(self.own) or self.elsewhere.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, system: System) -> Iterator[BrowserContext]:
    """A fresh browser profile, in which nothing may go wrong unseen."""
    expect.set_options(timeout=PATIENCE_MS)
    context = browser.new_context(
        base_url=system.url, locale="sv-SE", timezone_id="Europe/Stockholm", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(system.url)
    context.on("page", watch.over)
    yield context
    context.close()
    assert watch.errors == []
    assert watch.elsewhere == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """The chat, open and greeted."""
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("log").get_by_role("article")).to_have_count(1)
    return page


def accessible(page: Page) -> None:
    """Nothing that axe-core has to say about the page as it is now."""
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    found = results.response["violations"]
    assert found == [], [(each["id"], each["help"], [node["target"] for node in each["nodes"]]) for each in found]
