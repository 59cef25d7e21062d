"""Rasa graph components: thin wrappers around the reading logic of this package."""

from __future__ import annotations

from typing import Any

import joblib
import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from insyn_bot import placeholders
from insyn_bot.reader import Reader

_RANKING_LENGTH = 10
_MODEL_FILE = "reader.joblib"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class SwedishTokenizer(Tokenizer):  # type: ignore[misc]
    """spaCy's Swedish tokenizer; a placeholder is one token."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._spacy = spacy.blank("sv").tokenizer

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_"}

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        text = message.get(attribute)
        tokens: list[Token] = []
        at = 0
        for each in placeholders.find(text):
            tokens += self._plain_tokens(text[at : each.start], at)
            tokens.append(Token(each.value, each.start))
            at = each.end
        return tokens + self._plain_tokens(text[at:], at)

    def _plain_tokens(self, text: str, offset: int) -> list[Token]:
        return [Token(each.text, offset + each.idx) for each in self._spacy(text) if not each.is_space]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PlaceholderExtractor(GraphComponent):  # type: ignore[misc]
    """Entities for masked values; the value is the whole placeholder."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PlaceholderExtractor:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            found = [
                {
                    "entity": each.entity,
                    "value": each.value,
                    "start": each.start,
                    "end": each.end,
                    "confidence_entity": 1.0,
                    "extractor": type(self).__name__,
                }
                for each in placeholders.find(message.get(TEXT) or "")
            ]
            message.set(ENTITIES, (message.get(ENTITIES) or []) + found, add_to_output=True)
        return messages


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent):  # type: ignore[misc]
    """Intent, ranking, parts and language of a message, as `insyn_bot.reader` reads it."""

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        reader: Reader | None = None,
    ) -> None:
        self._config, self._storage, self._resource = config, model_storage, resource
        self._reader = reader

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"random_seed": 7}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TopicClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TopicClassifier:
        with model_storage.read_from(resource) as directory:
            reader = joblib.load(directory / _MODEL_FILE)
        reader.warm_up()
        return cls(config, model_storage, resource, reader)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from every example with a text and an intent."""
        examples = [each for each in training_data.intent_examples if each.get(TEXT)]
        texts = [each.get(TEXT) for each in examples]
        intents = [each.get(INTENT) for each in examples]
        self._reader = Reader.train(texts, intents, seed=self._config["random_seed"])
        with self._storage.write_to(self._resource) as directory:
            joblib.dump(self._reader, directory / _MODEL_FILE, compress=3)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        if self._reader is None:
            return messages
        for message in messages:
            reading = self._reader.read(message.get(TEXT) or "")
            message.set(
                INTENT, {"name": reading.intent, "confidence": reading.confidence}, add_to_output=True
            )
            message.set(
                INTENT_RANKING_KEY,
                [{"name": name, "confidence": score} for name, score in reading.ranking[:_RANKING_LENGTH]],
                add_to_output=True,
            )
            message.set("language", reading.language, add_to_output=True)
            parts = [
                {"intent": part.intent, "confidence": part.confidence, "start": part.start, "end": part.end}
                for part in reading.parts
            ]
            message.set("parts", parts, add_to_output=True)
            entities = [
                {
                    "entity": "part",
                    "value": part.intent,
                    "start": part.start,
                    "end": part.end,
                    "confidence_entity": part.confidence,
                    "extractor": type(self).__name__,
                }
                for part in reading.parts
            ]
            message.set(ENTITIES, (message.get(ENTITIES) or []) + entities, add_to_output=True)
        return messages
