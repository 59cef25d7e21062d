"""Spelling correction against the words of the training data, and only where it is safe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import simplemma
from symspellpy import SymSpell, Verbosity

from insyn_bot.normalise import fold

_SHORTEST = 4
_SHORTEST_FOR_TWO_EDITS = 7
_SHORTEST_COMPOUND = 8


def is_swedish(word: str) -> bool:
    """Whether a Swedish dictionary knows `word` (as typed, not folded)."""
    return bool(simplemma.is_known(word, lang="sv"))


def is_word(word: str) -> bool:
    """Whether a Swedish or English dictionary knows `word` (as typed, not folded)."""
    return is_swedish(word) or bool(simplemma.is_known(word, lang="en"))


class Speller:
    """Corrects folded words that neither the training data nor a dictionary knows.

    Targets are training words seen at least twice, or once and known to the dictionary, so that a typo
    in an example does not become the right spelling.
    """

    def __init__(self, counts: Counter[str]) -> None:
        """`counts` maps unfolded training words to how often they occur."""
        self._seen = {fold(word) for word in counts}
        targets: Counter[str] = Counter()
        for word, count in counts.items():
            if len(word) >= _SHORTEST and word.isalpha() and (count > 1 or is_word(word)):
                targets[fold(word)] += count
        self._compounds = {word for word in targets if len(word) >= _SHORTEST_COMPOUND}
        self._symspell = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        for word, count in sorted(targets.items()):
            self._symspell.create_dictionary_entry(word, count)

    def knows(self, word: str) -> bool:
        """Whether the training data hold `word` (unfolded or folded)."""
        return fold(word) in self._seen

    def correct(self, word: str) -> str:
        """The folded `word`, corrected if it is long enough, unknown and close to a known one."""
        folded = fold(word)
        if len(folded) < _SHORTEST or folded in self._seen or not folded.isalpha() or is_word(word):
            return folded
        edits = 2 if len(folded) >= _SHORTEST_FOR_TWO_EDITS else 1
        nearest = self._symspell.lookup(folded, Verbosity.TOP, max_edit_distance=edits)
        return nearest[0].term if nearest else folded

    def correct_all(self, words: Sequence[str]) -> list[str]:
        """Folded words, compounds that were written apart put together, the rest corrected."""
        folded = [fold(word) for word in words]
        corrected: list[str] = []
        at = 0
        while at < len(words):
            together = "".join(folded[at : at + 2])
            if at + 1 < len(words) and together in self._compounds:
                corrected.append(together)
                at += 2
            else:
                corrected.append(self.correct(words[at]))
                at += 1
        return corrected
