"""What a form sends, read without a temporary file."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

MAX_FIELDS = 400
FORM = "application/x-www-form-urlencoded"


class Form:
    """The fields of a form; one that is missing is an empty text."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    @classmethod
    async def of(cls, request: Request) -> Form:
        """Reads an url-encoded form; any other body counts as an empty one. Raises ValueError when it has too many fields."""
        if request.headers.get("content-type", "").partition(";")[0].strip() != FORM:
            return cls({})
        text = (await request.body()).decode("utf-8", "replace")
        return cls(parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FIELDS))

    def __getitem__(self, name: str) -> str:
        return self._fields.get(name, [""])[0].replace("\r\n", "\n")

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times."""
        return self._fields.get(name, [])
