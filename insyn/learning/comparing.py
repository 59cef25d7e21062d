"""Two models side by side on every set of messages whose meaning is known: what gets better, what gets worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from insyn.conversation.transcript import public_topic
from insyn.policy.answers import AnswerBook

QUESTIONS = Path("tests") / "understanding"
REGRESSION_SET = "regression"
UNSEEN = "held_out"  # the measure: how many, never which
AND = " + "
_SEVERAL = "multi.yml"
_CLARIFY, _UNKNOWN, _HUMAN = "fallback.clarify", "out_of_scope", "handover.human"

Reading = Mapping[str, Any]


class Outcome(StrEnum):
    """What became of a message, best first."""

    RIGHT = "right"
    OFFERED = "offered"  # asked back, with what was meant among the choices
    UNSURE = "unsure"  # asked back without it, or said not to know
    WRONG = "wrong"


_RANK = {outcome: place for place, outcome in enumerate(Outcome)}


@dataclass(frozen=True)
class Question:
    """A message and what it means: one intent, or all that it holds."""

    text: str
    intents: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A message that became another thing. `meant` is its intent, or all of them with `AND` between."""

    set: str
    text: str
    meant: str
    was: str
    became: str


@dataclass
class Sums:
    """What became of the messages of a set, by model."""

    name: str
    total: int
    running: dict[str, int]
    candidate: dict[str, int]
    better: int = 0
    worse: int = 0


@dataclass
class Comparison:
    """The report. `better` and `worse` name single messages, but none of the unseen set."""

    sets: list[Sums] = field(default_factory=list)
    better: list[Change] = field(default_factory=list)
    worse: list[Change] = field(default_factory=list)

    @property
    def breaks_regression(self) -> bool:
        """Whether a message that once was corrected would be misread again."""
        return any(each.set.startswith(REGRESSION_SET) for each in self.worse)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Comparison:
        """What `as_data` gave."""
        return cls(
            [Sums(**each) for each in data["sets"]],
            [Change(**each) for each in data["better"]],
            [Change(**each) for each in data["worse"]],
        )


def question_sets(root: Path) -> dict[str, list[Question]]:
    """Every set under `tests/understanding` whose messages are read one by one (whole mails are not), by folder and file."""
    sets: dict[str, list[Question]] = {}
    for path in sorted((root / QUESTIONS).glob("*/*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        name = f"{path.parent.name}/{path.stem}"
        if path.name == _SEVERAL:
            sets[name] = [Question(each["text"], tuple(each["expect"])) for each in content]
        elif isinstance(content, dict):
            sets[name] = [Question(text, (intent,)) for intent, texts in content.items() for text in texts]
    return sets


def compare(
    sets: Mapping[str, Sequence[Question]],
    running: Mapping[str, Reading],
    candidate: Mapping[str, Reading],
    book: AnswerBook,
) -> Comparison:
    """Compares what two models made of the same messages; each maps a text to its reading."""
    report = Comparison()
    for name, questions in sets.items():
        sums = Sums(name, len(questions), {}, {})
        before, after = Counter[str](), Counter[str]()
        for question in questions:
            was, became = (outcome(question, readings[question.text], book) for readings in (running, candidate))
            before[was] += 1
            after[became] += 1
            if _RANK[was] == _RANK[became]:
                continue
            is_better = _RANK[became] < _RANK[was]
            sums.better += is_better
            sums.worse += not is_better
            if not name.startswith(UNSEEN):
                change = Change(
                    name, question.text, AND.join(question.intents),
                    str(running[question.text]["intent"]), str(candidate[question.text]["intent"]),
                )  # fmt: skip
                (report.better if is_better else report.worse).append(change)
        sums.running, sums.candidate = dict(before), dict(after)
        report.sets.append(sums)
    return report


def outcome(question: Question, reading: Reading, book: AnswerBook) -> Outcome:
    """What a reading leads to; sub-topics count as the topic that people are told."""
    meant = {public_topic(intent) for intent in question.intents}
    found = {public_topic(part) for part in reading["parts"]} or {public_topic(reading["intent"])}
    if len(meant) > 1:
        return Outcome.RIGHT if found == meant else Outcome.UNSURE if found < meant else Outcome.WRONG
    read_as = public_topic(reading["intent"])
    if read_as in meant:
        return Outcome.RIGHT
    if read_as == _CLARIFY:
        offered = {*book.nearest([each["name"] for each in reading["ranking"]]), _HUMAN}
        return Outcome.OFFERED if meant & offered else Outcome.UNSURE
    return Outcome.UNSURE if read_as == _UNKNOWN else Outcome.WRONG
