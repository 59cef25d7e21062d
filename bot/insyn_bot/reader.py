"""Reads a message: which intent, how surely, which parts, which language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from joblib import Parallel, delayed
from sklearn.model_selection import StratifiedKFold

from insyn_bot.decision import Decision, Verdict
from insyn_bot.intents import is_content, is_request, is_urgent
from insyn_bot.language import language_of
from insyn_bot.model import Scores, TopicModel
from insyn_bot.normalise import words
from insyn_bot.parts import Part, Piece, asked, cut
from insyn_bot.segments import sentences

_FOLDS = 3
_WORKERS = 2


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

    def __init__(self, model: TopicModel, decision: Decision) -> None:
        self._model = model
        self._decision = decision

    @classmethod
    def train(cls, texts: Sequence[str], intents: Sequence[str], seed: int = 7) -> Reader:
        """Learn the model from all examples, and from held-out scores how far to trust it."""
        everything = range(len(texts))
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(texts, intents)
        # In processes: Python's share of the work runs on both, and liblinear, which shuffles with one random
        # generator a process, has its seed to itself.
        models = Parallel(_WORKERS, prefer="processes")(
            delayed(_learn)(texts, intents, seed, learn, test) for learn, test in [(everything, ()), *folds]
        )
        (model, _, _, _), *held_out = models
        margins, known = np.full((len(texts), len(model.intents)), -1.0), np.zeros(len(texts))
        for fold, test, fold_margins, fold_known in held_out:
            columns = [model.intents.index(intent) for intent in fold.intents]
            margins[np.ix_(test, columns)], known[test] = fold_margins, fold_known
        lengths = np.array([float(_length(text)) for text in texts])
        return cls(model, Decision(model.intents).fit(margins, intents, known, lengths))

    def warm_up(self) -> None:
        """Load what is loaded on first use, so that no person waits for it."""
        self.read("Hur länge sparar ni mina uppgifter, och vem laser registerutdarget?")

    def read(self, text: str) -> Reading:
        """The reading of one message; personal data must already be placeholders."""
        spans = sentences(text)
        whole, *verdicts = self._verdicts([text, *(span.of(text) for span in spans)])
        whole_sentences = map(Piece, spans, verdicts)
        pieces = [piece for each in whole_sentences for piece in cut(text, each, whole, self._verdicts)]
        parts = asked(text, pieces, whole) if len(pieces) > 1 else []
        main = _main(whole, pieces, parts)
        return Reading(
            main.intent, main.trust, main.ranking, parts if len(parts) > 1 else [], language_of(text)
        )

    def _verdicts(self, texts: Sequence[str]) -> list[Verdict]:
        known = np.array([self._model.known_share(text) for text in texts])
        lengths = np.array([float(_length(text)) for text in texts])
        return self._decision.decide(self._model.margins(texts), known, lengths)


def _learn(
    texts: Sequence[str], intents: Sequence[str], seed: int, learn: Sequence[int], test: Sequence[int]
) -> tuple[TopicModel, Sequence[int], Scores, Scores]:
    """A model of the examples `learn`, and its margins on and known shares of the examples `test`."""
    model = TopicModel(seed).fit([texts[at] for at in learn], [intents[at] for at in learn])
    unseen = [texts[at] for at in test]
    return model, test, model.margins(unseen), np.array([model.known_share(text) for text in unseen])


def _main(whole: Verdict, pieces: Sequence[Piece], parts: Sequence[Part]) -> Verdict:
    """What the message is about first of all: what is urgent, then a request, then a question.

    Of several such parts the one wished first; of the whole and its only part the surer.
    """
    of_piece = {
        each.verdict.best: replace(each.verdict, intent=each.verdict.best) for each in reversed(pieces)
    }
    candidates = [of_piece[part.intent] for part in parts]
    if len(parts) < 2 and whole.sure:
        candidates = sorted([*candidates, whole], key=lambda each: -each.trust)
    elif whole.sure and is_urgent(whole.intent):
        candidates.insert(0, whole)
    for wanted in (is_urgent, is_request, is_content):
        for candidate in candidates:
            if wanted(candidate.intent):
                return candidate
    return whole


def _length(text: str) -> int:
    return len(words(text))
