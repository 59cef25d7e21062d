"""The approved answers: read from `data/answers`, never generated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from insyn.settings import PROJECT_ROOT

ANSWERS_DIR = PROJECT_ROOT / "data" / "answers"
HUMAN = "handover.human"  # the topic of whatever a human takes over
NEAREST = 3  # choices at most, between which Insyn asks
_NOT_ANSWERS = {"sections.yml", "phrases.yml", "mail.yml"}


@dataclass(frozen=True)
class Section:
    """A section of the policy: its heading, where the page has it, and the fingerprint it was approved against."""

    id: str
    title: str
    anchor: str
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    """An approved answer. `origin` is policy, law or assistant; `bearings` are the (facet, area) pairs it answers."""

    topic: str
    label: str
    origin: str
    sources: tuple[str, ...]
    basis: str | None
    text: str
    english: str
    related: tuple[str, ...]
    bearings: tuple[tuple[str | None, str | None], ...]
    reviewed_by: str
    reviewed_on: date


@dataclass(frozen=True)
class Phrase:
    """Approved text around the answers, in Swedish and, where it is asked of people, English."""

    text: str
    english: str | None


class AnswerBook:
    """Every approved text, by topic or phrase id. `fills` are the values of template variables in answers."""

    def __init__(self, directory: Path = ANSWERS_DIR, **fills: object) -> None:
        listing = _load(directory / "sections.yml")
        self.outdated: frozenset[str] = frozenset()  # answers whose section has changed (insyn.policy.standing)
        self.policy_date = _date(listing["policy_date"])
        self.sections = {item["id"]: Section(**item) for item in listing["sections"]}
        self.answers: dict[str, Answer] = {}
        for path in sorted(directory.glob("*.yml")):
            if path.name not in _NOT_ANSWERS:
                answer = _answer(_load(path), fills)
                self.answers[answer.topic] = answer
        self.phrases = _phrases(directory / "phrases.yml")
        self.mail_phrases = _phrases(directory / "mail.yml")
        self._by_bearing = {
            bearing: answer.topic for answer in self.answers.values() for bearing in answer.bearings if bearing[0]
        }

    def answer(self, topic: str) -> Answer | None:
        """The approved answer to a topic, or None when there is none."""
        return self.answers.get(topic)

    def phrase(self, name: str, /, **fills: object) -> Phrase:
        """An approved phrase with its variables filled in. Raises KeyError for an unknown name or variable."""
        return _filled(self.phrases[name], fills)

    def mail_phrase(self, name: str, /, **fills: object) -> Phrase:
        """The same in the words it has in a mail, where those differ. Raises KeyError."""
        return _filled(self.mail_phrases.get(name) or self.phrases[name], fills)

    def title(self, topic: str) -> str | None:
        """What a topic is called on a choice button, or None when it is not offered."""
        if topic in self.answers:
            return self.answers[topic].label
        phrase = self.phrases.get(f"choice.{topic}")
        return phrase.text if phrase else None

    def nearest(self, readings: Iterable[str]) -> list[str]:
        """Of readings, best first, those that can be offered as choices."""
        offerable: list[str] = []
        for name in readings:
            topic = HUMAN if name.startswith("handover.") else name
            ours = self.title(topic) and topic != HUMAN and not topic.startswith("smalltalk.")
            if ours and topic not in offerable:
                offerable.append(topic)
        return offerable[:NEAREST]

    def follow_up(self, last_topic: str, *, facet: str | None = None, area: str | None = None) -> str | None:
        """The topic a follow-up leads to: a new `facet` of the last topic's area, or its facet in a new `area`.

        "hur länge då?" after an answer about applicants, or "och för jobbansökningar då?" after one about how long.
        None when the policy has no such answer.
        """
        last = self.answers.get(last_topic)
        if last is None:
            return None
        for old_facet, old_area in last.bearings:
            wanted = (facet or old_facet, area or old_area or "general")
            if wanted in self._by_bearing:
                return self._by_bearing[wanted]
        return None

    def of_area(self, area: str) -> Iterator[str]:
        """Topics about an area, for a follow-up that leans on nothing."""
        return (answer.topic for answer in self.answers.values() if any(a == area for _, a in answer.bearings))


def _filled(phrase: Phrase, fills: dict[str, object]) -> Phrase:
    return Phrase(phrase.text.format(**fills), phrase.english.format(**fills) if phrase.english else None)


def _phrases(path: Path) -> dict[str, Phrase]:
    return {name: Phrase(item["sv"].rstrip(), item.get("en")) for name, item in _load(path).items()}


def _answer(item: dict[str, Any], fills: dict[str, object]) -> Answer:
    bearings = [item, *item.get("also", [])]
    return Answer(
        topic=item["topic"],
        label=item["label"],
        origin=item["origin"],
        sources=tuple(item.get("sources", [])),
        basis=item.get("basis"),
        text=_fill(item["answer"].strip(), fills),
        english=_fill(item["en"].strip(), fills),
        related=tuple(item.get("related", [])),
        bearings=tuple((each.get("facet"), each.get("area")) for each in bearings),
        reviewed_by=item["reviewed"]["by"],
        reviewed_on=_date(item["reviewed"]["on"]),
    )


def _fill(text: str, fills: dict[str, object]) -> str:
    for name, value in fills.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def _date(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
