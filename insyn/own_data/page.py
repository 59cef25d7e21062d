"""The holdings as a page to read: one file that needs nothing else, to be saved or printed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from insyn.clock import STOCKHOLM, written_date
from insyn.own_data.holdings import Holdings

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _moment(text: str | None) -> str:
    if not text:
        return "–"
    local = datetime.fromisoformat(text).astimezone(STOCKHOLM)
    return f"{written_date(local.date())} kl. {local.strftime('%H.%M')}"


_pages.filters["moment"] = _moment


def page(holdings: Holdings) -> str:
    """An HTML page with everything in `holdings`."""
    return _pages.get_template("page.html.j2").render(held=holdings)
