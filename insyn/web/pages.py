"""Pages for one person with a secret link: plain forms, no scripts, kept in no cache and told to no search engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from insyn.mail.reading.attachments import size_in_words

PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
_PAGES.filters["bytes"] = size_in_words


def page(template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: object) -> Response:
    """A template as a response."""
    html = _PAGES.get_template(template).render(**context)
    return HTMLResponse(html, status_code=status, headers={**PRIVATE, **(headers or {})})


def notice(title: str, text: str, *, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A page that says one thing and leads to the chat."""
    return page("error.html.j2", title=title, text=text, error_id=None, status=status, headers=headers)


def too_fast(seconds: int) -> Response:
    """429, with the seconds to wait."""
    return notice(
        "Vänta lite", "Det går lite för fort. Vänta en stund och försök igen.", status=429,
        headers={"Retry-After": str(seconds)},
    )  # fmt: skip
