"""What the topic model counts in a text: words, pieces of words, concepts and pairs of concepts.

TF-IDF by hand: scikit-learn's vectorizers take 3 ms for one message, most of it checks; this takes a tenth.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from insyn_bot.concepts import Concepts

_LENGTHS = (1, 2, 3, 5, 8, 12, 20, 40)
_SHORTEST_PIECE, _LONGEST_PIECE = 2, 5

Columns = NDArray[np.int32]
Values = NDArray[np.float32]


def word_features(words: Sequence[str]) -> list[str]:
    """Words and pairs of neighbours."""
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]


def piece_features(words: Sequence[str]) -> list[str]:
    """Character n-grams inside each word, the word's edges marked."""
    pieces: list[str] = []
    for word in words:
        padded = f" {word} "
        for length in range(_SHORTEST_PIECE, min(_LONGEST_PIECE, len(padded)) + 1):
            pieces += [padded[at : at + length] for at in range(len(padded) - length + 1)]
    return pieces


@dataclass
class _Block:
    """One kind of feature: its TF-IDF weights, learnt from the rows it was fitted on."""

    weight: float
    min_rows: int
    columns: dict[str, int] = field(default_factory=dict)
    idf: list[float] = field(default_factory=list)

    def fit(self, rows: Sequence[Counter[str]], first_column: int) -> int:
        """Learn from `rows`; columns are numbered from `first_column`; returns the next free one."""
        seen = Counter(name for row in rows for name in row)
        names = sorted(name for name, count in seen.items() if count >= self.min_rows)
        self.columns = {name: first_column + at for at, name in enumerate(names)}
        self.idf = [math.log((1 + len(rows)) / (1 + seen[name])) + 1 for name in names]
        self._first = first_column
        return first_column + len(names)

    def row(self, counts: Counter[str]) -> tuple[list[int], list[float]]:
        """Columns and weights of one text; the weights have length `weight`."""
        columns: list[int] = []
        values: list[float] = []
        for name, count in counts.items():
            column = self.columns.get(name)
            if column is not None:
                columns.append(column)
                values.append((1 + math.log(count)) * self.idf[column - self._first])
        norm = math.sqrt(sum(value * value for value in values))
        scale = self.weight / norm if norm else 0.0
        return columns, [value * scale for value in values]


class Features:
    """Turns folded words into columns and values of the model's sparse matrix."""

    def __init__(self) -> None:
        self._concepts = Concepts.load()
        self._words = _Block(weight=0.7, min_rows=1)
        self._pieces = _Block(weight=1.0, min_rows=2)
        self._meanings = _Block(weight=0.6, min_rows=1)
        self._pairs = _Block(weight=0.7, min_rows=2)
        self.width = 0

    def fit_transform(self, rows: Sequence[Sequence[str]]) -> csr_matrix:
        """Learn the columns from `rows` of words and return their matrix."""
        counted = [self._count(row) for row in rows]
        self.width = 0
        for at, block in enumerate(self._blocks):
            self.width = block.fit([counts[at] for counts in counted], self.width)
        return self._matrix([self._weigh(counts) for counts in counted])

    def matrix(self, rows: Sequence[Sequence[str]]) -> csr_matrix:
        """The matrix of `rows` of words, in the columns learnt before."""
        return self._matrix([self.transform(row) for row in rows])

    def transform(self, words: Sequence[str]) -> tuple[Columns, Values]:
        """Columns and values of one text."""
        return self._weigh(self._count(words))

    @property
    def _blocks(self) -> tuple[_Block, ...]:
        return (self._words, self._pieces, self._meanings, self._pairs)

    def _count(self, words: Sequence[str]) -> tuple[Counter[str], ...]:
        meanings = [concept for each in self._concepts.of(words) for concept in each] + _shape(words)
        pairs = [f"{one}+{two}" for one, two in combinations(sorted(set(meanings)), 2)]
        return (
            Counter(word_features(words)),
            Counter(piece_features(words)),
            Counter(meanings),
            Counter(pairs),
        )

    def _weigh(self, counts: tuple[Counter[str], ...]) -> tuple[Columns, Values]:
        columns: list[int] = []
        values: list[float] = []
        for block, count in zip(self._blocks, counts):  # noqa: B905
            block_columns, block_values = block.row(count)
            columns += block_columns
            values += block_values
        return np.array(columns, dtype=np.int32), np.array(values, dtype=np.float32)

    def _matrix(self, rows: Sequence[tuple[Columns, Values]]) -> csr_matrix:
        ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        matrix = csr_matrix(
            (
                np.concatenate([values for _, values in rows]),
                np.concatenate([columns for columns, _ in rows]),
                ends,
            ),
            shape=(len(rows), self.width),
        )
        matrix.sort_indices()
        return matrix


def _shape(words: Sequence[str]) -> list[str]:
    """How long the text is, whether it asks, which placeholders it holds."""
    length = sum(word != "?" for word in words)
    shape = [f"#length{bisect.bisect_left(_LENGTHS, length)}"]
    if "?" in words:
        shape.append("#question")
    return shape + [word for word in words if word.startswith("zz")]
