"""The answer to a mail: everything that is to be said to it in one letter, in its thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from insyn.clock import STOCKHOLM, swedish_date, written_date
from insyn.letters.compose import reply_letter as composed
from insyn.outbox.queue import Letter

PREFIX = "Sv: "
WITHOUT_SUBJECT = "ditt mejl till Kontek"
SUBJECT_LENGTH = 150
REFERENCES = 10

_MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f-\uffff]{1,240}>")
_NOT_IN_A_HEADER = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")


@dataclass(frozen=True)
class Source:
    """Where an answer comes from."""

    title: str
    url: str = ""


@dataclass(frozen=True)
class Block:
    """One thing that is said, under a heading where several are answered."""

    text: str
    heading: str = ""
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Proof:
    """A code to answer with, and the link that does the same."""

    code: str
    until: datetime
    link: str | None = None


@dataclass(frozen=True)
class Reply:
    """All that a reply says. `deadlines` explain due dates of requests that are now open, `shown` what proves them."""

    blocks: Sequence[Block]
    name: str = ""
    deadlines: Sequence[str] = ()
    shown: str = ""
    proof: Proof | None = None
    limited_until: datetime | None = None
    offers_human: bool = True
    may_complain: bool = False
    english: bool = False


@dataclass(frozen=True)
class Place:
    """Where a reply goes: an address, and the thread it continues."""

    to: str
    subject: str
    message_id: str
    references: tuple[str, ...] = field(default=())


def reply_letter(reply: Reply, place: Place, *, now: datetime) -> Letter:
    """The reply as a letter. Whatever the mail's headers held, no line break of theirs reaches ours."""
    proof = reply.proof
    moment = proof.until if proof else reply.limited_until
    until = moment.astimezone(STOCKHOLM) if moment else None
    other_day = until is not None and swedish_date(now) != until.date()
    letter = composed(
        place.to,
        subject=reply_subject(place.subject),
        hello=_hello(reply.name, english=reply.english),
        blocks=reply.blocks,
        deadlines=reply.deadlines,
        proof=reply.shown,
        code=f"{proof.code[:4]} {proof.code[4:]}" if proof else "",
        until=until.strftime("%H.%M") if until else "",
        until_day=written_date(until.date()) if until and other_day else "",
        until_day_english=f"{until:%-d %B %Y}" if until and other_day else "",
        link=proof.link if proof else None,
        limited=reply.limited_until is not None,
        offers_human=reply.offers_human,
        may_complain=reply.may_complain,
        english=reply.english,
    )
    return in_thread(letter, place.message_id, place.references)


def in_thread(letter: Letter, message_id: str, references: Sequence[str]) -> Letter:
    """A letter as an answer to the mail `message_id`, at the end of the thread `references`."""
    answered = next(iter(_MESSAGE_ID.findall(message_id)), "")
    thread = [each for reference in references for each in _MESSAGE_ID.findall(reference) if each != answered]
    return Letter(
        to=letter.to, subject=letter.subject, text=letter.text, html=letter.html,
        in_reply_to=answered, references=" ".join([*thread[-REFERENCES:], answered]).strip(),
    )  # fmt: skip


def reply_subject(topic: str) -> str:
    """The subject of an answer to a mail about `topic`."""
    plain = " ".join(_NOT_IN_A_HEADER.sub(" ", topic).split())
    return PREFIX + (plain[:SUBJECT_LENGTH].rstrip() or WITHOUT_SUBJECT)


def _hello(name: str, *, english: bool) -> str:
    first = name.split()[0] if name else ""
    called = first if len(first.strip(".")) > 1 else name
    word = "Hello" if english else "Hej"
    return f"{word} {called}," if called else f"{word},"
