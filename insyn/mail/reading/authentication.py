"""Authentication-Results (RFC 8601), strictly parsed, from the one server that is trusted to have written them.

Anyone can write such a header into a mail. Only those with the pinned authserv-id count, and of those only the topmost:
a receiving server puts its own above what it got. That it also takes away headers that claim to be its own (RFC 8601
section 5) is what pinning rests on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from insyn.mail.reading.mail import Authentication, Grade, Result

MAX_VALUE_CHARS = 8_192
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+")
_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_VALUE = re.compile(r"[^\s;()\"=]+")
_QUOTED = re.compile(r'"((?:[^"\\\r\n]|\\[\x20-\x7e])*)"')
_RESULTS = {result.value: result for result in Result} | {"hardfail": Result.FAIL}
_PROPERTY_TYPES = frozenset({"smtp", "header", "body", "policy", "dns", "x-smtp"})


class NotWellFormed(ValueError):
    """A value that RFC 8601's grammar does not produce."""


@dataclass(frozen=True)
class MethodResult:
    """One `resinfo`: method, result, and properties such as ("header", "d") → "example.se"."""

    method: str
    result: Result
    properties: dict[tuple[str, str], str]


@dataclass(frozen=True)
class ParsedHeader:
    """One Authentication-Results header."""

    authserv_id: str
    results: tuple[MethodResult, ...]


def parse(value: str) -> ParsedHeader:
    """Reads one header value by the grammar of RFC 8601 section 2.2. Raises `NotWellFormed`."""
    if len(value) > MAX_VALUE_CHARS:
        raise NotWellFormed("too long")
    reader = _Reader(value)
    reader.skip()
    authserv_id = reader.value().rstrip(".").lower()
    reader.skip()
    if reader.peek().isdigit():
        if reader.token() != "1":
            raise NotWellFormed("another version")
        reader.skip()
    results = []
    while not reader.at_end():
        reader.expect(";")
        reader.skip()
        if reader.at_end():
            break  # a trailing semicolon, which servers write though the grammar has none
        found = _result(reader)
        if found is not None:
            results.append(found)
        elif results or not reader.at_end():
            raise NotWellFormed("none beside other results")
    return ParsedHeader(authserv_id, tuple(results))


def grade(values: list[str], authserv_id: str, from_address: str) -> tuple[Authentication, bool]:
    """What the pinned server's headers say about `from_address`, and whether one of them was malformed.

    `values` are the headers from the top. Without a pinned id there is no evidence, and a header that cannot be parsed
    is none either.
    """
    pinned = authserv_id.strip().rstrip(".").lower()
    if not pinned:
        return Authentication(), False
    malformed = False
    for value in values:
        try:
            header = parse(value)
        except NotWellFormed:
            malformed = True
            continue
        if header.authserv_id == pinned:
            return _graded(list(header.results), _domain(from_address)), malformed
    return Authentication(), malformed


def _graded(found: list[MethodResult], domain: str) -> Authentication:
    dmarc = _first(found, "dmarc")
    spf = _first(found, "spf")
    dkim_all = [each for each in found if each.method == "dkim"]
    dkim = next((each for each in dkim_all if each.result is Result.PASS), dkim_all[0] if dkim_all else None)
    dmarc_result = dmarc.result if dmarc else Result.NONE
    spf_result = spf.result if spf else Result.NONE
    dkim_result = dkim.result if dkim else Result.NONE

    def authentication(graded: Grade) -> Authentication:
        return Authentication(graded, dmarc_result, spf_result, dkim_result)

    if not found:
        return authentication(Grade.UNKNOWN)
    signed_for = {
        _domain(each.properties.get(("header", "d"), "") or each.properties.get(("header", "i"), ""))
        for each in dkim_all
        if each.result is Result.PASS
    }
    sent_for = _domain(spf.properties.get(("smtp", "mailfrom"), "")) if spf and spf_result is Result.PASS else ""
    header_from = _domain(dmarc.properties.get(("header", "from"), "")) if dmarc else ""
    if dmarc_result is Result.PASS and domain and header_from in ("", domain):
        return authentication(Grade.ALIGNED)
    if dmarc_result is Result.FAIL:
        return authentication(Grade.FAILED)
    if domain and (domain in signed_for or domain == sent_for):
        return authentication(Grade.ALIGNED)
    if signed_for or sent_for or dmarc_result is Result.PASS:
        return authentication(Grade.PARTIAL)
    if spf_result in (Result.FAIL, Result.SOFTFAIL) and dkim_result in (Result.FAIL, Result.NONE, Result.PERMERROR):
        return authentication(Grade.FAILED)
    if dkim_result is Result.FAIL and spf_result is Result.NONE:
        return authentication(Grade.FAILED)
    return authentication(Grade.UNKNOWN)


def _first(found: list[MethodResult], method: str) -> MethodResult | None:
    return next((each for each in found if each.method == method), None)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip().strip("<>").rstrip(".").lower()


def _result(reader: _Reader) -> MethodResult | None:
    method = reader.keyword().lower()
    reader.skip()
    if method == "none" and reader.peek() in ("", ";"):
        return None
    if reader.peek() == "/":
        reader.expect("/")
        reader.skip()
        if not reader.token().isdigit():
            raise NotWellFormed("method version")
        reader.skip()
    reader.expect("=")
    reader.skip()
    result = _RESULTS.get(reader.keyword().lower(), Result.NONE)
    properties: dict[tuple[str, str], str] = {}
    reader.skip()
    while reader.peek() not in ("", ";"):
        name = reader.keyword().lower()
        reader.skip()
        if name == "reason" and reader.peek() == "=":
            reader.expect("=")
            reader.skip()
            reader.value()
        else:
            reader.expect(".")
            reader.skip()
            item = reader.keyword().lower()
            reader.skip()
            reader.expect("=")
            reader.skip()
            value = reader.value(empty=True)
            if name in _PROPERTY_TYPES:
                properties.setdefault((name, item), value)
        reader.skip()
    return MethodResult(method, result, properties)


class _Reader:
    """A position in a header value."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def expect(self, char: str) -> None:
        if self.peek() != char:
            raise NotWellFormed(f"no {char}")
        self._at += 1

    def skip(self) -> None:
        """Passes whitespace and comments, nested ones too."""
        while not self.at_end():
            char = self.peek()
            if char.isspace():
                self._at += 1
            elif char == "(":
                self._comment()
            else:
                return

    def _comment(self) -> None:
        depth = 0
        while not self.at_end():
            char = self.peek()
            self._at += 2 if char == "\\" else 1
            depth += {"(": 1, ")": -1}.get(char, 0)
            if depth == 0:
                return
        raise NotWellFormed("comment without end")

    def keyword(self) -> str:
        return self._matched(_KEYWORD)

    def token(self) -> str:
        return self._matched(_TOKEN)

    def value(self, *, empty: bool = False) -> str:
        """A quoted string, or what stands until space, semicolon or bracket."""
        if self.peek() == '"':
            quoted = self._matched(_QUOTED)
            return re.sub(r"\\(.)", r"\1", quoted[1:-1])
        found = _VALUE.match(self._text, self._at)
        if not found:
            if empty and self.peek() in ("", ";", " "):
                return ""
            raise NotWellFormed("no value")
        self._at = found.end()
        return found[0]

    def _matched(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if not found:
            raise NotWellFormed("not a word")
        self._at = found.end()
        return found[0]
