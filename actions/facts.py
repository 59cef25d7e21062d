"""The facts a request may need."""

from __future__ import annotations

from insyn.cases.kinds import KINDS

ASKED = ("relation", "own_data", "concerns", "name", "email", "code", "confirmed")
KEPT_FOR_NEXT = ("relation", "name", "email")


def needed(rights: list[str]) -> set[str]:
    """The facts that some of the rights need."""
    return {slot for right in rights for slot in KINDS[right].asks}
