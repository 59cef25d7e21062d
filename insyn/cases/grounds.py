"""The grounds on which a request may be refused: which law gives each, and for which rights.

GDPR art. 16 and 18 have no ground of their own; art. 21(2) and 7(3) have none at all, so those kinds stand nowhere here.
"""

from __future__ import annotations

from dataclasses import dataclass

_ACCESS, _RECTIFICATION, _ERASURE = "request.access", "request.rectification", "request.erasure"
_RESTRICTION, _PORTABILITY, _OBJECTION = "request.restriction", "request.portability", "request.objection"
_WEIGHED = frozenset({_ACCESS, _RECTIFICATION, _ERASURE, _RESTRICTION, _PORTABILITY, _OBJECTION})


@dataclass(frozen=True)
class Ground:
    """One ground: `text` is how a letter names it, after "Beslutet grundas på", and `law` where it stands."""

    id: str
    text: str
    law: str
    kinds: frozenset[str]


GROUNDS = {
    ground.id: ground
    for ground in (
        Ground("conditions", "att villkoren för rätten inte är uppfyllda", "dataskyddsförordningen, artikel 12.4", _WEIGHED - {_OBJECTION}),
        Ground("unfounded", "att begäran är uppenbart ogrundad eller orimlig", "dataskyddsförordningen, artikel 12.5", _WEIGHED),
        Ground("unidentified", "att vi inte kan veta vilka uppgifter som är dina", "dataskyddsförordningen, artikel 12.2", _WEIGHED),
        Ground("others", "andra personers rättigheter och friheter", "dataskyddsförordningen, artikel 15.4 och 20.4", frozenset({_ACCESS, _PORTABILITY})),
        Ground("secrecy", "att uppgifterna enligt lag inte får lämnas ut", "5 kap. 1 § lagen (2018:218)", frozenset({_ACCESS})),
        Ground("expression", "yttrande- och informationsfriheten", "dataskyddsförordningen, artikel 17.3 a", frozenset({_ERASURE})),
        Ground("duty", "att lagen kräver att uppgifterna sparas", "dataskyddsförordningen, artikel 17.3 b", frozenset({_ERASURE})),
        Ground("health", "ett allmänt intresse på folkhälsans område", "dataskyddsförordningen, artikel 17.3 c", frozenset({_ERASURE})),
        Ground("archive", "arkiv, forskning eller statistik", "dataskyddsförordningen, artikel 17.3 d", frozenset({_ERASURE})),
        Ground("claims", "att uppgifterna behövs för rättsliga anspråk", "dataskyddsförordningen, artikel 17.3 e", frozenset({_ERASURE})),
        Ground("compelling", "berättigade skäl som väger tyngre än dina", "dataskyddsförordningen, artikel 21.1", frozenset({_OBJECTION})),
        Ground("objection_claims", "att behandlingen behövs för rättsliga anspråk", "dataskyddsförordningen, artikel 21.1", frozenset({_OBJECTION})),
    )
}  # fmt: skip


def grounds_for(kind_id: str) -> list[Ground]:
    """The grounds a request of this kind may be refused on; none for an absolute right."""
    return [ground for ground in GROUNDS.values() if kind_id in ground.kinds]
