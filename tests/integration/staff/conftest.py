"""Fixtures of the console's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from insyn.bootstrap import Services
from insyn.mail.inbox import Origin
from insyn.staff import passwords
from insyn.staff.roles import Role
from insyn.web.app import create_app
from tests.fixtures.correspondence import mail
from tests.fixtures.house import ADDRESS, House
from tests.fixtures.staff import MAIL_WORDS, Desk, _hashed_once, set_up


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


@pytest.fixture
def handler(desk: Callable[..., Desk]) -> Desk:
    return desk(Role.HANDLER)


@pytest.fixture
def put(house: House) -> Callable[..., str]:
    """A mail that has come to its end; returns its id."""

    def make(status: str, words: str = MAIL_WORDS, case_id: str | None = None) -> str:
        house.clock.go(minutes=1)
        taken = house.services.inbox.take(
            mail(words, sender=f"Alva <{ADDRESS}>", subject="Om Alva Lindqvist").as_bytes(), Origin("smtp")
        )
        with house.store.write() as session:
            row = house.services.inbox.row(session, taken.id)
            row.case_id = case_id
            house.services.inbox.book(session, row, status, "guardian", "Någon annan än personen själv skriver.")
        return taken.id

    return make
