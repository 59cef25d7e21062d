"""How well messages are understood that no example was made of: what counts as right, and messages disturbed as people do."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import simplemma
import yaml
from rasa_sdk import Tracker

from actions.answers import nearest
from actions.base import InsynAction
from insyn.conversation.transcript import public_topic
from insyn.policy.answers import AnswerBook

Reading = Mapping[str, Any]
CLARIFY = "fallback.clarify"
UNKNOWN = "out_of_scope"
LETTER = re.compile(r"[a-zåäö]", re.I)
COMPOUND = re.compile(r"(?<![^\W_])[a-zåäö]{10,}(?![^\W_])", re.I)


@dataclass
class Figures:
    """What became of the messages, each `(expected, read as, message)`."""

    right: list[tuple[str, str, str]] = field(default_factory=list)
    offered: list[tuple[str, str, str]] = field(default_factory=list)  # asked back, the right topic among the choices
    unsure: list[tuple[str, str, str]] = field(default_factory=list)  # asked back without it, or said not to know
    wrong: list[tuple[str, str, str]] = field(default_factory=list)  # answered something else

    @property
    def total(self) -> int:
        return len(self.right) + len(self.offered) + len(self.unsure) + len(self.wrong)

    def share(self, of: Sequence[object]) -> float:
        """Part of all messages, from 0 to 1."""
        return len(of) / self.total

    def __str__(self) -> str:
        return (
            f"{self.total:5d} messages: {self.share(self.right):6.1%} right, {self.share(self.offered):5.1%} asked back with "
            f"the right choice, {self.share(self.unsure):5.1%} not known, {self.share(self.wrong):5.1%} confidently wrong"
        )


def load(path: Path) -> dict[str, list[str]]:
    """A file of messages by topic."""
    content: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def judge(questions: Mapping[str, Sequence[str]], readings: Mapping[str, Reading], book: AnswerBook) -> Figures:
    """Sorts every message by what its reading leads to; sub-topics count as the topic that people are told."""
    figures = Figures()
    for topic, messages in questions.items():
        expected = public_topic(topic)
        for message in messages:
            reading = readings[message]
            read_as = public_topic(reading["intent"])
            case = (topic, reading["intent"], message)
            if read_as == expected:
                figures.right.append(case)
            elif read_as == CLARIFY:
                (figures.offered if expected in _choices(reading, book) else figures.unsure).append(case)
            else:
                (figures.unsure if read_as == UNKNOWN else figures.wrong).append(case)
    return figures


def _choices(reading: Reading, book: AnswerBook) -> list[str]:
    """The choices that are offered when Insyn asks back: those of the very action that does it, and a human."""
    tracker = SimpleNamespace(latest_message={"intent_ranking": reading["ranking"]})
    action = SimpleNamespace(book=book)
    return [*nearest(cast(InsynAction, action), cast(Tracker, tracker)), "handover.human"]


# -- the same messages as they come from hurried fingers


def with_typos(message: str, chance: random.Random) -> str:
    """One slip in about every fifteen letters: one left out, doubled, swapped with the next or hit beside."""
    letters = list(message)
    places = [
        place for place, letter in enumerate(letters[:-1]) if LETTER.match(letter) and LETTER.match(letters[place + 1])
    ]
    for place in sorted(chance.sample(places, min(len(places), max(1, len(message) // 15))), reverse=True):
        slip = chance.choice("osdb")
        if slip == "o":
            del letters[place]
        elif slip == "s":
            letters[place], letters[place + 1] = letters[place + 1], letters[place]
        elif slip == "d":
            letters.insert(place, letters[place])
        else:
            letters[place] = chance.choice("aeinrst")
    return "".join(letters)


def without_dots(message: str, _chance: random.Random) -> str:
    """Written on a keyboard that has no å, ä and ö."""
    return message.translate(str.maketrans("åäöÅÄÖé", "aaoAAOe"))


def with_compounds_apart(message: str, _chance: random.Random) -> str:
    """Long words in two, where both halves are words."""
    return COMPOUND.sub(lambda match: _apart(match[0]), message)


def _apart(word: str) -> str:
    for place in sorted(range(3, len(word) - 2), key=lambda place: abs(place - len(word) / 2)):
        if all(simplemma.is_known(half.lower(), lang="sv") for half in (word[:place], word[place:])):
            return f"{word[:place]} {word[place:]}"
    return word


DISTURBANCES: dict[str, Callable[[str, random.Random], str]] = {
    "typos": with_typos,
    "without å, ä, ö": without_dots,
    "compounds apart": with_compounds_apart,
}


def disturbed(questions: Mapping[str, Sequence[str]], how: str, seed: int) -> dict[str, list[str]]:
    """The same messages, disturbed; placeholders stay whole."""
    chance = random.Random(seed)
    disturb = DISTURBANCES[how]

    def one(message: str) -> str:
        parts = re.split(r"(⟨[^⟩]*⟩)", message)
        return "".join(part if part.startswith("⟨") or len(part) < 2 else disturb(part, chance) for part in parts)

    return {topic: [one(message) for message in messages] for topic, messages in questions.items()}
