"""Words of a text with their places."""

from __future__ import annotations

import re
from typing import NamedTuple

from insyn.privacy.lexicon import FIRST_NAMES, SURNAMES

_MARKS = "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711\u0730-\u074a\u0900-\u1cff"
_LETTERS = rf"(?:[^\W\d_]|[{_MARKS}])++"
WORD = re.compile(rf"{_LETTERS}(?:['’ʼ´`-]{_LETTERS})*+")


class Token(NamedTuple):
    """A word of the text."""

    start: int
    end: int
    word: str
    low: str

    @property
    def capital(self) -> bool:
        """Begins with a capital letter; scripts without cases count as if they did."""
        return self.word[0].isupper() or not self.word[0].islower()

    def initial(self, text: str) -> bool:
        """A single capital with a full stop: "A."."""
        return len(self.word) == 1 and self.word.isupper() and text[self.end : self.end + 1] == "."

    @property
    def is_name(self) -> bool:
        """A word that is known as a name."""
        return self.low in FIRST_NAMES or self.low in SURNAMES


def tokens_of(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The words of `text[start:end]` with their places."""
    found = WORD.finditer(text, start, len(text) if end is None else end)
    return [Token(match.start(), match.end(), match[0], match[0].lower()) for match in found]
