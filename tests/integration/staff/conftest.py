"""Fixtures of the console's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from insyn.bootstrap import Services
from insyn.staff import passwords
from insyn.staff.roles import Role
from insyn.web.app import create_app
from tests.fixtures.staff import Desk, _hashed_once, set_up


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hashed", _hashed_once)


@pytest.fixture
async def desk(services: Services) -> AsyncIterator[Callable[..., Desk]]:
    """Makes browsers: of someone with these roles who is logged in, or of nobody."""
    app = create_app(services.settings, services=services)
    desks: list[Desk] = []

    def make(*roles: Role) -> Desk:
        one = Desk(services, set_up(services, *roles), app).is_in() if roles else Desk(services, app=app)
        desks.append(one)
        return one

    yield make
    for one in desks:
        await one.http.aclose()
    await services.rasa.close()
