"""A human's doubt, a link, a log-in at a provider of its own process, and proof for that case alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import select

from insyn.bootstrap import build
from insyn.identity.oidc import SAYS, Reason
from insyn.identity.same_name import same_name
from insyn.identity.step_up import LASTS
from insyn.letters import compose
from insyn.letters.elements import Wording
from insyn.store.engine import Store
from insyn.store.identity_tables import StrongIdentification
from insyn.store.models import AuditRow, Case
from tests.fixtures.house import House, SettableClock, Visitor, house_settings
from tests.fixtures.openid_provider import ACR, CLIENT_ID, CLIENT_SECRET, OpenIdProvider
from tests.fixtures.web import Browser

HANDLER = "handler-1"
DOUBT = Wording(
    reasons="Namnet stämmer inte med det vi har.", asks="Berätta vilket företag du var kontaktperson för."
)  # fmt: skip


@pytest.fixture
def provider(openid_provider: OpenIdProvider) -> OpenIdProvider:
    openid_provider.lie()
    openid_provider.person(sub="kim-1", name="EXEMPEL, KIM ANDERS")
    return openid_provider


@pytest.fixture
def clock() -> SettableClock:
    """The provider stamps its tokens with the real time."""
    return SettableClock(datetime.now(UTC))


@pytest.fixture
def house(store: Store, clock: SettableClock, provider: OpenIdProvider, tmp_path: Path, quick_build: None) -> House:
    settings = house_settings(
        tmp_path, strong_issuer=provider.issuer, strong_client_id=CLIENT_ID, strong_client_secret=CLIENT_SECRET,
        strong_acr_values=f"{ACR} urn:example:loa4", strong_name="BankID",
    )  # fmt: skip
    return House(build(settings, clock=clock, store=store), clock)


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    browser = Browser(house.services)
    yield browser.http
    await browser.http.aclose()
    assert house.services.step_up is not None
    await house.services.step_up.close()


def opened(house: House, *rights: str, name: str = "Kim Exempel") -> tuple[Visitor, list[Case]]:
    """Cases that are open with the mailbox proved."""
    visitor = house.visitor()
    references = visitor.claims(*rights)
    visitor.proves()
    house.services.desk.add_detail(visitor.says(), "name", visitor.keeps("namn", name))
    house.services.desk.submit(visitor.says())
    return visitor, [house.case(reference) for reference in references]


def doubted(house: House, case: Case, wording: Wording = DOUBT) -> str:
    """Has a human doubt; returns the path of the link in the letter."""
    house.services.casework.doubt(case.id, wording, by=HANDLER)
    found = re.search(r"^http://127\.0\.0\.1:8000(/bevis/\S+)$", house.letters("identity")[-1].text, re.MULTILINE)
    assert found
    return found[1]


async def logs_in(http: httpx.AsyncClient, provider: OpenIdProvider, path: str) -> httpx.Response:
    """From the page to the provider and back."""
    away = await http.get(f"{path}/fortsatt")
    assert away.status_code == 303, away.text
    back = provider.log_in(away.headers["location"])
    return await http.get(back.removeprefix("http://127.0.0.1:8000"))


async def test_a_log_in_in_the_name_of_the_request_ends_the_doubt(
    house: House, http: httpx.AsyncClient, provider: OpenIdProvider
) -> None:
    _, (case, other) = opened(house, "request.access", "request.erasure")
    path = doubted(house, case)
    page = await http.get(path)
    assert page.status_code == 200
    assert "begäran om en kopia av dina uppgifter" in page.text
    assert "Fortsätt till BankID" in page.text
    assert "Kim" not in page.text
    assert house.case(case.reference).proof == "mailbox"

    done = await logs_in(http, provider, path)

    assert done.status_code == 200
    assert case.reference in done.text
    after = house.case(case.reference)
    assert (after.proof, after.state) == ("strong", "open")
    assert house.services.casework.options(case.id).hindered
    with house.store.read() as session:
        assert not house.casebook.situation(session, after).in_doubt
        (row,) = session.scalars(select(StrongIdentification))
        assert (row.case_id, row.provider, row.acr, row.same_name) == (case.id, provider.issuer, ACR, True)
    assert house.case(other.reference).proof == "mailbox", "only the case that was in doubt"
    assert house.audit_is_whole()


async def test_nothing_of_the_person_is_kept_of_a_log_in(
    house: House, http: httpx.AsyncClient, provider: OpenIdProvider
) -> None:
    provider.person(sub="199001182384", name="Kim Exempel", personal_number="199001182384", email="kim@example.com")
    _, (case,) = opened(house, "request.access")
    await logs_in(http, provider, doubted(house, case))
    assert house.case(case.reference).proof == "strong"
    with house.store.read() as session:
        (kept,) = session.scalars(select(StrongIdentification))
        rows = session.scalars(select(AuditRow)).all()
    text = "".join(row.event + row.data for row in rows) + kept.provider + kept.acr + kept.subject.hex()
    for value in ("199001182384", "Kim", "kim@example.com"):
        assert value not in text
        assert value.encode() not in kept.subject


async def test_a_log_in_in_another_name_is_refused_and_recorded(
    house: House, http: httpx.AsyncClient, provider: OpenIdProvider
) -> None:
    """Anyone can log in as themselves: that does not make another's request theirs."""
    provider.person(sub="robin-1", name="Robin Andersson")
    _, (case,) = opened(house, "request.access")
    path = doubted(house, case)
    refused = await logs_in(http, provider, path)
    assert refused.status_code == 403
    assert SAYS[Reason.OTHER_NAME] in refused.text
    assert house.case(case.reference).proof == "mailbox"
    assert house.events(case.id)[-1] == "case.identification_refused"
    assert house.count(StrongIdentification) == 0

    provider.person(sub="kim-1", name="Kim Exempel")  # the right person can still do it
    assert (await logs_in(http, provider, path)).status_code == 200
    assert house.case(case.reference).proof == "strong"


async def test_where_there_is_no_name_to_compare_a_human_decides(
    house: House, http: httpx.AsyncClient, provider: OpenIdProvider
) -> None:
    provider.person(sub="kim-1")
    _, (case,) = opened(house, "request.access")
    done = await logs_in(http, provider, doubted(house, case))
    assert "En handläggare ser över det" in done.text
    with house.store.read() as session:
        now = house.casebook.situation(session, house.case(case.reference))
    assert (now.proof, now.in_doubt) == ("strong", True)
    house.services.casework.verify(case.id, "Samma person enligt legitimeringen.", by=HANDLER)
    assert house.case(case.reference).proof == "strong"


LIES: dict[Reason, dict[str, Any]] = {
    Reason.STATE: {"answer": {"state": "another"}},
    Reason.NONCE: {"claims": {"nonce": "another"}},
    Reason.ISSUER: {"claims": {"iss": "https://evil.example"}},
    Reason.AUDIENCE: {"claims": {"aud": "another"}},
    Reason.SIGNATURE: {"key": "other"},
    Reason.ALGORITHM: {"key": "none"},
    Reason.EXPIRED: {"claims": {"exp": 1, "iat": 0}},
    Reason.ACR: {"claims": {"acr": "urn:example:loa2"}},
    Reason.CANCELLED: {"answer": {"code": None, "error": "access_denied"}},
    Reason.UNAVAILABLE: {"token_status": 502},
}


@pytest.mark.parametrize("reason", LIES)
async def test_what_is_refused_is_said_in_swedish_and_recorded(
    house: House, http: httpx.AsyncClient, provider: OpenIdProvider, reason: Reason
) -> None:
    _, (case,) = opened(house, "request.access")
    path = doubted(house, case)
    provider.lie(**LIES[reason])
    refused = await logs_in(http, provider, path)
    assert refused.status_code == (503 if reason is Reason.UNAVAILABLE else 403)
    assert SAYS[reason] in refused.text
    assert house.case(case.reference).proof == "mailbox"
    with house.store.read() as session:
        row = session.scalars(select(AuditRow).order_by(AuditRow.seq.desc())).first()
        assert row is not None
    # An answer to a state that was not ours is tied to no case: anyone could send it.
    expected = ("oidc.refused", "oidc") if reason is Reason.STATE else ("case.identification_refused", case.id)
    assert (row.event, row.subject) == expected
    assert reason.value in row.data
    assert house.audit_is_whole()


async def test_a_provider_that_is_down_is_said_to_be(
    store: Store, clock: SettableClock, tmp_path: Path, quick_build: None
) -> None:
    nobody = OpenIdProvider()
    settings = house_settings(
        tmp_path, strong_issuer=nobody.issuer, strong_client_id=CLIENT_ID, strong_client_secret=CLIENT_SECRET
    )
    house = House(build(settings, clock=clock, store=store), clock)
    _, (case,) = opened(house, "request.access")
    answer = await Browser(house.services).http.get(f"{doubted(house, case)}/fortsatt")
    assert answer.status_code == 503
    assert "Legitimeringstjänsten svarar inte just nu. Försök igen om en stund." in answer.text


async def test_an_answer_without_the_cookie_of_the_browser_that_left_is_refused(
    house: House, http: httpx.AsyncClient, provider: OpenIdProvider
) -> None:
    _, (case,) = opened(house, "request.access")
    away = await http.get(f"{doubted(house, case)}/fortsatt")
    cookie = away.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    back = provider.log_in(away.headers["location"]).removeprefix("http://127.0.0.1:8000")
    http.cookies.clear()
    assert (await http.get(back)).status_code == 403
    assert house.case(case.reference).proof == "mailbox"


async def test_a_link_works_once_and_only_while_there_is_doubt(
    house: House, http: httpx.AsyncClient, provider: OpenIdProvider
) -> None:
    _, (case,) = opened(house, "request.access")
    path = doubted(house, case)
    house.services.casework.verify(case.id, "Personen ringde och kunde svara på allt.", by=HANDLER)
    assert (await http.get(path)).status_code == 404, "the doubt is settled"
    house.clock.go(minutes=1)
    newer = doubted(house, case)
    assert (await http.get(path)).status_code == 404, "a newer link has taken its place"
    away = await http.get(f"{newer}/fortsatt")
    back = provider.log_in(away.headers["location"]).removeprefix("http://127.0.0.1:8000")
    cookies = dict(http.cookies)
    assert (await http.get(back)).status_code == 200
    assert (await http.get(newer)).status_code == 404
    http.cookies.update(cookies)
    assert (await http.get(back)).status_code == 403, "the provider gives nothing for a code twice"
    assert house.count(StrongIdentification) == 1


async def test_a_link_runs_out(house: House, http: httpx.AsyncClient) -> None:
    _, (case,) = opened(house, "request.access")
    path = doubted(house, case)
    house.clock.now += LASTS
    for each in (path, f"{path}/fortsatt", "/bevis/x", f"/bevis/{'a' * 43}"):
        assert (await http.get(each)).status_code == 404


def test_the_letter_holds_the_link_and_the_case_keeps_it_without(house: House) -> None:
    _, (case,) = opened(house, "request.access")
    path = doubted(house, case)
    letter = house.letters("identity")[-1]
    assert f'href="http://127.0.0.1:8000{path}"' in letter.html
    assert "Enklast är att legitimera dig med BankID" in letter.text
    assert compose.LINK not in letter.text + letter.html
    with house.store.read() as session:
        kept = [note.text for note in house.casebook.notes(session, case) if note.about == "identity"]
    assert ["[länken]" in text and path not in text for text in kept] == [True]


def test_whoever_edits_the_letter_may_leave_the_log_in_out(house: House) -> None:
    _, (case,) = opened(house, "request.access")
    text = (
        f"Hej,\n\nÄrende {case.reference}: {DOUBT.reasons} {DOUBT.asks}\n\n"
        "Skicka inte kopia av pass eller någon annan id-handling."
    )
    wording = Wording(reasons=DOUBT.reasons, asks=DOUBT.asks, text=text)
    house.services.casework.doubt(case.id, wording, by=HANDLER)
    assert "/bevis/" not in house.letters("identity")[-1].text


def test_nobody_is_asked_to_log_in_without_a_doubt(house: House) -> None:
    opened(house, "request.access")
    assert not any("/bevis/" in letter.text for letter in house.letters())


@pytest.mark.parametrize(
    ("given", "logged_in", "same"),
    [
        ("Kim Exempel", "EXEMPEL, KIM ANDERS", True),
        ("kim exempel", "Kim Exempel", True),
        ("Kim Alm-Exempel", "Kim Maria Alm Exempel", True),
        ("Åsa Öberg", "A\u030asa O\u0308berg", True),
        ("Kim Exempel", "Kim Andersson", False),
        ("Asa Oberg", "Åsa Öberg", False),
        ("Kim", "Kim Exempel", None),
        ("", "Kim Exempel", None),
        ("Kim Exempel", "", None),
    ],
)
def test_names_are_compared_as_registers_and_people_write_them(given: str, logged_in: str, same: bool | None) -> None:
    assert same_name(given, logged_in) is same


@pytest.mark.parametrize(
    "settings",
    [
        {"strong_issuer": "https://id.example"},
        {"strong_issuer": "https://id.example", "strong_client_id": "insyn"},
        {
            "strong_issuer": "https://id.example", "strong_client_id": "insyn", "strong_client_secret": "x",
            "environment": "production",
        },
    ],
)  # fmt: skip
def test_half_a_provider_is_refused_at_the_start(settings: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        house_settings(tmp_path, **settings)


async def test_without_a_provider_there_is_no_page_and_no_link(services: Any, quick_build: None) -> None:
    assert services.step_up is None
