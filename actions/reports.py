"""Incidents, complaints and people: opened at once, without proof, never refused."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import Events, InsynAction
from actions.mailed import begin_by_mail, pass_on
from actions.message import answer_questions, note_address_given, open_rights_beside, rights_in, take_down_complaint
from actions.speech import Voice, here, intent, placeholder, words
from insyn.identity.address import AddressInvalid

# Where the person's own request is a human's to judge, none is opened beside the hand-over.
JUDGED_BY_A_HUMAN = ("handover.representative", "handover.protected", "handover.distress")


def rights_beside(action: InsynAction, voice: Voice, tracker: Tracker) -> Events:
    """Rights claimed beside a report: in the chat one tap goes on with them, in a mail their proof is asked for at once."""
    rights = rights_in(tracker)
    if not (voice.by_mail and rights):
        return open_rights_beside(action, voice, tracker)
    return [*begin_by_mail(action, voice, tracker, rights), FollowupAction("request_form")]


class ActionReportIncident(InsynAction):
    """A possible breach: the staff are alarmed at once (GDPR art. 33)."""

    def name(self) -> str:
        return "action_report_incident"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        case = self.desk.report(here(tracker), "report.incident", words(tracker), note="incident", urgent=True)
        voice.say("incident.received", topic="report.incident", case=case, reference=case.reference)
        note_address_given(self, voice, tracker, case)
        events = [*answer_questions(voice, tracker), *rights_beside(self, voice, tracker)]
        return [*events, SlotSet("report", case.reference)]


class ActionComplaint(InsynAction):
    """A complaint to Kontek, beside the right to complain to IMY (GDPR art. 77)."""

    def name(self) -> str:
        return "action_complaint"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        case = self.desk.report(here(tracker), "complaint", words(tracker), note="complaint")
        choices = [voice.choice("policy.complaint_imy")]
        voice.say("complaint.received", topic="complaint", case=case, reference=case.reference, choices=choices)
        note_address_given(self, voice, tracker, case)
        events = [*answer_questions(voice, tracker), *rights_beside(self, voice, tracker)]
        return [*events, SlotSet("report", case.reference)]


class ActionHandOver(InsynAction):
    """A human takes over: because the person wants one, or because the matter is not a machine's."""

    def name(self) -> str:
        return "action_hand_over"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        why = intent(tracker)
        urgent = why in ("handover.protected", "handover.distress")
        case = self.desk.report(here(tracker), "question", words(tracker), note=why, urgent=urgent)
        voice.say(why, topic="handover.human", case=case, reference=case.reference)
        note_address_given(self, voice, tracker, case)
        events: Events = []
        if why not in JUDGED_BY_A_HUMAN:
            events += answer_questions(voice, tracker)
            events += take_down_complaint(self, voice, tracker)
            events += rights_beside(self, voice, tracker)
        return [*events, SlotSet("report", case.reference)]


class ActionApplicationWithdraw(InsynAction):
    """Someone no longer wants the job: that is neither a cancelled request nor a request for erasure."""

    def name(self) -> str:
        return "action_application_withdraw"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        choices = [voice.choice(each) for each in ("request.erasure", "policy.retention.applicants", "handover.human")]
        voice.say("application.withdraw", topic="fallback.clarify", choices=choices)
        return []


class ActionNoteAddress(InsynAction):
    """An address outside a request belongs to the report before it, if there was one."""

    def name(self) -> str:
        return "action_note_address"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        if voice.by_mail:
            pass_on(self, voice, tracker)
            return []
        reference, given = tracker.get_slot("report"), placeholder(tracker, "email")
        try:
            case = self.desk.add_address_to_report(here(tracker), reference, given) if reference and given else None
        except AddressInvalid:
            voice.say("email.invalid")
            return []
        if case is not None:
            voice.say("report.address_noted", case=case, reference=case.reference)
            return []
        choices = [voice.choice(each) for each in ("request.access", "request.erasure", "request.objection.marketing")]
        voice.say("report.address_for_what", choices=choices)
        return []
