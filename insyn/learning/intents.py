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

# What is never offered as a choice, or is offered as one thing and learnt as several.
_STAFF_TITLES = {
    "answer.affirm": "Ja",
    "answer.deny": "Nej",
    "dialog.add": "Lägg till, behåll det förra",
    "dialog.all": "Allt",
    "dialog.change_concerns": "Ändra vad begäran gäller",
    "dialog.change_name": "Ändra namnet",
    "dialog.correct_address": "Ändra adressen",
    "dialog.repeat": "Säg det igen",
    "dialog.replace": "Byt ut mot det nya",
    "dialog.resend_code": "Skicka en ny kod",
    "dialog.skip": "Hoppa över frågan",
    "dialog.wait": "Vänta lite",
    "fallback.clarify": "Osäker: frågade tillbaka",
    "followup.area.applicants": "Och för jobbansökningar?",
    "followup.area.contacts": "Och för kontaktpersoner?",
    "followup.area.cookies": "Och för cookies?",
    "followup.area.marketing": "Och för reklam?",
    "followup.area.payroll": "Och för löneuppgifter?",
    "followup.basis": "Med vilket stöd i lagen?",
    "followup.how": "Hur då?",
    "followup.how_long": "Hur länge då?",
    "followup.more": "Berätta mer",
    "followup.what": "Vad då?",
    "followup.where": "Var då?",
    "followup.who": "Vem då?",
    "followup.why": "Varför?",
    "handover.distress": "Någon som mår dåligt",
    "inform.address": "Lämnar en adress",
    "inform.code": "Lämnar en kod",
    "inform.name": "Lämnar ett namn",
    "inform.reference": "Lämnar ett ärendenummer",
    "inform.relation.applicant": "Har sökt jobb",
    "inform.relation.contact_person": "Är kontaktperson hos en kund",
    "inform.relation.customer_employee": "Får lön via Konteks program",
    "inform.relation.other": "Har en annan koppling",
    "inform.relation.subscriber": "Får nyhetsbrev eller har gått på webbinarium",
    "inform.relation.visitor": "Har besökt webbplatsen",
    "out_of_scope": "Utanför: sa att den inte vet",
    "out_of_scope.abuse": "Utanför: skällsord",
    "out_of_scope.chitchat": "Utanför: prat om annat",
    "out_of_scope.gibberish": "Utanför: går inte att läsa",
    "out_of_scope.law": "Utanför: lagen i allmänhet",
    "out_of_scope.manipulation": "Utanför: försök att styra assistenten",
    "out_of_scope.payroll": "Utanför: lön och bokföring",
    "out_of_scope.privacy_unknown": "Utanför: dataskydd som policyn inte nämner",
    "out_of_scope.product": "Utanför: produkterna",
}


@dataclass(frozen=True)
class Intents:
    """Names of intents, for people to choose from."""

    names: tuple[str, ...]
    book: AnswerBook

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def title(self, name: str | None) -> str:
        """What people call an intent: the title of its answer, or the staff's own; its name where there is neither."""
        if not name:
            return "inte läst"
        own = _STAFF_TITLES.get(name) or self.book.title(name)
        return own or self.book.title(public_topic(name)) or _STAFF_TITLES.get(public_topic(name), name)

    def named(self, name: str) -> str:
        """The title with the intent's own name after it."""
        return f"{self.title(name)} ({name})"

    def by_family(self) -> dict[str, list[str]]:
        """The intents under what they are about, in the order in which they are shown."""
        families: dict[str, list[str]] = {title: [] for title in _FAMILIES.values()}
        for name in self.names:
            families[_FAMILIES.get(name.partition(".")[0], "Svar i samtalet")].append(name)
        return {title: names for title, names in families.items() if names}


def taught_intents(book: AnswerBook, directory: Path = NLU_DIR) -> Intents:
    """Every intent that has examples."""
    return Intents(tuple(sorted(path.stem for path in directory.glob("*.yml"))), book)
