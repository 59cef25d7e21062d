"""Fixtures of tests that go through the web service with a fake Rasa behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from insyn.bootstrap import Services
from insyn.settings import Settings
from tests.fixtures.fake_rasa import FakeRasa
from tests.fixtures.house import house_settings
from tests.fixtures.web import Browser


@pytest.fixture
def rasa() -> FakeRasa:
    """A Rasa that does not run yet."""
    return FakeRasa()


@pytest.fixture
async def running_rasa(rasa: FakeRasa) -> AsyncIterator[FakeRasa]:
    async with rasa.running():
        yield rasa


@pytest.fixture
def settings(tmp_path: Path, rasa: FakeRasa) -> Settings:
    return house_settings(tmp_path, rasa_port=rasa.port, rasa_timeout_seconds=1.0)


@pytest.fixture
async def browser(services: Services) -> AsyncIterator[Browser]:
    browser = Browser(services)
    yield browser
    await browser.http.aclose()
    await services.rasa.close()
