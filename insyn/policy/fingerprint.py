"""Fingerprints of the sections of a policy, by which it is seen that one has changed."""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata

from insyn.policy.answers import AnswerBook

_SPACE = re.compile(r"\s+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")
_DOCUMENTS = (b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"{\\rtf")  # PDF, Word and OpenDocument, older Word, RTF


class NotAPolicy(Exception):
    """What was given cannot be read as the policy; `says` tells why, in Swedish."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


def text_of(data: bytes) -> str:
    """The text of a policy's file: UTF-8 or UTF-16 as its byte order mark says, else Windows-1252. Raises `NotAPolicy`."""
    if data.startswith(_DOCUMENTS):
        raise NotAPolicy("Filen är ett dokument, inte text. Spara policyn som ren text (.txt) och försök igen.")
    try:
        text = data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if not text.strip():
        raise NotAPolicy("Filen är tom.")
    if _CONTROLS.search(text):
        raise NotAPolicy("Filen är inte text. Spara policyn som ren text (.txt) och försök igen.")
    return text


def require_headings(book: AnswerBook, policy: str) -> None:
    """Raises `NotAPolicy` when none of the sections' headings is in a text."""
    lines = {_plain(line) for line in policy.splitlines()}
    if not any(_plain(section.title) in lines for section in book.sections.values()):
        raise NotAPolicy(
            "Ingen av policyns rubriker finns i texten. Ta med hela policyn, med varje rubrik på en egen rad."
        )


def section_fingerprints(book: AnswerBook, policy: str) -> dict[str, str | None]:
    """A fingerprint of each section's text in a policy, by id; None where the heading is gone."""
    headings = {_plain(section.title): section.id for section in book.sections.values()}
    texts: dict[str, list[str]] = {}
    current: str | None = None
    for line in policy.splitlines():
        heading = headings.get(_plain(line))
        if heading is not None and heading not in texts:
            current = heading
            texts[current] = []
        elif current is not None:
            texts[current].append(line)
    return {section: _fingerprint("\n".join(texts[section])) if section in texts else None for section in book.sections}


def _plain(line: str) -> str:
    return unicodedata.normalize("NFC", _SPACE.sub(" ", line).strip())


def _fingerprint(text: str) -> str:
    return hashlib.sha256(_plain(text).encode()).hexdigest()
