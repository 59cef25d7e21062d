"""Reads a message: which intent, how surely, which parts, which language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from insyn_bot.model import TopicModel


@dataclass(frozen=True)
class Part:
    """One of several things a message asks; `start` and `end` are character offsets."""

    intent: str
    confidence: float
    start: int
    end: int


@dataclass(frozen=True)
class Reading:
    """What a message means; `ranking` holds intents with scores, best first."""

    intent: str
    confidence: float
    ranking: list[tuple[str, float]]
    parts: list[Part] = field(default_factory=list)
    language: str = "sv"


class Reader:
    """Everything learnt from the training data that reading needs."""

    def __init__(self, model: TopicModel) -> None:
        self._model = model

    @classmethod
    def train(cls, texts: Sequence[str], intents: Sequence[str], seed: int = 7) -> Reader:
        return cls(TopicModel(seed).fit(texts, intents))

    def warm_up(self) -> None:
        """Load what is loaded on first use, so that no person waits for it."""
        self.read("Hur länge sparar ni mina uppgifter?")

    def read(self, text: str) -> Reading:
        scores = self._model.scores([text])[0]
        order = scores.argsort()[::-1]
        ranking = [(self._model.intents[each], float(scores[each])) for each in order]
        return Reading(ranking[0][0], ranking[0][1], ranking)
