"""One topic is one file in each tree: domain, examples, rules and answers speak of the same things."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import yaml

from actions import all_actions, lookup, own_data, requests
from insyn.cases.kinds import KINDS
from insyn.own_data.erasure import Erasure
from insyn.policy.answers import AnswerBook
from insyn.requests.desk import RequestDesk
from insyn.settings import PROJECT_ROOT

# Readings that the decision makes out of scores; nobody writes examples of them.
WITHOUT_EXAMPLES = {"fallback.clarify", "out_of_scope.unknown"}
ANSWER_RULE = "a question gets its approved answer"
BEGIN_RULE = "a right is claimed"


@cache
def domain() -> dict[str, Any]:
    merged: dict[str, Any] = {"intents": [], "actions": [], "entities": [], "slots": {}, "forms": {}}
    for path in sorted((PROJECT_ROOT / "domain").glob("*.yml")):
        for key, value in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if isinstance(merged.get(key), list):
                merged[key] += value
            elif isinstance(merged.get(key), dict):
                merged[key].update(value)
    return merged


@cache
def rules() -> dict[str, dict[str, Any]]:
    found = [
        rule
        for path in sorted((PROJECT_ROOT / "data" / "rules").glob("*.yml"))
        for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
    ]
    assert len({rule["rule"] for rule in found}) == len(found)
    return {rule["rule"]: rule for rule in found}


def intents_of(rule: dict[str, Any]) -> set[str]:
    steps = [each for step in rule["steps"] for each in step.get("or", [step])]
    return {step["intent"] for step in steps if "intent" in step}


def actions_of(rule: dict[str, Any]) -> set[str]:
    return {step["action"] for step in rule["steps"] if "action" in step}


def loop_of(rule: dict[str, Any]) -> str | None:
    """The form a rule belongs to, `None` outside one, `any` when it says nothing of it."""
    conditions = [each["active_loop"] for each in rule.get("condition", []) if "active_loop" in each]
    return conditions[0] if conditions else "any"


def test_intents_are_named_once() -> None:
    intents = domain()["intents"]
    assert len(set(intents)) == len(intents)


def test_every_intent_has_its_file_of_examples() -> None:
    files = {path.name.removesuffix(".yml") for path in (PROJECT_ROOT / "data" / "nlu").glob("*.yml")}
    assert files == set(domain()["intents"]) - WITHOUT_EXAMPLES


@pytest.mark.parametrize("path", sorted((PROJECT_ROOT / "data" / "nlu").glob("*.yml")), ids=lambda path: path.stem)
def test_examples_are_of_the_intent_that_the_file_is_named_for(path: Any) -> None:
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
    assert [group["intent"] for group in groups] == [path.name.removesuffix(".yml")]
    examples = [line for group in groups for line in group["examples"].splitlines() if line.startswith("- ")]
    folded = [line[2:].strip() for line in examples]
    assert all(folded)
    assert len(set(folded)) == len(folded)


def test_no_example_belongs_to_two_intents() -> None:
    seen: dict[str, str] = {}
    twice = []
    for path in sorted((PROJECT_ROOT / "data" / "nlu").glob("*.yml")):
        (group,) = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for line in group["examples"].splitlines():
            text = " ".join(line.removeprefix("- ").casefold().split())
            if seen.setdefault(text, group["intent"]) != group["intent"]:
                twice.append((text, seen[text], group["intent"]))
    assert twice == []


@pytest.mark.parametrize("intent", domain()["intents"])
def test_every_intent_is_dealt_with_outside_a_request(intent: str) -> None:
    here = [name for name, rule in rules().items() if intent in intents_of(rule) and loop_of(rule) in (None, "any")]
    assert len(here) == 1, here


@pytest.mark.parametrize("loop", domain()["forms"])
@pytest.mark.parametrize("intent", domain()["intents"])
def test_every_intent_is_dealt_with_inside_each_form(intent: str, loop: str) -> None:
    here = [name for name, rule in rules().items() if intent in intents_of(rule) and loop_of(rule) in (loop, "any")]
    assert len(here) == 1, here


def test_rules_speak_of_what_the_domain_has() -> None:
    known = set(domain()["actions"]) | set(domain()["forms"])
    for name, rule in rules().items():
        assert intents_of(rule) <= set(domain()["intents"]), name
        assert actions_of(rule) <= known, name


def test_every_answer_is_reached_by_its_rule_and_every_question_has_an_answer() -> None:
    book = AnswerBook()
    assert intents_of(rules()[ANSWER_RULE]) == set(book.answers)
    assert actions_of(rules()[ANSWER_RULE]) == {"action_answer"}


def test_every_right_begins_a_request() -> None:
    rights = {kind.id for kind in KINDS.values() if kind.is_right}
    assert intents_of(rules()[BEGIN_RULE]) == rights


def test_the_actions_of_the_domain_are_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    book, desk, erasure = AnswerBook(), object.__new__(RequestDesk), object.__new__(Erasure)
    names = [action.name() for action in all_actions(book, desk, erasure)]
    assert sorted(names) == sorted(domain()["actions"])


def test_every_action_is_used() -> None:
    used = set().union(*(actions_of(rule) for rule in rules().values()))
    asking = {
        f"action_ask_{form}_{slot}" for form, what in domain()["forms"].items() for slot in what["required_slots"]
    }
    validating = {f"validate_{form}" for form in domain()["forms"]}
    assert set(domain()["actions"]) - used - asking - validating == {"action_default_fallback"}


def test_forms_ask_for_what_the_actions_ask_for() -> None:
    forms = {form: tuple(what["required_slots"]) for form, what in domain()["forms"].items()}
    assert forms == {"request_form": requests.ASKED, "lookup_form": lookup.ASKED, "own_data_form": own_data.ASKED}


@pytest.mark.parametrize("slot", domain()["slots"])
def test_no_slot_influences_a_prediction_or_is_filled_unasked(slot: str) -> None:
    definition = domain()["slots"][slot]
    assert definition["influence_conversation"] is False
    for mapping in definition["mappings"]:
        if mapping["type"] != "custom":
            assert mapping["conditions"], mapping
            assert all(each["requested_slot"] == slot for each in mapping["conditions"])
            assert set(filter(None, [mapping.get("intent")])) <= set(domain()["intents"])


def test_every_slot_of_a_form_can_be_filled() -> None:
    needed = {slot for what in domain()["forms"].values() for slot in what["required_slots"]}
    assert needed <= set(domain()["slots"])


def test_what_a_kind_asks_for_is_asked_for_in_the_form() -> None:
    for kind in KINDS.values():
        assert set(kind.asks) <= set(requests.ASKED)
        assert list(kind.asks) == [slot for slot in requests.ASKED if slot in kind.asks]
