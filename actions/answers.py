"""Answering: approved answers, follow-ups, readings to choose between, and what is not known."""

from __future__ import annotations

import re

from rasa_sdk import Tracker

from actions.base import Events, InsynAction
from actions.mailed import pass_on
from actions.message import added_to_report, answer_questions, not_a_description, remember, take_down_complaint
from actions.speech import Voice, candidates, intent, listed, words
from insyn.policy.answers import NEAREST

# A follow-up that asks where in the policy something stands, not where data are.
WRITTEN = re.compile(
    r"\b(?:st[åa]r|skriv|skrivet|källa|avsnitt\w*|paragraf\w*|written|say|says|section|source)\b", re.IGNORECASE
)
# Whoever mails about these is told where to turn; of anything else that is not known a human is to judge.
TOLD_BY_MAIL = ("out_of_scope.payroll", "out_of_scope.product", "out_of_scope.law", "out_of_scope.manipulation")


class ActionAnswer(InsynAction):
    """The approved answer, or several when several things were asked."""

    def name(self) -> str:
        return "action_answer"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        if intent(tracker).startswith("smalltalk."):
            voice.answer(intent(tracker))
            events: Events = []
        else:
            events = [*answer_questions(voice, tracker), *take_down_complaint(self, voice, tracker)]
        return [*events, *not_a_description(tracker)]


class ActionFollowUp(InsynAction):
    """The answer that an elliptic question leans towards, from what was just spoken of."""

    def name(self) -> str:
        return "action_follow_up"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        last = tracker.get_slot("last_topic")
        _, _, lean = intent(tracker).partition(".")
        kind, _, area = lean.partition(".")
        why_asked = f"why.{tracker.get_slot('requested_slot')}"
        if lean == "why" and why_asked in self.book.phrases:
            voice.say(why_asked)
            return []
        if last and lean == "where" and WRITTEN.search(words(tracker)) and self._say_source(voice, last):
            return []
        if last and lean == "more":
            topic = self._more(last)
        elif last:
            topic = self.book.follow_up(last, area=area) if kind == "area" else self.book.follow_up(last, facet=lean)
        else:
            topic = None
        if topic is None or topic == last:
            if voice.by_mail:
                pass_on(self, voice, tracker)
                return []
            if added_to_report(self, voice, tracker, []):
                return []
            offered = list(dict.fromkeys([*(self.book.of_area(area) if area else ()), *self._related(last)]))[:NEAREST]
            voice.say(
                "follow_up.unknown" if last else "follow_up.of_what",
                topic="out_of_scope" if last else "fallback.clarify",
                choices=[voice.choice(each) for each in offered] + [voice.choice("handover.human")],
            )
            events: Events = []
        else:
            voice.answer(topic)
            events = remember(topic)
        return events

    def _say_source(self, voice: Voice, last: str) -> bool:
        """Says where the answer just given stands; False if it rests on nothing that is written."""
        answer = self.book.answers[last]
        if answer.sources:
            sections = listed([f"”{self.book.sections[each].title}”" for each in answer.sources])
            voice.say("follow_up.source", topic=last, sources=list(answer.sources), sections=sections)
        elif answer.basis:
            voice.say("follow_up.source.law", topic=last, basis=answer.basis)
        return bool(answer.sources or answer.basis)

    def _related(self, last: str | None) -> tuple[str, ...]:
        answer = self.book.answer(last) if last else None
        return answer.related if answer else ("assistant.capabilities", "policy.rights.overview")

    def _more(self, last: str) -> str | None:
        return next((each for each in self._related(last) if each in self.book.answers), None)


class ActionClarify(InsynAction):
    """Asks between the nearest readings, as choices."""

    def name(self) -> str:
        return "action_clarify"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        if voice.by_mail:
            pass_on(self, voice, tracker)
            return []
        choices = [voice.choice(each) for each in nearest(self, tracker)]
        if added_to_report(self, voice, tracker, choices):
            return []
        voice.say("clarify", topic="fallback.clarify", choices=[*choices, voice.choice("handover.human")])
        return []


class ActionOutOfScope(InsynAction):
    """Says that it does not know, offers what is nearest and a human."""

    def name(self) -> str:
        return "action_out_of_scope"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        name = intent(tracker)
        if voice.by_mail and name not in TOLD_BY_MAIL:
            pass_on(self, voice, tracker)
            return []
        if added_to_report(self, voice, tracker, []):
            return []
        phrase = name if name in self.book.phrases else "out_of_scope"
        choices = [voice.choice("handover.human")]
        if phrase in ("out_of_scope", "out_of_scope.privacy_unknown", "out_of_scope.gibberish"):
            choices = [voice.choice(each) for each in nearest(self, tracker)] + choices
        voice.say(phrase, topic="out_of_scope", choices=choices)
        return []


class ActionDefaultFallback(ActionOutOfScope):
    """No rule fits what was understood: the same as not knowing."""

    def name(self) -> str:
        return "action_default_fallback"


def nearest(action: InsynAction, tracker: Tracker) -> list[str]:
    """The best readings that can be offered as choices."""
    return action.book.nearest(candidates(tracker))
