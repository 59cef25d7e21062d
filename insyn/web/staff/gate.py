"""The gate that every route of the console lies behind: who it is, whether they may, and whether they meant it.

In this order: the route stands in the table of `insyn.web.staff.access`; the cookie is a session's; the role is enough; what
changes something comes from a page of ours and carries the session's form secret.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

import structlog
from fastapi import Request
from starlette.responses import RedirectResponse, Response

from insyn.bootstrap import Services
from insyn.settings import Settings
from insyn.staff.members import Member
from insyn.staff.roles import Role
from insyn.staff.sessions import LoggedIn
from insyn.web.staff import pages
from insyn.web.staff.access import ACCESS, ANYONE, PREFIX, allowed
from insyn.web.staff.forms import FORM, NUL, NUL_ESCAPED, Form

LOG_IN = f"{PREFIX}/logga-in"
CSRF_FIELD = "form_secret"
_SAFE = frozenset({"GET", "HEAD"})

log = structlog.get_logger()


class TurnedAway(Exception):
    """The request goes no further; `response` is what is said instead."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True)
class Visit:
    """A request that has passed the gate."""

    request: Request
    services: Services
    logged_in: LoggedIn | None
    form: Form = field(default_factory=lambda: Form({}))

    @property
    def member(self) -> Member:
        """Who it is. Raises LookupError on a route that is open to anyone."""
        if self.logged_in is None:
            raise LookupError("nobody is logged in")
        return self.logged_in.member

    @property
    def by(self) -> str:
        """The id that goes into the log."""
        return self.member.id

    @property
    def roles(self) -> frozenset[Role] | None:
        return self.logged_in.member.roles if self.logged_in else None

    @property
    def is_htmx(self) -> bool:
        """Whether only a part of the page is asked for."""
        return self.request.headers.get("hx-request") == "true"

    def may(self, entry: str) -> bool:
        """Whether this member may use a route, `"GET /konsol/arenden"`."""
        method, _, path = entry.partition(" ")
        return allowed(method, path, self.roles)

    def require_csrf(self, given: str) -> None:
        """Raises `TurnedAway` unless `given` is the session's form secret."""
        expected = self.logged_in.csrf if self.logged_in else ""
        if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
            raise TurnedAway(pages.stale(self, page_of(self.request)))


async def gate(request: Request) -> Visit:
    """The visit, or `TurnedAway`."""
    services: Services = request.app.state.services
    entry = f"{'GET' if request.method == 'HEAD' else request.method} {request.scope['route'].path}"
    secret = request.cookies.get(cookie_name(services.settings), "")
    find = partial(services.staff_sessions.find, secret, in_use=entry not in ASKED_BY_PAGES)
    logged_in = await asyncio.to_thread(find) if secret else None
    visit = Visit(request, services, logged_in)
    if entry not in ACCESS:
        log.error("a route of the console stands in no table", route=entry)
        raise TurnedAway(pages.refused(visit))
    open_to_anyone = ACCESS[entry] is ANYONE
    if logged_in is None and not open_to_anyone:
        raise TurnedAway(_to_log_in(Visit(request, services, None, await _written(request, services.settings))))
    if not visit.may(entry):
        raise TurnedAway(pages.refused(visit))
    if NUL in request.url.path or NUL_ESCAPED in request.url.query:
        raise TurnedAway(pages.missing(visit))
    if request.method in _SAFE:
        return visit
    if not _from_our_page(request, services.settings):
        raise TurnedAway(pages.foreign(visit))
    try:
        form = await Form.of(request)
    except ValueError:
        raise TurnedAway(pages.foreign(visit)) from None
    visit = Visit(request, services, logged_in, form)
    # A file comes as a stream whose first part is the form secret: its route asks `require_csrf` itself.
    is_form = request.headers.get("content-type", FORM).partition(";")[0].strip() == FORM
    if not open_to_anyone and (is_form or not _takes_files(entry)):
        visit.require_csrf(form[CSRF_FIELD])
    return visit


def _takes_files(entry: str) -> bool:
    return entry in UPLOADS


# What an open page asks for again and again without anyone's doing.
ASKED_BY_PAGES: frozenset[str] = frozenset({f"GET {PREFIX}/samtal/{{conversation_id}}/nytt"})
UPLOADS: frozenset[str] = frozenset({f"POST {PREFIX}/arenden/{{reference}}/filer"})


def _from_our_page(request: Request, settings: Settings) -> bool:
    """Whether the browser says that the request comes from a page of ours; every browser of today says it of a POST."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("origin", "").rstrip("/") in settings.own_origins


async def _written(request: Request, settings: Settings) -> Form:
    """The form of someone whose session has ended, if it comes from a page of ours: only that is ever shown again."""
    if request.method in _SAFE or not _from_our_page(request, settings):
        return Form({})
    try:
        return await Form.of(request)
    except ValueError:
        return Form({})


def page_of(request: Request) -> str:
    """The address of the page that a form of this address stands on."""
    route, path = request.scope["route"].path, request.url.path
    while f"GET {route}" not in ACCESS and route != PREFIX:
        route, path = route.rpartition("/")[0], path.rpartition("/")[0]
    return path


def _to_log_in(visit: Visit) -> Response:
    path = page_of(visit.request)
    onward = f"{LOG_IN}?vidare={quote(path)}" if path != PREFIX else LOG_IN
    if visit.is_htmx or pages.has_written(visit.form):
        return pages.signed_out(visit, onward)
    return RedirectResponse(onward if visit.request.method in _SAFE else LOG_IN, status_code=303)


def cookie_name(settings: Settings) -> str:
    """The session cookie's name: bound to the host and to https, except on a developer's own machine."""
    return "__Host-insyn-staff" if is_secure(settings) else "insyn-staff"


def device_cookie_name(settings: Settings) -> str:
    """The name of the cookie that tells a browser from which someone has come in before."""
    return "__Host-insyn-device" if is_secure(settings) else "insyn-device"


def is_secure(settings: Settings) -> bool:
    """Whether browsers reach the service by https."""
    return settings.environment == "production" or settings.public_url.startswith("https://")
