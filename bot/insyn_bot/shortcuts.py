"""Two steps of Rasa 3.6 that take more than half of a turn, done the short way with the same result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from rasa.core.actions.action import RemoteAction
from rasa.core.policies.rule_policy import RulePolicy

State = dict[str, Any]
Ending = tuple[str | None, str | None]

_ANSWER = Draft202012Validator(RemoteAction.action_response_format_spec())
_compare_all_rules = RulePolicy._get_possible_keys


def take() -> None:
    """Make the Rasa of this process take the shortcuts."""
    RemoteAction._validate_action_result = validate
    RulePolicy._get_possible_keys = applicable_rules


def validate(_action: RemoteAction, answer: dict[str, Any]) -> bool:
    """Checks an action's answer against Rasa's schema. Raises `ValidationError`.

    `jsonschema.validate` checks the schema itself as well, each time: 15 ms.
    """
    error = best_match(_ANSWER.iter_errors(answer))
    if error is not None:
        raise error
    return True


def applicable_rules(policy: RulePolicy, lookup: dict[str, str], states: Sequence[State]) -> set[str]:
    """The rules (keys of `lookup`) that fit a conversation.

    Rasa compares every rule, three times a turn: 4 ms. Only those that end as the conversation does can fit.
    """
    if not states:
        return set(lookup)
    action, intent = _ending(states[-1])
    rules = _by_ending(frozenset(lookup))
    near = {*rules.get((action, intent), ()), *rules.get((action, None), ())}
    return set(_compare_all_rules(policy, {key: lookup[key] for key in near}, states))


@lru_cache(maxsize=4)
def _by_ending(rules: frozenset[str]) -> dict[Ending, list[str]]:
    found: dict[Ending, list[str]] = defaultdict(list)
    for key in rules:
        found[_ending(RulePolicy._rule_key_to_state(key)[-1])].append(key)
    return found


def _ending(state: State) -> Ending:
    """What a rule's last state must share with a conversation's: the action before it, its intent if any."""
    action = (state.get("prev_action") or {}).get("action_name")
    intent = (state.get("user") or {}).get("intent")
    return action, intent
