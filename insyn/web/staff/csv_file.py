"""CSV that a spreadsheet opens without running anything in it (security.md 18; OWASP, CSV injection)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"  # tells Excel that it is UTF-8


def cell(value: object) -> str:
    """A value as a cell; numbers with a Swedish decimal comma, text that would be a formula with an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}".replace(".", ",")
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(DANGEROUS) or text.startswith(DANGEROUS) else text


def written(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A whole file: semicolons between cells, as Swedish spreadsheets have it (RFC 4180 otherwise)."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([cell(each) for each in headings])
    writer.writerows([cell(each) for each in row] for row in rows)
    return BYTE_ORDER_MARK + out.getvalue()
