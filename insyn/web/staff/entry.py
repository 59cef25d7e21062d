"""Getting in and out: log-in, the one-time link, log-out.

Attempts are limited without ever locking an account: by network address, and by account. A browser from which someone
has come in before has a limit of its own, so that others who guess at the account do not keep its owner out
(OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

from __future__ import annotations

import re

import segno
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from insyn.identity.address import AddressInvalid, EmailAddress
from insyn.settings import Settings
from insyn.staff.log_in import Outcome
from insyn.staff.members import NoSuchLink, NotPossible
from insyn.staff.passwords import MIN_LENGTH, PasswordTooWeak
from insyn.web.limits import Buckets, client_address
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.gate import Visit, cookie_name, device_cookie_name, gate, is_secure

WRONG = "Adressen, lösenordet eller koden stämmer inte. En kod kan bara användas en gång: vänta på nästa om du nyss loggade in."
DEVICE_KEPT_SECONDS = 180 * 24 * 3600
NOTED_PER_MINUTE = 6
_ONWARD = re.compile(rf"{PREFIX}(/[\w-]+)*")


def entry_router(settings: Settings) -> APIRouter:
    """The routes by which one gets in and out."""
    router = APIRouter(prefix=PREFIX)
    per_address, per_account = (Buckets(settings.rate_log_in_per_minute) for _ in range(2))
    noted = Buckets(NOTED_PER_MINUTE)

    def wait_for(visit: Visit, email: str) -> int:
        by_address = per_address.wait_for(_address(visit.request, settings))
        return by_address or per_account.wait_for(_account(visit, email))

    @router.get("/logga-in")
    def form(visit: Visit = Depends(gate)) -> Response:
        if visit.logged_in is not None:
            return pages.onward(PREFIX)
        return pages.page(
            visit, "log_in.html.j2", wrong="", email="", onward=_onward(visit.request.query_params.get("vidare", ""))
        )

    @router.post("/logga-in")
    def log_in(visit: Visit = Depends(gate)) -> Response:
        email, address = visit.form["email"].strip(), _address(visit.request, settings)
        if seconds := wait_for(visit, email):
            if not noted.wait_for("limited"):
                visit.services.log_in.note(None, Outcome.LIMITED, address=address)
            return pages.too_fast(visit, seconds)
        member_id = visit.services.log_in.attempt(email, visit.form["password"], visit.form["code"], address=address)
        if member_id is None:
            return pages.page(
                visit, "log_in.html.j2", status=422, wrong=WRONG, email=email, onward=_onward(visit.form["onward"])
            )
        response = pages.onward(_onward(visit.form["onward"]) or PREFIX)
        let_in(visit, response, member_id)
        return response

    @router.post("/logga-ut")
    def log_out(visit: Visit = Depends(gate)) -> Response:
        visit.services.staff_sessions.end(visit.request.cookies[cookie_name(settings)])
        visit.services.log_in.note(visit.by, Outcome.OUT, address=_address(visit.request, settings))
        response = pages.onward(f"{PREFIX}/logga-in")
        response.delete_cookie(cookie_name(settings), secure=is_secure(settings), httponly=True, samesite="lax")
        return response

    @router.get("/valkommen/{link}")
    def welcome(link: str, visit: Visit = Depends(gate)) -> Response:
        return _welcome(visit, link)

    @router.post("/valkommen/{link}")
    def set_up(link: str, visit: Visit = Depends(gate)) -> Response:
        if seconds := per_address.wait_for(_address(visit.request, settings)):
            return pages.too_fast(visit, seconds)
        form = visit.form
        try:
            done = visit.services.members.set_up(
                link,
                name=form["name"],
                email=form["email"],
                password=form["password"],
                code="".join(form["code"].split()),
            )
        except NoSuchLink:
            return no_link(visit)
        except (NotPossible, PasswordTooWeak) as error:
            return _welcome(visit, link, wrong=error.says)
        if done is None:
            return _welcome(visit, link, wrong="Koden stämmer inte. Skriv den som appen visar just nu.")
        member_id, codes = done
        response = pages.page(visit, "recovery_codes.html.j2", codes=codes, fresh=True)
        let_in(visit, response, member_id)
        return response

    return router


def _welcome(visit: Visit, link: str, *, wrong: str = "") -> Response:
    try:
        welcome = visit.services.members.welcome(link)
    except NoSuchLink:
        return no_link(visit)
    picture = segno.make(welcome.totp_address, error="m").svg_inline(scale=4, border=2, dark="#000", light="#fff")
    return pages.page(
        visit, "welcome.html.j2", status=422 if wrong else 200, wrong=wrong, link=link, invited=welcome.member,
        picture=picture, totp_key=welcome.totp_secret, least=MIN_LENGTH,
        name=visit.form["name"], email=visit.form["email"],
    )  # fmt: skip


def no_link(visit: Visit) -> Response:
    text = "Länken är använd, ersatt eller för gammal. Be en administratör om en ny."
    return pages.problem(visit, 404, "Länken gäller inte", text)


def let_in(visit: Visit, response: Response, member_id: str) -> None:
    """A new session, never one that the browser brought along; and the mark of a browser that has been let in."""
    settings = visit.services.settings
    secure = is_secure(settings)
    old = visit.request.cookies.get(cookie_name(settings))
    if old:
        visit.services.staff_sessions.end(old)
    secret = visit.services.staff_sessions.begin(member_id)
    response.set_cookie(cookie_name(settings), secret, secure=secure, httponly=True, samesite="lax", path="/")
    response.set_cookie(
        device_cookie_name(settings), visit.services.log_in.device(member_id), max_age=DEVICE_KEPT_SECONDS,
        secure=secure, httponly=True, samesite="lax", path="/",
    )  # fmt: skip


def _account(visit: Visit, email: str) -> str:
    """Which limit an attempt on an account counts against: that of a known browser, or that of all others."""
    try:
        canonical = EmailAddress.parse(email).canonical
    except AddressInvalid:
        canonical = email.casefold()[:200]
    device = visit.request.cookies.get(device_cookie_name(visit.services.settings), "")
    known = visit.services.log_in.member_of_device(device) if device else None
    return f"device:{known}" if known else f"account:{canonical}"


def _address(request: Request, settings: Settings) -> str:
    return client_address(request, settings.trusted_proxies)


def _onward(path: str) -> str:
    """Where someone was going, if that is a page of the console."""
    return path if _ONWARD.fullmatch(path) else ""
