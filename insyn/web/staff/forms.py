"""What a form sends, read without a temporary file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from urllib.parse import parse_qs

from starlette.requests import Request

MAX_FIELDS = 400
FORM = "application/x-www-form-urlencoded"
NUL, NUL_ESCAPED = "\0", "%00"  # nobody writes it, and PostgreSQL takes no text that holds it
YEARS = range(1900, 3000)  # what a date can mean here; at the ends of the calendar no moment can be reckoned
MOST_DIGITS = 18  # of a number that fits into a row's


class Form:
    """The fields of a form; one that is missing is an empty text."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    @classmethod
    async def of(cls, request: Request) -> Form:
        """Reads an url-encoded form; any other body counts as an empty one. Raises ValueError when it has too many fields."""
        if request.headers.get("content-type", "").partition(";")[0].strip() != FORM:
            return cls({})
        text = (await request.body()).decode("utf-8", "replace").replace(NUL_ESCAPED, "")
        return cls(parse_qs(text.replace(NUL, ""), keep_blank_values=True, max_num_fields=MAX_FIELDS))

    def __getitem__(self, name: str) -> str:
        return self._fields.get(name, [""])[0].replace("\r\n", "\n")

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Every field with its value, one that came several times as often."""
        return ((name, value) for name, values in self._fields.items() for value in values)

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times."""
        return self._fields.get(name, [])


def day_in(text: str) -> date | None:
    """The day that a field holds, or None."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def number_in(text: str) -> int | None:
    """The number of a row that a field or an address holds, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None
