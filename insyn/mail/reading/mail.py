"""What reading a mail yields: plain values, with nothing left of MIME."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class Mailbox:
    """A name and an address as a header gave them: decoded, on one line, not checked. Either may be empty."""

    name: str
    address: str


@dataclass(frozen=True)
class Attachment:
    """An attached file by what its part says of itself. It has not been opened, and its content is not kept."""

    name: str
    media_type: str
    size: int  # bytes when decoded; an estimate for what was not decoded
    looks_like_id_document: bool


class Result(StrEnum):
    """Outcome of one authentication method (RFC 8601 section 2.7); `none` also when nothing was said about it."""

    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    NONE = "none"


class Grade(StrEnum):
    """How much the pinned server's results say about who sent a mail. Evidence about a mailbox, never identity."""

    ALIGNED = "aligned"  # the domain in From is vouched for (DMARC, or DKIM or SPF of that very domain)
    PARTIAL = "partial"  # something passed, for another domain
    FAILED = "failed"  # the domain in From disowns the mail (DMARC fail, or DKIM and SPF both failed)
    UNKNOWN = "unknown"  # no result from the pinned server


@dataclass(frozen=True)
class Authentication:
    """What the pinned server's Authentication-Results (RFC 8601) say; headers of other servers count for nothing."""

    grade: Grade = Grade.UNKNOWN
    dmarc: Result = Result.NONE
    spf: Result = Result.NONE
    dkim: Result = Result.NONE


@dataclass(frozen=True)
class AutomaticMarks:
    """What headers and MIME shape say about a mail not being written by a person to us. Values are lower case."""

    auto_submitted: str = ""  # RFC 3834: "no", "auto-generated", "auto-replied" …; empty when absent
    null_return_path: bool = False  # Return-Path: <>
    response_suppressed: bool = False  # X-Auto-Response-Suppress asks for no automatic reply
    autoreply_header: str = ""  # name of another header that only automatic replies carry, such as x-autoreply
    precedence: str = ""
    list_id: str = ""  # RFC 2919, without brackets
    list_post: str = ""  # the address of a list (RFC 2369)
    list_headers: tuple[str, ...] = ()  # names of the list-* headers that are there
    bulk_sender: bool = False  # a header that only mass mailing services write
    delivery_report: bool = False  # multipart/report with a delivery status (RFC 3464), or the shape of an older bounce
    failed_recipients: tuple[str, ...] = ()  # addresses a delivery report says could not be reached for good
    disposition_report: bool = False  # a read receipt (RFC 8098)
    abuse_report: bool = False  # RFC 5965
    calendar_method: str = ""  # iTIP method of a calendar part (RFC 5546): "request", "reply", "cancel" …
    spam_flagged: bool = False  # X-Spam-Flag: YES and its kin


@dataclass(frozen=True)
class ReadMail:
    """A mail as a person would read it.

    `new_text` is what its sender wrote now, a request found inside a forward included; `signature` is what stood below
    the greeting at its end, `quoted` what was quoted. `oddities` names, in short English identifiers,
    whatever was not as it should be.
    """

    message_id: str  # with angle brackets
    message_id_synthesised: bool  # there was none; made of a hash of the raw bytes, so the same mail gets the same one
    digest: str  # SHA-256 of the raw bytes, hexadecimal
    sender: Mailbox | None
    senders: tuple[Mailbox, ...] = ()  # all of From; more than one is an oddity
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    subject: str = ""  # as written
    topic: str = ""  # the subject without Sv:, Re:, VB:, Fwd:, [list] …
    is_reply: bool = False
    is_forward: bool = False
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()  # oldest first
    date: datetime | None = None  # aware; the sender's claim
    new_text: str = ""
    signature: str = ""
    quoted: str = ""
    forwarded: str = ""  # the part of `new_text` that came from a forwarded mail
    forwarded_from: str = ""  # who wrote that, as the forward says: a name, an address, or both
    attachments: tuple[Attachment, ...] = ()
    automatic: AutomaticMarks = field(default_factory=AutomaticMarks)
    authentication: Authentication = field(default_factory=Authentication)
    encrypted: bool = False  # S/MIME or PGP: what it says cannot be read here
    size: int = 0  # bytes of the raw mail
    oddities: tuple[str, ...] = ()

    @property
    def text_from_subject(self) -> bool:
        """Whether the body was empty and the subject is all that was said."""
        return "empty_body" in self.oddities and bool(self.new_text)
