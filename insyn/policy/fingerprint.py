"""Which sections of the policy have changed since the answers that rest on them were approved."""

from __future__ import annotations

import hashlib
import re

from insyn.policy.answers import AnswerBook

_SPACE = re.compile(r"\s+")


def changed_sections(book: AnswerBook, policy: str) -> list[str]:
    """Ids of the sections whose text is no longer the one fingerprinted, or whose heading is gone."""
    found = section_fingerprints(book, policy)
    return [section.id for section in book.sections.values() if found[section.id] != section.fingerprint]


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
    return _SPACE.sub(" ", line).strip()


def _fingerprint(text: str) -> str:
    return hashlib.sha256(_plain(text).encode()).hexdigest()
