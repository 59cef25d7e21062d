"""From scores to a decision: answer, ask between readings, or say that it is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from insyn_bot.intents import CLARIFY, OUT_OF_SCOPE, UNKNOWN, group, is_dialogue
from insyn_bot.model import Scores, fit_temperature, softmax

_RIGHT, _WRONG, _OUTSIDE = range(3)

WRONG_ALLOWED = 0.10
"""Share of held-out in-scope examples that may be answered wrongly. The examples are written to be as
varied as possible; messages from people are misread about a quarter as often (tests/understanding/dev)."""

REFUSED_ALLOWED = 0.05
"""Share of held-out in-scope examples that may be refused."""


@dataclass(frozen=True)
class Verdict:
    """`intent` is a training intent, `fallback.clarify` or `out_of_scope.*`.

    `best` is the best in-scope intent, `trust` the probability that it is right, `ranking` all training
    intents with their probabilities, best first.
    """

    intent: str
    best: str
    trust: float
    ranking: list[tuple[str, float]]

    @property
    def sure(self) -> bool:
        return self.intent == self.best


class Decision:
    """Learns from held-out scores how far the model's scores can be trusted."""

    def __init__(self, intents: Sequence[str]) -> None:
        self._intents = list(intents)
        self._groups = sorted({group(intent) for intent in intents} - {OUT_OF_SCOPE})
        self._group_of = np.array(
            [self._groups.index(group(each)) if group(each) != OUT_OF_SCOPE else -1 for each in intents]
        )
        self._dialogue = np.array([is_dialogue(each) for each in self._groups])
        self.temperature = 1.0
        self.answer_from = 0.5
        self.refuse_from = 0.5

    def fit(self, margins: Scores, intents: Sequence[str], known: Scores, lengths: Scores) -> Decision:
        """Learn from held-out `margins`, the right `intents`, and each text's `known` share and length."""
        column = {intent: at for at, intent in enumerate(self._intents)}
        right = np.array([column[intent] for intent in intents])
        self.temperature = fit_temperature(margins, right)
        evidence, top = self._evidence(margins, known, lengths)
        truth = self._group_of[right]
        outcome = np.where(truth < 0, _OUTSIDE, np.where(top == truth, _RIGHT, _WRONG))
        self._scaler = StandardScaler().fit(evidence)
        self._judge = LogisticRegression(max_iter=2000).fit(self._scaler.transform(evidence), outcome)
        chances = self._chances(evidence)
        inside = outcome != _OUTSIDE
        if inside.any():
            self.refuse_from = float(np.quantile(chances[inside, _OUTSIDE], 1 - REFUSED_ALLOWED))
            self.answer_from = _threshold(chances[inside, _RIGHT], outcome[inside] == _WRONG, WRONG_ALLOWED)
        return self

    def decide(self, margins: Scores, known: float, length: int) -> Verdict:
        """The verdict on one text from its row of `margins`, known share and number of words."""
        row = margins[np.newaxis, :]
        evidence, top = self._evidence(row, np.array([known]), np.array([float(length)]))
        chances = self._chances(evidence)[0]
        probabilities = softmax(row, self.temperature)[0]
        order = np.argsort(-probabilities, kind="stable")
        ranking = [(self._intents[at], float(probabilities[at])) for at in order]
        best = next(name for name, _ in ranking if group(name) == self._groups[top[0]])
        trust = float(chances[_RIGHT])
        if chances[_OUTSIDE] >= self.refuse_from and chances[_OUTSIDE] > trust:
            kind = ranking[0][0]
            intent = kind if group(kind) == OUT_OF_SCOPE else UNKNOWN
        else:
            intent = best if trust >= self.answer_from else CLARIFY
        return Verdict(intent, best, trust, ranking)

    def _chances(self, evidence: Scores) -> Scores:
        """Probability of right, wrong, outside for each row, whatever outcomes the training had."""
        found = self._judge.predict_proba(self._scaler.transform(evidence))
        chances = np.zeros((len(evidence), 3))
        chances[:, self._judge.classes_] = found
        return chances

    def _evidence(self, margins: Scores, known: Scores, lengths: Scores) -> tuple[Scores, NDArray[np.int64]]:
        probabilities = softmax(margins, self.temperature)
        inside_share = np.zeros((len(margins), len(self._groups)))
        inside_margin = np.full((len(margins), len(self._groups)), -9.0)
        outside_share, outside_margin = np.zeros(len(margins)), np.full(len(margins), -2.0)
        for at, owner in enumerate(self._group_of):
            if owner < 0:
                outside_share += probabilities[:, at]
                outside_margin = np.maximum(outside_margin, margins[:, at])
            else:
                inside_share[:, owner] += probabilities[:, at]
                inside_margin[:, owner] = np.maximum(inside_margin[:, owner], margins[:, at])
        ordered = np.sort(inside_share, axis=1)
        top = inside_share.argmax(axis=1)
        rows = np.arange(len(margins))
        best_margin = inside_margin[rows, top]
        second_margin = np.sort(inside_margin, axis=1)[:, -2]
        evidence = np.column_stack(
            [
                _log_odds(ordered[:, -1]),
                _log_odds(ordered[:, -2]),
                _log_odds(outside_share),
                best_margin,
                second_margin,
                outside_margin,
                best_margin - second_margin,
                known,
                known**2,
                np.log1p(lengths),
                self._dialogue[top],
                best_margin * (lengths <= 2),
            ]
        )
        return evidence, top


def _log_odds(share: Scores) -> Scores:
    clipped = np.clip(share, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _threshold(trust: Scores, wrong: NDArray[np.bool_], allowed: float) -> float:
    """The lowest trust from which answering leaves at most `allowed` of all rows wrongly answered."""
    order = np.argsort(-trust)
    too_many = np.flatnonzero(np.cumsum(wrong[order]) > allowed * len(trust))
    return float(trust[order[too_many[0]]]) + 1e-9 if len(too_many) else float(trust.min())
