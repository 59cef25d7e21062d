"""Swedish for what the store holds by its own names: topics, the parts of a request, and what the log tells of a conversation.

A person is given what is held about them in words they can read (GDPR art. 12(1)), not as the service calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from insyn.conversation.transcript import public_topic
from insyn.policy.answers import AnswerBook

_SLOTS = {
    "relation": "Koppling till Kontek",
    "own_data": "Gäller dina egna uppgifter",
    "concerns": "Vad det gäller",
    "name": "Namn",
    "email": "E-postadress",
    "code": "Engångskod",
    "confirmed": "Bekräftat",
    "reference": "Ärendenummer",
    "lookup_code": "Engångskod för ärendet",
    "cancel_confirmed": "Återtagandet bekräftat",
    "own_email": "E-postadress för det Insyn har om dig",
    "own_code": "Engångskod för det Insyn har om dig",
    "erase_confirmed": "Raderingen bekräftad",
    "own_purpose": "Vad du vill göra med det Insyn har om dig",
    "rights": "Det du begär",
    "lookup_purpose": "Vad du vill göra med ärendet",
    "last_topic": "Senaste ämnet",
    "offered": "Det Insyn erbjöd sig att göra",
    "pending_right": "Begäran som kanske ska läggas till",
    "report": "Ärende som adressen hör till",
    "code_sent_to": "Senaste koden skickades till",
}
_CHOSEN = {
    ("own_purpose", "access"): "se det",
    ("own_purpose", "all"): "radera allt",
    ("own_purpose", "chat"): "radera chatten",
    ("lookup_purpose", "status"): "höra hur det går",
    ("lookup_purpose", "cancel"): "ta tillbaka det",
}
_TOPICS = frozenset({"rights", "last_topic", "offered", "pending_right"})
_SORTS = {
    "answer": "ett svar på Insyns fråga",
    "dialog": "ett svar på Insyns fråga",
    "inform": "en uppgift du lämnade",
    "followup": "en följdfråga",
    "out_of_scope": "något som Insyn inte kan svara på",
    "fallback": "oklart, så Insyn frågade tillbaka",
}
_EVENTS = {
    "conversation.opened": "Konversationen började.",
    "conversation.viewed": "En handläggare öppnade konversationen.",
    "conversation.revealed": "En handläggare tog fram en dold uppgift och skrev varför.",
    "conversation.marked": "En handläggare satte en markering.",
    "conversation.unmarked": "En handläggare tog bort en markering.",
    "turn.answered": "Ett meddelande besvarades.",
    "turn.failed": "Ett meddelande kunde inte besvaras på grund av ett fel.",
    "turn.postponed": "Ett meddelande togs emot och besvarades senare.",
    "turn.for_human": "Ett meddelande gick till en människa.",
    "turn.corrected": "En handläggare rättade hur ett meddelande hade lästs.",
    "turn.correction_withdrawn": "En handläggare tog tillbaka en rättelse av hur ett meddelande hade lästs.",
    "turn.lesson_approved": "En handläggare godkände en rättelse som något att lära av.",
    "turn.lesson_rejected": "En handläggare bestämde att en rättelse inte är något att lära av.",
    "message.refused": "Ett meddelande kunde inte tas emot.",
    "staff.replied": "En handläggare svarade dig.",
    "human.took_over": "En människa tog över samtalet.",
    "human.left": "Insyn började svara igen.",
    "challenge.issued": "En engångskod skickades.",
    "challenge.limited": "Ingen kod skickades, eftersom en gräns var nådd.",
    "challenge.failed": "En fel kod skrevs in.",
    "challenge.passed": "Rätt kod skrevs in.",
    "own_data.given": "Du fick allt som Insyn har om dig.",
    "own_data.erased": "Det Insyn hade om dig raderades.",
}


@dataclass(frozen=True)
class Wording:
    """How a person is told of what is held."""

    book: AnswerBook

    def topic(self, name: str) -> str:
        """What a topic or an intent is called on a choice button, or what sort of message it is."""
        title = self.book.title(name) or self.book.title(public_topic(name))
        return title or _SORTS.get(name.partition(".")[0], name)

    def relation(self, value: str) -> str:
        """A choice of the dialogue in the words it was offered in; anything else as it stands."""
        phrase = f"choice.relation.{value}"
        return self.book.phrase(phrase).text if phrase in self.book.phrases else value

    def slot(self, name: str) -> str:
        """What a part of the dialogue is called."""
        return _SLOTS.get(name, name)

    def value(self, slot: str, value: Any) -> str:
        """What stands in it; placeholders as they are."""
        if slot in _TOPICS:
            return ", ".join(self.topic(str(each)) for each in (value if isinstance(value, list) else [value]))
        if slot == "relation":
            return self.relation(str(value))
        return _CHOSEN.get((slot, str(value)), str(value))

    @staticmethod
    def event(event: str) -> str:
        """What a row of the log about a conversation says."""
        return _EVENTS.get(event, f"Händelsen ”{event}” antecknades.")
