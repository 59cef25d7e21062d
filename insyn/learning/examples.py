"""A message as an example to learn from: one line, in the form of the training data, with nothing personal in it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container

from insyn.privacy.masking import PLACEHOLDER, personal_in

MAX_LENGTH = 1000
_ANNOTATION = str.maketrans("[]", "()")  # square brackets would be an entity to Rasa
_NUMBER = re.compile(r"\d[\d \-–]{2,}\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_FOREIGN_PLACEHOLDER = re.compile(r"[⟨⟩]")
_CAPITALISED = re.compile(r"(?<![.!?:\n] )(?<!^)\b[A-ZÅÄÖÉ][a-zåäöéü]+\b")
_FOLD = str.maketrans("åäöéü", "aaoeu")


class NotAnExample(Exception):
    """The text cannot be learnt from; `says` tells why, in Swedish."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


def example_of(text: str) -> str:
    """A masked message as an example: placeholders numbered from one, on one line, without marks that Rasa would read."""
    numbers: dict[str, dict[str, int]] = defaultdict(dict)

    def renumbered(match: re.Match[str]) -> str:
        kind, _, number = match[0].strip("⟨⟩").rpartition(" ")
        known = numbers[kind]
        return f"⟨{kind} {known.setdefault(number, len(known) + 1)}⟩"

    line = " ".join(PLACEHOLDER.sub(renumbered, text).translate(_ANNOTATION).split())
    return line.lstrip("/-#| ").strip()


def require_nothing_personal(text: str) -> None:
    """Raises `NotAnExample` where anything in an example could point someone out, or it is no example."""
    if not text:
        raise NotAnExample("Exemplet är tomt.")
    if len(text) > MAX_LENGTH:
        raise NotAnExample(f"Exemplet är längre än {MAX_LENGTH} tecken. Korta det till det som betyder något.")
    if _FOREIGN_PLACEHOLDER.search(PLACEHOLDER.sub("", text)):
        raise NotAnExample("Tecknen ⟨ och ⟩ får bara stå runt platshållare som ⟨namn 1⟩.")
    for kind, value in personal_in(text):
        raise NotAnExample(
            f"”{value}” ser ut som {kind}. Byt det mot en platshållare som ⟨{kind} 1⟩, eller ta bort det."
        )
    for number in _NUMBER.findall(PLACEHOLDER.sub("", text)):
        if not _YEAR.fullmatch(number):
            raise NotAnExample(f"”{number}” är ett nummer som kan peka ut någon. Ta bort det.")


def words_to_check(text: str, vocabulary: Container[str]) -> list[str]:
    """Words with a capital inside a sentence that the training data do not know: a human looks whether they are names."""
    plain = PLACEHOLDER.sub("", text)
    found = dict.fromkeys(_CAPITALISED.findall(plain))
    return [
        word for word in found if word.lower() not in vocabulary and word.lower().translate(_FOLD) not in vocabulary
    ]
