"""The stock project: what `rasa init` configures, on our training examples.

Rasa's default pipeline and policies are read from the installed Rasa and changed in two points: the language and, for a
quick run, the epochs. Each intent has a rule that leads to one `utter_` response (the approved answer where the topic
has one); a dozen intents have a story as well, because two of the default policies learn from stories only. No masking,
no store, no audit, no forms, no custom actions: stock Rasa does less for a message than Insyn does.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml

from insyn.policy.answers import AnswerBook
from insyn.settings import PROJECT_ROOT

STOCK_EPOCHS = 100
STORIES = 12
OPENING, CLOSING = "smalltalk.greet", "smalltalk.thanks"
# What Rasa's FallbackClassifier finds, and the response that Rasa's own default fallback utters.
NOT_UNDERSTOOD, UNKNOWN = "nlu_fallback", "utter_default"
RASA = PROJECT_ROOT / "bot" / ".venv" / "lib" / "python3.10" / "site-packages" / "rasa"
DEFAULTS = RASA / "engine" / "recipes" / "config_files" / "default_config.yml"
EXAMPLES = PROJECT_ROOT / "data" / "nlu"

Files = dict[str, str]


def files(epochs: int = STOCK_EPOCHS) -> Files:
    """The project's files by name, as text."""
    examples = {path.name: path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.yml"))}
    intents = sorted({item["intent"] for text in examples.values() for item in yaml.safe_load(text)["nlu"]})
    told = intents[:: len(intents) // STORIES]
    return {
        "config.yml": _yaml(_config(epochs)),
        "domain.yml": _yaml(_domain(intents)),
        "credentials.yml": _yaml({"rest": None}),
        "endpoints.yml": _yaml({}),
        "data/rules.yml": _yaml({"version": "3.1", "rules": [_rule(each) for each in [*intents, NOT_UNDERSTOOD]]}),
        "data/stories.yml": _yaml({"version": "3.1", "stories": [_story(each) for each in told]}),
        **{f"data/nlu/{name}": text for name, text in examples.items()},
    }


def fingerprint(project: Files) -> str:
    """What the project and Rasa's version make together, in twelve hex digits."""
    digest = hashlib.sha256((PROJECT_ROOT / "bot" / "uv.lock").read_bytes())
    for name, text in sorted(project.items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()[:12]


def write(project: Files, directory: Path) -> None:
    """Puts the project in a directory."""
    for name, text in project.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _config(epochs: int) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    config.update(language="sv", assistant_id="stock")
    for part in (*config["pipeline"], *config["policies"]):
        if "epochs" in part:
            part["epochs"] = epochs
    return config


def _domain(intents: list[str]) -> dict[str, Any]:
    answers = AnswerBook(retention_chat_days=30, retention_verified_chat_days=90, retention_case_days=730).answers
    return {
        "version": "3.1",
        "intents": intents,
        "responses": {
            UNKNOWN: [{"text": "Det vet jag inte."}],
            **{_response(each): [{"text": answers[each].text if each in answers else each}] for each in intents},
        },
        "session_config": {"session_expiration_time": 60, "carry_over_slots_to_new_session": True},
    }


def _rule(intent: str) -> dict[str, Any]:
    return {"rule": intent, "steps": _steps(intent)}


def _story(intent: str) -> dict[str, Any]:
    return {"story": intent, "steps": [*_steps(OPENING), *_steps(intent), *_steps(CLOSING)]}


def _steps(intent: str) -> list[dict[str, str]]:
    return [{"intent": intent}, {"action": _response(intent)}]


def _response(intent: str) -> str:
    return UNKNOWN if intent == NOT_UNDERSTOOD else f"utter_{intent}"


def _yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
