"""The small moves of a dialogue: waiting, asking again, a no, an answer to nothing."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.base import Events, InsynAction
from actions.mailed import pass_on
from actions.message import added_to_report
from actions.prompts import ask_in_other_words, confirmed_by_link
from actions.speech import Voice, here, intent, words, writer


class ActionWait(InsynAction):
    """The person needs a moment; nothing is broken off."""

    def name(self) -> str:
        return "action_wait"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        voice.say("wait", expects=tracker.get_slot("requested_slot"))
        return []


class ActionRepeat(InsynAction):
    """Puts the open question in other words."""

    def name(self) -> str:
        return "action_repeat"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        slot = tracker.get_slot("requested_slot")
        if going_on := confirmed_by_link(self, voice, tracker):
            return going_on
        if voice.by_mail:
            pass_on(self, voice, tracker)
        elif tracker.active_loop.get("name") and slot:
            ask_in_other_words(voice, tracker)
        else:
            voice.say(
                "repeat.nothing",
                choices=[voice.choice("assistant.capabilities"), voice.choice("handover.human")],
            )
        return []


class ActionDeny(InsynAction):
    """A no to what was offered."""

    def name(self) -> str:
        return "action_deny"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        if voice.by_mail:
            pass_on(self, voice, tracker)
        else:
            voice.say("deny")
        return [SlotSet("offered", None)]


class ActionUnexpected(InsynAction):
    """An answer that fits nothing that was asked."""

    def name(self) -> str:
        return "action_unexpected"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        slot = tracker.get_slot("requested_slot")
        if going_on := confirmed_by_link(self, voice, tracker):
            return going_on
        if voice.by_mail and self.desk.unfinished(here(tracker)):
            self.desk.add_detail(here(tracker), "concerns", words(tracker))
            voice.say("mail.noted")
            if slot == "code":
                voice.say("ask.code", email=writer(tracker), expects="code")
        elif voice.by_mail:
            pass_on(self, voice, tracker)
        elif tracker.active_loop.get("name") and slot:
            ask_in_other_words(voice, tracker)
        elif not (intent(tracker).startswith("inform.") and added_to_report(self, voice, tracker, [])):
            voice.say("unexpected", choices=[voice.choice("assistant.capabilities"), voice.choice("handover.human")])
        return []
