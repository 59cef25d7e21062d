"""Which parts of a mail are to be dealt with, as the dialogue's own model reads them.

The whole text is one turn of the conversation. The model reads its sentences too, each alone: a right that is plainly
claimed in one of them, or a matter that the actions of the main turn do not take care of, becomes a turn of its own, so
that nothing asked for is lost in a long mail.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from insyn.cases.kinds import KINDS
from insyn.conversation.rasa import RasaClient
from insyn.mail.deciding.wordings import signs_of_automatic
from insyn.mail.named_rights import named_but_not_found
from insyn.mail.sentences import sentences
from insyn.policy.answers import HUMAN

CLAIMED = 0.6  # trust from which a sentence of its own claims a right
LIKELY = 0.65  # probability of a right in a sentence that is unsure, from which it is taken: the reply says so, a code confirms it
PERHAPS = 0.5  # probability from which one that is not sure may be claiming one, so that a human is to look
SURE = 0.8  # trust from which a sentence worded like an absence message claims something nevertheless
MOST_TURNS = 6
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

_ANSWERED = ("policy.", "process.", "assistant.")
_WITH_OTHERS = (*_ANSWERED, "complaint", "request.")


@dataclass(frozen=True)
class Part:
    """A part of a mail that gets a turn of its own; `right` is what it is taken for where the model alone says otherwise."""

    text: str
    right: str | None = None


@dataclass(frozen=True)
class Understood:
    """What a mail says: the reading of the whole, all intents in it, and sentences that need a turn of their own."""

    whole: dict[str, Any]
    intents: tuple[tuple[str, float], ...]
    beside: tuple[Part, ...]
    plainly: frozenset[str] = frozenset()  # intents of the sentences that no automatic reply would hold

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
    plainly = _plainly_said(intents, alone)
    if whole["intent"] not in JUDGED_BY_A_HUMAN:
        for named in named_but_not_found(text, tuple(intents)):
            taken_for = HUMAN if named.negated else named.right
            intents[taken_for] = LIKELY
            beside = {taken_for: Part(named.sentence, taken_for)} | beside
    return Understood(whole, tuple(intents.items()), tuple(beside.values())[:MOST_TURNS], plainly)


def _plainly_said(intents: dict[str, float], alone: Sequence[tuple[str, dict[str, Any]]]) -> frozenset[str]:
    """What is said outside of sentences worded like an absence message.

    Where several are, it may be one: what they alone seem to claim is taken out of `intents` unless the model is sure.
    """
    plain = [reading for sentence, reading in alone if not signs_of_automatic(sentence)]
    if len(plain) == len(alone):
        return frozenset(intents)
    plainly = {reading["intent"] for reading in plain} | {right for each in plain if (right := _likely_claim(each, ()))}
    if len(alone) - len(plain) > 1:
        doubtful = {name for name, trust in intents.items() if name in KINDS and name not in plainly and trust < SURE}
        for name in doubtful:
            del intents[name]
    return frozenset(plainly)


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
