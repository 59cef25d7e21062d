"""The shortcuts give what Rasa's own way gives."""

from __future__ import annotations

import itertools
import json

import pytest
from insyn_bot import shortcuts
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction
from rasa.core.policies.rule_policy import RulePolicy

LISTEN = {"action_name": "action_listen"}
STATES = [
    {},
    {"prev_action": LISTEN},
    {"prev_action": LISTEN, "user": {"intent": "greet"}},
    {"prev_action": LISTEN, "user": {"intent": "bye"}},
    {"prev_action": LISTEN, "user": {"text": "hej"}},
    {"prev_action": LISTEN, "user": {"intent": "greet"}, "active_loop": {"name": "form"}},
    {"prev_action": LISTEN, "user": {"intent": "greet"}, "active_loop": {"name": "should_not_be_set"}},
    {"prev_action": {"action_name": "action_answer"}},
    {"prev_action": {"action_name": "action_answer"}, "user": {"intent": "greet"}},
    {"prev_action": {"action_name": "form"}, "slots": {"requested_slot": "should_not_be_set"}},
    {"prev_action": {"action_text": "hej"}},
]
CONVERSATIONS = [list(states) for length in (0, 1, 2) for states in itertools.product(STATES, repeat=length)]
RULES = {json.dumps(states, sort_keys=True): "action" for states in CONVERSATIONS if states}


@pytest.fixture(scope="module")
def policy() -> RulePolicy:
    return RulePolicy.__new__(RulePolicy)


def test_the_same_rules_fit(policy: RulePolicy) -> None:
    some_fit = 0
    for conversation in CONVERSATIONS:
        expected = shortcuts._compare_all_rules(policy, RULES, conversation)
        assert shortcuts.applicable_rules(policy, RULES, conversation) == expected, conversation
        some_fit += 0 < len(expected) < len(RULES)
    assert some_fit > len(CONVERSATIONS) / 2


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ({"events": [], "responses": []}, True),
        ({"events": [{"event": "slot", "name": "a", "value": None}], "responses": [{"text": "Hej"}]}, True),
        ({"events": [{"event": "slot"}]}, False),
        ({"events": [{"event": "no such event"}]}, False),
        ({"responses": ["Hej"]}, False),
        ([], False),
    ],
)
def test_answers_are_judged_as_rasa_judges_them(answer: object, valid: bool) -> None:
    own_way = RemoteAction("action_answer", None)
    for judge in (
        lambda: type(own_way)._validate_action_result(own_way, answer),
        lambda: shortcuts.validate(own_way, answer),
    ):
        if valid:
            assert judge()
        else:
            with pytest.raises(ValidationError):
                judge()


def test_rasa_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RemoteAction, "_validate_action_result", None)
    monkeypatch.setattr(RulePolicy, "_get_possible_keys", None)
    shortcuts.take()
    assert RemoteAction._validate_action_result is shortcuts.validate
    assert RulePolicy._get_possible_keys is shortcuts.applicable_rules
