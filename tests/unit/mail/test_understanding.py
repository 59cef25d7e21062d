"""Which parts of a mail become turns of the conversation."""

from __future__ import annotations

import pytest

from insyn.mail.sentences import sentences, unwrapped
from insyn.mail.understanding import Part, combine, dealt_with
from tests.fixtures.fake_rasa import reads_as

TEXT = "Hej. Hur länge sparar ni? Radera mig. Hur går det med mitt ärende?"


def part(intent: str, words: str, confidence: float = 0.95) -> dict[str, object]:
    start = TEXT.index(words)
    return {"intent": intent, "confidence": confidence, "start": start, "end": start + len(words)}


def test_what_the_main_turn_takes_care_of_gets_no_turn_of_its_own() -> None:
    whole = reads_as(
        "request.erasure",
        parts=[part("policy.retention.general", "Hur länge sparar ni?"), part("request.erasure", "Radera mig.")],
    )
    understood = combine(whole, [("Radera mig.", reads_as("request.erasure"))], TEXT)
    assert understood.beside == ()
    assert {intent for intent, _ in understood.intents} == {"request.erasure", "policy.retention.general"}


def test_what_it_leaves_gets_one() -> None:
    whole = reads_as(
        "request.erasure",
        parts=[part("request.erasure", "Radera mig."), part("request.status", "Hur går det med mitt ärende?")],
    )
    assert combine(whole, [], TEXT).beside == (Part("Hur går det med mitt ärende?"),)


def test_a_right_plainly_claimed_in_one_sentence_is_not_lost_in_the_whole() -> None:
    whole = reads_as("policy.retention.general")
    understood = combine(whole, [("Radera mig.", reads_as("request.erasure", 0.7))], TEXT)
    assert understood.beside == (Part("Radera mig."),)
    assert ("request.erasure", 0.7) in understood.intents


@pytest.mark.parametrize(
    ("intent", "confidence"), [("request.erasure", 0.5), ("complaint", 0.99), ("policy.changes", 0.99)]
)
def test_scenery_is_not_taken_for_a_request(intent: str, confidence: float) -> None:
    understood = combine(reads_as("policy.retention.general"), [("Hej.", reads_as(intent, confidence))], TEXT)
    assert understood.beside == ()


def test_where_a_human_judges_no_request_is_opened_beside() -> None:
    whole = reads_as("handover.representative")
    assert combine(whole, [("Radera min son.", reads_as("request.erasure", 0.9))], TEXT).beside == ()


def test_thanks_and_goodbyes_are_courtesy_also_when_the_whole_is_unclear() -> None:
    alone = [("Tack!", reads_as("smalltalk.thanks")), ("Ha det bra.", reads_as("smalltalk.bye"))]
    assert combine(reads_as("fallback.clarify", 0.4), alone, "Tack! Ha det bra.").is_courtesy
    alone.append(("Radera mig.", reads_as("request.erasure")))
    assert not combine(reads_as("fallback.clarify", 0.4), alone, "Tack! Ha det bra. Radera mig.").is_courtesy


@pytest.mark.parametrize(
    ("name", "main", "dealt"),
    [
        ("policy.changes", "request.erasure", True),
        ("complaint", "request.access", True),
        ("request.access", "complaint", True),
        ("request.access", "report.incident", True),
        ("request.status", "request.access", False),
        ("request.access", "request.status", False),
        ("request.erasure", "application.withdraw", False),
        ("followup.how", "report.incident", True),
    ],
)
def test_what_each_main_action_takes_care_of(name: str, main: str, dealt: bool) -> None:
    assert dealt_with(name, main) is dealt


def test_lines_that_a_client_broke_are_one_again() -> None:
    text = (
        "Hej,\n\nJag sökte en tjänst hos er i våras och undrar nu om ni har kvar min\nansökan. Ta i så fall bort den.\n\n"
        "Jag vill också veta följande om hur ni behandlar det hela, nämligen:\n- vad ni sparar\n- hur länge\n\nAnna"
    )
    assert unwrapped(text) == (
        "Hej,\n\nJag sökte en tjänst hos er i våras och undrar nu om ni har kvar min ansökan. Ta i så fall bort den.\n\n"
        "Jag vill också veta följande om hur ni behandlar det hela, nämligen:\n- vad ni sparar\n- hur länge\n\nAnna"
    )


def test_sentences_are_sentences_and_lines() -> None:
    assert sentences("Hej!\n\nRadera mig. Hur länge\nsparar ni? …") == [
        "Hej!",
        "Radera mig.",
        "Hur länge",
        "sparar ni?",
    ]


@pytest.mark.parametrize(
    ("probability", "beside"),
    [
        (0.7, (Part("Ni får gärna radera mig.", "request.erasure"),)),
        (0.55, (Part("Ni får gärna radera mig."),)),
        (0.3, ()),
    ],
)
def test_an_unsure_claim_is_taken_for_one_shown_to_a_human_or_left(
    probability: float, beside: tuple[Part, ...]
) -> None:
    ranking = [{"name": "request.erasure", "confidence": probability}]
    alone = [("Ni får gärna radera mig.", reads_as("fallback.clarify", 0.5, ranking=ranking))]
    assert combine(reads_as("policy.retention.general"), alone, TEXT).beside == beside


LEAVE = "Jag är föräldraledig och läser inte min e-post."
URGENT = "Vid brådskande ärenden kontakta växeln."


def test_what_only_an_absence_message_seems_to_claim_is_no_claim() -> None:
    alone = [(LEAVE, reads_as("request.restriction", 0.62)), (URGENT, reads_as("fallback.clarify", 0.4))]
    understood = combine(reads_as("request.restriction", 0.62), alone, f"{LEAVE} {URGENT}")
    assert not understood.claims_something
    assert "request.restriction" not in understood.plainly


@pytest.mark.parametrize(
    ("sentence", "confidence"), [("Radera mig.", 0.7), ("Jag är på semester till den 9, så radera mig.", 0.85)]
)
def test_a_claim_beside_an_absence_or_a_sure_one_in_it_is_kept(sentence: str, confidence: float) -> None:
    claim = reads_as("request.erasure", confidence)
    alone = [(LEAVE, reads_as("fallback.clarify", 0.4)), (URGENT, reads_as("fallback.clarify", 0.4)), (sentence, claim)]
    understood = combine(claim, alone, f"{LEAVE} {URGENT} {sentence}")
    assert understood.claims_something
    assert ("request.erasure" in understood.plainly) is (sentence == "Radera mig.")
