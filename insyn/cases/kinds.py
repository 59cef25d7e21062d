"""The kinds of case: which right each is, what it needs to know and what proof it needs, with the legal reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Proof = Literal["none", "address", "mailbox", "staff"]


@dataclass(frozen=True)
class Kind:
    """One kind of case.

    `name` stands in a list, `noun` after "din". `proof` is the least evidence that lets it be acted on: `none`, `address` (one was given), `mailbox` (control of it
    was shown by a one-time code), `staff` (a handler judged what the person showed). `asks` are the facts collected, in order.
    """

    id: str
    name: str
    noun: str
    article: str
    proof: Proof
    proof_reason: str
    asks: tuple[str, ...]
    is_right: bool = True

    @property
    def your_noun(self) -> str:
        """`din begäran om rättelse`, `ditt klagomål`."""
        return f"{'ditt' if self.id == 'complaint' else 'din'} {self.noun}"


_MAILBOX_REASON = "GDPR art. 12(6): svaret kan innehålla eller ändra personuppgifter, så vi behöver veta att du når adressen du uppger."
_FULL = ("relation", "concerns", "name", "email", "code", "confirmed")

KINDS = {
    kind.id: kind
    for kind in (
        Kind("request.access", "tillgång till dina uppgifter", "begäran om en kopia av dina uppgifter", "15", "mailbox", _MAILBOX_REASON, _FULL),
        Kind("request.rectification", "rättelse", "begäran om rättelse", "16", "mailbox", _MAILBOX_REASON, _FULL),
        Kind("request.erasure", "radering", "begäran om radering", "17", "mailbox", _MAILBOX_REASON, _FULL),
        Kind("request.restriction", "begränsning", "begäran om begränsning", "18", "mailbox", _MAILBOX_REASON, _FULL),
        Kind("request.portability", "dataportabilitet", "begäran om dataportabilitet", "20", "mailbox", _MAILBOX_REASON, _FULL),
        Kind("request.objection", "invändning", "invändning mot behandlingen", "21.1", "mailbox", _MAILBOX_REASON, _FULL),
        Kind(
            "request.objection.marketing", "invändning mot marknadsföring", "invändning mot marknadsföring", "21.2–21.3", "address",
            "GDPR art. 21(2)–(3): rätten är ovillkorlig och får inte fördröjas av extra identifiering.", ("email",),
        ),
        Kind(
            "request.withdraw_consent", "återkallat samtycke", "återkallelse av samtycke", "7.3", "address",
            "GDPR art. 7(3): det ska vara lika lätt att ta tillbaka ett samtycke som att ge det.", ("email",),
        ),
        Kind(
            "report.incident", "incidentrapport", "incidentrapport", "33", "none",
            "GDPR art. 33: en rapport om en incident ska nå oss genast, vem som än lämnar den.", (), is_right=False,
        ),
        Kind("complaint", "klagomål", "klagomål", "", "none", "Ett klagomål kräver ingen legitimering.", (), is_right=False),
        Kind("question", "fråga till en människa", "fråga", "", "none", "En fråga kräver ingen legitimering.", (), is_right=False),
    )
}  # fmt: skip

PROOF_ORDER: dict[Proof, int] = {"none": 0, "address": 1, "mailbox": 2, "staff": 3}


def enough(kind: Kind, proof: Proof) -> bool:
    """Whether `proof` is at least what `kind` needs."""
    return PROOF_ORDER[proof] >= PROOF_ORDER[kind.proof]
