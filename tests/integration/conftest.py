"""Fixtures of tests that go through the web service with a fake Rasa behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from insyn.bootstrap import Services
from insyn.logs import configure
from insyn.settings import Settings
from tests.fixtures.command import insyn_on, run
from tests.fixtures.fake_rasa import FakeRasa
from tests.fixtures.house import house_settings
from tests.fixtures.web import Browser

__all__ = ["insyn_on", "run"]


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """Logs as they are in production; structlog's own default draws whole tracebacks."""
    configure("ERROR")


@pytest.fixture
def rasa() -> FakeRasa:
    """A Rasa that does not run yet."""
    return FakeRasa()


@pytest.fixture
async def running_rasa(rasa: FakeRasa) -> AsyncIterator[FakeRasa]:
    async with rasa.running():
        yield rasa


@pytest.fixture
def patience() -> float:
    """Seconds that the service waits for Rasa: long, because other work may load the machine."""
    return 20.0


@pytest.fixture
def settings(tmp_path: Path, rasa: FakeRasa, patience: float) -> Settings:
    return house_settings(tmp_path, rasa_port=rasa.port, rasa_timeout_seconds=patience)


@pytest.fixture
async def browser(services: Services) -> AsyncIterator[Browser]:
    browser = Browser(services)
    yield browser
    await browser.http.aclose()
    await services.rasa.close()
