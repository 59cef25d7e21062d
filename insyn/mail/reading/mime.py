"""A mail's parts (RFC 2045, RFC 2046): split without copying, so that size and number of parts cost little.

The standard library's parser makes objects of every line of every attachment. Here a part is a stretch of the raw
bytes, and only text that will be read is decoded.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from insyn.mail.reading.headers import ContentType, Headers, content_type, disposition, parse_block

MAX_PARTS = 5_000
MAX_DEPTH = 12
MAX_TEXT_BYTES = 2_000_000  # of one part, encoded
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s_-]")


@dataclass
class Part:
    """One part: its header fields, the bytes of its body within the raw mail, and the parts inside it."""

    headers: Headers
    type: ContentType
    raw: bytes = field(repr=False)
    start: int = 0
    end: int = 0
    children: list[Part] = field(default_factory=list)
    disposition: str = ""
    file_name: str = ""

    def leaves(self) -> Iterator[Part]:
        """The parts that hold content, in order."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            if part.children:
                waiting.extend(reversed(part.children))
            else:
                yield part

    def walk(self) -> Iterator[Part]:
        """This part and all inside it, in order."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))

    @property
    def encoding(self) -> str:
        return self.headers.first("content-transfer-encoding").split(";")[0].strip().strip('"').lower()

    @property
    def size(self) -> int:
        """Bytes when decoded, without decoding: exact but for line ends."""
        length = self.end - self.start
        if self.encoding == "base64":
            lines = self.raw.count(b"\n", self.start, self.end) + self.raw.count(b"\r", self.start, self.end)
            return max(0, (length - lines) * 3 // 4 - self.raw.count(b"=", max(self.start, self.end - 8), self.end))
        return length

    def content(self, limit: int = MAX_TEXT_BYTES) -> tuple[bytes, bool]:
        """The decoded bytes of at most `limit` encoded ones, and whether that was all. Never raises."""
        data = self.raw[self.start : min(self.end, self.start + limit)]
        return transfer_decoded(data, self.encoding), self.end - self.start <= limit


@dataclass
class Tree:
    """The parts of a mail and what was odd about them."""

    root: Part
    oddities: list[str]


def tree(raw: bytes) -> Tree:
    """Splits a mail into parts. Never raises; what goes beyond the limits stays unsplit, and the oddities say so."""
    oddities: list[str] = []
    headers, body = parse_block(raw)
    oddities += headers.oddities
    root = _part(headers, raw, body, len(raw), "text/plain")
    waiting = [(root, 0)]
    count = 1
    while waiting:
        part, depth = waiting.pop()
        spans = _inner_spans(part, oddities)
        if not spans:
            continue
        if depth >= MAX_DEPTH:
            oddities.append("too_deep")
            continue
        default = "message/rfc822" if part.type.media_type == "multipart/digest" else "text/plain"
        for start, end in spans:
            count += 1
            if count > MAX_PARTS:
                oddities.append("too_many_parts")
                break
            # A view of the header block only: `parse_block` reads no further than its limit.
            inner, length = parse_block(raw[start : min(end, start + 262_144)])
            oddities += inner.oddities
            part.children.append(_part(inner, raw, min(start + length, end), end, default))
        if count > MAX_PARTS:
            break
        waiting.extend((child, depth + 1) for child in part.children)
    return Tree(root, list(dict.fromkeys(oddities)))


def transfer_decoded(data: bytes, encoding: str) -> bytes:
    """`data` without its transfer encoding; what is not encoded as it claims comes back as it is. Never raises."""
    if encoding == "base64":
        return _base64(data)
    if encoding in ("quoted-printable", "quotedprintable", "qp"):
        return quopri.decodestring(data)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _uudecoded(data)
    return data


def _base64(data: bytes) -> bytes:
    if len(_NOT_BASE64.findall(data[:2_000])) > len(data[:2_000]) // 50:
        return data
    cleaned = re.sub(rb"[^A-Za-z0-9+/]", b"", data.replace(b"-", b"+").replace(b"_", b"/"))
    try:
        return binascii.a2b_base64(cleaned[: len(cleaned) // 4 * 4] + _rest(cleaned))
    except binascii.Error:
        return data


def _rest(cleaned: bytes) -> bytes:
    rest = cleaned[len(cleaned) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _uudecoded(data: bytes) -> bytes:
    found = bytearray()
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        try:
            found += binascii.a2b_uu(line)
        except binascii.Error:
            return bytes(found) or data
    return bytes(found)


def _part(headers: Headers, raw: bytes, start: int, end: int, default: str) -> Part:
    kind, file_name = disposition(headers)
    media = content_type(headers, default)
    return Part(headers, media, raw, start, end, disposition=kind, file_name=file_name or media.name)


def _inner_spans(part: Part, oddities: list[str]) -> list[tuple[int, int]]:
    """Where the parts inside a multipart or an enclosed message lie; empty for a leaf."""
    if part.type.media_type in ("message/rfc822", "message/global") and part.encoding not in (
        "base64",
        "quoted-printable",
    ):
        return [(part.start, part.end)] if part.end > part.start else []
    if part.type.main != "multipart":
        return []
    boundary = part.type.boundary.rstrip().encode("utf-8", "replace")
    spans = _between(part, boundary) if boundary else []
    if not spans:
        guessed = re.compile(rb"^--(\S{6,70})[ \t]*\r?\n(?=content-)", re.IGNORECASE | re.MULTILINE).search(
            part.raw, part.start, min(part.end, part.start + 65_536)
        )
        if guessed:
            spans = _between(part, guessed[1])
        oddities.append("boundary_missing" if not spans else "boundary_wrong")
    return spans


def _between(part: Part, boundary: bytes) -> list[tuple[int, int]]:
    """The stretches between the lines of a boundary; an end that is missing is the end of the part."""
    raw, spans, opened = part.raw, [], -1
    line = re.compile(rb"--" + re.escape(boundary) + rb"(--)?[ \t]{0,100}\r?(?:\n|\Z)")
    for found in line.finditer(raw, part.start, part.end):
        if found.start() != part.start and raw[found.start() - 1] != 0x0A:
            continue
        if opened >= 0:
            spans.append((opened, _before_line_end(raw, opened, found.start())))
        if found[1]:
            return spans
        opened = found.end()
        if len(spans) > MAX_PARTS:
            break
    if opened >= 0:
        spans.append((opened, part.end))
    return spans


def _before_line_end(raw: bytes, start: int, end: int) -> int:
    if end > start and raw[end - 1 : end] == b"\n":
        end -= 1
    if end > start and raw[end - 1 : end] == b"\r":
        end -= 1
    return max(start, end)
