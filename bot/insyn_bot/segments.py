"""Where a message falls into sentences, and where a sentence may fall into clauses."""

from __future__ import annotations

import re
from dataclasses import dataclass

_END = re.compile(r"[.!?…]+(?=[\s\"'”)]|$)|\n+|;|(?<=[?!])(?=\w)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:t\.?ex|bl\.?a|d\.?v\.?s|m\.?m|m\.?fl|o\.?s\.?v|p\.?g\.?a|f\.?d|s\.?k|resp|ca|kl|nr|art|tel|st|kap|e\.?g|i\.?e"
    r"|o\.?d|a\.?i|org)|\b\w)\.$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:^|\s)\d+\.$")
_JOIN = re.compile(
    r"(?:\s*,\s*|\s+)(?:och|samt|å|o|men|fast|dessutom|sen|sedan|därefter|plus|and|then|also|but|og)"
    r"(?:\s+(?:dessutom|sen|sedan|också|även|först|also|then))*\s+|\s*[,:]\s+|\s+[–-]\s+",
    re.IGNORECASE,
)
_ORDER = re.compile(r"\b(?:sen|sedan|därefter|then)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """A piece of a text by character offsets."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


def sentences(text: str) -> list[Span]:
    """The sentences of `text`, without surrounding space; abbreviations and "1." do not end one."""
    found: list[Span] = []
    start = 0
    for end in _END.finditer(text):
        before = text[start : end.end()]
        if end[0] == "." and (_ABBREVIATION.search(before) or _NUMBER.search(before)):
            continue
        found.append(Span(start, end.end()))
        start = end.end()
    found.append(Span(start, len(text)))
    return [span for each in found if (span := _stripped(text, each)) is not None]


def splits(text: str, span: Span) -> list[tuple[Span, Span]]:
    """The ways to cut `span` in two at "och", "samt", a comma …; both sides hold at least two words.

    After a word of order one is enough: "först en kopia, sen radera".
    """
    found: list[tuple[Span, Span]] = []
    for join in _JOIN.finditer(text, span.start, span.end):
        left, right = (
            _stripped(text, Span(span.start, join.start())),
            _stripped(text, Span(join.end(), span.end)),
        )
        fewest = 1 if _ORDER.search(join[0]) else 2
        if left and right and len(left.of(text).split()) >= 2 and len(right.of(text).split()) >= fewest:
            found.append((left, right))
    return found


def _stripped(text: str, span: Span) -> Span | None:
    """`span` without the space around it; None if no letter, digit or symbol is left."""
    piece = span.of(text)
    if not re.search(r"[^\s.,;:!?…\"'”()–-]", piece):
        return None
    lead = len(piece) - len(piece.lstrip())
    return Span(span.start + lead, span.start + len(piece.rstrip()))
