"""The intents that can be learnt, and what to call them: those of `data/nlu`, one file each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from insyn.conversation.transcript import public_topic
from insyn.policy.answers import AnswerBook
from insyn.settings import PROJECT_ROOT

NLU_DIR = PROJECT_ROOT / "data" / "nlu"

_FAMILIES = {
    "policy": "Frågor om policyn",
    "process": "Frågor om hur det går till",
    "assistant": "Frågor om Insyn",
    "request": "Begäranden",
    "report": "Rapporter och klagomål",
    "complaint": "Rapporter och klagomål",
    "handover": "Till en människa",
    "application": "Jobbansökningar",
    "followup": "Följdfrågor",
    "answer": "Svar i samtalet",
    "dialog": "Svar i samtalet",
    "inform": "Uppgifter som lämnas",
    "smalltalk": "Småprat",
    "out_of_scope": "Utanför",
}

_UNTITLED = {"fallback.clarify": "Osäker: frågade tillbaka", "out_of_scope": "Utanför: sa att den inte vet"}


@dataclass(frozen=True)
class Intents:
    """Names of intents, for people to choose from."""

    names: tuple[str, ...]
    book: AnswerBook

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def title(self, name: str | None) -> str:
        """What people call an intent: the title of its answer, or its name."""
        if not name:
            return "inte läst"
        return self.book.title(name) or self.book.title(public_topic(name)) or _UNTITLED.get(public_topic(name), name)

    def by_family(self) -> dict[str, list[str]]:
        """The intents under what they are about, in the order in which they are shown."""
        families: dict[str, list[str]] = {title: [] for title in _FAMILIES.values()}
        for name in self.names:
            families[_FAMILIES.get(name.partition(".")[0], "Svar i samtalet")].append(name)
        return {title: names for title, names in families.items() if names}


def taught_intents(book: AnswerBook, directory: Path = NLU_DIR) -> Intents:
    """Every intent that has examples."""
    return Intents(tuple(sorted(path.stem for path in directory.glob("*.yml"))), book)
