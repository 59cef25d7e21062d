"""The topic model: a linear classifier over `features`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, vstack
from sklearn.svm import LinearSVC

from insyn_bot.disturb import with_split_compounds, with_typos
from insyn_bot.features import Features
from insyn_bot.normalise import words
from insyn_bot.spelling import Speller

Scores = NDArray[np.float64]

_SHORTEST_TO_DISTURB = 8
_APART = 0.3
"""Of the disturbed copies, the share whose compounds are written apart as well."""


class TopicModel:
    """Scores a text against every intent of the training data. Deterministic for a given seed."""

    def __init__(self, seed: int = 7) -> None:
        self._seed = seed
        self.intents: list[str] = []

    def fit(self, texts: Sequence[str], intents: Sequence[str]) -> TopicModel:
        """Learn from `texts`, one of `intents` each (at least two different)."""
        tokens = [words(text) for text in texts]
        self._speller = Speller(Counter(word for each in tokens for word in each))
        self._features = Features()
        examples = self._features.fit_transform([self._speller.correct_all(each) for each in tokens])
        hurried, places = self._disturbed(texts)
        classifier = LinearSVC(C=0.5, random_state=self._seed)
        classifier.fit(vstack([examples, hurried]), [*intents, *(intents[at] for at in places)])
        self.intents = [str(intent) for intent in classifier.classes_]
        weights, bias = classifier.coef_, classifier.intercept_
        if len(self.intents) == 2:
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        self._weights = np.ascontiguousarray(weights.T, dtype=np.float32)
        self._bias = bias.astype(np.float32)
        return self

    def _disturbed(self, texts: Sequence[str]) -> tuple[csr_matrix, list[int]]:
        """A hurried copy of each text that is long enough, and the texts' places.

        Neither the speller nor the features learn words from them: a slip stays a word that is not known.
        """
        source = random.Random(self._seed)
        places = [at for at, text in enumerate(texts) if len(text) >= _SHORTEST_TO_DISTURB]
        copies = []
        for at in places:
            text = with_split_compounds(texts[at], source) if source.random() < _APART else texts[at]
            copies.append(self._speller.correct_all(words(with_typos(text, source))))
        return self._features.matrix(copies), places

    def margins(self, texts: Sequence[str]) -> Scores:
        """Raw scores, one row a text, one column an intent (in the order of `intents`)."""
        return np.array([self._margins_of(text) for text in texts]).reshape(-1, len(self.intents))

    def _margins_of(self, text: str) -> Scores:
        columns, values = self._features.transform(self._speller.correct_all(words(text)))
        return np.asarray(values @ self._weights[columns] + self._bias, dtype=np.float64)

    def known_share(self, text: str) -> float:
        """Share of the words of `text`, as typed, that the training data hold; 1.0 for no words."""
        found = [word for word in words(text) if word != "?"]
        return sum(map(self._speller.knows, found)) / len(found) if found else 1.0


def softmax(margins: Scores, temperature: float) -> Scores:
    """Probabilities from `margins`; a lower temperature makes them sharper."""
    scaled = margins / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    exponents = np.exp(scaled)
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def fit_temperature(margins: Scores, correct: NDArray[np.int64]) -> float:
    """The temperature that makes held-out `margins` most likely given the `correct` columns."""
    rows = np.arange(len(correct))

    def loss(log_temperature: float) -> float:
        chosen = softmax(margins, float(np.exp(log_temperature)))[rows, correct]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 2.0), method="bounded").x))
