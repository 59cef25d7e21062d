"""Logging in by the organisation's own provider: there by a plain link, since a form may not lead to another site, and back."""

from __future__ import annotations

import asyncio

import structlog
from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from insyn.identity.oidc import OidcRefused, Reason
from insyn.settings import Settings
from insyn.staff.log_in import Outcome
from insyn.staff.members import NoSuchLink, NotPossible
from insyn.staff.provider import Errand, NotKnown
from insyn.web.limits import Buckets, client_address
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.entry import let_in, no_link
from insyn.web.staff.gate import Visit, gate, is_secure

TITLE = "Inloggningen gick inte igenom"
NOT_TRUSTED = "Svaret gick inte att lita på, eller kom från en annan webbläsare. Börja om från inloggningssidan."
SAYS = {
    Reason.CANCELLED: "Inloggningen avbröts.",
    Reason.UNAVAILABLE: "Organisationens inloggning svarar inte just nu. Försök igen om en stund.",
    Reason.CODE: "Organisationens inloggning godtog inte försöket. Börja om från inloggningssidan.",
    Reason.LATE: "Det tog för lång tid. Börja om från inloggningssidan.",
    Reason.EXPIRED: "Det tog för lång tid. Börja om från inloggningssidan.",
    Reason.ACR: "Inloggningen gjordes på ett sätt som inte är tillräckligt säkert här. Välj ett säkrare sätt.",
}
UNKNOWN = "Du har inget konto här som hör till den inloggningen. Be en administratör om en länk."

log = structlog.get_logger()


def organisation_router(settings: Settings) -> APIRouter:
    """The routes under /konsol/organisation, and the way there from a one-time link."""
    router = APIRouter(prefix=PREFIX)
    per_address = Buckets(settings.rate_log_in_per_minute)
    cookie = "__Host-insyn-provider" if is_secure(settings) else "insyn-provider"

    async def off(visit: Visit, errand: Errand, about: str = "") -> Response:
        provider = visit.services.staff_provider
        if provider is None:
            return pages.missing(visit)
        if seconds := per_address.wait_for(_address(visit)):
            return pages.too_fast(visit, seconds)
        try:
            started = await provider.begin(errand, about)
        except OidcRefused as refused:
            return await asyncio.to_thread(_refused, visit, refused)
        response = RedirectResponse(started.url, status_code=303, headers=pages.PRIVATE)
        response.set_cookie(
            cookie, started.cookie, max_age=started.seconds, secure=is_secure(settings), httponly=True, samesite="lax"
        )
        return response

    @router.get("/organisation/logga-in")
    async def come_in(visit: Visit = Depends(gate)) -> Response:
        return await off(visit, Errand.COME_IN)

    @router.get("/organisation/koppla")
    async def tie(visit: Visit = Depends(gate)) -> Response:
        return await off(visit, Errand.TIE, visit.by)

    @router.get("/valkommen/{link}/organisation")
    async def set_up(link: str, visit: Visit = Depends(gate)) -> Response:
        try:
            await asyncio.to_thread(visit.services.members.welcome, link)
        except NoSuchLink:
            return no_link(visit)
        return await off(visit, Errand.SET_UP, link)

    @router.get("/organisation/klart")
    async def back(visit: Visit = Depends(gate)) -> Response:
        provider = visit.services.staff_provider
        if provider is None:
            return pages.missing(visit)
        if seconds := per_address.wait_for(_address(visit)):
            return pages.too_fast(visit, seconds)
        present = visit.logged_in.member.id if visit.logged_in else None
        sealed, address = visit.request.cookies.get(cookie), _address(visit)
        try:
            errand, member_id = await provider.finish(
                visit.request.query_params, sealed, present=present, address=address
            )
        except OidcRefused as refused:
            response = await asyncio.to_thread(_refused, visit, refused)
        except NotKnown:
            await asyncio.to_thread(visit.services.log_in.note, None, Outcome.PROVIDER_UNKNOWN, address=address)
            response = pages.problem(visit, 403, TITLE, UNKNOWN)
        except NotPossible as error:
            response = pages.problem(visit, 403, TITLE, error.says)
        except NoSuchLink:
            response = no_link(visit)
        else:
            if errand is Errand.TIE:
                response = pages.onward(f"{PREFIX}/mig", said="kopplat")
            else:
                response = pages.onward(PREFIX)
                await asyncio.to_thread(let_in, visit, response, member_id)
        response.delete_cookie(cookie, secure=is_secure(settings), httponly=True, samesite="lax")
        return response

    return router


def _refused(visit: Visit, refused: OidcRefused) -> Response:
    """Says that nobody came in by the provider; the log of log-ins holds it, and the service's own log the reason."""
    log.warning("nobody came in by the provider", reason=refused.reason.value)
    silent = refused.reason is Reason.UNAVAILABLE
    outcome = Outcome.PROVIDER_SILENT if silent else Outcome.PROVIDER_REFUSED
    visit.services.log_in.note(visit.logged_in.member.id if visit.logged_in else None, outcome, address=_address(visit))
    return pages.problem(visit, 503 if silent else 403, TITLE, SAYS.get(refused.reason, NOT_TRUSTED))


def _address(visit: Visit) -> str:
    return client_address(visit.request, visit.services.settings.trusted_proxies)
