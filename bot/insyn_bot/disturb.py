"""Copies of messages as people in a hurry write them.

The model learns from such copies of its examples, and is measured with copies of other messages
(tests/understanding/yardstick.py disturbs in a way of its own).
"""

from __future__ import annotations

import random
import re
from itertools import pairwise

from insyn_bot.normalise import fold
from insyn_bot.placeholders import PLACEHOLDER

_NEIGHBOURS = {
    **{"a": "sqz", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo"},
    **{"j": "hk", "k": "jl", "l": "kö", "m": "n", "n": "bm", "o": "ip", "p": "oå", "q": "wa", "r": "et"},
    **{"s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "ax"},
    **{"å": "pö", "ä": "ö", "ö": "lä"},
}
_LONG_WORD = re.compile(r"[^\W\d_]{9,}")
_SHORTEST_FOR_TYPO = 4


def with_typos(text: str, random_source: random.Random) -> str:
    """One slip in about every third word of four letters or more; at least one where possible."""
    pieces = re.split(r"(\s+)", text)
    able = [
        at
        for at, piece in enumerate(pieces)
        if len(piece) >= _SHORTEST_FOR_TYPO and not re.search("[⟨⟩]", piece)
    ]
    chosen = [at for at in able if random_source.random() < 0.34] or able[:1]
    for at in chosen:
        pieces[at] = _slip(pieces[at], random_source)
    return "".join(pieces)


def without_diacritics(text: str) -> str:
    """å, ä → a, ö → o, outside placeholders."""
    ends = [0, *(at for hit in PLACEHOLDER.finditer(text) for at in hit.span()), len(text)]
    pieces = [text[start:end] for start, end in pairwise(ends)]
    return "".join(piece if odd % 2 else fold(piece) for odd, piece in enumerate(pieces))


def with_split_compounds(text: str, random_source: random.Random) -> str:
    """Long words written apart, in the middle third: "personuppgifter" → "person uppgifter"."""

    def apart(word: re.Match[str]) -> str:
        at = random_source.randint(len(word[0]) // 3 + 1, 2 * len(word[0]) // 3)
        return f"{word[0][:at]} {word[0][at:]}"

    return _LONG_WORD.sub(apart, text)


def _slip(word: str, random_source: random.Random) -> str:
    at = random_source.randrange(1, len(word))
    kind = random_source.choice(["drop", "double", "swap", "neighbour"])
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[:at] + word[at] + word[at:]
    if kind == "swap":
        return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    return word[:at] + random_source.choice(_NEIGHBOURS.get(word[at].lower(), word[at])) + word[at + 1 :]
