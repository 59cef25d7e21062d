"""How well messages are understood: `python -m insyn_bot.evaluate --nlu data/nlu --questions DIR`.

Trains without Rasa and reads the question files of DIR: YAML that maps an intent to a list of messages,
and `multi.yml`, a list of {text, expect: [intent, …]}. `out_of_scope.*` counts as one intent, so does
`handover.*`.
With --disturb also copies with typos, without å, ä, ö and with compounds written apart (seeded).
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from insyn_bot.disturb import with_split_compounds, with_typos, without_diacritics
from insyn_bot.intents import CLARIFY, OUT_OF_SCOPE, group, is_dialogue
from insyn_bot.reader import Reader, Reading

_CHOICES = 3
_MULTI = "multi.yml"
_SEED = 7
_WORST = 15


@dataclass(frozen=True)
class Question:
    """A message and the intent it should be read as."""

    text: str
    intent: str


def load_examples(directory: Path) -> tuple[list[str], list[str]]:
    """Texts and intents of Rasa NLU files (only plain `examples` lists, as in data/nlu)."""
    texts: list[str] = []
    intents: list[str] = []
    for path in sorted(directory.glob("*.yml")):
        for item in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            lines = [line.strip() for line in item["examples"].splitlines()]
            examples = [line[2:].strip() for line in lines if line.startswith("- ")]
            texts += examples
            intents += [item["intent"]] * len(examples)
    return texts, intents


def load_questions(directory: Path) -> tuple[list[Question], list[dict[str, Any]]]:
    """Single questions of every file in `directory`, and the messages of `multi.yml`."""
    questions: list[Question] = []
    multi: list[dict[str, Any]] = []
    for path in sorted(directory.glob("*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.name == _MULTI:
            multi = content["multi"] if isinstance(content, dict) else content
        else:
            questions += [Question(text, intent) for intent, listed in content.items() for text in listed]
    return questions, multi


def outcome(intent: str, reading: Reading) -> str:
    """What became of a question: right, wrong, clarified_right, clarified_wrong, refused; out of scope:
    refused, clarified, answered."""
    read, wanted = group(reading.intent), group(intent)
    if wanted == OUT_OF_SCOPE:
        return "refused" if read == OUT_OF_SCOPE else "clarified" if read == CLARIFY else "answered"
    if read == wanted:
        return "right"
    if read == CLARIFY:
        return f"clarified_{'right' if wanted in _choices(reading) else 'wrong'}"
    return "refused" if read == OUT_OF_SCOPE else "wrong"


def measure(reader: Reader, questions: Sequence[Question]) -> dict[str, Any]:
    """Shares of each outcome, the worst intents and every misreading."""
    inside: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    by_intent: dict[str, Counter[str]] = defaultdict(Counter)
    misread: list[dict[str, Any]] = []
    for question in questions:
        reading = reader.read(question.text)
        became = outcome(question.intent, reading)
        (outside if group(question.intent) == OUT_OF_SCOPE else inside)[became] += 1
        by_intent[group(question.intent)][became] += 1
        expected = "refused" if group(question.intent) == OUT_OF_SCOPE else "right"
        if became != expected:
            misread.append(
                {
                    "outcome": became,
                    "intent": question.intent,
                    "read": reading.intent,
                    "confidence": round(reading.confidence, 3),
                    "ranking": [[name, round(score, 3)] for name, score in reading.ranking[:_CHOICES]],
                    "text": question.text,
                }
            )
    worst = {
        intent: dict(counts)
        for intent, counts in sorted(by_intent.items(), key=lambda item: _good(item[1]) / item[1].total())
        if _good(counts) < counts.total()
    }
    return {
        "in_scope": _shares(inside),
        "content_only": _shares(
            sum((counts for name, counts in by_intent.items() if _is_topic(name)), Counter[str]())
        ),
        "out_of_scope": _shares(outside),
        "worst": dict(list(worst.items())[:_WORST]),
        "misread": sorted(misread, key=lambda each: (each["outcome"], each["intent"])),
    }


def measure_multi(reader: Reader, messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How often exactly the expected things are found in messages that hold several, or a long story."""
    counts: dict[str, Counter[str]] = {"several": Counter(), "one": Counter()}
    misread: list[dict[str, Any]] = []
    for message in messages:
        expected = {group(intent) for intent in message["expect"] if not is_dialogue(intent)} or set(
            message["expect"]
        )
        reading = reader.read(message["text"])
        found = {group(part.intent) for part in reading.parts} or {group(reading.intent)}
        tally = counts["several" if len(expected) > 1 else "one"]
        became = "exact" if found == expected else "missing" if expected - found else "extra"
        tally[became] += 1
        if became != "exact":
            misread.append(
                {
                    "expect": sorted(expected),
                    "read": sorted(found),
                    "main": reading.intent,
                    "text": message["text"],
                }
            )
    return {**{kind: _shares(tally) for kind, tally in counts.items()}, "misread": misread}


def _choices(reading: Reading) -> set[str]:
    offered = dict.fromkeys(group(name) for name, _ in reading.ranking if group(name) != OUT_OF_SCOPE)
    return set(list(offered)[:_CHOICES])


def _good(counts: Counter[str]) -> int:
    return counts["right"] + (counts["refused"] if not counts["right"] and "answered" in counts else 0)


def _is_topic(name: str) -> bool:
    return name != OUT_OF_SCOPE and not is_dialogue(name)


def _shares(counts: Counter[str]) -> dict[str, Any]:
    total = counts.total()
    return {"n": total, **{name: round(count / total, 4) for name, count in sorted(counts.items())}}


def _speed(reader: Reader, questions: Sequence[Question]) -> dict[str, float]:
    taken = []
    for question in questions:
        start = time.perf_counter()
        reader.read(question.text)
        taken.append((time.perf_counter() - start) * 1000)
    return {"p50": round(float(np.median(taken)), 2), "p95": round(float(np.percentile(taken, 95)), 2)}


def _disturbed(questions: Sequence[Question]) -> dict[str, list[Question]]:
    source = random.Random(_SEED)
    ways: dict[str, Callable[[str], str]] = {
        "typos": lambda text: with_typos(text, source),
        "no_diacritics": without_diacritics,
        "split_compounds": lambda text: with_split_compounds(text, source),
    }
    return {
        name: [Question(changed(question.text), question.intent) for question in questions]
        for name, changed in ways.items()
    }


def _print(report: dict[str, Any]) -> None:
    print(f"training {report['training_seconds']} s, reading {report['read_ms']} ms")
    for name in ("plain", *report["disturbed"]):
        result = report["plain"] if name == "plain" else report["disturbed"][name]
        for kind in ("in_scope", "content_only", "out_of_scope"):
            print(f"{name:16} {kind:13} {result[kind]}")
    if report["multi"]:
        print(f"several {report['multi']['several']}\none     {report['multi']['one']}")
        for each in report["multi"]["misread"]:
            print(f"  expected {each['expect']}, read {each['read']}: {each['text'][:120]}")
    print("worst intents")
    for intent, counts in report["plain"]["worst"].items():
        print(f"  {intent:36} {counts}")
    print("misread")
    for each in report["plain"]["misread"]:
        choices = ", ".join(f"{name} {score}" for name, score in each["ranking"])
        print(f"  {each['outcome']:15} {each['intent']} as {each['read']} ({choices}): {each['text']}")


def main() -> None:
    """Command line."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--nlu", type=Path, default=Path("data/nlu"))
    options.add_argument("--questions", type=Path, required=True)
    options.add_argument("--disturb", action="store_true")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    start = time.perf_counter()
    reader = Reader.train(*load_examples(chosen.nlu), seed=_SEED)
    trained = round(time.perf_counter() - start, 1)
    reader.warm_up()
    questions, multi = load_questions(chosen.questions)
    disturbed = _disturbed(questions) if chosen.disturb else {}
    report = {
        "training_seconds": trained,
        "read_ms": _speed(reader, questions),
        "plain": measure(reader, questions),
        "multi": measure_multi(reader, multi) if multi else None,
        "disturbed": {name: measure(reader, changed) for name, changed in disturbed.items()},
    }
    if chosen.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        _print(report)


if __name__ == "__main__":
    main()
