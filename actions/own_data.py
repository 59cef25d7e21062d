"""What Insyn itself holds about a person: shown or erased at once, when a code has shown whose it is. No human needed.

Erasing this conversation alone needs no code: whoever writes in it holds its token.
"""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet

from actions.base import Events, InsynAction
from actions.mailed import begin_by_mail, pass_on
from actions.message import answer_questions, not_a_description, open_rights_beside, rights_in
from actions.prompts import ask, choices_for
from actions.speech import NOT_NEEDED, Voice, here, intent, placeholder
from insyn.identity.challenge import Outcome
from insyn.own_data.erasure import Erasure
from insyn.own_data.holdings import NotVerified
from insyn.policy.answers import AnswerBook
from insyn.requests.desk import OWN_DATA, RequestDesk

TOPIC = "assistant.privacy"
ASKED = ("own_email", "own_code", "erase_confirmed")
PURPOSES = {"own_data.access": "access", "own_data.erasure": "all", "own_data.erasure.chat": "chat"}
FILES = ("html", "json")
_WHY_NOT = {
    Outcome.WRONG: "code.wrong",
    Outcome.NONE: "code.wrong",
    Outcome.EXPIRED: "code.expired",
    Outcome.DEAD: "own_data.code_dead",
}


class OwnDataAction(InsynAction):
    """An action that also has the erasure of what Insyn holds at hand."""

    def __init__(self, book: AnswerBook, desk: RequestDesk, erasure: Erasure) -> None:
        super().__init__(book, desk)
        self.erasure = erasure


class ActionOwnDataBegin(InsynAction):
    """Finds out what is needed: nothing for this conversation alone or where the mailbox was shown within the hour."""

    def name(self) -> str:
        return "action_own_data_begin"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        events = answer_questions(voice, tracker)
        if voice.by_mail:
            begun = begin_by_mail(self, voice, tracker, rights_in(tracker))
            return [*events, *begun, FollowupAction("request_form")]
        open_rights_beside(self, voice, tracker)
        purpose = PURPOSES[intent(tracker)]
        known = purpose == "chat" or self.desk.has_shown_mailbox(here(tracker))
        address = placeholder(tracker, "email") or _address_before(tracker)
        if not known:
            voice.say(f"own_data.begin.{purpose}", topic=TOPIC)
        return [
            *events,
            SlotSet("own_purpose", purpose),
            SlotSet("own_email", NOT_NEEDED if known else address),
            SlotSet("own_code", NOT_NEEDED if known else None),
            SlotSet("erase_confirmed", NOT_NEEDED if purpose == "access" else None),
            SlotSet("code_sent_to", None),
        ]


def _address_before(tracker: Tracker) -> str | None:
    """The address given for a request in this conversation."""
    before = tracker.get_slot("email")
    return str(before) if before and str(before).startswith("⟨") else None


class ActionOwnDataLater(InsynAction):
    """In the middle of a request: that comes first, what Insyn holds is one tap away afterwards."""

    def name(self) -> str:
        return "action_own_data_later"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        if voice.by_mail:
            pass_on(self, voice, tracker)
        else:
            voice.say("own_data.later", topic=TOPIC)
        return not_a_description(tracker)


class ActionOwnDataAddress(InsynAction):
    """Another address: the new one if it was given, otherwise it is asked for; a code must be sent to it."""

    def name(self) -> str:
        return "action_own_data_address"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        if tracker.get_slot("own_email") == NOT_NEEDED:
            return []
        address = placeholder(tracker, "email")
        if address and not self.desk.is_address(here(tracker), address):
            voice.say("email.invalid")
            address = None
        return [SlotSet("own_email", address), SlotSet("own_code", None), SlotSet("code_sent_to", None)]


class ValidateOwnDataForm(InsynAction):
    """Checks address and code as they are given."""

    def name(self) -> str:
        return "validate_own_data_form"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        given = {
            slot: str(value)
            for slot, value in tracker.slots_to_validate().items()
            if slot in ASKED and value not in (None, NOT_NEEDED)
        }
        address, code = given.get("own_email"), given.get("own_code")
        if address and not self.desk.is_address(here(tracker), address):
            voice.say("email.invalid")
            return [SlotSet("own_email", None)]
        if code and code.startswith("⟨"):
            outcome = self.desk.show_mailbox(here(tracker), code)
            if outcome is not Outcome.RIGHT:
                voice.say(_WHY_NOT[outcome])
                return [SlotSet("own_code", None)]
            voice.say("code.right")
            return [SlotSet("own_code", "verifierad")]
        return []


class AskInOwnData(InsynAction):
    """Asks for one thing needed to show whose the data are, or whether they are really to be erased."""

    def __init__(self, slot: str, *services: object) -> None:
        super().__init__(*services)  # type: ignore[arg-type]
        self._slot = slot

    def name(self) -> str:
        return f"action_ask_own_data_form_{self._slot}"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        if self._slot == "own_code":
            return self._ask_code(voice, tracker)
        if self._slot == "erase_confirmed":
            purpose = tracker.get_slot("own_purpose")
            choices = choices_for(voice, "erase_confirmed")
            voice.say(f"own_data.confirm.{purpose}", topic=TOPIC, choices=choices, expects="erase_confirmed")
        else:
            ask(voice, self._slot, tracker)
        return []

    def _ask_code(self, voice: Voice, tracker: Tracker) -> Events:
        address = str(tracker.get_slot("own_email"))
        if tracker.get_slot("code_sent_to") == address:
            ask(voice, "own_code", tracker, email=address)
            return []
        send_code(self.desk, voice, tracker, "own_data.code_sent")
        return [SlotSet("code_sent_to", address)]


def send_code(desk: RequestDesk, voice: Voice, tracker: Tracker, phrase: str) -> None:
    """Sends a code and says so, or says when one can be sent."""
    address = str(tracker.get_slot("own_email"))
    sent = desk.send_code(here(tracker), address, purpose=OWN_DATA)
    if sent.until is not None:
        voice.say_limited("own_data.code_limited", sent, expects="own_code")
        return
    voice.say(phrase, email=address, choices=choices_for(voice, "own_code"), expects="own_code")
    if desk.mail_is_slow():
        voice.say("own_data.slow_mail")


class ActionOwnDataSubmit(OwnDataAction):
    """Gives everything out, or erases it and says what is kept and why."""

    def name(self) -> str:
        return "action_own_data_submit"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        purpose = tracker.get_slot("own_purpose")
        if purpose is None:
            return forget()  # it has been passed on
        try:
            if purpose == "access":
                self._give(voice, tracker)
            elif tracker.get_slot("erase_confirmed") != "ja":
                voice.say("own_data.kept", topic=TOPIC)
            elif purpose == "all":
                self._erase_all(voice, tracker)
            else:
                self._erase_chat(voice, tracker)
        except NotVerified:
            voice.say("own_data.proof_too_old", topic=TOPIC, choices=[voice.choice("own_data.access")])
        return forget()

    def _give(self, voice: Voice, tracker: Tracker) -> None:
        if not self.desk.has_shown_mailbox(here(tracker)):
            raise NotVerified
        voice.say(
            "own_data.given",
            topic=TOPIC,
            choices=[voice.choice("own_data.erasure"), voice.choice("request.access")],
            files=[{"title": voice.text(f"choice.own_file.{kind}"), "path": f"own-data.{kind}"} for kind in FILES],
        )

    def _erase_all(self, voice: Voice, tracker: Tracker) -> None:
        erased = self.erasure.erase(here(tracker), spare_here=True)
        held = self.erasure.is_held(here(tracker))
        voice.say("own_data.erased", topic=TOPIC, told=erased.text(), ends=not held)

    def _erase_chat(self, voice: Voice, tracker: Tracker) -> None:
        if self.erasure.is_held(here(tracker)):
            voice.say("own_data.chat_held", topic=TOPIC)
        else:
            voice.say("own_data.chat_erased", topic=TOPIC, ends=True)


class ActionOwnDataCancel(InsynAction):
    """Neither shows nor erases anything."""

    def name(self) -> str:
        return "action_own_data_cancel"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        voice.say("own_data.kept", topic=TOPIC)
        return [ActiveLoop(None), SlotSet("requested_slot", None), *forget()]


def forget() -> Events:
    """Clears what belonged to it."""
    return [SlotSet(slot, None) for slot in [*ASKED, "own_purpose", "code_sent_to"]]
