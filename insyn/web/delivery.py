"""The pages where a person fetches files: the link alone shows a page, a code opens it, every file is a download.

Plain forms, no scripts. Nothing is ever shown inline, kept in a cache or told to a search engine.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from insyn.bootstrap import Services
from insyn.clock import STOCKHOLM, swedish_date, written_date
from insyn.delivery.deliveries import NoSuchDelivery, Waiting
from insyn.identity.challenge import Outcome
from insyn.web.limits import by_address
from insyn.web.pages import PRIVATE, notice, page, too_fast

CODE_SENT = "En kod är på väg till din e-postadress. Den gäller i tio minuter."
WRONG = {
    Outcome.WRONG: "Koden stämmer inte. Försök igen.",
    Outcome.EXPIRED: "Koden har gått ut. Be om en ny.",
    Outcome.DEAD: "Koden kan inte användas längre. Be om en ny.",
    Outcome.NONE: "Be först om en kod.",
}
FETCH_AGAIN = (
    "Tiden har gått ut, eller filen har hämtats så många gånger som går. Be om en ny kod om du vill hämta mer."
)


def delivery_router(services: Services) -> APIRouter:
    """The routes under /hamta."""
    settings, deliveries = services.settings, services.deliveries
    wait_for = by_address(settings.rate_open_per_minute, settings.trusted_proxies)
    router = APIRouter(prefix="/hamta")

    @router.get("/{link}", response_class=HTMLResponse)
    async def look(request: Request, link: str) -> Response:
        if seconds := wait_for(request):
            return too_fast(seconds)
        try:
            waiting = await asyncio.to_thread(deliveries.waiting, link)
        except NoSuchDelivery:
            return _gone()
        return _link_page(link, waiting)

    @router.post("/{link}/kod", response_class=HTMLResponse)
    async def ask_code(request: Request, link: str) -> Response:
        if seconds := wait_for(request):
            return too_fast(seconds)
        try:
            until = await asyncio.to_thread(deliveries.ask_code, link)
            waiting = await asyncio.to_thread(deliveries.waiting, link)
        except NoSuchDelivery:
            return _gone()
        said = CODE_SENT if until is None else f"En ny kod kan skickas {_at(until, services.clock())}."
        return _link_page(link, waiting, said=said)

    @router.post("/{link}/oppna", response_class=HTMLResponse)
    async def open_files(request: Request, link: str) -> Response:
        if seconds := wait_for(request):
            return too_fast(seconds)
        code = (await _form(request)).get("kod", "")
        try:
            opened = await asyncio.to_thread(deliveries.open, link, code)
            waiting = await asyncio.to_thread(deliveries.waiting, link)
        except NoSuchDelivery:
            return _gone()
        if opened.outcome is not Outcome.RIGHT:
            return _link_page(link, waiting, wrong=WRONG[opened.outcome], status=422)
        return page("delivery_files.html.j2", link=link, token=opened.token, files=opened.files, until=_day(waiting))

    @router.post("/{link}/fil/{file_id}")
    async def fetch(request: Request, link: str, file_id: str) -> Response:
        if seconds := wait_for(request):
            return too_fast(seconds)
        token = (await _form(request)).get("nyckel", "")
        try:
            download = await asyncio.to_thread(deliveries.fetch, link, token, file_id)
            if download is None:
                waiting = await asyncio.to_thread(deliveries.waiting, link)
                return _link_page(link, waiting, wrong=FETCH_AGAIN, status=403)
        except NoSuchDelivery:
            return _gone()
        headers = {
            **PRIVATE,
            "Content-Disposition": attachment(download.name),
            "Content-Length": str(download.size),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return StreamingResponse(download.pieces, headers=headers, media_type="application/octet-stream")

    return router


def attachment(name: str) -> str:
    """A Content-Disposition that saves under `name` and never shows (RFC 6266, RFC 8187)."""
    plain = "".join(mark if mark.isascii() and (mark.isalnum() or mark in "._- ") else "_" for mark in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _form(request: Request) -> dict[str, str]:
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
    return {name: values[0] for name, values in fields.items()}


def _link_page(link: str, waiting: Waiting, *, said: str = "", wrong: str = "", status: int = 200) -> Response:
    return page("delivery_link.html.j2", link=link, until=_day(waiting), said=said, wrong=wrong, status=status)


def _gone() -> Response:
    """The same whether the link never was, has run out or has been used up."""
    return notice(
        "Länken gäller inte",
        "Länken finns inte eller gäller inte längre. Svara på mejlet som den stod i om du vill ha en ny.",
        status=404,
    )


def _day(waiting: Waiting) -> str:
    return written_date(swedish_date(waiting.expires_at))


def _at(moment: datetime, now: datetime) -> str:
    clock = moment.astimezone(STOCKHOLM).strftime("klockan %H.%M")
    same_day = swedish_date(moment) == swedish_date(now)
    return clock if same_day else f"den {written_date(swedish_date(moment))} {clock}"
