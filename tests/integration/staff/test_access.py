"""Every route of the console × every role: allowed or refused as the table in docs/console.md says (security.md 21)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi import APIRouter, Depends, FastAPI

from insyn.bootstrap import Services
from insyn.settings import PROJECT_ROOT
from insyn.staff.roles import Role
from insyn.web.app import create_app
from insyn.web.staff.access import ACCESS, PREFIX
from insyn.web.staff.gate import TurnedAway, gate
from tests.fixtures.staff import Desk

DOCUMENT = PROJECT_ROOT / "docs" / "console.md"
COLUMNS = ["anonymous", *Role]
NOBODYS = {
    "reference": "INS-2222-2222",
    "step": "refused",
    "file_id": "none",
    "mail_id": "none",
    "delivery_id": "none",
    "link": "x" * 43,
    "member_id": "00000000-0000-4000-8000-000000000000",
    "conversation_id": "00000000-0000-4000-8000-000000000001",
    "turn_seq": "1",
    "topic": "policy.none",
    "year": "2026",
}


def table() -> dict[str, dict[str, bool]]:
    """The table of the document: route → column → whether it is allowed."""
    text = DOCUMENT.read_text(encoding="utf-8")
    part = text.partition("<!-- access -->")[2].partition("<!-- /access -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.strip().splitlines()]
    assert rows[0] == ["route", *COLUMNS]
    return {
        row[0].strip("`"): {column: cell == "yes" for column, cell in zip(COLUMNS, row[1:], strict=True)}
        for row in rows[2:]
    }


def routes(app: FastAPI) -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        if path == PREFIX or path.startswith(f"{PREFIX}/")
        for method in methods
    }


def test_routes_and_both_tables_are_the_same(services: Services) -> None:
    there = routes(create_app(services.settings, services=services))
    assert there == set(ACCESS)
    assert there == set(table())


@pytest.mark.parametrize("column", COLUMNS)
async def test_security_21_each_route_is_open_to_those_it_is_for(column: str, desk: Callable[..., Desk]) -> None:
    one = desk() if column == "anonymous" else desk(Role(column))
    form_secret = "" if column == "anonymous" else await one.secret()
    seen = {}
    # Logging out comes last: it ends the session that the others need.
    for entry in sorted(
        ACCESS, key=lambda each: (each == f"POST {PREFIX}/logga-ut", each == f"POST {PREFIX}/mig/sessioner", each)
    ):
        method, _, path = entry.partition(" ")
        path = re.sub(r"{(\w+)}", lambda match: NOBODYS[match[1]], path)
        response = await one.http.request(method, path, data={"form_secret": form_secret} if method == "POST" else None)
        assert response.status_code < 500, (entry, response.text)
        to_log_in = response.status_code == 303 and response.headers["location"].startswith(f"{PREFIX}/logga-in?")
        to_log_in = to_log_in or (
            response.status_code == 303
            and column == "anonymous"
            and response.headers["location"] == f"{PREFIX}/logga-in"
        )
        seen[entry] = response.status_code not in (401, 403) and not to_log_in
    assert seen == {entry: allowed[column] for entry, allowed in table().items()}


async def test_security_21_a_route_that_stands_in_no_table_is_refused(
    services: Services, desk: Callable[..., Desk]
) -> None:
    app = create_app(services.settings, services=services)
    forgotten = APIRouter(dependencies=[Depends(gate)])
    forgotten.add_api_route(f"{PREFIX}/glomd", lambda: "hemligt")
    app.include_router(forgotten)
    one = Desk(services, desk(*Role).account, app).is_in()
    response = await one.gets(f"{PREFIX}/glomd")
    assert response.status_code == 403
    assert "hemligt" not in response.text
    assert TurnedAway in app.exception_handlers
