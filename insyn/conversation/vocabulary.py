"""The words the understanding was taught: by them a short answer is told from a name."""

from __future__ import annotations

import re
from pathlib import Path

from insyn.settings import PROJECT_ROOT

_WORD = re.compile(r"[^\W\d_]+")
_FOLD = str.maketrans("åäöéèüáà", "aaoeeuaa")


def taught_words(directory: Path = PROJECT_ROOT / "data" / "nlu") -> frozenset[str]:
    """Every word of the training examples, lowercase, with and without å, ä and ö."""
    words: set[str] = set()
    for path in directory.glob("*.yml"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.lstrip().startswith("- ") and "intent:" not in line:
                words.update(_WORD.findall(line.lower()))
    return frozenset(words | {word.translate(_FOLD) for word in words})
