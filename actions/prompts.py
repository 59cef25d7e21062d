"""The questions of the forms: what is asked for each slot, and the way back to it after something else."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import Events, InsynAction
from actions.speech import Choice, Voice, here, interrupted

ALL_MAY_BE_MEANT = ("request.access", "request.erasure", "request.portability")
RELATIONS = ("applicant", "contact_person", "customer_employee", "subscriber", "visitor", "other")


def ask(voice: Voice, slot: str, tracker: Tracker, **fills: Any) -> None:
    """Asks for a slot; after something else was dealt with in the same message, as the way back to it."""
    right = (tracker.get_slot("rights") or [""])[0]
    phrase = question_for(voice, slot, right)
    if interrupted(tracker):
        remind(voice, slot, phrase, right, **fills)
    else:
        voice.say(phrase, choices=choices_for(voice, slot, right), expects=slot, **fills)


def remind(voice: Voice, slot: str, phrase: str, right: str = "", **fills: Any) -> None:
    """Back to the open question of a request."""
    voice.remind(phrase, choices=choices_for(voice, slot, right), expects=slot, **fills)


def ask_in_other_words(voice: Voice, tracker: Tracker) -> None:
    """Puts the open question of a form once more, more plainly."""
    slot = tracker.get_slot("requested_slot")
    right = (tracker.get_slot("rights") or [""])[0]
    voice.say(f"repeat.{slot}", choices=choices_for(voice, slot, right), expects=slot)


def ask_again(voice: Voice, tracker: Tracker) -> None:
    """Asks for the code again without claiming that a new one was sent."""
    email = tracker.get_slot("email") or ""
    if interrupted(tracker):
        remind(voice, "code", "ask.code.again", email=email)
    else:
        voice.say("ask.code.again", email=email, choices=choices_for(voice, "code"), expects="code")


def confirmed_by_link(action: InsynAction, voice: Voice, tracker: Tracker) -> Events:
    """Lets the request go on where its address has been confirmed by the link in the mail; empty where it has not."""
    if tracker.get_slot("requested_slot") != "code" or not action.desk.is_proved(here(tracker)):
        return []
    voice.say("code.right_by_link")
    return [SlotSet("code", "verifierad"), FollowupAction("request_form")]


def question_for(voice: Voice, slot: str, right: str) -> str:
    """The phrase that asks for a slot, worded for the right where it matters."""
    if slot == "concerns" and voice.has(f"ask.concerns.{right}"):
        return f"ask.concerns.{right}"
    if slot == "email" and right in ("request.objection.marketing", "request.withdraw_consent"):
        return "ask.email.simple"
    return f"ask.{slot}"


def choices_for(voice: Voice, slot: str, right: str = "") -> list[Choice]:
    """The choices offered with the question for a slot."""
    match slot:
        case "relation":
            return [voice.option(f"relation.{each}", f"inform.relation.{each}") for each in RELATIONS]
        case "own_data":
            return [voice.option("yes", "answer.affirm"), voice.option("no", "answer.deny")]
        case "concerns" if right in ALL_MAY_BE_MEANT:
            return [voice.option("all", "dialog.all")]
        case "code" | "lookup_code" | "own_code":
            return [voice.option("new_code", "dialog.resend_code")]
        case "confirmed":
            return [voice.option("yes_correct", "answer.affirm"), voice.option("no_change", "answer.deny")]
        case "erase_confirmed":
            return [voice.option("yes_erase", "answer.affirm"), voice.option("no_keep", "answer.deny")]
        case "cancel_confirmed":
            return [voice.option("yes", "answer.affirm"), voice.option("no", "answer.deny")]
        case _:
            return []
