"""The sentences and lines of a mail's text."""

from __future__ import annotations

import itertools
import re

WRAPPED = 55  # characters from which a line may have been broken by a mail client
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+(?=\s|$)|\n|$)|[^.!?\n]+[.!?]+")
_NEW_LINE = re.compile(r"\s*(?:[-–—*•>]|\d+[.)]|[a-z]\))\s|\s*$")
_ENDED = re.compile(r"[:;]\s*$")


def unwrapped(text: str) -> str:
    """A text without the line breaks that a mail client put into its paragraphs; lists and short lines stay as they are."""
    lines = text.split("\n")
    joined = lines[:1]
    for before, line in itertools.pairwise(lines):
        wrapped = len(before) >= WRAPPED and line.strip() and not _NEW_LINE.match(line) and not _ENDED.search(before)
        if wrapped:
            joined[-1] = f"{joined[-1].rstrip()} {line.strip()}"
        else:
            joined.append(line)
    return "\n".join(joined)


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without what holds no word."""
    found = (match[0].strip() for match in _SENTENCE.finditer(text))
    return [each for each in found if re.search(r"\w", each)]
