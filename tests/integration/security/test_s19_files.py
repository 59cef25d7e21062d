"""security.md 19: nobody can upload an ID document. What comes by mail is in `mail/test_mailroom.py` and `staff/test_mail.py`."""

from __future__ import annotations

import httpx
import pytest

from insyn.store.models import Case, DeliveryFile, Turn
from insyn.web.app import create_app
from tests.fixtures.fake_rasa import FakeRasa
from tests.fixtures.house import House
from tests.fixtures.staff import ORIGIN
from tests.fixtures.web import Browser

SCAN = b"\xff\xd8\xff\xe0JPEG-INNEHALL" * 40
CARRIERS = {
    "multipart": {"files": {"file": ("pass.jpg", SCAN, "image/jpeg")}},
    "the file itself": {"content": SCAN, "headers": {"Content-Type": "image/jpeg"}},
    "a field of JSON": {"json": {"text": "Här är mitt pass", "attachment": "/9j/4AAQ"}},
}


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_security_19_the_chat_takes_no_file(
    house: House, browser: Browser, running_rasa: FakeRasa, carrier: str
) -> None:
    await browser.opens()
    sent = CARRIERS[carrier]
    headers = {**browser.headers(), **sent.get("headers", {})}  # type: ignore[dict-item]
    response = await browser.http.post("/api/chat/messages", **{**sent, "headers": headers})  # type: ignore[arg-type]
    assert response.status_code == 422
    assert running_rasa.heard == []
    assert house.count(Turn) == 1, "the greeting and nothing else"


async def test_security_19_no_page_of_the_public_takes_a_file(house: House) -> None:
    """Whatever has a form outside the console reads the fields it knows and keeps no file."""
    app = create_app(house.services.settings, services=house.services)
    paths = app.openapi()["paths"].items()
    posts = [path for path, ways in paths if "post" in ways and not path.startswith("/konsol")]
    assert len(posts) > 5
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        for path in posts:
            filled = path.replace("{", "x").replace("}", "x")
            response = await client.post(filled, files={"kod": ("pass.jpg", SCAN, "image/jpeg")}, headers=ORIGIN)
            assert response.status_code in (201, 401, 403, 404, 409, 413, 415, 422), (path, response.status_code)
    assert house.count(DeliveryFile) == house.count(Case) == 0
