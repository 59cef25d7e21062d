"""Identity as a port: the levels of evidence there are, what each shows, and the least that lets a right be acted on.

A level is evidence, never "identified" (GDPR art. 12(6), EDPB 01/2022, 58-79). The core knows levels only; how one is
reached is an adapter's: `challenge` (code or link in a mail), `oidc` (log-in at a provider), a handler's own judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Proof = Literal["none", "address", "mailbox", "staff", "strong"]


@dataclass(frozen=True)
class Level:
    """A level of evidence. `name` as people and staff read it, `shows` what it is evidence of and nothing more."""

    id: Proof
    name: str
    shows: str


# The least first.
LEVELS = (
    Level("none", "ingen", "Ingenting har visats."),
    Level("address", "e-postadress angiven", "En adress att svara till har uppgetts."),
    Level("mailbox", "e-postkontroll", "Personen når brevlådan: en engångskod eller engångslänk därifrån kom tillbaka."),
    Level("staff", "handläggares bedömning", "En handläggare har gått igenom vad personen visat och antecknat det."),
    Level("strong", "stark legitimering", "Personen loggade in hos en legitimeringstjänst på ett sätt som godtas här."),
)  # fmt: skip
LEVEL = {level.id: level for level in LEVELS}
PROOF_ORDER: dict[Proof, int] = {level.id: rank for rank, level in enumerate(LEVELS)}


@dataclass(frozen=True)
class Need:
    """The least level that lets a kind of case be acted on, and why the law wants that much and no more.

    `doubtable`: a human may record a reasonable doubt about who the person is and ask for more (art. 12(6)).
    """

    proof: Proof
    reason: str
    doubtable: bool = False


_ANSWER = Need(
    "mailbox",
    "GDPR art. 12(6): svaret kan innehålla eller ändra personuppgifter, så vi behöver veta att du når adressen du uppger.",
    doubtable=True,
)
NEEDS: dict[str, Need] = {
    "request.access": _ANSWER,
    "request.rectification": _ANSWER,
    "request.erasure": _ANSWER,
    "request.restriction": _ANSWER,
    "request.portability": _ANSWER,
    "request.objection": _ANSWER,
    "request.objection.marketing": Need(
        "address", "GDPR art. 21(2)–(3): rätten är ovillkorlig och får inte fördröjas av extra identifiering."
    ),
    "request.withdraw_consent": Need(
        "address", "GDPR art. 7(3): det ska vara lika lätt att ta tillbaka ett samtycke som att ge det."
    ),
    "report.incident": Need(
        "none", "GDPR art. 33: en rapport om en incident ska nå oss genast, vem som än lämnar den."
    ),
    "complaint": Need("none", "Ett klagomål kräver ingen legitimering."),
    "question": Need("none", "En fråga kräver ingen legitimering."),
}


def more(one: Proof, other: Proof) -> Proof:
    """The higher of two levels."""
    return max(one, other, key=PROOF_ORDER.__getitem__)
