"""How actions read what was said and say something back: plain data between Rasa's tracker and the service."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from insyn.clock import STOCKHOLM, written_date
from insyn.policy.answers import AnswerBook
from insyn.requests.desk import CaseView, Here, Sent

Choice = dict[str, str]

ANSWERED = ("policy.", "process.", "assistant.")
NOT_NEEDED = "–"
# What a question expects, as channels know it, where the slot has a name of its own.
EXPECTED = {"own_email": "email", "own_code": "code", "erase_confirmed": "confirmed"}


def here(tracker: Tracker) -> Here:
    """Where the message being handled stands: conversation and turn."""
    return Here(str(tracker.sender_id), str(tracker.latest_message["metadata"]["turn"]))


def intent(tracker: Tracker) -> str:
    """The main intent of the message being handled."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def words(tracker: Tracker) -> str:
    """The message being handled, masked."""
    return str(tracker.latest_message.get("text") or "")


def parts(tracker: Tracker) -> list[str]:
    """All the things the message is about, in order; at least its main intent."""
    found = [e["value"] for e in tracker.latest_message.get("entities") or [] if e.get("entity") == "part"]
    return found if intent(tracker) in found else [intent(tracker)]


def candidates(tracker: Tracker) -> list[str]:
    """The nearest readings of the message, best first."""
    return [str(each["name"]) for each in tracker.latest_message.get("intent_ranking") or []]


def placeholder(tracker: Tracker, entity: str) -> str | None:
    """The last placeholder of a kind in the message (a correction stands after what it corrects)."""
    found = [e["value"] for e in tracker.latest_message.get("entities") or [] if e.get("entity") == entity]
    return str(found[-1]) if found else None


def writer(tracker: Tracker) -> str | None:
    """The placeholder of the address a mail came from; None in the chat, where a person gives one when asked."""
    address = _metadata(tracker).get("address")
    return str(address) if address else None


def signed(tracker: Tracker) -> str | None:
    """The placeholder of the name a mail was signed with."""
    name = _metadata(tracker).get("name")
    return str(name) if name else None


def _metadata(tracker: Tracker) -> dict[str, Any]:
    """What the gateway says of the message; nothing where it comes from elsewhere (`rasa shell`)."""
    return tracker.latest_message.get("metadata") or {}


def interrupted(tracker: Tracker) -> bool:
    """Whether the form that is running was interrupted by something else in this very message."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "action_execution_rejected":
            return True
    return False


class Voice:
    """Says approved texts through a dispatcher, `by_mail` in the words they have in a mail."""

    def __init__(self, book: AnswerBook, dispatcher: CollectingDispatcher, *, by_mail: bool = False) -> None:
        self._book = book
        self._dispatcher = dispatcher
        self.by_mail = by_mail
        self._phrase = book.mail_phrase if by_mail else book.phrase

    def say(
        self,
        phrase: str,
        /,
        *,
        topic: str | None = None,
        choices: list[Choice] | None = None,
        case: CaseView | None = None,
        expects: str | None = None,
        sources: list[str] | None = None,
        files: list[dict[str, str]] | None = None,
        ends: bool = False,
        **fills: object,
    ) -> None:
        """Says a phrase with its variables filled in. `files` can be fetched; with `ends` the conversation is erased then."""
        approved = self._phrase(phrase, **fills)
        self._utter(
            approved.text, approved.english,
            topic=topic, choices=choices, case=case, expects=EXPECTED.get(expects or "", expects),
            sources=sources, files=files, ends=ends,
        )  # fmt: skip

    def say_limited(self, phrase: str, sent: Sent, *, expects: str) -> None:
        """Says that no code can be sent now, and when one can. `sent` has an `until`."""
        assert sent.until is not None
        local = sent.until.astimezone(STOCKHOLM)
        day, day_en = (f"den {written_date(local.date())} ", f" on {local:%-d %B %Y}") if sent.another_day else ("", "")
        phrase = "code.just_sent" if sent.just_sent else phrase
        self.say(phrase, expects=expects, until=f"{day}klockan {local:%H.%M}", until_en=f"{local:%H.%M}{day_en}")

    def answer(self, topic: str) -> None:
        """Says the approved answer to a topic, with its sources and where one may go from there."""
        answer = self._book.answers[topic]
        related = [each for each in answer.related if self._book.title(each)]
        text, english = answer.text, answer.english
        if topic in self._book.outdated:
            note = self._book.phrase("answer.outdated")
            text, english = f"{text}\n\n{note.text}", f"{english}\n\n{note.english}"
        self._utter(
            text,
            english,
            topic=topic,
            choices=[self.choice(each) for each in related],
            sources=list(answer.sources),
            basis=answer.basis,
        )

    def remind(self, question: str, /, *, choices: list[Choice], expects: str, **fills: object) -> None:
        """Says the way back to an open question, a phrase with its own fills."""
        asked = self._phrase(question, **fills)
        self.say(
            "remind", choices=choices, expects=expects, question=asked.text, question_en=asked.english or asked.text
        )

    def text(self, phrase: str, /, **fills: object) -> str:
        """A phrase's Swedish text, to be part of another."""
        return self._phrase(phrase, **fills).text

    def has(self, phrase: str) -> bool:
        """Whether there is an approved phrase of this name."""
        return phrase in self._book.phrases

    def choice(self, topic: str) -> Choice:
        """A choice that leads to a topic."""
        return {"title": self._book.title(topic) or topic, "payload": f"/{topic}", "topic": topic}

    def option(self, phrase: str, intent_name: str, /, **fills: object) -> Choice:
        """A choice that gives an answer in the dialogue."""
        return {"title": self._book.phrase(f"choice.{phrase}", **fills).text, "payload": f"/{intent_name}"}

    def _utter(self, text: str, english: str | None, **data: Any) -> None:
        case = data.pop("case", None)
        content = {key: value for key, value in data.items() if value}
        if english:
            content["english"] = english
        if case is not None:
            content["case"] = case.public()
        self._dispatcher.utter_message(text=text, json_message=content)


def names_of(cases: list[CaseView]) -> str:
    """Several requests in one Swedish phrase, as they are called in a list."""
    return listed([case.name for case in cases])


def nouns_of(cases: list[CaseView]) -> str:
    """Several requests in one Swedish phrase, as they are called after "din"."""
    return listed([case.noun for case in cases])


def listed(names: list[str]) -> str:
    """Words joined as Swedish joins them."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} och {names[-1]}"


def due_fills(cases: list[CaseView]) -> dict[str, Any]:
    """The due date as Swedish and English texts have it (the first, where several differ)."""
    due = min(case.due_on for case in cases if case.due_on)
    return {"due": written_date(due), "due_en": f"{due:%-d %B %Y}"}
