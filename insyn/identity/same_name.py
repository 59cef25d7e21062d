"""Whether the name of a log-in is the one a request was made in. Registers write names out in full; people do not."""

from __future__ import annotations

import re
import unicodedata

_LEAST_PARTS = 2  # a first name alone is too many people's


def same_name(given: str, logged_in: str) -> bool | None:
    """True when all that was given, at least two parts, is in the name of the log-in; None when there is nothing to compare.

    `Kim Exempel` is `EXEMPEL, KIM ANDERS`; `Kim Exempel` is not `Kim Andersson`.
    """
    mine, theirs = _parts(given), _parts(logged_in)
    if len(mine) < _LEAST_PARTS or not theirs:
        return None
    return mine <= theirs


def _parts(name: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", name).casefold()))
