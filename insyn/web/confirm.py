"""The page behind the link in the mail with the code: it shows what is asked for, and a button confirms it.

Fetching the page changes nothing, so that mail scanners and previews confirm nothing.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from insyn.bootstrap import Services
from insyn.requests.desk import LINK_PATH
from insyn.requests.mailbox_link import NoSuchLink
from insyn.web.limits import by_address
from insyn.web.pages import notice, page, too_fast


def confirm_router(services: Services) -> APIRouter:
    """The routes under /bekrafta."""
    settings, links = services.settings, services.links
    wait_for = by_address(settings.rate_open_per_minute, settings.trusted_proxies)
    router = APIRouter(prefix=LINK_PATH)

    @router.get("/{link}", response_class=HTMLResponse)
    async def look(request: Request, link: str) -> Response:
        if seconds := wait_for(request):
            return too_fast(seconds)
        try:
            asked = await asyncio.to_thread(links.look, link)
        except NoSuchLink:
            return _gone()
        if asked.confirmed:
            return page("confirmed.html.j2", opened=(), by_mail=False)
        return page("confirm.html.j2", link=link, requests=asked.requests)

    @router.post("/{link}", response_class=HTMLResponse)
    async def confirm(request: Request, link: str) -> Response:
        if seconds := wait_for(request):
            return too_fast(seconds)
        try:
            confirmed = await asyncio.to_thread(links.confirm, link)
        except NoSuchLink:
            return _gone()
        return page("confirmed.html.j2", opened=confirmed.opened, by_mail=confirmed.by_mail)

    return router


def _gone() -> Response:
    """The same whether the link never was, has run out or has been used up."""
    return notice(
        "Länken gäller inte",
        "Länken finns inte eller gäller inte längre. Be om en ny kod där du gör din begäran, så får du en ny länk.",
        status=404,
    )
