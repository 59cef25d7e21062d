"""Log-in at an OpenID provider that is a process of its own and speaks the protocol: what is right passes, each lie is refused."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from insyn.identity.oidc import FLOW_LASTS, SAYS, Identified, OidcClient, OidcRefused, Provider, Reason, Started
from tests.fixtures.openid_provider import ACR, CLIENT_ID, CLIENT_SECRET, OpenIdProvider

BACK = "http://testserver/bevis/klart"
KEY = "a key for tests only"


@pytest.fixture
def provider(openid_provider: OpenIdProvider) -> OpenIdProvider:
    openid_provider.lie()
    openid_provider.person(sub="kim-1", name="KIM ANDERS EXEMPEL")
    return openid_provider


class Moving:
    """The real time, moved by hand: the provider stamps its tokens with the real one."""

    moved = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved


@pytest.fixture
def now() -> Moving:
    return Moving()


def configured(provider: OpenIdProvider, **changes: Any) -> Provider:
    return Provider(
        **{
            "issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "name": "Test-legitimation",
            "acr_values": (ACR, "urn:example:loa4"), **changes,
        }
    )  # fmt: skip


@pytest.fixture
async def client(provider: OpenIdProvider, now: Moving) -> AsyncIterator[OidcClient]:
    client = OidcClient(configured(provider), KEY, now)
    yield client
    await client.close()


def answer_in(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


async def there_and_back(client: OidcClient, provider: OpenIdProvider, about: str = "case-1") -> Identified:
    started = await client.begin(BACK, about)
    return await client.finish(answer_in(provider.log_in(started.url)), started.cookie)


async def refusal(client: OidcClient, provider: OpenIdProvider) -> Reason:
    with pytest.raises(OidcRefused) as refused:
        await there_and_back(client, provider)
    assert refused.value.about == "case-1"
    assert refused.value.says
    return refused.value.reason


# -- the right way


async def test_the_right_way_ends_with_who_it_was(client: OidcClient, provider: OpenIdProvider) -> None:
    identified = await there_and_back(client, provider)
    assert (identified.about, identified.issuer, identified.acr) == ("case-1", provider.issuer, ACR)
    assert identified.name == "KIM ANDERS EXEMPEL"
    assert len(identified.subject) == 32
    assert b"kim-1" not in identified.subject


async def test_the_same_person_has_the_same_fingerprint_and_another_has_not(
    client: OidcClient, provider: OpenIdProvider, now: Moving
) -> None:
    first, again = await there_and_back(client, provider), await there_and_back(client, provider)
    provider.person(sub="kim-2", name="KIM ANDERS EXEMPEL")
    other = await there_and_back(client, provider)
    under_another_key = OidcClient(configured(provider), "another key", now)
    provider.person(sub="kim-1")
    elsewhere = await there_and_back(under_another_key, provider)
    await under_another_key.close()
    assert first.subject == again.subject
    assert len({first.subject, other.subject, elsewhere.subject}) == 3


async def test_what_is_asked_of_the_provider_is_no_more_than_needed(client: OidcClient) -> None:
    asked = parse_qs(urlsplit((await client.begin(BACK, "case-1")).url).query)
    assert asked["scope"] == ["openid profile"]
    assert asked["acr_values"] == [f"{ACR} urn:example:loa4"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [BACK]
    assert asked["prompt"] == ["login"]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))


async def test_the_cookie_gives_nothing_away_and_cannot_be_made(client: OidcClient, provider: OpenIdProvider) -> None:
    started = await client.begin(BACK, "case-1")
    plain = base64.urlsafe_b64decode(started.cookie)
    asked = parse_qs(urlsplit(started.url).query)
    for secret in ("case-1", asked["state"][0], asked["nonce"][0], "verifier"):
        assert secret.encode() not in plain
    answer = answer_in(provider.log_in(started.url))
    for forged in (
        None,
        "",
        "x",
        "ÅÄÖ",
        base64.urlsafe_b64encode(bytes(80)).decode(),
        started.cookie[:-8] + "AAAAAAA=",
    ):
        with pytest.raises(OidcRefused) as refused:
            await client.finish(answer, forged)
        assert refused.value.reason is Reason.STATE


async def test_names_given_in_parts_are_put_together(client: OidcClient, provider: OpenIdProvider) -> None:
    provider.person(sub="kim-1", given_name="Kim Anders", family_name="Exempel")
    assert (await there_and_back(client, provider)).name == "Kim Anders Exempel"


async def test_new_keys_of_the_provider_are_fetched_when_they_are_met(
    client: OidcClient, provider: OpenIdProvider
) -> None:
    await there_and_back(client, provider)
    provider.lie(key="new")
    assert (await there_and_back(client, provider)).acr == ACR


async def test_where_no_way_of_logging_in_is_asked_for_any_will_do(provider: OpenIdProvider, now: Moving) -> None:
    client = OidcClient(configured(provider, acr_values=()), KEY, now)
    provider.lie(claims={"acr": None})
    assert (await there_and_back(client, provider)).acr == ""
    await client.close()


# -- each lie is refused


SOON, PAST = int(time.time()) + 300, int(time.time()) - 600
LIES: list[tuple[str, dict[str, Any], Reason]] = [
    ("another state", {"answer": {"state": "another"}}, Reason.STATE),
    ("no state", {"answer": {"state": None}}, Reason.STATE),
    ("another nonce", {"claims": {"nonce": "another"}}, Reason.NONCE),
    ("no nonce", {"claims": {"nonce": None}}, Reason.NONCE),
    ("another issuer in the token", {"claims": {"iss": "https://evil.example"}}, Reason.ISSUER),
    ("no issuer in the token", {"claims": {"iss": None}}, Reason.ISSUER),
    ("another issuer in the answer", {"answer": {"iss": "https://evil.example"}}, Reason.ISSUER),
    ("no issuer in the answer", {"answer": {"iss": None}}, Reason.ISSUER),
    ("another audience", {"claims": {"aud": "another-client"}}, Reason.AUDIENCE),
    ("no audience", {"claims": {"aud": None}}, Reason.AUDIENCE),
    ("several audiences, no party", {"claims": {"aud": [CLIENT_ID, "another-client"]}}, Reason.AUDIENCE),
    ("another party", {"claims": {"azp": "another-client"}}, Reason.AUDIENCE),
    ("a key that is not published", {"key": "other"}, Reason.SIGNATURE),
    ("a key that is not published, unnamed", {"key": "other", "header": {"kid": None}}, Reason.SIGNATURE),
    ("an unknown key", {"key": "other", "header": {"kid": "never-heard-of"}}, Reason.SIGNATURE),
    ("no signature", {"key": "none"}, Reason.ALGORITHM),
    ("signed with the client's secret", {"key": "secret"}, Reason.ALGORITHM),
    ("expired", {"claims": {"exp": PAST, "iat": PAST - 300}}, Reason.EXPIRED),
    ("no expiry", {"claims": {"exp": None}}, Reason.EXPIRED),
    ("issued in an hour", {"claims": {"iat": SOON + 3300, "exp": SOON + 3600}}, Reason.TOKEN),
    ("not valid yet", {"claims": {"nbf": SOON + 3300}}, Reason.TOKEN),
    ("no subject", {"claims": {"sub": None}}, Reason.TOKEN),
    ("a weaker way of logging in", {"claims": {"acr": "urn:example:loa2"}}, Reason.ACR),
    ("an unsaid way of logging in", {"claims": {"acr": None}}, Reason.ACR),
    ("another access token", {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}, Reason.TOKEN),
    ("cancelled", {"answer": {"code": None, "error": "access_denied"}}, Reason.CANCELLED),
    ("an error", {"answer": {"code": None, "error": "server_error"}}, Reason.CODE),
    ("another code", {"answer": {"code": "another"}}, Reason.CODE),
    ("no ID token", {"token_body": {"access_token": "x"}}, Reason.CODE),
    ("a list of tokens", {"token_body": []}, Reason.CODE),
    ("an ID token that is none", {"token_body": {"id_token": "x.y"}}, Reason.TOKEN),
    ("an ID token with a header that is none", {"token_body": {"id_token": "W10.W10.W10"}}, Reason.TOKEN),
    ("a failing token endpoint", {"token_status": 503}, Reason.UNAVAILABLE),
]  # fmt: skip


@pytest.mark.parametrize(("lies", "reason"), [each[1:] for each in LIES], ids=[each[0] for each in LIES])
async def test_a_lie_is_refused(
    client: OidcClient, provider: OpenIdProvider, lies: dict[str, Any], reason: Reason
) -> None:
    await client.begin(BACK, "before the lie")  # the metadata are known
    provider.lie(**lies)
    started = await client.begin(BACK, "case-1")
    with pytest.raises(OidcRefused) as refused:
        await client.finish(answer_in(provider.log_in(started.url)), started.cookie)
    assert refused.value.reason is reason
    assert refused.value.about == (None if reason is Reason.STATE else "case-1")


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"issuer": "https://evil.example"}, Reason.ISSUER),
        ({"issuer": None}, Reason.ISSUER),
        ({"token_endpoint": None}, Reason.UNAVAILABLE),
        ({"authorization_endpoint": "javascript:alert(1)"}, Reason.UNAVAILABLE),
        ({"jwks_uri": "file:///etc/passwd"}, Reason.UNAVAILABLE),
        ({"jwks_uri": "http://127.0.0.1:9/keys"}, Reason.UNAVAILABLE),
    ],
)
async def test_metadata_that_cannot_be_trusted_begin_nothing(
    client: OidcClient, provider: OpenIdProvider, metadata: dict[str, Any], reason: Reason
) -> None:
    provider.lie(metadata=metadata)
    assert await refusal(client, provider) is reason


async def test_an_answer_works_once(client: OidcClient, provider: OpenIdProvider) -> None:
    started = await client.begin(BACK, "case-1")
    answer = answer_in(provider.log_in(started.url))
    await client.finish(answer, started.cookie)
    with pytest.raises(OidcRefused) as refused:
        await client.finish(answer, started.cookie)
    assert refused.value.reason is Reason.CODE


async def test_an_answer_to_one_browser_is_none_to_another(client: OidcClient, provider: OpenIdProvider) -> None:
    """Someone who is led to another's answer (log-in CSRF) has not begun it."""
    mine, yours = await client.begin(BACK, "case-1"), await client.begin(BACK, "case-2")
    with pytest.raises(OidcRefused) as refused:
        await client.finish(answer_in(provider.log_in(yours.url)), mine.cookie)
    assert refused.value.reason is Reason.STATE


async def test_a_code_stolen_on_the_way_is_worth_nothing_without_the_verifier(
    client: OidcClient, provider: OpenIdProvider
) -> None:
    mine, yours = await client.begin(BACK, "case-1"), await client.begin(BACK, "case-2")
    stolen = {**answer_in(provider.log_in(yours.url)), "state": answer_in(mine.url)["state"]}
    with pytest.raises(OidcRefused) as refused:
        await client.finish(stolen, mine.cookie)
    assert refused.value.reason is Reason.CODE


async def test_a_flow_ends(client: OidcClient, provider: OpenIdProvider, now: Moving) -> None:
    started = await client.begin(BACK, "case-1")
    answer = answer_in(provider.log_in(started.url))
    now.moved = FLOW_LASTS + timedelta(seconds=1)
    with pytest.raises(OidcRefused) as refused:
        await client.finish(answer, started.cookie)
    assert refused.value.reason is Reason.LATE


async def test_a_provider_that_is_down_is_said_to_be(now: Moving) -> None:
    alone = OpenIdProvider()
    client = OidcClient(configured(alone), KEY, now)
    with pytest.raises(OidcRefused) as refused:
        await client.begin(BACK, "case-1")
    assert refused.value.reason is Reason.UNAVAILABLE
    with alone:
        started: Started = await client.begin(BACK, "case-1")  # it is tried again, not remembered as down
        answer = answer_in(alone.log_in(started.url))
    with pytest.raises(OidcRefused) as refused:
        await client.finish(answer, started.cookie)
    assert (refused.value.reason, refused.value.about) == (Reason.UNAVAILABLE, "case-1")
    await client.close()


def test_every_reason_is_said_in_swedish() -> None:
    assert set(SAYS) == set(Reason)
    assert all(text.endswith(".") and "OIDC" not in text for text in SAYS.values())
