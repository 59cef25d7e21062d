"""What kinds of intents there are; the names are those of data/nlu."""

from __future__ import annotations

OUT_OF_SCOPE = "out_of_scope"
UNKNOWN = "out_of_scope.unknown"
CLARIFY = "fallback.clarify"

_DIALOGUE = {"answer", "dialog", "inform", "followup", "smalltalk"}
_REQUESTS = {"request", "complaint", "application", "own_data"}
_URGENT = {"handover", "report"}

CARE = {"handover.distress", "handover.protected"}
"""Overlooking one of these costs more than a needless word of care."""


def family(intent: str) -> str:
    """The first part of an intent's name: `policy` of `policy.cookies.what`."""
    return intent.split(".", 1)[0]


def group(intent: str) -> str:
    """Intents of one group are one thing to the person: all of out_of_scope.*, all of handover.*."""
    first = family(intent)
    return first if first in {OUT_OF_SCOPE, "handover"} else intent


def is_dialogue(intent: str) -> bool:
    """Whether the intent only means something in a dialogue: yes, wait, an address, hello."""
    return family(intent) in _DIALOGUE


def is_content(intent: str) -> bool:
    """Whether the intent asks, requests or reports something of its own."""
    return not is_dialogue(intent) and family(intent) not in {OUT_OF_SCOPE, "fallback"}


def is_request(intent: str) -> bool:
    """Whether something is to be done for the person, rather than answered."""
    return family(intent) in _REQUESTS


def is_urgent(intent: str) -> bool:
    """Whether a person must take over or know at once: handover.*, report.incident."""
    return family(intent) in _URGENT
