"""The edge of the service: tokens, limits, origins, hosts, headers and health, security.md 8-11 and 20."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from insyn.bootstrap import Services, build
from insyn.conversation.tokens import Tokens
from insyn.requests.desk import Here
from insyn.settings import Settings
from insyn.store.engine import StoreUnavailable
from insyn.store.models import Conversation
from insyn.web.app import create_action_app
from tests.fixtures.fake_rasa import FakeRasa, says
from tests.fixtures.house import ADDRESS, House, SettableClock, house_settings
from tests.fixtures.web import Browser

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


def other(token: str, at: int) -> str:
    """A token with one character changed."""
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


def fields(token: str) -> tuple[str, str]:
    conversation, _, secret = token.partition(".")
    return conversation, secret


# -- tokens


FORGED: dict[str, Callable[[str], str]] = {
    "nothing": lambda token: "",
    "no secret": lambda token: fields(token)[0],
    "empty secret": lambda token: f"{fields(token)[0]}.",
    "a character less": lambda token: token[:-1],
    "a character more": lambda token: token + "A",
    "first character of the secret": lambda token: other(token, 37),
    "last character of the secret": lambda token: other(token, len(token) - 1),
    "another conversation": lambda token: f"{uuid.uuid4()}.{fields(token)[1]}",
    "another key": lambda token: Tokens("another key").issue(fields(token)[0], 0),
    "upper case": lambda token: token.upper(),
    "a line break": lambda token: token + "%0a",
    "null bytes": lambda token: "0" * 36 + "." + "A" * 43,
    "much too long": lambda token: token * 50,
}


@pytest.mark.parametrize("forgery", FORGED)
async def test_a_forged_token_opens_nothing(browser: Browser, forgery: str) -> None:
    await browser.opens()
    token = FORGED[forgery](browser.token)
    calls = [
        browser.posts({"text": "hej"}, token=token),
        browser.http.get("/api/chat/transcript", headers=browser.headers(token)),
        browser.http.get("/api/chat/events", headers=browser.headers(token)),
        browser.http.delete("/api/chat/conversation", headers=browser.headers(token)),
        browser.http.post(
            "/api/chat/feedback", json={"message_id": "x", "value": "up"}, headers=browser.headers(token)
        ),
    ]
    responses = await asyncio.gather(*calls)
    assert {response.status_code for response in responses} == {401}
    assert {response.headers["www-authenticate"] for response in responses} == {"Bearer"}
    assert len({response.json()["error"]["message"] for response in responses}) == 1
    assert len(await browser.transcript()) == 1  # and nothing was erased


@pytest.mark.parametrize("header", ["", "Bearer", "Basic {}", "{}", "bearer  {}"])
async def test_only_a_bearer_header_is_read(browser: Browser, header: str) -> None:
    await browser.opens()
    response = await browser.http.get("/api/chat/transcript", headers={"Authorization": header.format(browser.token)})
    assert response.status_code == (200 if header.startswith("bearer") else 401)


async def test_a_token_in_the_address_is_not_read(browser: Browser) -> None:
    await browser.opens()
    for name in ("token", "access_token", "authorization"):
        response = await browser.http.get("/api/chat/transcript", params={name: browser.token})
        assert response.status_code == 401


async def test_a_token_of_the_next_epoch_is_not_valid_yet(browser: Browser, services: Services) -> None:
    await browser.opens()
    tokens = Tokens(services.settings.token_key.get_secret_value())
    for epoch in (-1, 1, 2):
        token = tokens.issue(browser.conversation_id, epoch)
        assert (await browser.posts({"text": "hej"}, token=token)).status_code == 401


async def verify_here(browser: Browser, rasa: FakeRasa, house: House, *, key: str) -> tuple[str, httpx.Response]:
    """Proves the mailbox in the browser's conversation; the old token, and the response with the new one."""
    desk = house.services.desk

    async def begin(turn: dict[str, Any]) -> Response:
        here = Here(turn["sender"], turn["metadata"]["turn"])
        await asyncio.to_thread(desk.begin, here, ["request.access"], turn["text"])
        await asyncio.to_thread(desk.give_address, here, "⟨e-post 1⟩")
        await asyncio.to_thread(desk.send_code, here, "⟨e-post 1⟩")
        return JSONResponse(
            says("Koden?", state={"slots": {}, "active_loop": "request_form", "requested_slot": "code"}, expects="code")
        )

    async def check(turn: dict[str, Any]) -> Response:
        here = Here(turn["sender"], turn["metadata"]["turn"])
        outcome = await asyncio.to_thread(desk.check_code, here, "⟨kod 1⟩")
        return JSONResponse(says(f"Utfall: {outcome.value}"))

    rasa.answer = begin
    await browser.says(f"Ge mig mina uppgifter, {ADDRESS}")
    rasa.answer = check
    old = browser.token
    response = await browser.posts({"text": house.code()}, key=key)
    assert response.status_code == 200
    assert response.json()["messages"][0]["text"] == "Utfall: right"
    return old, response


async def test_security_8_a_verified_session_gets_a_new_token_and_the_old_is_refused(
    browser: Browser, running_rasa: FakeRasa, house: House
) -> None:
    await browser.opens()
    old, response = await verify_here(browser, running_rasa, house, key="k-code")
    new = response.json()["token"]
    assert new != old
    running_rasa.will_say("ja")
    assert (await browser.posts({"text": "hej"}, token=old)).status_code == 401
    assert (await browser.posts({"text": "hej"}, token=new)).status_code == 200


async def test_security_8_a_lost_reply_is_fetched_with_the_old_token_and_the_same_key_only(
    browser: Browser, running_rasa: FakeRasa, house: House
) -> None:
    await browser.opens()
    old, response = await verify_here(browser, running_rasa, house, key="k-code")
    heard = len(running_rasa.heard)
    again = await browser.posts({"text": house.code()}, token=old, key="k-code")
    assert again.json() == response.json()
    assert len(running_rasa.heard) == heard
    assert (await browser.posts({"text": "x"}, token=old, key="another")).status_code == 401
    with_new = await browser.posts({"text": "x"}, token=response.json()["token"], key="k-code")
    assert with_new.json() == response.json()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "transcript"), ("GET", "events"), ("DELETE", "conversation"), ("POST", "feedback")],
)
async def test_security_8_the_same_key_opens_nothing_else_with_the_old_token(
    browser: Browser, running_rasa: FakeRasa, house: House, method: str, path: str
) -> None:
    await browser.opens()
    old, response = await verify_here(browser, running_rasa, house, key="k-code")
    body = {"message_id": response.json()["messages"][0]["id"], "value": "up"} if method == "POST" else None
    refused = await browser.http.request(method, f"/api/chat/{path}", json=body, headers=browser.headers(old, "k-code"))
    assert refused.status_code == 401
    assert house.count(Conversation) == 1


async def test_security_8_a_token_two_epochs_old_is_dead_for_its_key_too(
    browser: Browser, running_rasa: FakeRasa, house: House
) -> None:
    await browser.opens()
    old, response = await verify_here(browser, running_rasa, house, key="k-code")
    with house.store.write() as session:
        conversation = session.get_one(Conversation, browser.conversation_id)
        conversation.token_epoch, conversation.token_rotated_by = 2, str(uuid.uuid4())
    for token in (old, response.json()["token"]):
        assert (await browser.posts({"text": "x"}, token=token, key="k-code")).status_code == 401


async def test_erased_and_unknown_conversations_look_the_same(browser: Browser, services: Services) -> None:
    await browser.opens()
    erased = browser.token
    await browser.http.delete("/api/chat/conversation", headers=browser.headers())
    unknown = Tokens(services.settings.token_key.get_secret_value()).issue(str(uuid.uuid4()), 0)
    responses = [await browser.posts({"text": "hej"}, token=token) for token in (erased, unknown)]
    assert [response.status_code for response in responses] == [401, 401]
    assert len({response.json()["error"]["message"] for response in responses}) == 1


# -- origins and hosts


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 201),
        ("http://127.0.0.1:8000", 201),
        ("http://localhost:8000", 201),
        ("https://evil.example", 403),
        ("http://127.0.0.1:8001", 403),
        ("http://127.0.0.1:8000.evil.example", 403),
        ("https://127.0.0.1:8000", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_security_10_foreign_origins_are_refused(browser: Browser, origin: str | None, status: int) -> None:
    headers = {} if origin is None else {"Origin": origin}
    response = await browser.http.post("/api/chat/conversations", headers=headers)
    assert response.status_code == status
    if status == 403:
        assert "webbplats" in response.json()["error"]["message"]
        assert "access-control-allow-origin" not in response.headers


def test_security_10_in_production_only_the_own_address_and_the_listed_ones(tmp_path: Path) -> None:
    settings = house_settings(
        tmp_path,
        environment="production",
        base_url="https://insyn.example/",
        allowed_origins="https://www.kontek.example/",
    )
    assert settings.origins == {"https://insyn.example", "https://www.kontek.example"}


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "", "127.0.0.1.evil.example"])
async def test_security_10_a_foreign_host_is_refused(browser: Browser, host: str) -> None:
    response = await browser.http.get("/healthz", headers={"Host": host})
    assert response.status_code == 400
    assert_guarded(response)


# -- size and rate


@pytest.mark.parametrize(
    "headers",
    [{"Content-Length": "60000"}, {"Content-Length": "-1"}, {"Content-Length": "x"}, {"Transfer-Encoding": "chunked"}],
)
async def test_security_11_a_large_body_is_refused_before_it_is_read(browser: Browser, headers: dict[str, str]) -> None:
    await browser.opens()

    async def never() -> Any:
        pytest.fail("the body was read")
        yield b""

    response = await browser.http.post(
        "/api/chat/messages",
        content=never(),
        headers={**browser.headers(), "Content-Type": "application/json", **headers},
    )
    assert response.status_code == 413
    assert "för långt" in response.json()["error"]["message"]


async def test_security_11_a_message_of_8_kib_fits_however_it_is_written(
    browser: Browser, running_rasa: FakeRasa
) -> None:
    await browser.opens()
    body = json.dumps({"text": "\x01" * 8000 + "hej"}).encode()  # six bytes each in JSON
    assert len(body) > 48_000
    headers = {**browser.headers(), "Content-Type": "application/json"}
    response = await browser.http.post("/api/chat/messages", content=body, headers=headers)
    assert response.status_code == 200
    assert running_rasa.texts == ["hej"]


def limited(services: Services, settings: Settings, **limits: int) -> Browser:
    """A browser at a service with other limits, on the same store."""
    changed = settings.model_copy(update={f"rate_{name}_per_minute": number for name, number in limits.items()})
    return Browser(build(changed, clock=services.clock, store=services.store))


def assert_too_fast(response: httpx.Response) -> None:
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) >= 1
    assert "Vänta" in response.json()["error"]["message"]


async def test_security_11_messages_of_a_conversation_are_limited(
    services: Services, settings: Settings, running_rasa: FakeRasa
) -> None:
    browser = limited(services, settings, conversation=3)
    await browser.opens()
    for _ in range(3):
        await browser.says("hej")
    assert_too_fast(await browser.posts({"text": "hej"}))
    assert len(running_rasa.heard) == 3


async def test_security_11_openings_are_limited(services: Services, settings: Settings) -> None:
    browser = limited(services, settings, open=2)
    for _ in range(2):
        await browser.opens()
    assert_too_fast(await browser.http.post("/api/chat/conversations"))


async def test_security_11_calls_of_an_address_are_limited_whatever_token_they_carry(
    services: Services, settings: Settings
) -> None:
    browser = limited(services, settings, address=4)
    statuses = [(await browser.posts({"text": "hej"}, token="x")).status_code for _ in range(6)]
    assert statuses == [401] * 4 + [429] * 2


async def test_security_11_the_whole_service_is_limited(services: Services, settings: Settings) -> None:
    browser = limited(services, settings, **{"global": 2})
    for _ in range(2):
        await browser.opens()
    assert_too_fast(await browser.http.post("/api/chat/conversations"))


# -- what every response carries


def assert_guarded(response: httpx.Response) -> None:
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["cache-control"] == "no-store" or "static" in response.request.url.path


async def test_security_10_every_response_carries_the_headers(
    browser: Browser, services: Services, running_rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.opens()
    seen = {}
    for method, path in (
        ("GET", "/"), ("GET", "/static/base.css"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/nothing"),
        ("GET", "/static/nothing"), ("PUT", "/healthz"), ("POST", "/api/chat/conversations"), ("GET", "/api/chat/transcript"),
        ("POST", "/api/chat/messages"), ("OPTIONS", "/api/chat/messages"), ("GET", "/dev/mailbox"),
    ):  # fmt: skip
        response = await browser.http.request(method, path)
        seen[path, method] = response.status_code
        assert_guarded(response)
    assert (await browser.http.get("/healthz", headers={"Origin": "https://evil.example"})).status_code == 403
    assert set(seen.values()) >= {200, 201, 401, 404, 405}

    def break_down(_channel: str) -> None:
        raise RuntimeError("hemligt")

    monkeypatch.setattr(services.conversations, "_open", break_down)
    broken = await browser.http.post("/api/chat/conversations")
    assert broken.status_code == 500
    assert_guarded(broken)


async def test_security_10_in_production_transport_security_too(
    services: Services, settings: Settings, running_rasa: FakeRasa
) -> None:
    changed = settings.model_copy(update={"environment": "production", "base_url": "https://insyn.example"})
    browser = Browser(build(changed, clock=services.clock, store=services.store))
    response = await browser.http.get("/healthz")
    assert response.headers["strict-transport-security"].startswith("max-age=63072000")
    assert (await browser.http.get("/dev/mailbox")).status_code == 404


async def test_security_20_an_unexpected_error_gives_an_id_and_no_trace(
    browser: Browser, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_channel: str) -> None:
        raise RuntimeError("hemligt")

    monkeypatch.setattr(services.conversations, "_open", break_down)
    response = await browser.http.post("/api/chat/conversations")
    assert response.status_code == 500
    error = response.json()["error"]
    assert error["id"].startswith("F-")
    assert "hemligt" not in response.text
    assert "Traceback" not in response.text


async def test_unknown_pages_look_the_same(browser: Browser) -> None:
    paths = [
        "/nothing",
        "/api/nothing",
        "/api/chat/nothing",
        "/static/nothing.js",
        "/docs",
        "/openapi.json",
        "/redoc",
        "/static/../app.py",
    ]
    responses = [await browser.http.get(path) for path in paths]
    assert {response.status_code for response in responses} == {404}
    assert {response.json()["error"]["message"] for response in responses} == {"Sidan finns inte."}


async def test_the_wrong_method_says_so(browser: Browser) -> None:
    response = await browser.http.get("/api/chat/messages")
    assert response.status_code == 405
    assert "error" in response.json()


# -- health


@pytest.mark.parametrize("store_works", [True, False])
@pytest.mark.parametrize("rasa_is", ["ready", "without model", "down"])
@pytest.mark.parametrize("mail_works", [True, False])
async def test_readyz_is_ready_when_all_are(
    browser: Browser,
    services: Services,
    rasa: FakeRasa,
    monkeypatch: pytest.MonkeyPatch,
    store_works: bool,
    rasa_is: str,
    mail_works: bool,
) -> None:
    if not store_works:
        monkeypatch.setattr(services.store, "ping", _refuse)
    services.sender.failing = not mail_works
    services.rasa_state = lambda: "starting"
    rasa.ready = rasa_is == "ready"
    if rasa_is == "down":
        response = await browser.http.get("/readyz")
    else:
        async with rasa.running():
            response = await browser.http.get("/readyz")
    state = response.json()
    assert (state["store"] == "ok") == store_works
    assert state["rasa"] == ("ok" if rasa_is == "ready" else "starting")
    assert (state["mail"] == "ok") == mail_works
    ready = store_works and rasa_is == "ready" and mail_works
    assert (response.status_code, state["status"]) == ((200, "ok") if ready else (503, "not ready"))
    assert (await browser.http.get("/healthz")).json() == {"status": "ok"}


def _refuse() -> None:
    raise StoreUnavailable("OperationalError")


async def test_readyz_does_not_call_a_silent_rasa_ready(browser: Browser, services: Services) -> None:
    """The process is there, but nobody answers."""
    services.rasa_state = lambda: "ready"
    assert (await browser.http.get("/readyz")).json()["rasa"] == "not answering"


# -- events


async def test_what_comes_later_is_told_to_whoever_listens(
    browser: Browser, rasa: FakeRasa, services: Services, clock: SettableClock
) -> None:
    await browser.opens()
    async with services.news.listening(browser.conversation_id) as listener:
        await browser.says("Vad är cookies?")
        clock.go(seconds=7)
        assert not listener.is_set()
        async with rasa.running():
            await services.gateway.answer_pending()
        assert listener.is_set()
    assert services.news._listeners == {}


async def test_last_event_id_of_another_conversation_starts_nowhere_else(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    (mine,) = await browser.says("hej")
    stranger = Browser(services)
    await stranger.opens()
    assert services.conversations.sequence_of(browser.conversation_id, mine["id"]) is not None
    assert services.conversations.sequence_of(stranger.conversation_id, mine["id"]) is None
    later, _ = await services.conversations.transcript(stranger.conversation_id, after=0)
    assert len(later) == 1


# -- the action webhook


@pytest.mark.parametrize("header", [None, "", "Bearer x", "Basic x"])
async def test_security_12_the_action_webhook_needs_its_secret(services: Services, header: str | None) -> None:
    transport = httpx.ASGITransport(create_action_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        headers = {} if header is None else {"Authorization": header}
        response = await client.post("/webhook", json={"next_action": "action_answer"}, headers=headers)
    assert response.status_code == 401


async def test_an_unknown_action_is_not_found(services: Services) -> None:
    secret = services.settings.action_token.get_secret_value()
    transport = httpx.ASGITransport(create_action_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        call = {"next_action": "action_nothing", "tracker": {"sender_id": "x", "slots": {}, "events": []}, "domain": {}}
        response = await client.post("/webhook", json=call, headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == 404
