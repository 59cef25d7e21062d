"""What differs when a message came by mail: its sender's address is known, nothing is asked for one thing at a time,
and what is not understood goes to a human.
"""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.base import Events, InsynAction
from actions.facts import needed
from actions.speech import NOT_NEEDED, Voice, due_fills, here, intent, signed, words, writer


def begin_by_mail(action: InsynAction, voice: Voice, tracker: Tracker, rights: list[str]) -> Events:
    """Opens the cases of a mail; only a proof of the mailbox is still asked for, where a right needs one."""
    desk, place, address, name = action.desk, here(tracker), writer(tracker) or "", signed(tracker)
    cases = desk.begin(place, rights, words(tracker))
    if name:
        desk.add_detail(place, "name", name)
    desk.give_address(place, address)
    desk.submit_provable(place)
    for case in cases:
        voice.say(f"begin.{case.kind}", topic=case.kind, case=case, reference=case.reference, **due_fills([case]))
    if len(cases) > 1:
        voice.say("begin.ordered")
    waiting = [case.kind for case in desk.unfinished(place)]
    code = "verifierad" if desk.is_proved(place) else None
    slots = {
        "rights": waiting or rights,
        "relation": tracker.get_slot("relation") or NOT_NEEDED,
        "own_data": "ja",
        "concerns": NOT_NEEDED,
        "name": name or NOT_NEEDED,
        "email": address,
        "code": code if "code" in needed(waiting) else NOT_NEEDED,
        "confirmed": NOT_NEEDED,  # giving the code back is what confirms
        "offered": None,
        "pending_right": None,
        "code_sent_to": None,
    }
    return [SlotSet(slot, value) for slot, value in slots.items()]


def pass_on(action: InsynAction, voice: Voice, tracker: Tracker) -> None:
    """What is not understood goes to a human: with the case that is being worked on, or as a question of its own."""
    place = here(tracker)
    case = action.desk.pass_on(place, words(tracker), note=intent(tracker))
    if case.kind == "question":
        action.desk.add_address_to_report(place, case.reference, writer(tracker) or "")
        voice.say("mail.question", topic="handover.human", case=case, reference=case.reference)
    else:
        voice.say("mail.added", topic="handover.human", case=case, reference=case.reference)
