"""Lessons in the project's own files: an example at the end of its intent's file, and a message in the regression set."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from insyn.learning.corrections import Lesson

NLU = Path("data") / "nlu"
REGRESSION = Path("tests") / "understanding" / "regression" / "corrections.yml"
_HEAD = (
    "# Messages that were once misread, with what they mean: written by insyn learn, each approved by a human.\n"
    "# tests/understanding holds the model to them.\n"
)


class BrokenFile(Exception):
    """A file of the project is not in the form that examples can be added to."""


def add_lessons(root: Path, lessons: Iterable[Lesson]) -> list[Path]:
    """Adds lessons to the files under `root`, each once; the files that changed, relative to it. Raises `BrokenFile`."""
    by_intent: dict[str, list[str]] = {}
    for lesson in lessons:
        by_intent.setdefault(lesson.intent, []).append(lesson.text)
    changed = [path for intent, texts in by_intent.items() if (path := _add_examples(root, intent, texts))]
    if by_intent and _add_to_regression(root / REGRESSION, by_intent):
        changed.append(REGRESSION)
    return changed


def examples_in(text: str) -> list[str]:
    """The examples of one file of `data/nlu`. Raises `BrokenFile`."""
    content: Any = yaml.safe_load(text)
    try:
        (item,) = content["nlu"]
        return [line.strip()[2:].strip() for line in item["examples"].splitlines() if line.strip().startswith("- ")]
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenFile("a file of data/nlu holds one intent with a list of examples") from error


def _add_examples(root: Path, intent: str, texts: list[str]) -> Path | None:
    path = NLU / f"{intent}.yml"
    old = (root / path).read_text(encoding="utf-8")
    known = examples_in(old)
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if not new:
        return None
    last = next(line for line in reversed(old.splitlines()) if line.strip().startswith("- "))
    indent = last[: len(last) - len(last.lstrip())]
    grown = old.rstrip("\n") + "".join(f"\n{indent}- {text}" for text in new) + "\n"
    if examples_in(grown) != known + new:
        raise BrokenFile(f"{path}: the list of examples is not the last thing in it")
    (root / path).write_text(grown, encoding="utf-8")
    return path


def _add_to_regression(path: Path, by_intent: dict[str, list[str]]) -> bool:
    known: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}
    of_text = {text: intent for intent, texts in known.items() for text in texts}
    wanted = of_text | {text: intent for intent, texts in by_intent.items() for text in texts}
    if wanted == of_text:
        return False
    sets: dict[str, list[str]] = {}
    for text, intent in wanted.items():  # a message has one meaning: the latest correction's
        sets.setdefault(intent, []).append(text)
    path.parent.mkdir(parents=True, exist_ok=True)
    body = yaml.safe_dump(dict(sorted(sets.items())), allow_unicode=True, width=1000, sort_keys=False)
    path.write_text(_HEAD + body, encoding="utf-8")
    return True
