"""A small model, big enough to show how messages are read."""

from __future__ import annotations

import random

import joblib
import pytest
from insyn_bot.disturb import with_typos
from insyn_bot.model import TopicModel
from insyn_bot.reader import Reader

LONG = 12

EXAMPLES = {
    "policy.retention.general": [
        "hur länge sparar ni mina uppgifter", "när raderas uppgifterna", "hur lång tid lagras data om mig",
        "sparar ni allt för evigt", "lagringstid", "hur länge ligger informationen kvar",
    ],
    "process.cost": [
        "kostar det något", "är det gratis att få ut sina uppgifter", "vad kostar ett registerutdrag",
        "tar ni betalt för det", "avgift", "måste jag betala",
    ],
    "request.erasure": [
        "radera mig", "ta bort mina uppgifter", "jag vill att ni tar bort allt om mig", "stryk mig ur registret",
        "delete my data", "vänligen radera mina personuppgifter",
    ],
    "request.access": [
        "skicka en kopia på mina uppgifter", "jag vill ha ett registerutdrag", "skicka allt ni har om mig",
        "kopia på allt ni har sparat tack", "registerutdrag", "jag vill se vad ni har om mig",
    ],
    "handover.distress": [
        "jag orkar inte leva längre", "jag vill dö", "jag tänker ta mitt liv", "allt är hopplöst och jag vill inte mer",
        "jag har ångest och panik", "jag vill inte leva",
    ],
    "smalltalk.greet": ["hej", "hejsan", "god dag", "tjena", "hallå där", "hello"],
    "answer.affirm": ["ja", "japp", "👍", "a", "jo", "mm"],
    "out_of_scope.chitchat": [
        "vad blir det för väder", "berätta en rolig historia", "vem vann matchen igår",
        "vad heter huvudstaden i Peru", "skriv en dikt om våren", "hur lagar man pannkakor",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Reader:
    texts = [text for listed in EXAMPLES.values() for text in listed]
    intents = [intent for intent, listed in EXAMPLES.items() for _ in listed]
    return Reader.train(texts, intents)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hur länge sparar ni uppgifter om mig?", "policy.retention.general"),
        ("TA BORT MINA UPPGIFTER NU!!!", "request.erasure"),
        ("jag vill ha ett registerutdarg", "request.access"),
        ("👍", "answer.affirm"),
        ("a", "answer.affirm"),
    ],
)
def test_reads(reader: Reader, text: str, intent: str) -> None:
    assert reader.read(text).ranking[0][0] == intent


def test_several_things_become_parts_in_the_order_of_the_text(reader: Reader) -> None:
    text = "Hur länge sparar ni mina uppgifter? Kostar det något?"
    parts = reader.read(text).parts
    assert [part.intent for part in parts] == ["policy.retention.general", "process.cost"]
    assert [text[part.start : part.end] for part in parts] == [
        "Hur länge sparar ni mina uppgifter?",
        "Kostar det något?",
    ]


def test_a_request_is_the_main_thing_beside_a_question(reader: Reader) -> None:
    assert reader.read("Kostar det något? Radera mig.").intent == "request.erasure"


def test_what_shall_be_done_first_comes_first(reader: Reader) -> None:
    parts = reader.read("Radera mina uppgifter. Men skicka först en kopia på allt ni har om mig.").parts
    assert [part.intent for part in parts] == ["request.access", "request.erasure"]


def test_what_shall_be_done_before_comes_first(reader: Reader) -> None:
    parts = reader.read("Radera mina uppgifter. Skicka en kopia på allt ni har om mig innan.").parts
    assert [part.intent for part in parts] == ["request.access", "request.erasure"]


def test_an_order_of_one_word_is_heard(reader: Reader) -> None:
    parts = reader.read("skicka en kopia på mina uppgifter, sen radera").parts
    assert [part.intent for part in parts] == ["request.access", "request.erasure"]


def test_a_slip_in_a_word_is_no_word_that_was_learnt() -> None:
    texts = [text for listed in EXAMPLES.values() for text in listed]
    model = TopicModel().fit(texts, [intent for intent, listed in EXAMPLES.items() for _ in listed])
    asked = [text for text in texts if len(text) > LONG]
    hurried = [with_typos(text, random.Random(at)) for at, text in enumerate(asked)]
    assert max(model.known_share(text) for text in asked) == 1.0
    assert sum(map(model.known_share, hurried)) / len(hurried) < 0.9


def test_a_greeting_never_wins_over_a_request(reader: Reader) -> None:
    reading = reader.read("Hej! Jag vill att ni tar bort mina uppgifter.")
    assert (reading.intent, reading.parts) == ("request.erasure", [])


def test_distress_wins_over_everything(reader: Reader) -> None:
    assert reader.read("Radera mig. Jag vill inte leva.").intent == "handover.distress"


def test_one_thing_is_not_split(reader: Reader) -> None:
    assert reader.read("jag vill ha ett registerutdrag på namn, adress och telefon").parts == []


@pytest.mark.parametrize("text", ["", " ", "?", "...", "⟨e-post 1⟩", "\u200b", "x" * 5000])
def test_whatever_comes_is_read(reader: Reader, text: str) -> None:
    assert reader.read(text).ranking


def test_training_is_deterministic_and_survives_storage(reader: Reader, tmp_path: object) -> None:
    again = Reader.train(
        [text for listed in EXAMPLES.values() for text in listed],
        [intent for intent, listed in EXAMPLES.items() for _ in listed],
    )
    path = f"{tmp_path}/reader.joblib"
    joblib.dump(reader, path)
    stored = joblib.load(path)
    text = "Skicka en kopia, och vad kostar det?"
    assert again.read(text) == reader.read(text) == stored.read(text)
