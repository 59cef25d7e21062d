"""Logging in by the organisation's own provider, which runs as a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from insyn.bootstrap import Services, build
from insyn.staff.members import NoSuchLink
from insyn.staff.roles import Role
from insyn.store.engine import Store
from insyn.web.app import create_app
from tests.fixtures.house import SettableClock, house_settings
from tests.fixtures.openid_provider import ACR, CLIENT_ID, CLIENT_SECRET, OpenIdProvider
from tests.fixtures.staff import Desk, set_up


@pytest.fixture
def provider(openid_provider: OpenIdProvider) -> OpenIdProvider:
    openid_provider.lie()
    openid_provider.person(sub="hanna-1", name="Hanna Handläggare")
    return openid_provider


@pytest.fixture
def clock() -> SettableClock:
    """The provider stamps its tokens with the real time."""
    return SettableClock(datetime.now(UTC))


@pytest.fixture
def services(
    store: Store, clock: SettableClock, provider: OpenIdProvider, tmp_path: Path, quick_build: None
) -> Services:
    settings = house_settings(
        tmp_path, staff_issuer=provider.issuer, staff_client_id=CLIENT_ID, staff_client_secret=CLIENT_SECRET, staff_acr_values=ACR,
        base_url="http://testserver", rate_log_in_per_minute=100,
    )  # fmt: skip
    return build(settings, clock=clock, store=store)


@pytest.fixture
async def one(services: Services) -> AsyncIterator[Desk]:
    """A browser of nobody."""
    one = Desk(services, app=create_app(services.settings, services=services))
    yield one
    await one.http.aclose()
    assert services.staff_provider is not None
    await services.staff_provider.close()
    await services.rasa.close()


async def there_and_back(one: Desk, provider: OpenIdProvider, path: str) -> tuple[int, str, str]:
    """Follows a link to the provider and back: status, where it leads on, and the page."""
    off = await one.gets(path)
    assert off.status_code == 303, off.text
    back = await one.gets(provider.log_in(off.headers["location"]))
    return back.status_code, back.headers.get("location", ""), back.text


async def test_an_account_is_set_up_and_entered_by_the_provider(
    services: Services, one: Desk, provider: OpenIdProvider
) -> None:
    _, link = services.members.invite("Hanna Handläggare", "hanna@example.com", [Role.HANDLER], by="operator")
    assert await there_and_back(one, provider, f"/konsol/valkommen/{link}/organisation") == (303, "/konsol", "")
    assert (await one.gets("/konsol/arenden")).status_code == 200
    with pytest.raises(NoSuchLink):
        services.members.welcome(link)
    one.http.cookies.clear()
    assert (await one.gets("/konsol/arenden")).status_code == 303
    assert (await there_and_back(one, provider, "/konsol/organisation/logga-in"))[:2] == (303, "/konsol")
    assert (await one.gets("/konsol/arenden")).status_code == 200
    assert [attempt.outcome for attempt in services.log_in.attempts(limit=9)] == ["provider", "provider"]


async def test_a_member_ties_the_provider_to_the_own_account(
    services: Services, one: Desk, provider: OpenIdProvider
) -> None:
    one.account = set_up(services, Role.DPO)
    one.is_in()
    assert (await there_and_back(one, provider, "/konsol/organisation/koppla"))[:2] == (
        303,
        "/konsol/mig?klart=kopplat",
    )
    one.http.cookies.clear()
    await there_and_back(one, provider, "/konsol/organisation/logga-in")
    assert (await one.gets("/konsol/insynslogg")).status_code == 200
    # The same person cannot be two accounts, and a tie belongs to whoever began it.
    other = set_up(services, Role.HANDLER)
    one.http.cookies.clear()
    one.account = other
    one.is_in()
    assert (await there_and_back(one, provider, "/konsol/organisation/koppla"))[0] == 403
    off = await one.gets("/konsol/organisation/koppla")
    provider.person(sub="another")
    one.http.cookies.delete("insyn-staff")
    assert (await one.gets(provider.log_in(off.headers["location"]))).status_code == 403


async def test_whoever_has_no_account_stays_out(services: Services, one: Desk, provider: OpenIdProvider) -> None:
    provider.person(sub="stranger")
    status, _, page = await there_and_back(one, provider, "/konsol/organisation/logga-in")
    assert status == 403
    assert "inget konto här" in page
    assert "Till inloggningen" in page
    assert [attempt.outcome for attempt in services.log_in.attempts(limit=9)] == ["provider-unknown"]
    assert (await one.gets("/konsol")).status_code == 303
    closed = set_up(services, Role.HANDLER)
    one.account = closed
    one.is_in()
    await there_and_back(one, provider, "/konsol/organisation/koppla")
    services.members.close(closed.id, by="operator")
    one.http.cookies.clear()
    assert (await there_and_back(one, provider, "/konsol/organisation/logga-in"))[0] == 403


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"nonce": "x"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"acr": "weak"}},
        {"key": "none"},
    ],
)
async def test_security_21_an_answer_that_lies_lets_nobody_in(
    services: Services, one: Desk, provider: OpenIdProvider, lie: dict[str, object]
) -> None:
    _, link = services.members.invite("Hanna Handläggare", "hanna@example.com", [Role.HANDLER], by="operator")
    provider.lie(**lie)
    assert (await there_and_back(one, provider, f"/konsol/valkommen/{link}/organisation"))[0] == 403
    assert services.members.welcome(link).member.status == "invited"
    assert [attempt.outcome for attempt in services.log_in.attempts(limit=9)] == ["provider-refused"]


async def test_a_provider_that_does_not_answer_is_told_and_noted(
    services: Services, one: Desk, provider: OpenIdProvider
) -> None:
    provider.lie(metadata={"jwks_uri": "http://127.0.0.1:9/keys"})  # on the way there
    off = await one.gets("/konsol/organisation/logga-in")
    assert (off.status_code, "svarar inte just nu" in off.text) == (503, True)
    provider.lie(token_status=500)  # on the way back
    status, _, page = await there_and_back(one, provider, "/konsol/organisation/logga-in")
    assert (status, "svarar inte just nu" in page) == (503, True)
    assert [attempt.outcome for attempt in services.log_in.attempts(limit=9)] == ["provider-silent"] * 2
    one.account = set_up(services, Role.ADMIN)
    one.is_in()
    assert "organisationens inloggning svarade inte" in (await one.gets("/konsol/inloggningar")).text


async def test_an_answer_in_another_browser_lets_nobody_in(
    services: Services, one: Desk, provider: OpenIdProvider
) -> None:
    off = await one.gets("/konsol/organisation/logga-in")
    one.http.cookies.clear()
    assert (await one.gets(provider.log_in(off.headers["location"]))).status_code == 403
