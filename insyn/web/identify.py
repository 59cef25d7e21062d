"""The pages of a stronger identification: why it is asked for, off to the provider, and back.

The link alone shows a page. What must come back with the browser is in a sealed cookie that only this browser has.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from insyn.bootstrap import Services
from insyn.identity.oidc import OidcRefused, Reason, Started
from insyn.identity.step_up import PATH
from insyn.requests.step_up import NoSuchInvitation, StepUp
from insyn.web.limits import by_address
from insyn.web.pages import notice, page, too_fast


def identify_router(services: Services, step_up: StepUp) -> APIRouter:
    """The routes under /bevis."""
    settings = services.settings
    wait_for = by_address(settings.rate_open_per_minute, settings.trusted_proxies)
    cookie = _Cookie(settings.public_url.startswith("https://"))
    router = APIRouter(prefix=PATH)

    @router.get("/klart", response_class=HTMLResponse)
    async def back(request: Request) -> Response:
        if seconds := wait_for(request):
            return too_fast(seconds)
        try:
            shown = await step_up.finish(request.query_params, cookie.of(request))
        except NoSuchInvitation:
            response = _gone()
        except OidcRefused as refused:
            response = _refused(refused)
        else:
            response = page("identified.html.j2", reference=shown.reference, settled=shown.settled)
        cookie.drop(response)
        return response

    @router.get("/{link}", response_class=HTMLResponse)
    async def look(request: Request, link: str) -> Response:
        if seconds := wait_for(request):
            return too_fast(seconds)
        try:
            asked = await step_up.look(link)
        except NoSuchInvitation:
            return _gone()
        return page("identify.html.j2", link=link, noun=asked.noun, provider=asked.provider)

    # A link and no form: a form may not lead on to another site (`form-action` of our Content-Security-Policy).
    @router.get("/{link}/fortsatt")
    async def go(request: Request, link: str) -> Response:
        if seconds := wait_for(request):
            return too_fast(seconds)
        try:
            started = await step_up.begin(link)
        except NoSuchInvitation:
            return _gone()
        except OidcRefused as refused:
            return _refused(refused)
        response = RedirectResponse(started.url, status_code=303)
        cookie.put(response, started)
        return response

    return router


class _Cookie:
    """The cookie of a flow. `Lax`: it must come along when the provider sends the browser back."""

    def __init__(self, secure: bool) -> None:
        self._secure = secure
        self._name = "__Host-insyn-bevis" if secure else "insyn-bevis"

    def of(self, request: Request) -> str | None:
        return request.cookies.get(self._name)

    def put(self, response: Response, started: Started) -> None:
        response.set_cookie(
            self._name, started.cookie, max_age=started.seconds, secure=self._secure, httponly=True, samesite="lax"
        )

    def drop(self, response: Response) -> None:
        response.delete_cookie(self._name, secure=self._secure, httponly=True, samesite="lax")


def _refused(refused: OidcRefused) -> Response:
    status = 503 if refused.reason is Reason.UNAVAILABLE else 403
    return notice("Legitimeringen gick inte igenom", refused.says, status=status)


def _gone() -> Response:
    """The same whether the link never was, has run out, has been used, or is no longer needed."""
    return notice(
        "Länken gäller inte",
        "Länken finns inte, har redan använts eller behövs inte längre. Svara på mejlet som den stod i om du undrar.",
        status=404,
    )
