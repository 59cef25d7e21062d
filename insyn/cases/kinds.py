"""The kinds of case: which right each is and what it needs to know; the proof it needs stands in `insyn.identity.levels`."""

from __future__ import annotations

from dataclasses import dataclass

from insyn.identity.levels import NEEDS, PROOF_ORDER, Proof


@dataclass(frozen=True)
class Kind:
    """One kind of case.

    `name` stands in a list, `noun` after "din". `asks` are the facts collected, in order.
    """

    id: str
    name: str
    noun: str
    article: str
    asks: tuple[str, ...]
    is_right: bool = True

    @property
    def proof(self) -> Proof:
        """The least evidence that lets it be acted on."""
        return NEEDS[self.id].proof

    @property
    def proof_reason(self) -> str:
        """Why that much and no more."""
        return NEEDS[self.id].reason

    @property
    def your_noun(self) -> str:
        """`din begäran om rättelse`, `ditt klagomål`."""
        return f"{'ditt' if self.id == 'complaint' else 'din'} {self.noun}"


_FULL = ("relation", "concerns", "name", "email", "code", "confirmed")

KINDS = {
    kind.id: kind
    for kind in (
        Kind("request.access", "tillgång till uppgifter", "begäran om en kopia av dina uppgifter", "15", _FULL),
        Kind("request.rectification", "rättelse", "begäran om rättelse", "16", _FULL),
        Kind("request.erasure", "radering", "begäran om radering", "17", _FULL),
        Kind("request.restriction", "begränsning", "begäran om begränsning", "18", _FULL),
        Kind("request.portability", "dataportabilitet", "begäran om dataportabilitet", "20", _FULL),
        Kind("request.objection", "invändning", "invändning mot behandlingen", "21.1", _FULL),
        Kind(
            "request.objection.marketing", "invändning mot marknadsföring", "invändning mot marknadsföring", "21.2–21.3", ("email",),
        ),
        Kind(
            "request.withdraw_consent", "återkallat samtycke", "återkallelse av samtycke", "7.3", ("email",),
        ),
        Kind(
            "report.incident", "incidentrapport", "incidentrapport", "33", (), is_right=False,
        ),
        Kind("complaint", "klagomål", "klagomål", "", (), is_right=False),
        Kind("question", "fråga till en människa", "fråga", "", (), is_right=False),
    )
}  # fmt: skip


def enough(kind: Kind, proof: Proof) -> bool:
    """Whether `proof` is at least what `kind` needs."""
    return PROOF_ORDER[proof] >= PROOF_ORDER[kind.proof]
