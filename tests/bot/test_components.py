from __future__ import annotations

from pathlib import Path

import pytest
from insyn_bot.components import PlaceholderExtractor, SwedishTokenizer, TopicClassifier
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

CONTEXT = ExecutionContext(GraphSchema({}))
TEXTS = {
    "request.erasure": ["radera mig", "ta bort mina uppgifter", "ta bort allt om mig", "stryk mig ur registret"],
    "process.cost": ["kostar det något", "är det gratis", "vad kostar det", "tar ni betalt för det"],
    "smalltalk.greet": ["hej", "hejsan", "god dag", "tjena"],
    "out_of_scope.chitchat": ["vad blir det för väder", "skriv en dikt", "vem vann matchen", "laga pannkakor"],
}


def tokens(text: str) -> list[str]:
    tokenizer = SwedishTokenizer(SwedishTokenizer.get_default_config())
    found = tokenizer.tokenize(Message.build(text), "text")
    assert all(text[token.start : token.end] == token.text for token in found)
    return [token.text for token in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hej, radera mig!", ["Hej", ",", "radera", "mig", "!"]),
        ("mejla ⟨e-post 1⟩, tack", ["mejla", "⟨e-post 1⟩", ",", "tack"]),
        ("⟨namn 1⟩⟨telefon 2⟩", ["⟨namn 1⟩", "⟨telefon 2⟩"]),
        ("👍", ["👍"]),
        ("a", ["a"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_placeholders_become_entities(tmp_path: Path) -> None:
    extractor = PlaceholderExtractor.create({}, LocalModelStorage(tmp_path), Resource("extractor"), CONTEXT)
    (message,) = extractor.process([Message.build("jag heter ⟨namn 1⟩ och nås på ⟨e-post 1⟩")])
    assert [(each["entity"], each["value"]) for each in message.get("entities")] == [
        ("name", "⟨namn 1⟩"),
        ("email", "⟨e-post 1⟩"),
    ]


def test_the_classifier_trains_is_stored_and_comes_back(tmp_path: Path) -> None:
    storage, resource = LocalModelStorage(tmp_path), Resource("topics")
    config = TopicClassifier.get_default_config()
    examples = [Message.build(text, intent) for intent, listed in TEXTS.items() for text in listed]
    trained = TopicClassifier.create(config, storage, resource, CONTEXT)
    trained.train(TrainingData(examples))
    loaded = TopicClassifier.load(config, storage, resource, CONTEXT)
    text = "ta bort mina uppgifter. och vad kostar det?"
    (one,), (two,) = trained.process([Message.build(text)]), loaded.process([Message.build(text)])
    assert one.get("intent") == two.get("intent")
    assert one.get("intent")["name"] == "request.erasure"
    assert [part["intent"] for part in two.get("parts")] == ["request.erasure", "process.cost"]
    assert [each["value"] for each in two.get("entities") if each["entity"] == "part"] == [
        "request.erasure",
        "process.cost",
    ]
    assert two.get("language") == "sv"
    assert {"intent", "intent_ranking", "entities", "parts", "language"} <= two.output_properties
