"""What every response carries and every request must pass: security headers, own origin, bounded body."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from insyn.settings import Settings
from insyn.web.problems import problem

MAX_BODY_BYTES = 8192 * 6 + 1024  # a message of 8 KiB, every byte of which may be written as an escape in JSON

RESTARTING = "Tjänsten startas om just nu. Försök igen om en stund."
_UPLOAD = re.compile(r"/konsol/arenden/[A-Z0-9-]{1,20}/filer")
_NONE_BUT_OURS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {frames}"
)


def security_headers(settings: Settings) -> dict[str, str]:
    """What every response carries (OWASP ASVS 5.0, V3)."""
    frames = " ".join(["'self'", *sorted(settings.origins)])
    headers = {
        "Content-Security-Policy": _NONE_BUT_OURS.format(frames=frames),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
    if settings.environment == "production":
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers


def message_too_long() -> Response:
    """What a message that is larger than any may be gets for an answer."""
    return problem(413, "Meddelandet är för långt. Korta det, eller dela upp det i flera.")


class Guards:
    """ASGI middleware: refuses foreign origins and large bodies, adds the security headers."""

    def __init__(
        self, app: ASGIApp, settings: Settings, too_long: Callable[[Request], Response] = lambda _request: message_too_long()
    ) -> None:  # fmt: skip
        self._app = app
        self._too_long = too_long
        self._origins = settings.origins
        self._headers = security_headers(settings)
        self._largest_upload = settings.delivery_max_mb * 1_000_000 + MAX_BODY_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if "cache-control" not in headers:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        if not self._is_ours(dict(scope["headers"])):
            refusal = problem(403, "Anropet kommer från en webbplats som inte får använda tjänsten.")
            await refusal(scope, receive, send_guarded)
            return
        if _too_large(scope, self._largest(scope)):
            await self._too_long(Request(scope))(scope, receive, send_guarded)
            return
        try:
            await self._app(scope, receive, send_guarded)
        except asyncio.CancelledError:
            # The service ends and waits no longer; what it has taken in it deals with when it is back.
            if begun:
                raise
            await problem(503, RESTARTING, retry_after=5)(scope, receive, send_guarded)

    def _largest(self, scope: Scope) -> int:
        """How many bytes may come: a message, or where the staff put files on a case as much as a file may have."""
        is_upload = scope["method"] == "POST" and _UPLOAD.fullmatch(scope["path"])
        return self._largest_upload if is_upload else MAX_BODY_BYTES

    def _is_ours(self, headers: dict[bytes, bytes]) -> bool:
        """Whether a call comes from a page of ours, or from no page at all.

        A plain form on a page that sends no referrer has the origin "null" (Fetch standard, "append a request Origin
        header"); there the browser's own word about the site counts, which no page can set.
        """
        origin = headers.get(b"origin")
        if origin is None:
            return True
        if origin == b"null":
            return headers.get(b"sec-fetch-site") == b"same-origin"
        return origin.decode("latin-1").rstrip("/") in self._origins


def _too_large(scope: Scope, limit: int) -> bool:
    """Whether the body is longer than what may come here, or does not say how long it is."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    return not length.isdigit() or int(length) > limit or b"transfer-encoding" in headers
