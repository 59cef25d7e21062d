"""A request from the claim of a right to an open case: begin, ask, check, correct, confirm, submit."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.interfaces import ActionExecutionRejection

from actions import own_data
from actions.base import Events, InsynAction
from actions.facts import ASKED, KEPT_FOR_NEXT, needed
from actions.mailed import begin_by_mail, pass_on
from actions.message import answer_questions, not_a_description, rights_in, take_down_complaint
from actions.prompts import ask, ask_again, ask_in_other_words, choices_for, confirmed_by_link, remind
from actions.speech import (
    ANSWERED,
    NOT_NEEDED,
    Voice,
    due_fills,
    here,
    intent,
    interrupted,
    names_of,
    placeholder,
    words,
)
from insyn.cases.kinds import KINDS
from insyn.clock import written_date
from insyn.identity.address import AddressInvalid
from insyn.identity.challenge import Outcome
from insyn.requests.desk import CaseView

# A right code that proves nothing was sent to an address that has been changed since.
_WHY_NOT = {
    Outcome.WRONG: "code.wrong",
    Outcome.NONE: "code.wrong",
    Outcome.EXPIRED: "code.expired",
    Outcome.DEAD: "code.dead",
    Outcome.RIGHT: "code.dead",
}
CORRECTIONS = (
    "dialog.correct_address",
    "dialog.change_name",
    "dialog.change_concerns",
    "inform.address",
    "dialog.add",
    "dialog.replace",
)


def prefill(tracker: Tracker, rights: list[str]) -> Events:
    """Marks what these rights do not need as not needed, and asks again for what they do."""
    wanted = needed(rights)
    events: Events = []
    for slot in ASKED:
        value = tracker.get_slot(slot)
        if slot == "own_data":
            events.append(SlotSet(slot, "ja" if value in (None, NOT_NEEDED) else value))
        elif slot not in wanted:
            events.append(SlotSet(slot, NOT_NEEDED))
        elif value == NOT_NEEDED:
            events.append(SlotSet(slot, None))
    return events


def given_in(tracker: Tracker, rights: list[str]) -> Events:
    """Facts that the message already holds: nothing is asked that was just said.

    In what is to be rectified a name or an address may be the wrong one, or not the person's own.
    """
    events: Events = []
    if "request.rectification" in rights:
        return events
    for slot in ("email", "name"):
        value = placeholder(tracker, slot)
        if value:
            events.append(SlotSet(slot, value))
    return events


class ActionRequestBegin(InsynAction):
    """Opens a case for each right claimed and says in two sentences what happens and by when."""

    def name(self) -> str:
        return "action_request_begin"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        events = [*answer_questions(voice, tracker), *take_down_complaint(self, voice, tracker)]
        return [*events, *begin(self, voice, tracker, rights_in(tracker))]


def begin(action: InsynAction, voice: Voice, tracker: Tracker, rights: list[str]) -> Events:
    """Opens the cases and sets the form up for what they need."""
    if voice.by_mail:
        return begin_by_mail(action, voice, tracker, rights)
    cases = action.desk.begin(here(tracker), rights, words(tracker))
    say_what_happens(voice, cases)
    return [
        SlotSet("rights", rights),
        SlotSet("offered", None),
        *(SlotSet(slot, None) for slot in ("concerns", "code", "confirmed", "code_sent_to", "pending_right")),
        *prefill(tracker, rights),
        *given_in(tracker, rights),
    ]


def say_what_happens(voice: Voice, cases: list[CaseView]) -> None:
    """Two sentences: what happens and by when."""
    fills = due_fills(cases)
    if len(cases) == 1:
        voice.say(f"begin.{cases[0].kind}", topic=cases[0].kind, **fills)
    else:
        voice.say("begin.several", topic=cases[0].kind, count=len(cases), names=names_of(cases), **fills)


class ActionRequestChange(InsynAction):
    """Another right in the middle of a request: asks whether it is added or takes the first one's place, then does it."""

    def name(self) -> str:
        return "action_request_change"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        rights = list(tracker.get_slot("rights") or [])
        if intent(tracker) in ("dialog.add", "dialog.replace"):
            return self._settle(voice, tracker, rights)
        new = [right for right in rights_in(tracker) if right not in rights]
        if not new:
            voice.say("change.same")
            ask_in_other_words(voice, tracker)
            return not_a_description(tracker)
        if voice.by_mail:
            return [*begin_by_mail(self, voice, tracker, new), *not_a_description(tracker)]
        # The clock of the new right runs from now, whichever way it goes.
        self.desk.begin(here(tracker), new, words(tracker))
        fills: dict[str, Any] = {"old": KINDS[rights[0]].noun if rights else "begäran", "new": KINDS[new[0]].name}
        voice.say(
            "change.which",
            choices=[
                voice.option("add", "dialog.add", new=fills["new"]),
                voice.option("replace", "dialog.replace", new=fills["new"]),
            ],
            **fills,
        )
        return [SlotSet("pending_right", new[0]), *not_a_description(tracker)]

    def _settle(self, voice: Voice, tracker: Tracker, rights: list[str]) -> Events:
        new = tracker.get_slot("pending_right")
        if not new:
            voice.say("unexpected")
            return []
        if intent(tracker) == "dialog.add":
            rights = [*rights, new]
            names = names_of([case for case in self.desk.unfinished(here(tracker)) if case.kind in rights])
            voice.say("change.added", new=KINDS[new].name, names=names)
        else:
            rights = [new]
            self.desk.keep_only(here(tracker), new)
            voice.say("change.replaced", new=KINDS[new].name)
        confirmed = None if "confirmed" in needed(rights) else NOT_NEEDED
        return [
            SlotSet("rights", rights),
            SlotSet("pending_right", None),
            *prefill(tracker, rights),
            SlotSet("confirmed", confirmed),
        ]


class ValidateRequestForm(InsynAction):
    """Checks each fact as it is given and stores it with the case."""

    def name(self) -> str:
        return "validate_request_form"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        events: Events = []
        for slot, value in tracker.slots_to_validate().items():
            if value is None or value == NOT_NEEDED or slot not in ASKED:
                continue
            events += getattr(self, f"_{slot}")(voice, tracker, str(value))
        asked = tracker.get_slot("requested_slot")
        if not events or not asked:
            return events  # nothing was given: the rules deal with the message as a whole
        if intent(tracker) == "followup.why":
            voice.say(f"why.{asked}")
        elif asked != "concerns":
            events += answer_questions(voice, tracker)
        return events

    def _relation(self, voice: Voice, tracker: Tracker, value: str) -> Events:
        self.desk.add_detail(here(tracker), "relation", value)
        if value != "customer_employee":
            return [SlotSet("relation", value), SlotSet("own_data", "ja")]
        self.desk.note_referral(here(tracker))
        return [SlotSet("relation", value), SlotSet("own_data", None)]

    def _own_data(self, voice: Voice, tracker: Tracker, value: str) -> Events:
        if value == "ja":
            return [SlotSet("own_data", value)]
        rest = ("concerns", "name", "email", "code", "confirmed")
        return [SlotSet("own_data", value), *(SlotSet(slot, NOT_NEEDED) for slot in rest)]

    def _concerns(self, voice: Voice, tracker: Tracker, value: str) -> Events:
        read_as = intent(tracker)
        asks = value.rstrip().endswith("?") and read_as.startswith(ANSWERED)
        claims_another = read_as in KINDS and read_as not in (tracker.get_slot("rights") or [])
        if asks or claims_another:
            raise ActionExecutionRejection(self.name())  # not a description: the rules deal with it
        self.desk.add_detail(here(tracker), "concerns", value)
        return [SlotSet("concerns", value)]

    def _name(self, voice: Voice, tracker: Tracker, value: str) -> Events:
        if value.startswith("⟨"):
            self.desk.add_detail(here(tracker), "name", value)
        return [SlotSet("name", value)]

    def _email(self, voice: Voice, tracker: Tracker, value: str) -> Events:
        try:
            self.desk.give_address(here(tracker), value)
        except AddressInvalid:
            voice.say("email.invalid")
            return [SlotSet("email", None)]
        proved = [SlotSet("code", "verifierad")] if self.desk.is_proved(here(tracker)) else []
        return [SlotSet("email", value), *proved]

    def _code(self, voice: Voice, tracker: Tracker, value: str) -> Events:
        if not value.startswith("⟨"):
            return [SlotSet("code", value if self.desk.is_proved(here(tracker)) else None)]
        outcome = self.desk.check_code(here(tracker), value)
        if outcome is Outcome.RIGHT and self.desk.is_proved(here(tracker)):
            voice.say("code.right")
            return [SlotSet("code", "verifierad")]
        voice.say(_WHY_NOT[outcome])
        return [SlotSet("code", None)]

    def _confirmed(self, voice: Voice, tracker: Tracker, value: str) -> Events:
        return [SlotSet("confirmed", value if value == "ja" else None)]


class AskForSlot(InsynAction):
    """Asks for one fact of the request."""

    def __init__(self, slot: str, *services: object) -> None:
        super().__init__(*services)  # type: ignore[arg-type]
        self._slot = slot

    def name(self) -> str:
        return f"action_ask_request_form_{self._slot}"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        match self._slot:
            case "code":
                return self._ask_code(voice, tracker)
            case "confirmed":
                if intent(tracker) == "answer.deny":
                    self._ask_what_to_change(voice)
                else:
                    self._ask_to_confirm(voice, tracker)
            case _:
                ask(voice, self._slot, tracker)
        return []

    def _ask_code(self, voice: Voice, tracker: Tracker) -> Events:
        if going_on := confirmed_by_link(self, voice, tracker):
            return going_on
        email = tracker.get_slot("email")
        if voice.by_mail:
            if not self.desk.unfinished(here(tracker)):
                return [
                    ActiveLoop(None),
                    SlotSet("requested_slot", None),
                    *forget(),
                ]  # the link in the mail confirmed it
            voice.say("ask.code", email=email, expects="code")  # the code itself stands in the mail that answers
            return []
        if tracker.get_slot("code_sent_to") == email:
            ask_again(voice, tracker)
            return []
        sent = self.desk.send_code(here(tracker), email)
        if sent.until is not None:
            voice.say_limited("ask.code.limited", sent, expects="code")
        else:
            voice.say("ask.code", email=email, choices=choices_for(voice, "code"), expects="code")
            if self.desk.mail_is_slow():
                voice.say("slow_mail")
        return [SlotSet("code_sent_to", email)]

    def _ask_to_confirm(self, voice: Voice, tracker: Tracker) -> None:
        if interrupted(tracker) and intent(tracker) not in CORRECTIONS:
            remind(voice, "confirmed", "repeat.confirmed")
        else:
            summary = self._summary(tracker)
            voice.say("ask.confirmed", summary=summary, choices=choices_for(voice, "confirmed"), expects="confirmed")

    @staticmethod
    def _ask_what_to_change(voice: Voice) -> None:
        voice.say(
            "change.what",
            choices=[
                voice.option("change_address", "dialog.correct_address"),
                voice.option("change_name", "dialog.change_name"),
                voice.option("change_concerns", "dialog.change_concerns"),
                voice.option("cancel", "request.cancel"),
            ],
            expects="confirmed",
        )

    def _summary(self, tracker: Tracker) -> str:
        cases = self.desk.unfinished(here(tracker))
        relation = tracker.get_slot("relation")
        facts = [
            ("Begäran", names_of(cases) if cases else ""),
            (
                "Koppling till Kontek",
                self.book.phrase(f"choice.relation.{relation}").text if relation else "",
            ),
            ("Gäller", tracker.get_slot("concerns")),
            ("Namn", tracker.get_slot("name")),
            ("E-post", f"{tracker.get_slot('email')} (bekräftad)"),
            ("Svar senast", written_date(min(case.due_on for case in cases if case.due_on)) if cases else ""),
        ]
        return "\n".join(f"– {label}: {value}" for label, value in facts if value and value != NOT_NEEDED)


class ActionCorrectAddress(InsynAction):
    """Another address: the new one if it was given, otherwise it is asked for; a code must prove it anew."""

    def name(self) -> str:
        return "action_correct_address"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        email = placeholder(tracker, "email")
        if email:
            try:
                self.desk.give_address(here(tracker), email)
                voice.say("address.corrected" if tracker.get_slot("email") else "address.taken", email=email)
            except AddressInvalid:
                voice.say("email.invalid")
                email = None
        forgotten = [SlotSet(slot, None) for slot in ("code", "code_sent_to", "confirmed")]
        if "code" not in needed(tracker.get_slot("rights") or []):
            forgotten = []
        return [SlotSet("email", email), *forgotten]


class ActionCorrectDetail(InsynAction):
    """Another name or description: it is asked for again."""

    def name(self) -> str:
        return "action_correct_detail"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        if intent(tracker) == "dialog.change_concerns":
            return [SlotSet("concerns", None), SlotSet("confirmed", None)]
        name = placeholder(tracker, "name")
        if name:
            self.desk.add_detail(here(tracker), "name", name)
        return [SlotSet("name", name), SlotSet("confirmed", None)]


class ActionResendCode(InsynAction):
    """A new code, within the limits; the old one is dead from then on."""

    def name(self) -> str:
        return "action_resend_code"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        match tracker.get_slot("requested_slot"):
            case "code" | "lookup_code" as slot if voice.by_mail:
                voice.say(f"ask.{slot}", expects=slot)
            case "code":
                if going_on := confirmed_by_link(self, voice, tracker):
                    return going_on
                email = tracker.get_slot("email")
                sent = self.desk.send_code(here(tracker), email)
                if sent.until is not None:
                    voice.say_limited("ask.code.limited", sent, expects="code")
                else:
                    voice.say("code.resent", email=email, expects="code")
                    if self.desk.mail_is_slow():
                        voice.say("slow_mail")
            case "own_code":
                own_data.send_code(self.desk, voice, tracker, "code.resent")
            case "lookup_code":
                self.desk.ask_for_case(here(tracker), tracker.get_slot("reference"))
                voice.say("ask.lookup_code", choices=choices_for(voice, "lookup_code"), expects="lookup_code")
            case _:
                ask_in_other_words(voice, tracker)
        return []


class ActionRequestCancel(InsynAction):
    """Breaks the request off; the case is kept as withdrawn."""

    def name(self) -> str:
        return "action_request_cancel"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        self.desk.abandon(here(tracker))
        voice.say("request.cancelled", topic="request.cancel")
        return [ActiveLoop(None), SlotSet("requested_slot", None), *forget()]


class ActionRequestSubmit(InsynAction):
    """Opens the confirmed requests, or records the hand-off to the employer; says reference and due date."""

    def name(self) -> str:
        return "action_request_submit"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        if tracker.get_slot("own_data") == "nej":
            handed = self.desk.hand_to_employer(here(tracker))
            for case in handed[:1]:
                voice.say("request.handed_over", topic=case.kind, case=case, reference=case.reference)
            return forget()
        cases = self.desk.submit(here(tracker))
        if voice.by_mail and tracker.get_slot("code") == NOT_NEEDED:
            return forget()  # what needs no proof was opened, and told, when it was claimed
        if not cases:
            voice.say("request.nothing_to_submit")
            return forget()
        fills = {"email": tracker.get_slot("email"), **due_fills(cases)}
        if len(cases) == 1:
            case = cases[0]
            voice.say(
                "request.opened",
                topic=case.kind,
                case=case,
                noun=case.noun,
                reference=case.reference,
                **fills,
            )
        else:
            lines = "\n".join(f"– {case.reference}: {case.name}" for case in cases)
            voice.say("request.opened.several", topic=cases[0].kind, case=cases[0], lines=lines, **fills)
        if self.desk.mail_is_slow():
            voice.say("slow_mail")
        return forget()


class ActionAffirm(InsynAction):
    """A yes to the request that was offered with the last answer starts it."""

    def name(self) -> str:
        return "action_affirm"

    def act(self, voice: Voice, tracker: Tracker) -> Events:
        offered = tracker.get_slot("offered")
        if voice.by_mail:
            pass_on(self, voice, tracker)  # a mail offers nothing that a yes could take up
            return []
        report = tracker.get_slot("report")
        if not offered and report and self.desk.lacks_address(here(tracker), report):
            voice.say("report.which_address", reference=report, expects="email")
            return []
        if not offered:
            voice.say("unexpected")
            return []
        return [*begin(self, voice, tracker, [offered]), FollowupAction("request_form")]


def forget() -> Events:
    """Clears what belonged to the request; relation, name and address serve a next one."""
    gone = [slot for slot in ASKED if slot not in KEPT_FOR_NEXT]
    return [SlotSet(slot, None) for slot in [*gone, "rights", "pending_right", "code_sent_to"]]
