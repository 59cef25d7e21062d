"""Header fields as bytes came: unfolded, decoded (RFC 2047, RFC 2231, RFC 6532), addresses and ids taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from insyn.mail.reading.charset import decode, decode_header_bytes
from insyn.mail.reading.mail import Mailbox

MAX_BLOCK_BYTES = 262_144
MAX_FIELDS = 1_000
MAX_VALUE_CHARS = 16_384
MAX_ADDRESSES = 500
MAX_IDS = 200
_FIELD = re.compile(rb"^([!-9;-~]{1,200})[ \t]*:(.*)$", re.DOTALL)
_KNOWN = re.compile(
    rb"^(?:from|to|cc|subject|date|message-id|received|mime-version|content-[a-z-]+|reply-to|return-path"
    rb"|x-[a-z0-9-]+)[ \t]*:",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
# Printable ASCII only, since ids are written into the headers of replies.
_MESSAGE_ID = re.compile(r"<([!-;=?A-~]{1,400}@[!-;=?A-~]{1,400})>")
_BARE_ID = re.compile(r"[!-+\--:=?A-~]{1,400}@[!-+\--:=?A-~]{1,400}")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:\"@]{1,255}")


@dataclass
class Headers:
    """The fields of one header block in order, names in lower case, values unfolded and still encoded."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    oddities: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def first(self, name: str) -> str:
        """The first value of a field, or an empty string."""
        return next((value for key, value in self.fields if key == name), "")

    def text(self, name: str) -> str:
        """The first value, decoded and on one line."""
        return one_line(decoded(self.first(name)))

    @property
    def names(self) -> Iterator[str]:
        return (name for name, _ in self.fields)


@dataclass(frozen=True)
class ContentType:
    """A part's media type and the parameters that matter here."""

    media_type: str
    charset: str = ""
    boundary: str = ""
    name: str = ""
    flowed: bool = False
    delsp: bool = False
    method: str = ""
    report_type: str = ""
    smime_type: str = ""
    protocol: str = ""

    @property
    def main(self) -> str:
        return self.media_type.partition("/")[0]


def parse_block(data: bytes) -> tuple[Headers, int]:
    """The header fields at the beginning of `data`, and where the body begins. Never raises."""
    headers = Headers()
    position = 0
    limit = min(len(data), MAX_BLOCK_BYTES)
    length = 0  # of the value being put together
    name, parts = "", []  # type: str, list[bytes]

    def keep() -> None:
        if name and len(headers.fields) < MAX_FIELDS:
            value = decode_header_bytes(b" ".join(each.strip() for each in parts)[:MAX_VALUE_CHARS])
            headers.fields.append((name, value.strip()))

    while position < limit:
        end = data.find(b"\n", position)
        end = len(data) if end < 0 else end + 1
        line = data[position:end].rstrip(b"\r\n")
        if not line.strip():
            position = end
            break
        if line[:1] in b" \t" and name:
            if length < MAX_VALUE_CHARS:
                parts.append(line)
                length += len(line)
        elif match := _FIELD.match(line):
            keep()
            name, parts = match[1].decode("ascii").lower(), [match[2]]
            length = len(match[2])
        elif _more_fields_follow(data, end):
            headers.oddities.append("header_malformed")
            keep()
            name, parts = "", []
        else:
            headers.oddities.append("header_end_missing")
            break
        position = end
    keep()
    if position >= MAX_BLOCK_BYTES:
        headers.oddities.append("headers_too_long")
    return headers, position


def _more_fields_follow(data: bytes, start: int) -> bool:
    """Whether known fields follow soon after a line that is none."""
    following = data[start : start + 2_000].split(b"\n", 6)[:6]
    for line in following:
        if not line.strip():
            return False
        if _KNOWN.match(line):
            return True
    return False


def decoded(value: str) -> str:
    """Encoded words (RFC 2047) read, also where they may not stand; broken ones stay as they are."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value[:MAX_VALUE_CHARS])
    except (HeaderParseError, ValueError, LookupError):
        return value
    text = []
    for piece, charset in pieces:
        if isinstance(piece, bytes):
            if charset is None:
                text.append(
                    piece.decode("raw_unicode_escape", "replace")
                )  # how the library hands over what it left alone
            else:
                text.append(decode(piece, charset.partition("*")[0])[0])
        else:
            text.append(piece)
    return "".join(text)


def one_line(value: str) -> str:
    """`value` without control characters and direction marks, its whitespace single.

    What still looks like an encoded word is broken up: the standard library would decode it when the value is put into
    a header of a reply, line breaks and all.
    """
    return " ".join(_CONTROL.sub(" ", value).replace("=?", "= ?").split())


def mailboxes(values: list[str]) -> tuple[tuple[Mailbox, ...], bool]:
    """The addresses of a header's values, and whether any of them was malformed."""
    found: list[Mailbox] = []
    malformed = False
    for value in values:
        joined = value[:MAX_VALUE_CHARS]
        pairs = _addresses(joined)
        if not any("@" in address for _, address in pairs) and "=?" in joined:
            pairs = _addresses(decoded(joined))  # the whole header was encoded, angle brackets and all
            malformed = True
        for name, address in pairs[:MAX_ADDRESSES]:
            cleaned = one_line(address).strip("<>'\" ")
            found.append(Mailbox(one_line(decoded(name)).strip("'\" "), cleaned))
            malformed |= not _ADDRESS.fullmatch(cleaned)
        malformed |= bool(joined.strip()) and not pairs
    return tuple(found[:MAX_ADDRESSES]), malformed


def _addresses(value: str) -> list[tuple[str, str]]:
    try:
        pairs = [pair for pair in getaddresses([value]) if any(pair)]
    except (ValueError, IndexError, RecursionError, TypeError):
        pairs = []
    if pairs:
        return pairs
    return [("", match[0]) for match in list(_ADDRESS.finditer(value))[-1:]]


def message_ids(value: str) -> tuple[str, ...]:
    """The message ids of a field with their angle brackets, in order, each once; none that holds an encoded word."""
    ids = [f"<{match[1]}>" for match in _MESSAGE_ID.finditer(value)]
    if not ids:
        ids = [f"<{match[0]}>" for match in _BARE_ID.finditer(value)]
    return tuple(dict.fromkeys(each for each in ids if "=?" not in each))[-MAX_IDS:]


def date(value: str) -> datetime | None:
    """The moment of a Date field, aware; None when it is not one."""
    try:
        moment = parsedate_to_datetime(value[:200])
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def content_type(headers: Headers, default: str = "text/plain") -> ContentType:
    """The Content-Type of a part; `default` where it has none or nonsense."""
    value = headers.first("content-type")[:4_096]
    if not value:
        return ContentType(default)
    message = Message()
    message["Content-Type"] = value.replace("\n", " ").replace("\r", " ")
    media_type = re.split(r"[;\s]", value, maxsplit=1)[0].strip().lower()
    if not re.fullmatch(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+*-]+", media_type):
        media_type = {"text": "text/plain", "html": "text/html"}.get(media_type, default)

    def parameter(name: str) -> str:
        return _parameter(message, name, "content-type")

    return ContentType(
        media_type,
        charset=parameter("charset"),
        boundary=parameter("boundary"),
        name=one_line(decoded(parameter("name"))),
        flowed=parameter("format").lower() == "flowed",
        delsp=parameter("delsp").lower() == "yes",
        method=parameter("method").lower(),
        report_type=parameter("report-type").lower(),
        smime_type=parameter("smime-type").lower(),
        protocol=parameter("protocol").lower(),
    )


def disposition(headers: Headers) -> tuple[str, str]:
    """The Content-Disposition ("attachment", "inline" or empty) and its file name."""
    value = headers.first("content-disposition")[:4_096]
    if not value:
        return "", ""
    message = Message()
    message["Content-Disposition"] = value.replace("\n", " ").replace("\r", " ")
    kind = re.split(r"[;\s]", value, maxsplit=1)[0].strip().lower()
    return kind, one_line(decoded(_parameter(message, "filename", "content-disposition")))


def _parameter(message: Message, name: str, header: str) -> str:
    """A parameter of a structured header (RFC 2231 continuations and character sets read)."""
    try:
        value = message.get_param(name, "", header)
    except (ValueError, IndexError, TypeError, LookupError, UnicodeError, AttributeError):
        return ""
    if isinstance(value, tuple):
        charset, _, encoded = value
        try:
            return decode(encoded.encode("latin-1"), charset or "")[0]
        except UnicodeError:
            return encoded
    return str(value or "")
