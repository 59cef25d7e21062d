"""Reads a message: which intent, how surely, which parts, which language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from joblib import Parallel, delayed
from sklearn.model_selection import StratifiedKFold

from insyn_bot.decision import Decision, Verdict
from insyn_bot.intents import family, is_content, is_request, is_urgent
from insyn_bot.language import language_of
from insyn_bot.model import Scores, TopicModel
from insyn_bot.normalise import words
from insyn_bot.segments import Span, sentences, splits

_FOLDS = 4
_WORKERS = 2
_SURE_PART = 0.75
_SURE_CLAUSE = 0.7
_FIRST = re.compile(r"\b(?:först|forst|first)\b", re.IGNORECASE)


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

    def __init__(self, model: TopicModel, decision: Decision) -> None:
        self._model = model
        self._decision = decision

    @classmethod
    def train(cls, texts: Sequence[str], intents: Sequence[str], seed: int = 7) -> Reader:
        """Learn the model from all examples, and from held-out scores how far to trust it."""
        model = TopicModel(seed).fit(texts, intents)
        margins, known = held_out(texts, intents, model.intents, seed)
        lengths = np.array([float(_length(text)) for text in texts])
        return cls(model, Decision(model.intents).fit(margins, intents, known, lengths))

    def warm_up(self) -> None:
        """Load what is loaded on first use, so that no person waits for it."""
        self.read("Hur länge sparar ni mina uppgifter, och vem laser registerutdarget?")

    def read(self, text: str) -> Reading:
        """The reading of one message; personal data must already be placeholders."""
        whole = self._verdict(text)
        pieces = self._pieces(text)
        parts = _parts(text, pieces, whole)
        main = _main(whole, [verdict for _, verdict in pieces], parts)
        return Reading(main.intent, main.trust, main.ranking, parts if len(parts) > 1 else [], language_of(text))

    def _verdict(self, text: str) -> Verdict:
        margins = self._model.margins([text])[0]
        return self._decision.decide(margins, self._model.known_share(text), _length(text))

    def _pieces(self, text: str) -> list[tuple[Span, Verdict]]:
        """Sentences, cut further where both sides surely mean different things; empty for one piece."""
        pieces: list[tuple[Span, Verdict]] = []
        for span in sentences(text):
            pieces += self._cut(text, span)
        return pieces if len(pieces) > 1 else []

    def _cut(self, text: str, span: Span) -> list[tuple[Span, Verdict]]:
        best: tuple[float, list[tuple[Span, Verdict]]] = (_SURE_CLAUSE, [])
        for left, right in splits(text, span):
            sides = [(left, self._verdict(left.of(text))), (right, self._verdict(right.of(text)))]
            one, two = sides[0][1], sides[1][1]
            sure = min(one.trust, two.trust)
            if sure >= best[0] and is_content(one.intent) and is_content(two.intent) and one.intent != two.intent:
                best = (sure, sides)
        if not best[1]:
            return [(span, self._verdict(span.of(text)))]
        return [piece for side, _ in best[1] for piece in self._cut(text, side)]


def held_out(
    texts: Sequence[str], intents: Sequence[str], columns: Sequence[str], seed: int
) -> tuple[Scores, Scores]:
    """Margins and known shares of every text, each from a model that has not seen it.

    Columns are those of `columns`; an intent with a single example is missing from one model: -1 there.
    """
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(texts, intents)
    results = Parallel(_WORKERS, prefer="threads")(
        delayed(_fold)(texts, intents, columns, seed, learn, test) for learn, test in folds
    )
    margins, known = np.full((len(texts), len(columns)), -1.0), np.zeros(len(texts))
    for test, fold_margins, fold_known in results:
        margins[test], known[test] = fold_margins, fold_known
    return margins, known


def _fold(
    texts: Sequence[str],
    intents: Sequence[str],
    columns: Sequence[str],
    seed: int,
    learn: Sequence[int],
    test: Sequence[int],
) -> tuple[Sequence[int], Scores, Scores]:
    model = TopicModel(seed).fit([texts[at] for at in learn], [intents[at] for at in learn])
    unseen = [texts[at] for at in test]
    margins = np.full((len(unseen), len(columns)), -1.0)
    margins[:, [list(columns).index(intent) for intent in model.intents]] = model.margins(unseen)
    return test, margins, np.array([model.known_share(text) for text in unseen])


def _parts(text: str, pieces: Sequence[tuple[Span, Verdict]], whole: Verdict) -> list[Part]:
    """The distinct things asked, in the order wished."""
    parts: list[Part] = []
    for span, verdict in pieces:
        follows = bool(parts) and family(verdict.intent) == "followup"
        if not verdict.sure or not (is_content(verdict.intent) or follows):
            continue
        if verdict.trust < _SURE_PART or any(part.intent == verdict.intent for part in parts):
            continue
        part = Part(verdict.intent, verdict.trust, span.start, span.end)
        if parts and _FIRST.search(span.of(text)) and not _FIRST.search(text[: span.start]):
            parts.insert(0, part)
        else:
            parts.append(part)
    return parts


def _main(whole: Verdict, pieces: Sequence[Verdict], parts: Sequence[Part]) -> Verdict:
    """What the message is about first of all: what is urgent, then a request, then a question."""
    sure = [each for each in pieces if each.sure]
    chosen = {part.intent for part in parts}
    candidates = [*([whole] if whole.sure else []), *(each for each in sure if each.intent in chosen)]
    for wanted in (is_urgent, is_request, is_content):
        fitting = [each for each in candidates if wanted(each.intent)]
        if fitting:
            return max(fitting, key=lambda each: each.trust)
    return whole


def _length(text: str) -> int:
    return len(words(text))
