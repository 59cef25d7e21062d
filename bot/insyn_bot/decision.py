"""From scores to a decision: answer, ask between readings, or say that it is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from insyn_bot.intents import CARE, CLARIFY, OUT_OF_SCOPE, UNKNOWN, group, is_dialogue
from insyn_bot.model import Scores, fit_temperature, softmax

_RIGHT, _WRONG, _OUTSIDE = range(3)

WRONG_ALLOWED = 0.10
"""Share of held-out in-scope examples that may be answered wrongly. The examples are written to be as
varied as possible; messages from people are misread about a quarter as often (tests/understanding/dev)."""

REFUSED_ALLOWED = 0.08
"""Share of held-out in-scope examples that may be refused."""

MORE_LIKELY_THAN_NOT = 0.5

CARE_FROM = 0.15
"""Probability from which an intent of `CARE` is taken when nothing else is sure."""


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
        self._outside = np.flatnonzero(self._group_of < 0)
        self._columns = np.argsort(self._group_of, kind="stable")[len(self._outside) :]
        self._starts = np.searchsorted(self._group_of[self._columns], np.arange(len(self._groups)))
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
        self._fit_judge(evidence, outcome)
        chances = self._chances(evidence)
        inside = outcome != _OUTSIDE
        if inside.any():
            self.refuse_from = float(np.quantile(chances[inside, _OUTSIDE], 1 - REFUSED_ALLOWED))
            lowest = _threshold(chances[inside, _RIGHT], outcome[inside] == _WRONG, WRONG_ALLOWED)
            self.answer_from = max(lowest, MORE_LIKELY_THAN_NOT)
        return self

    def decide(self, margins: Scores, known: Scores, lengths: Scores) -> list[Verdict]:
        """A verdict on each text from its row of `margins`, its known share and number of words."""
        evidence, top = self._evidence(margins, known, lengths)
        chances = self._chances(evidence)
        probabilities = softmax(margins, self.temperature)
        orders = np.argsort(-probabilities, axis=1, kind="stable")
        return [
            self._verdict(self._groups[top[row]], chances[row], probabilities[row], orders[row])
            for row in range(len(margins))
        ]

    def _verdict(self, top: str, chances: Scores, probabilities: Scores, order: NDArray[np.int64]) -> Verdict:
        ranking = [(self._intents[at], float(probabilities[at])) for at in order]
        best = next(name for name, _ in ranking if group(name) == top)
        trust, outside = float(chances[_RIGHT]), float(chances[_OUTSIDE])
        if outside >= self.refuse_from and outside > trust:
            kind = ranking[0][0]
            intent = kind if group(kind) == OUT_OF_SCOPE else UNKNOWN
        else:
            intent = best if trust >= self.answer_from else CLARIFY
        if intent != best:
            intent = next((name for name, score in ranking if name in CARE and score >= CARE_FROM), intent)
        return Verdict(intent, best, trust, ranking)

    def _chances(self, evidence: Scores) -> Scores:
        """Probability of right, wrong, outside for each row, whatever outcomes the training had."""
        logits = ((evidence - self._centre) / self._spread) @ self._judge_weights + self._judge_bias
        return softmax(logits, 1.0)

    def _fit_judge(self, evidence: Scores, outcome: NDArray[np.int64]) -> None:
        self._centre, self._spread = evidence.mean(axis=0), np.maximum(evidence.std(axis=0), 1e-6)
        self._judge_weights, self._judge_bias = np.zeros((evidence.shape[1], 3)), np.full(3, -30.0)
        seen = np.unique(outcome)
        if len(seen) == 1:
            self._judge_bias[seen] = 0.0
            return
        judge = LogisticRegression(max_iter=2000, multi_class="multinomial")
        judge.fit((evidence - self._centre) / self._spread, outcome)
        weights, bias = judge.coef_, judge.intercept_
        if len(seen) == 2:
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        self._judge_weights[:, seen], self._judge_bias[seen] = weights.T, bias

    def _evidence(self, margins: Scores, known: Scores, lengths: Scores) -> tuple[Scores, NDArray[np.int64]]:
        """What speaks for and against the best in-scope group of each row, and that group's number."""
        probabilities = softmax(margins, self.temperature)
        inside, outside = self._columns, self._outside
        share = np.add.reduceat(probabilities[:, inside], self._starts, axis=1)
        margin = np.maximum.reduceat(margins[:, inside], self._starts, axis=1)
        rows, top = np.arange(len(margins)), share.argmax(axis=1)
        ordered = np.sort(share, axis=1)
        best_margin, second_margin = margin[rows, top], np.sort(margin, axis=1)[:, -2]
        evidence = np.column_stack(
            [
                _log_odds(ordered[:, -1]),
                _log_odds(ordered[:, -2]),
                _log_odds(probabilities[:, outside].sum(axis=1)),
                best_margin,
                second_margin,
                margins[:, outside].max(axis=1, initial=-2.0),
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
