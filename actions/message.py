"""Everything a message holds beside its main point: nothing asked is silently dropped."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.base import Events, InsynAction
from actions.speech import ANSWERED, Choice, Voice, due_fills, here, intent, nouns_of, parts, placeholder, words, writer
from insyn.cases.kinds import KINDS
from insyn.identity.address import AddressInvalid
from insyn.requests.desk import CaseView

# The right that an answer leads on to, so that a "ja" after it can start the request.
RIGHT_BEHIND = {
    "policy.rights.access": "request.access",
    "policy.rights.rectification": "request.rectification",
    "policy.rights.erasure": "request.erasure",
    "policy.rights.restriction": "request.restriction",
    "policy.rights.portability": "request.portability",
    "policy.rights.objection": "request.objection",
    "policy.legal_basis.consent": "request.withdraw_consent",
}


OWN_DATA = "own_data."
# Whoever mails the data-protection address and writes "du" means Kontek, not the bot that reads it.
MEANT_BY_MAIL = {
    "own_data.access": "request.access",
    "own_data.erasure": "request.erasure",
    "own_data.erasure.chat": "request.erasure",
}
# Asked of a machine in earnest by nobody, and of no use to whoever reads a report.
NEVER_ADDED = ("out_of_scope.manipulation", "out_of_scope.abuse", "out_of_scope.gibberish")


def rights_in(tracker: Tracker) -> list[str]:
    """The rights claimed in the message, in the order wished, each once."""
    meant = MEANT_BY_MAIL if writer(tracker) else {}
    claimed = dict.fromkeys(meant.get(part, part) for part in parts(tracker))
    return [right for right in claimed if right in KINDS and KINDS[right].is_right]


def not_a_description(tracker: Tracker) -> Events:
    """Empties the slot for what a request concerns, where Rasa has put a question or another right into it."""
    asked = tracker.get_slot("requested_slot") == "concerns"
    return [SlotSet("concerns", None)] if asked and tracker.get_slot("concerns") == words(tracker) else []


def answer_questions(voice: Voice, tracker: Tracker) -> Events:
    """Answers every question in the message; returns what is to be remembered of it."""
    asked = [part for part in dict.fromkeys(parts(tracker)) if part.startswith(ANSWERED)]
    for topic in asked:
        voice.answer(topic)
    beside = [part for part in dict.fromkeys(parts(tracker)) if part.startswith(OWN_DATA) and part != intent(tracker)]
    if beside and not voice.by_mail:
        voice.say("own_data.beside", topic="assistant.privacy", choices=[voice.choice(part) for part in beside])
    return remember(asked[-1]) if asked else []


def remember(topic: str) -> Events:
    """What a later follow-up or a "ja" leans on."""
    return [SlotSet("last_topic", topic), SlotSet("offered", RIGHT_BEHIND.get(topic))]


def take_down_complaint(action: InsynAction, voice: Voice, tracker: Tracker) -> Events:
    """Registers a complaint that stands beside something else in the message."""
    if "complaint" not in parts(tracker):
        return []
    case = action.desk.report(here(tracker), "complaint", words(tracker), note="complaint")
    address = writer(tracker)
    if address:
        action.desk.add_address_to_report(here(tracker), case.reference, address)
    voice.say("complaint.received", topic="complaint", case=case, reference=case.reference)
    return [SlotSet("report", case.reference)]


def added_to_report(action: InsynAction, voice: Voice, tracker: Tracker, choices: list[Choice]) -> bool:
    """What is not understood just after a report belongs to it: whoever told something often goes on telling."""
    reference = tracker.get_slot("report")
    if not reference or voice.by_mail or tracker.active_loop.get("name") or intent(tracker) in NEVER_ADDED:
        return False
    case = action.desk.add_to_report(here(tracker), reference, words(tracker))
    if case is None:
        return False
    if not note_address_given(action, voice, tracker, case):
        voice.say("report.added", topic="handover.human", case=case, reference=case.reference, choices=choices)
    return True


def note_address_given(action: InsynAction, voice: Voice, tracker: Tracker, case: CaseView) -> bool:
    """An address written together with a report belongs to it, and so does the one a mail came from; whether there was one."""
    given = writer(tracker) or placeholder(tracker, "email")
    if given:
        try:
            action.desk.add_address_to_report(here(tracker), case.reference, given)
            if not voice.by_mail:
                voice.say("report.address_noted", case=case, reference=case.reference)
        except AddressInvalid:
            voice.say("email.invalid")
    return given is not None


def open_rights_beside(action: InsynAction, voice: Voice, tracker: Tracker) -> Events:
    """Opens rights claimed beside a report or complaint: their clock runs, and one tap goes on with them."""
    rights = rights_in(tracker)
    if not rights:
        return []
    cases = action.desk.begin(here(tracker), rights, words(tracker))
    voice.say(
        "begin.known",
        noun=nouns_of(cases),
        choices=[voice.choice(right) for right in rights],
        **due_fills(cases),
    )
    return []
