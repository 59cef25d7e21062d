"""security.md 20: errors carry an id and never a trace; what is logged of them is structured and quotes nobody."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from insyn.bootstrap import Services
from tests.fixtures.fake_rasa import FakeRasa
from tests.fixtures.web import Browser

SECRET = "anna.hemlig@example.com"


def breaks(*_: Any, **__: Any) -> Any:
    raise RuntimeError(f"no row for {SECRET}")


CALLS: dict[str, tuple[str, Callable[[Services], Any], str, str]] = {
    "opening": ("_open", lambda services: services.conversations, "POST", "/api/chat/conversations"),
    "transcript": ("_read_transcript", lambda services: services.conversations, "GET", "/api/chat/transcript"),
    "erasing": ("_erase", lambda services: services.gateway, "DELETE", "/api/chat/conversation"),
    "own data": ("collect", lambda services: services.own_data, "GET", "/api/chat/own-data.json"),
    "a delivery": ("waiting", lambda services: services.deliveries, "GET", "/hamta/" + "a" * 43),
}


@pytest.mark.parametrize("call", CALLS)
async def test_security_20_a_fault_gives_an_id_and_its_log_line_no_value(
    call: str,
    browser: Browser,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    logged: io.StringIO,
) -> None:
    await browser.opens()
    method, part, verb, path = CALLS[call]
    monkeypatch.setattr(part(services), method, breaks)
    response = await browser.http.request(verb, path, headers=browser.headers())
    assert response.status_code == 500
    error = response.json()["error"]
    for trace in ("Traceback", "RuntimeError", "insyn/", SECRET):
        assert trace not in response.text
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    (told,) = [line for line in lines if line.get("error_id") == error["id"]]
    assert told["error"] == "RuntimeError"
    assert any("breaks" in frame for frame in told["trace"])
    assert SECRET not in json.dumps(lines)


async def test_security_20_a_fault_of_rasa_or_an_action_is_told_by_its_id_too(
    browser: Browser, running_rasa: FakeRasa, logged: io.StringIO
) -> None:
    await browser.opens()
    running_rasa.will_give({"messages": [], "state": {}, "reading": {}, "failed": True})
    (said,) = await browser.says(f"hej, jag heter Anna Hemlig, {SECRET}")
    log = logged.getvalue()
    lines = [json.loads(line) for line in log.splitlines()]
    (told,) = [line for line in lines if line["event"] == "turn failed"]
    assert told["error_id"] in said["text"]
    assert SECRET not in log
    assert "Hemlig" not in log
