"""Case references: what a person can read over the phone, and nobody can guess."""

from __future__ import annotations

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PATTERN = re.compile(
    r"(?<![A-Za-z0-9])INS[-– ]?([2-9A-HJKMNP-TV-Z]{4})[-– ]?([2-9A-HJKMNP-TV-Z]{4})(?![A-Za-z0-9])",
    re.IGNORECASE,
)


def new_reference() -> str:
    """A random reference such as `INS-7KQ4-2M9D` (30^8, about 39 bits)."""
    part = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"INS-{part[:4]}-{part[4:]}"


def canonical(text: str) -> str | None:
    """The reference in `text` in its standard form, or None."""
    match = PATTERN.search(text)
    return f"INS-{match[1].upper()}-{match[2].upper()}" if match else None
