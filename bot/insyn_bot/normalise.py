"""From what a person typed to the words the model counts."""

from __future__ import annotations

import re
import unicodedata

from insyn_bot.placeholders import to_markers

_WORD = re.compile(r"\w+|[^\w\s]")
_STRETCHED = re.compile(r"\b(?P<alone>[^\W\d_])(?P=alone){3,}\b|(?P<letter>[^\W\d_])(?P=letter){2,}")
_IGNORED = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\u00ad\U0001f3fb-\U0001f3ff]")
_FOLDED = str.maketrans({"ø": "o", "æ": "a", "ß": "ss", "đ": "d", "ł": "l"})


def fold(word: str) -> str:
    """`word` without diacritics: å, ä → a, ö, ø → o, é → e; people leave them out."""
    plain = word.translate(_FOLDED)
    if plain.isascii():
        return plain
    return "".join(mark for mark in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(mark))


def words(text: str) -> list[str]:
    """Lower-case words, emoji and `?` of `text`; placeholders as marker words; letters held down let go.

    Of a word of nothing else three are left: "aaaaaa" is not "a" (yes).
    """
    plain = _IGNORED.sub("", unicodedata.normalize("NFC", text)).lower()
    found = _WORD.findall(_STRETCHED.sub(_let_go, to_markers(plain)))
    return [each for each in found if each == "?" or each.isalnum() or "_" in each or _is_symbol(each)]


def _let_go(stretched: re.Match[str]) -> str:
    return stretched["letter"] or stretched["alone"] * 3


def _is_symbol(mark: str) -> bool:
    return unicodedata.category(mark) == "So"
