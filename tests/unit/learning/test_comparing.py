"""What two models make of the same messages, told message by message but for the unseen set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from insyn.learning.comparing import Comparison, Outcome, Question, compare, outcome, question_sets
from insyn.learning.intents import taught_intents
from insyn.policy.answers import AnswerBook
from insyn.settings import PROJECT_ROOT


@pytest.fixture(scope="module")
def book() -> AnswerBook:
    return AnswerBook()


def read(intent: str, *ranking: str, parts: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"intent": intent, "confidence": 0.9, "ranking": [{"name": each} for each in ranking], "parts": list(parts)}


@pytest.mark.parametrize(
    ("meant", "reading", "became"),
    [
        (("request.access",), read("request.access"), Outcome.RIGHT),
        (("out_of_scope.law",), read("out_of_scope.product"), Outcome.RIGHT),
        (("request.access",), read("fallback.clarify", "policy.rights.access", "request.access"), Outcome.OFFERED),
        (("handover.distress",), read("fallback.clarify", "policy.contact"), Outcome.OFFERED),
        (("request.access",), read("fallback.clarify", "policy.contact", "policy.company", "policy.changes", "request.access"), Outcome.UNSURE),
        (("request.access",), read("out_of_scope.unknown"), Outcome.UNSURE),
        (("request.access",), read("request.erasure"), Outcome.WRONG),
        (("out_of_scope.law",), read("policy.contact"), Outcome.WRONG),
        (("request.access", "request.erasure"), read("request.access", parts=("request.erasure", "request.access")), Outcome.RIGHT),
        (("request.access", "request.erasure"), read("request.access"), Outcome.UNSURE),
        (("request.access", "request.erasure"), read("complaint", parts=("complaint", "request.access")), Outcome.WRONG),
    ],
)  # fmt: skip
def test_what_becomes_of_a_message(
    book: AnswerBook, meant: tuple[str, ...], reading: dict[str, Any], became: Outcome
) -> None:
    assert outcome(Question("…", meant), reading, book) == became


def test_better_and_worse_are_named_but_for_the_unseen(book: AnswerBook) -> None:
    questions = [Question("a", ("request.access",)), Question("b", ("complaint",)), Question("c", ("complaint",))]
    sets = {"dev/topics": questions, "held_out/topics": questions, "regression/corrections": questions[:1]}
    running = {"a": read("request.erasure"), "b": read("complaint"), "c": read("complaint")}
    candidate = {"a": read("request.access"), "b": read("fallback.clarify"), "c": read("complaint")}
    report = compare(sets, running, candidate, book)
    assert [(each.set, each.text, each.was, each.became) for each in report.better] == [
        ("dev/topics", "a", "request.erasure", "request.access"),
        ("regression/corrections", "a", "request.erasure", "request.access"),
    ]
    assert [(each.set, each.text) for each in report.worse] == [("dev/topics", "b")]
    assert not report.breaks_regression
    unseen = next(each for each in report.sets if each.name == "held_out/topics")
    assert (unseen.total, unseen.better, unseen.worse) == (3, 1, 1)
    assert unseen.running == {"wrong": 1, "right": 2}
    assert unseen.candidate == {"right": 2, "unsure": 1}
    assert Comparison.of_data(json.loads(json.dumps(report.as_data()))) == report


def test_a_correction_that_is_lost_is_told(book: AnswerBook) -> None:
    sets = {"regression/corrections": [Question("a", ("complaint",))]}
    assert compare(sets, {"a": read("complaint")}, {"a": read("request.access")}, book).breaks_regression


def test_the_project_s_sets_are_read() -> None:
    sets = question_sets(PROJECT_ROOT)
    assert {"dev/topics", "dev/multi", "held_out/topics", "held_out/out_of_scope", "regression/corrections"} <= set(
        sets
    )
    assert all(question.text and question.intents for questions in sets.values() for question in questions)


def test_no_sets_are_no_sets(tmp_path: Path) -> None:
    assert question_sets(tmp_path) == {}


def test_every_intent_is_told_in_swedish_words_of_its_own(book: AnswerBook) -> None:
    """A reviewer chooses among them and reads them side by side."""
    intents = taught_intents(book)
    titles = {name: intents.title(name) for name in (*intents.names, "fallback.clarify")}
    assert {name for name, title in titles.items() if title == name} == set()
    assert len(set(titles.values())) == len(titles)
    assert intents.title("out_of_scope.unknown") == "Utanför: sa att den inte vet"
    assert intents.title("later.than.this") == "later.than.this"
