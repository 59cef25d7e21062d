from __future__ import annotations

import numpy as np
import pytest
from insyn_bot.decision import Decision, Verdict
from insyn_bot.intents import CLARIFY, UNKNOWN, group
from insyn_bot.model import fit_temperature, softmax

INTENTS = [
    "handover.distress",
    "out_of_scope.chitchat",
    "policy.company",
    *(f"policy.other{number}" for number in range(10)),
    "policy.purposes",
    "request.erasure",
]
PER_INTENT = 80


@pytest.fixture(scope="module")
def decision() -> Decision:
    """Learnt from held-out scores in which the right intent usually, not always, stands out."""
    source = np.random.default_rng(1)
    rows, intents, known = [], [], []
    for column, intent in enumerate(INTENTS):
        for _ in range(PER_INTENT):
            row = source.normal(-1.0, 0.15, len(INTENTS))
            row[column] += source.normal(0.6, 0.5)
            rows.append(row)
            intents.append(intent)
            known.append(0.3 if group(intent) == "out_of_scope" else 0.95)
    return Decision(INTENTS).fit(np.array(rows), intents, np.array(known), np.full(len(rows), 5.0))


def read(decision: Decision, known: float = 1.0, **margins: float) -> Verdict:
    row = [margins.get(intent.replace(".", "_"), -1.0) for intent in INTENTS]
    return decision.decide(np.array([row]), np.array([known]), np.array([5.0]))[0]


def test_a_clear_reading_is_answered(decision: Decision) -> None:
    verdict = read(decision, policy_company=0.6)
    assert verdict.intent == "policy.company"
    assert verdict.sure
    assert verdict.ranking[0][0] == "policy.company"


def test_two_close_readings_are_asked_about_with_both_on_top(decision: Decision) -> None:
    verdict = read(decision, policy_company=-0.75, policy_purposes=-0.75)
    assert verdict.intent == CLARIFY
    assert {name for name, _ in verdict.ranking[:2]} == {"policy.company", "policy.purposes"}


def test_what_is_outside_is_refused_by_its_kind(decision: Decision) -> None:
    assert read(decision, known=0.2, out_of_scope_chitchat=0.5).intent == "out_of_scope.chitchat"


def test_unknown_words_that_resemble_nothing_are_unknown(decision: Decision) -> None:
    assert read(decision, known=0.0, policy_company=-0.98).intent in {UNKNOWN, "out_of_scope.chitchat"}


def test_distress_is_taken_seriously_even_when_unsure(decision: Decision) -> None:
    verdict = read(decision, handover_distress=-0.78, policy_purposes=-0.75)
    assert verdict.intent == "handover.distress"


def test_the_ranking_holds_every_intent_and_sums_to_one(decision: Decision) -> None:
    ranking = read(decision, policy_company=0.1).ranking
    assert {name for name, _ in ranking} == set(INTENTS)
    assert sum(score for _, score in ranking) == pytest.approx(1.0)


def test_temperature_sharpens_scores_that_are_mostly_right() -> None:
    margins = np.array([[0.2, 0.0], [0.0, 0.2], [0.2, 0.0], [0.2, 0.0]] * 5)
    right = np.array([0, 1, 0, 0] * 5)
    assert fit_temperature(margins, right) < 0.1
    assert softmax(margins, 0.05)[0, 0] > 0.9
