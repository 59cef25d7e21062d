"""Concepts: words that mean the same here, as shared features of the topic model (`concepts.yml`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from importlib.resources import files

import yaml

from insyn_bot.normalise import fold

_FILE = "concepts.yml"


class Concepts:
    """Finds the concepts in a row of folded words."""

    def __init__(self, patterns: dict[str, list[str]]) -> None:
        """`patterns` maps a concept to patterns as described in `concepts.yml`."""
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._beginnings: dict[str, set[str]] = defaultdict(set)
        self._insides: dict[str, set[str]] = defaultdict(set)
        self._sequences: dict[str, set[tuple[tuple[str, ...], str]]] = defaultdict(set)
        for concept, each_pattern in patterns.items():
            for pattern in each_pattern:
                sequence = tuple(fold(pattern.lower()).split())
                if len(sequence) > 1:
                    self._sequences[sequence[0].rstrip("*")[:2]].add((sequence, concept))
                elif pattern.startswith("*"):
                    self._insides[sequence[0].strip("*")].add(concept)
                elif pattern.endswith("*"):
                    self._beginnings[sequence[0].rstrip("*")].add(concept)
                else:
                    self._exact[sequence[0]].add(concept)
        self._of_word: dict[str, frozenset[str]] = {}

    @classmethod
    def load(cls) -> Concepts:
        """The concepts that come with the package."""
        raw = yaml.safe_load(files(__package__).joinpath(_FILE).read_text(encoding="utf-8"))
        return cls({concept: [each.strip() for each in line.split(",")] for concept, line in raw.items()})

    def of(self, words: Sequence[str]) -> list[list[str]]:
        """For each word the concepts that begin there, sorted."""
        found = [set(self._word(word)) for word in words]
        for at, word in enumerate(words):
            for sequence, concept in self._sequences.get(word[:2], ()):
                if len(sequence) <= len(words) - at and all(map(_fits, sequence, words[at:])):
                    found[at].add(concept)
        return [sorted(each) for each in found]

    def _word(self, word: str) -> frozenset[str]:
        known = self._of_word.get(word)
        if known is None:
            hits = set(self._exact.get(word, ()))
            for end in range(1, len(word) + 1):
                hits |= self._beginnings.get(word[:end], set())
            for part, concepts in self._insides.items():
                if part in word:
                    hits |= concepts
            known = frozenset(hits)
            if len(self._of_word) < 20_000:
                self._of_word[word] = known
        return known


def _fits(pattern: str, word: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern
