"""Requests that exist: how they stand, and taking one back. A reference alone opens nothing."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, SlotSet

from actions.base import Events, InsynAction
from actions.prompts import ask
from actions.speech import NOT_NEEDED, Voice, here, intent, placeholder, writer
from insyn.clock import written_date
from insyn.requests.desk import CaseView

ASKED = ("reference", "lookup_code", "cancel_confirmed")


def say_status(voice: Voice, case: CaseView) -> None:
    """How one request stands."""
    if case.closed or case.due_on is None:
        when = voice.text("status.closed") if case.closed else ""
    else:
        when = voice.text("status.due", due=written_date(case.due_on))
    voice.say(
        "status.line",
        topic="request.status",
        case=case,
        reference=case.reference,
        name=case.name,
        status=case.status,
        received=written_date(case.received_on),
        when=when,
    )


class ActionLookupBegin(InsynAction):
    """Finds out what is needed to show or take back a request; nothing more where the mailbox was proved here."""

    def name(self) -> str:
        return "action_lookup_begin"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        cancel = intent(tracker) == "request.cancel"
        events: Events = [
            SlotSet("lookup_purpose", "cancel" if cancel else "status"),
            SlotSet("code_sent_to", None),
            SlotSet("lookup_code", None),
            SlotSet("cancel_confirmed", None if cancel else NOT_NEEDED),
        ]
        given = placeholder(tracker, "reference")
        if voice.by_mail:
            return [*events, *self._by_mail(voice, tracker, given, cancel=cancel)]
        own = [case for case in self.desk.own_cases(here(tracker)) if not (cancel and case.closed)]
        if given:
            return [*events, SlotSet("reference", given)]
        if own and not cancel:
            return [*events, SlotSet("reference", NOT_NEEDED), SlotSet("lookup_code", NOT_NEEDED)]
        if len(own) == 1:
            return [*events, SlotSet("reference", own[0].reference), SlotSet("lookup_code", NOT_NEEDED)]
        if cancel and self.desk.unfinished(here(tracker)):
            self.desk.abandon(here(tracker))
            voice.say("request.cancelled", topic="request.cancel")
            return [*events, *(SlotSet(slot, NOT_NEEDED) for slot in ASKED)]
        return [*events, SlotSet("reference", None)]

    def _by_mail(self, voice: Voice, tracker: Tracker, given: str | None, *, cancel: bool) -> Events:
        """How the sender's own requests stand is told to the sender's address; taking one back needs a code."""
        own = self.desk.cases_of_writer(here(tracker), writer(tracker) or "")
        if given:
            own = [case for case in own if case.reference == self.desk.reference_of(here(tracker), given)]
        if cancel:
            own = [case for case in own if not case.closed]
        if not own:
            voice.say("lookup.none")
        elif cancel and len(own) == 1:
            return [SlotSet("reference", own[0].reference), SlotSet("cancel_confirmed", "ja")]
        elif cancel:
            voice.say("lookup.which", lines=lines_of(own))
        else:
            for case in own:
                say_status(voice, case)
        return [SlotSet(slot, NOT_NEEDED) for slot in ASKED]


def lines_of(cases: list[CaseView]) -> str:
    """Cases as a list."""
    return "\n".join(f"– {case.reference}: {case.name}" for case in cases)


class ValidateLookupForm(InsynAction):
    """Checks reference and code together; says the same of an unknown reference and a wrong code."""

    def name(self) -> str:
        return "validate_lookup_form"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        given = {slot: value for slot, value in tracker.slots_to_validate().items() if slot in ASKED}
        reference = str(tracker.get_slot("reference") or "")
        if given.get("lookup_code") not in (None, NOT_NEEDED):
            case = self.desk.open_case(here(tracker), reference, str(given["lookup_code"]))
            if case is None:
                voice.say("lookup.code_wrong")
                return [SlotSet("lookup_code", None)]
            return [
                SlotSet("reference", case.reference),
                SlotSet("lookup_code", "verifierad"),
                *_nothing_to_cancel(case),
            ]
        if given.get("reference") not in (None, NOT_NEEDED):
            case = self.desk.opened_case(here(tracker), str(given["reference"]))
            if case is not None:
                return [
                    SlotSet("reference", case.reference),
                    SlotSet("lookup_code", NOT_NEEDED),
                    *_nothing_to_cancel(case),
                ]
        return []


def _nothing_to_cancel(case: CaseView) -> Events:
    return [SlotSet("cancel_confirmed", NOT_NEEDED)] if case.closed else []


class AskInLookup(InsynAction):
    """Asks for one thing needed to look a request up."""

    def __init__(self, slot: str, *services: object) -> None:
        super().__init__(*services)  # type: ignore[arg-type]
        self._slot = slot

    def name(self) -> str:
        return f"action_ask_lookup_form_{self._slot}"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        reference = tracker.get_slot("reference")
        if self._slot == "lookup_code" and voice.by_mail:
            voice.say("ask.lookup_code", expects="lookup_code", reference=reference)
            return []
        if self._slot == "lookup_code" and tracker.get_slot("code_sent_to") != reference:
            self.desk.ask_for_case(here(tracker), reference)
            ask(voice, self._slot, tracker)
            return [SlotSet("code_sent_to", reference)]
        if self._slot == "cancel_confirmed":
            case = self.desk.opened_case(here(tracker), reference)
            ask(voice, self._slot, tracker, reference=reference, name=case.name if case else "")
        else:
            ask(voice, self._slot, tracker)
        return []


class ActionLookupSubmit(InsynAction):
    """Says how the requests stand, or takes one back."""

    def name(self) -> str:
        return "action_lookup_submit"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        reference = str(tracker.get_slot("reference") or "")
        if voice.by_mail and reference == NOT_NEEDED:
            pass  # it has been told
        elif tracker.get_slot("lookup_purpose") == "cancel":
            self._cancel(voice, tracker, reference)
        elif reference == NOT_NEEDED:
            for case in self.desk.own_cases(here(tracker)):
                say_status(voice, case)
        else:
            found = self.desk.opened_case(here(tracker), reference)
            if found is None:
                voice.say("lookup.code_wrong")
            else:
                say_status(voice, found)
        return [SlotSet(slot, None) for slot in [*ASKED, "lookup_purpose", "code_sent_to"]]

    def _cancel(self, voice: Voice, tracker: Tracker, reference: str) -> None:
        if reference == NOT_NEEDED:
            return  # an unfinished request was broken off, and that has been said
        case = self.desk.opened_case(here(tracker), reference)
        if case is None:
            voice.say("lookup.code_wrong")
        elif case.closed:
            voice.say("lookup.already_closed", topic="request.cancel", reference=case.reference)
        elif tracker.get_slot("cancel_confirmed") == "ja":
            withdrawn = self.desk.withdraw(here(tracker), reference)
            said = "lookup.withdrawn" if withdrawn is None or withdrawn.closed else "lookup.incident_stays"
            voice.say(said, topic="request.cancel", case=withdrawn, reference=reference)
        else:
            voice.say("lookup.kept", topic="request.cancel", reference=reference)


class ActionLookupCancel(InsynAction):
    """Stops looking."""

    def name(self) -> str:
        return "action_lookup_cancel"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        voice.say("lookup.cancelled")
        gone = [SlotSet(slot, None) for slot in [*ASKED, "lookup_purpose", "code_sent_to"]]
        return [ActiveLoop(None), SlotSet("requested_slot", None), *gone]


class ActionStatusHere(InsynAction):
    """A status asked for in the middle of a request: it is not finished, and the conversation's other ones are shown."""

    def name(self) -> str:
        return "action_status_here"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        for case in self.desk.own_cases(here(tracker)):
            say_status(voice, case)
        voice.say("status.in_progress", topic="request.status")
        return []
