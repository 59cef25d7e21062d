"""The placeholders that stand for masked personal data, e.g. `⟨e-post 1⟩`."""

from __future__ import annotations

import re
from dataclasses import dataclass

ENTITY_OF_KIND = {
    "e-post": "email",
    "telefon": "phone",
    "personnummer": "personnummer",
    "kortnummer": "card",
    "namn": "name",
    "kod": "code",
    "ärende": "reference",
    "adress": "postal_address",
}
MARKER_OF_KIND = {kind: f"zz{entity}zz" for kind, entity in ENTITY_OF_KIND.items()}
"""One word per kind, so that ⟨e-post 1⟩ and ⟨e-post 2⟩ are the same to the model."""

PLACEHOLDER = re.compile(rf"⟨({'|'.join(ENTITY_OF_KIND)}) \d+⟩")


@dataclass(frozen=True)
class Placeholder:
    """One placeholder in a text; `start` and `end` are character offsets."""

    entity: str
    value: str
    start: int
    end: int


def find(text: str) -> list[Placeholder]:
    """The placeholders of `text`, in its order."""
    return [
        Placeholder(ENTITY_OF_KIND[hit[1]], hit[0], hit.start(), hit.end())
        for hit in PLACEHOLDER.finditer(text)
    ]


def to_markers(text: str) -> str:
    """`text` with each placeholder replaced by the marker word of its kind."""
    return PLACEHOLDER.sub(lambda hit: f" {MARKER_OF_KIND[hit[1]]} ", text)
