"""The topic model: a linear classifier over `features`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.svm import LinearSVC

from insyn_bot.features import Features
from insyn_bot.normalise import words
from insyn_bot.spelling import Speller

Scores = NDArray[np.float64]

# liblinear shuffles with one random generator for the whole process: two fits at a time would mix seeds.
_ONE_FIT_AT_A_TIME = Lock()


class TopicModel:
    """Scores a text against every intent of the training data. Deterministic for a given seed."""

    def __init__(self, seed: int = 7) -> None:
        self._seed = seed
        self.intents: list[str] = []

    def fit(self, texts: Sequence[str], intents: Sequence[str]) -> TopicModel:
        """Learn from `texts`, one of `intents` each (at least two different)."""
        tokens = [words(text) for text in texts]
        self._speller = Speller(Counter(word for each in tokens for word in each))
        rows = [self._speller.correct_all(each) for each in tokens]
        self._features = Features()
        classifier = LinearSVC(C=0.5, random_state=self._seed)
        examples = self._features.fit_transform(rows)
        with _ONE_FIT_AT_A_TIME:
            classifier.fit(examples, list(intents))
        self.intents = [str(intent) for intent in classifier.classes_]
        weights, bias = classifier.coef_, classifier.intercept_
        if len(self.intents) == 2:
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        self._weights = np.ascontiguousarray(weights.T, dtype=np.float32)
        self._bias = bias.astype(np.float32)
        return self

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
