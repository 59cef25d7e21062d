"""What the law wants of the answer to each right: points a human ticks before a case can be completed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """One thing to have done; `text` as the staff read it, with the article that asks for it."""

    id: str
    text: str


_RECIPIENTS = Point("recipients", "De som fått uppgifterna av oss har underrättats, eller det finns inga (artikel 19).")

CHECKLISTS: dict[str, tuple[Point, ...]] = {
    "request.access": (
        Point("purposes", "Svaret anger ändamålen (artikel 15.1 a)."),
        Point("categories", "Svaret anger kategorierna av uppgifter (artikel 15.1 b)."),
        Point("recipients", "Svaret anger mottagarna (artikel 15.1 c)."),
        Point("retention", "Svaret anger hur länge uppgifterna sparas (artikel 15.1 d)."),
        Point("rights", "Svaret anger rättigheterna och att man kan klaga hos IMY (artikel 15.1 e–f)."),
        Point("source", "Svaret anger varifrån uppgifterna kommer (artikel 15.1 g)."),
    ),
    "request.rectification": (_RECIPIENTS,),
    "request.erasure": (_RECIPIENTS,),
    "request.restriction": (_RECIPIENTS,),
    "request.portability": (
        Point("format", "Filen är strukturerad, allmänt använd och maskinläsbar (artikel 20.1)."),
        Point("scope", "Filen rymmer det som personen själv lämnat med stöd av samtycke eller avtal (artikel 20.1)."),
    ),
    "request.objection": (
        Point("restricted", "Behandlingen var begränsad medan invändningen prövades (artikel 18.1 d)."),
        Point("stopped", "Behandlingen som invändningen gäller har upphört (artikel 21.1)."),
    ),
    "request.objection.marketing": (
        Point("stopped", "Adressen är spärrad för marknadsföring, profilering inräknad (artikel 21.2–21.3)."),
    ),
    "request.withdraw_consent": (
        Point("stopped", "Det som vilade på samtycket har upphört (artikel 7.3)."),
    ),
}  # fmt: skip


def unticked(kind_id: str, ticked: frozenset[str]) -> tuple[Point, ...]:
    """The points of a kind that have not been ticked."""
    return tuple(point for point in CHECKLISTS.get(kind_id, ()) if point.id not in ticked)
