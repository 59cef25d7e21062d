"""Which parts of a mail are to be dealt with, as the dialogue's own model reads them.

The whole text is one turn of the conversation. The model reads its sentences too, each alone: a right that is plainly
claimed in one of them, or a matter that the actions of the main turn do not take care of, becomes a turn of its own, so
that nothing asked for is lost in a long mail.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from insyn.cases.kinds import KINDS
from insyn.conversation.rasa import RasaClient

CLAIMED = 0.6  # trust from which a sentence of its own claims a right
LIKELY = 0.65  # probability of a right in a sentence that is unsure, from which it is taken: the reply says so, a code confirms it
PERHAPS = 0.5  # probability from which one that is not sure may be claiming one, so that a human is to look
MOST_TURNS = 6
WRAPPED = 55  # characters from which a line may have been broken by a mail client
SAYS_NOTHING = (
    "out_of_scope",
    "fallback",
    "smalltalk",
    "dialog",
    "answer",
    "followup",
    "inform.relation",
    "inform.name",
)
COURTESY = frozenset({"smalltalk.thanks", "smalltalk.bye", "dialog.wait"})
_COURTEOUS = COURTESY | {"smalltalk.greet"}
JUDGED_BY_A_HUMAN = frozenset({"handover.representative", "handover.protected", "handover.distress"})

_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+(?=\s|$)|\n|$)|[^.!?\n]+[.!?]+")
_NEW_LINE = re.compile(r"\s*(?:[-–—*•>]|\d+[.)]|[a-z]\))\s|\s*$")
_ENDED = re.compile(r"[:;]\s*$")
_ANSWERED = ("policy.", "process.", "assistant.")
_WITH_OTHERS = (*_ANSWERED, "complaint", "request.")


@dataclass(frozen=True)
class Part:
    """A part of a mail that gets a turn of its own; `right` is what it claims where the model alone would have asked."""

    text: str
    right: str | None = None


@dataclass(frozen=True)
class Understood:
    """What a mail says: the reading of the whole, all intents in it, and sentences that need a turn of their own."""

    whole: dict[str, Any]
    intents: tuple[tuple[str, float], ...]
    beside: tuple[Part, ...]

    @property
    def says_something(self) -> bool:
        """Whether it asks, claims or reports something by itself."""
        return any(not intent.startswith(SAYS_NOTHING) for intent, _ in self.intents)

    @property
    def claims_something(self) -> bool:
        """Whether a right is claimed, or something reported."""
        return any(intent in KINDS for intent, _ in self.intents)

    @property
    def is_courtesy(self) -> bool:
        """Whether it only thanks, says goodbye or asks for patience: nothing to answer."""
        return all(intent in COURTESY for intent, _ in self.intents)


async def understand(rasa: RasaClient, text: str) -> Understood:
    """Reads a masked mail. Raises `RasaUnavailable`."""
    alone = sentences(text)
    whole, *each = await rasa.read([text, *(alone if len(alone) > 1 else [])])
    return combine(whole, list(zip(alone, each, strict=False)), text)


def unwrapped(text: str) -> str:
    """A text without the line breaks that a mail client put into its paragraphs; lists and short lines stay as they are."""
    lines = text.split("\n")
    joined = lines[:1]
    for before, line in itertools.pairwise(lines):
        wrapped = len(before) >= WRAPPED and line.strip() and not _NEW_LINE.match(line) and not _ENDED.search(before)
        if wrapped:
            joined[-1] = f"{joined[-1].rstrip()} {line.strip()}"
        else:
            joined.append(line)
    return "\n".join(joined)


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without what holds no word."""
    found = (match[0].strip() for match in _SENTENCE.finditer(text))
    return [each for each in found if re.search(r"\w", each)]


def combine(whole: dict[str, Any], alone: Sequence[tuple[str, dict[str, Any]]], text: str) -> Understood:
    """What follows from the reading of the whole and of each sentence."""
    parts = {part["intent"]: part for part in whole["parts"]}
    intents = {whole["intent"]: float(whole["confidence"])} | {
        name: float(part["confidence"]) for name, part in parts.items()
    }
    courtesies = [reading for _, reading in alone if reading["intent"] in _COURTEOUS]
    if courtesies and len(courtesies) == len(alone) and whole["intent"].startswith(SAYS_NOTHING):
        intents = {reading["intent"]: float(reading["confidence"]) for reading in courtesies}
    beside: dict[str, Part] = {
        name: Part(text[part["start"] : part["end"]])
        for name, part in parts.items()
        if not dealt_with(name, whole["intent"])
    }
    if whole["intent"] not in JUDGED_BY_A_HUMAN:
        for sentence, reading in alone:
            name, trust = reading["intent"], float(reading["confidence"])
            if _is_right(name) and name not in intents and trust >= CLAIMED:
                intents[name] = trust
                beside[name] = Part(sentence)
            elif right := _likely_claim(reading, intents):
                intents[right] = trust
                beside[right] = Part(sentence, right)
            elif _may_claim(reading, intents):
                beside.setdefault(
                    name, Part(sentence)
                )  # read alone it is not understood, and what is not goes to a human
    return Understood(whole, tuple(intents.items()), tuple(beside.values())[:MOST_TURNS])


def dealt_with(name: str, main: str) -> bool:
    """Whether the action of the main intent takes care of another matter in the same message."""
    if name == main or main in JUDGED_BY_A_HUMAN or not name.startswith((*_WITH_OTHERS, "report.", "handover.")):
        return True
    if _is_right(main) or main in ("complaint", "report.incident", "handover.human"):
        return name.startswith(_ANSWERED) or name == "complaint" or _is_right(name)
    if main.startswith(_ANSWERED):
        return name.startswith(_ANSWERED) or name == "complaint"
    return False


def _likely_claim(reading: dict[str, Any], known: Container[str]) -> str | None:
    """The right that an unsure reading most likely claims, where it is not known to be claimed."""
    best: dict[str, Any] = next(iter(reading["ranking"]), {"name": "", "confidence": 0.0})
    likely = float(best["confidence"]) >= LIKELY and _is_right(best["name"]) and best["name"] not in known
    return str(best["name"]) if reading["intent"].startswith("fallback") and likely else None


def _may_claim(reading: dict[str, Any], known: Container[str]) -> bool:
    """Whether an unsure reading leans towards rights that are not known to be claimed, more than towards everything else."""
    leans = [each for each in reading["ranking"] if _is_right(each["name"]) and each["name"] not in known]
    rights = sum(float(each["confidence"]) for each in leans)
    return bool(reading["intent"].startswith("fallback")) and rights >= PERHAPS


def _is_right(name: str) -> bool:
    return name in KINDS and KINDS[name].is_right
