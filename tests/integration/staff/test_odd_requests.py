"""Addresses and forms that nobody writes by hand: each gets a page of the console, none breaks it (security.md 20)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from insyn.staff.roles import Role
from tests.fixtures.staff import Desk

ODD = (
    "%00",
    "a%00b",
    "9999-12-31",
    "0001-01-01",
    "9" * 30,
    "-1",
    "%F0%9F%98%80",
    "%C3",
    "'",
    "%22%3E%3Cb%3E",
    "%C2%B2",
)
FIELDS = {
    "/konsol": ("klart",),
    "/konsol/arenden": ("fack", "hos", "senast_fran", "senast_till", "mottaget_fran", "mottaget_till", "efter"),
    "/konsol/arenden/nytt": ("ur", "mejl", "samtal"),
    "/konsol/samtal": ("kanal", "amne", "etikett", "efter"),
    "/konsol/post": ("fack", "efter"),
    "/konsol/larande": ("efter",),
    "/konsol/insynslogg": ("fore", "arende"),
    "/konsol/inloggningar": ("fore",),
}
PLACES = ("/konsol/arenden/", "/konsol/samtal/", "/konsol/post/", "/konsol/siffror/")


@pytest.fixture
def everyone(desk: Callable[..., Desk]) -> Desk:
    return desk(*Role)


async def test_security_20_no_address_breaks_the_console(everyone: Desk) -> None:
    paths = [f"{path}?{field}={odd}" for path, fields in FIELDS.items() for field in fields for odd in ODD]
    paths += [f"/konsol/arenden?lage=closed&mottaget_{end}={odd}" for end in ("fran", "till") for odd in ODD]
    for path in [*paths, *(place + odd for place in PLACES for odd in ODD)]:
        response = await everyone.gets(path)
        assert response.status_code < 500, path
        assert response.headers["content-type"].startswith("text/html"), path


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/konsol/arenden/samlat", {"case": ["\0"], "act": "ta-upp"}),
        ("/konsol/samtal/samlat", {"samtal": ["\0"], "act": "granskat"}),
        ("/konsol/samtal/sok", {"ord": "a\0b"}),
        ("/konsol/arenden/nytt", {"key": "k\0", "kind": "complaint", "received": "0001-01-01", "words": "Vill klaga."}),
        ("/konsol/post/%00/klart", {}),
        ("/konsol/konton/%00/stang", {}),
        ("/konsol/larande/" + "9" * 30, {"act": "avsla"}),
    ],
)
async def test_security_20_no_form_breaks_the_console(everyone: Desk, path: str, fields: dict[str, object]) -> None:
    response = await everyone.posts(path, **fields)
    assert response.status_code < 500
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/konsol/logga-ut"), ("PUT", "/konsol/arenden"), ("POST", "/konsol")]
)
async def test_a_page_asked_for_in_a_way_it_has_not_is_a_page_that_says_so(
    everyone: Desk, method: str, path: str
) -> None:
    response = await everyone.http.request(method, path)
    assert (response.status_code, "<h1>Sidan finns inte</h1>" in response.text) == (404, True)


async def test_days_the_wrong_way_round_are_told(everyone: Desk) -> None:
    for field in ("senast", "mottaget"):
        page = await everyone.gets(f"/konsol/arenden?{field}_fran=2026-03-05&{field}_till=2026-03-04")
        assert (page.status_code, "Från-dagen ligger efter till-dagen" in page.text) == (422, True)
    same_day = await everyone.gets("/konsol/arenden?senast_fran=2026-03-05&senast_till=2026-03-05")
    assert same_day.status_code == 200
