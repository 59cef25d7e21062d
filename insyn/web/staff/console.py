"""The staff's console: all its routes, each behind the gate."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response

from insyn.bootstrap import Services
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.accounts import accounts_router
from insyn.web.staff.answers import answers_router
from insyn.web.staff.casefile import casefile_router
from insyn.web.staff.cases import cases_router
from insyn.web.staff.conversation import conversation_router
from insyn.web.staff.conversations import conversations_router
from insyn.web.staff.entry import entry_router
from insyn.web.staff.files import files_router
from insyn.web.staff.gate import TurnedAway, Visit, gate
from insyn.web.staff.intake import intake_router
from insyn.web.staff.learning import learning_router
from insyn.web.staff.mail import mail_router
from insyn.web.staff.numbers import numbers_router
from insyn.web.staff.organisation import organisation_router
from insyn.web.staff.own_account import own_account_router
from insyn.web.staff.steps import steps_router
from insyn.web.staff.today import today_router
from insyn.web.staff.viewing_log import viewing_log_router


def add_console(app: FastAPI, services: Services) -> None:
    """Adds the console to the service."""
    console = APIRouter(dependencies=[Depends(gate)])
    for router in (
        entry_router(services.settings),
        organisation_router(services.settings),
        today_router(),
        own_account_router(),
        accounts_router(),
        intake_router(),  # before the pages of single cases, or it would be one
        cases_router(),
        casefile_router(),
        steps_router(),
        files_router(),
        mail_router(),
        viewing_log_router(),
        conversations_router(),
        conversation_router(),
        learning_router(),
        answers_router(),
        numbers_router(),
    ):
        console.include_router(router)
    app.include_router(console)

    @app.exception_handler(TurnedAway)
    async def turned_away(_request: Request, turned: TurnedAway) -> Response:
        return turned.response


def is_console(request: Request) -> bool:
    """Whether a request is for the console, whose errors are pages."""
    return request.url.path == PREFIX or request.url.path.startswith(f"{PREFIX}/")


def outside(request: Request) -> Visit:
    """A visit to no page at all, for errors that come before or after the gate."""
    return Visit(request, request.app.state.services, None)


def nowhere(request: Request) -> Response:
    """There is no such page."""
    return pages.missing(outside(request))


def broken(request: Request, error_id: str, *, status: int) -> Response:
    """Something failed that nobody foresaw."""
    return pages.broken(outside(request), error_id, status)


def too_large(request: Request) -> Response:
    """More was sent than may come to that page."""
    return pages.too_large(outside(request), request.app.state.services.settings.delivery_max_mb)
