"""A second reader of a mail, apart from the model: the plain words by which people claim erasure or a copy.

The model may be sure and wrong. Where a mail names one of these rights for the person's own sake and nothing that the model
found is about it, it is taken as claimed, since its clock would run (GDPR art. 12(3)); the reply says so and only who confirms
it goes on. Where there is a "not" in it, a human is to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from insyn.mail.sentences import sentences

_OWN = r"(?:mig|mej|mina|min|mitt|allt (?:ni|som|om|det)|meg|mine|alt (?:dere|i|om|som)|me|my|everything (?:you|about)|minun|tietoni)"
_REMOVE = (
    r"(?:radera[rs]?|ta(?:r|s)? (?:\w+ )?bort|stryk(?:er)?|utplånar?|avlägsnar?|förstör|makulerar?|glöm"
    r"|erase|delete|remove|wipe|slett(?:er)?|slet(?:ter)?|fjerne?|poista\w*)"
)
_REMOVED = r"(?:raderade|raderat|raderas|borttag\w+|borta ur|erased|deleted|removed|slettet|fjernet)"
_WISHED = r"(?:vill|önskar|begär|kräver|få|want|need|have|vil|ønsker|haluan)"
_ASKED = r"(?:vill|önskar|begär\w*|skicka|sänd|mejla|få|ge|want|send|request|give|get|vil|ønsker|sende?|få)"
_COPY = r"(?:registerutdrag\w*|(?:kopi(?:a|or|er)?|utdrag|copy|copies) (?:på|av|ur|af|om|of)|innsyn i|indsigt i|subject access request)"

_NAMED = {
    "request.erasure": (
        rf"\b{_REMOVE}\b[^.!?]{{0,40}}\b{_OWN}\b",
        rf"\b{_WISHED}\b[^.!?]{{0,30}}\b{_OWN}\b[^.!?]{{0,40}}\b{_REMOVED}\b",
    ),
    "request.access": (rf"\b{_ASKED}\b[^.!?]{{0,40}}\b{_COPY}",),
}
_PATTERNS = {right: tuple(re.compile(each, re.IGNORECASE) for each in patterns) for right, patterns in _NAMED.items()}
# Intents that are about the same: where one was found, the words have been seen.
_ABOUT = {
    "request.erasure": (
        "request.erasure", "request.withdraw_consent", "request.objection", "request.rectification", "request.status",
        "request.cancel", "own_data.erasure", "application.withdraw", "policy.rights.", "process.",
        "policy.retention", "policy.processor_role", "complaint", "handover", "report.incident",
    ),
    "request.access": (
        "request.access", "request.portability", "request.status", "request.cancel", "own_data.access",
        "policy.rights.", "process.", "policy.processor_role", "complaint", "handover", "report.incident",
    ),
}  # fmt: skip


_NOT = re.compile(r"\b(?:inte|ej|aldrig|icke|not|never|\w+n['’]t|ikke|aldri|älkää|en halua)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """A right by its id, the sentence that names it, and whether there is a "not" in that."""

    right: str
    sentence: str
    negated: bool


def named_but_not_found(text: str, found: Iterable[str]) -> list[Named]:
    """The rights that a masked mail names and that none of the intents `found` is about, each once."""
    intents = tuple(found)
    named = []
    for right, about in _ABOUT.items():
        if not any(each.startswith(about) for each in intents):
            naming = (each for each in sentences(text) if any(pattern.search(each) for pattern in _PATTERNS[right]))
            named += [Named(right, each, bool(_NOT.search(each))) for each in naming][:1]
    return named
