"""Rasa's custom actions: thin translators between the tracker and Insyn's use cases."""

from __future__ import annotations

from actions import answers, dialogue, facts, lookup, own_data, reports, requests
from actions.base import InsynAction
from insyn.own_data.erasure import Erasure
from insyn.policy.answers import AnswerBook
from insyn.requests.desk import RequestDesk


def all_actions(book: AnswerBook, desk: RequestDesk, erasure: Erasure) -> list[InsynAction]:
    """Every custom action of the domain, ready to be registered with the SDK's executor."""
    plain: list[type[InsynAction]] = [
        answers.ActionAnswer,
        answers.ActionFollowUp,
        answers.ActionClarify,
        answers.ActionOutOfScope,
        answers.ActionDefaultFallback,
        dialogue.ActionWait,
        dialogue.ActionRepeat,
        dialogue.ActionDeny,
        dialogue.ActionUnexpected,
        lookup.ActionLookupBegin,
        lookup.ValidateLookupForm,
        lookup.ActionLookupSubmit,
        lookup.ActionLookupCancel,
        lookup.ActionStatusHere,
        reports.ActionReportIncident,
        reports.ActionComplaint,
        reports.ActionHandOver,
        reports.ActionApplicationWithdraw,
        reports.ActionNoteAddress,
        requests.ActionRequestBegin,
        requests.ActionRequestChange,
        requests.ValidateRequestForm,
        requests.ActionCorrectAddress,
        requests.ActionCorrectDetail,
        requests.ActionResendCode,
        requests.ActionRequestCancel,
        requests.ActionRequestSubmit,
        requests.ActionAffirm,
        own_data.ActionOwnDataBegin,
        own_data.ActionOwnDataLater,
        own_data.ActionOwnDataAddress,
        own_data.ValidateOwnDataForm,
        own_data.ActionOwnDataCancel,
    ]
    return [
        *(action(book, desk) for action in plain),
        *(requests.AskForSlot(slot, book, desk) for slot in facts.ASKED),
        *(lookup.AskInLookup(slot, book, desk) for slot in lookup.ASKED),
        *(own_data.AskInOwnData(slot, book, desk) for slot in own_data.ASKED),
        own_data.ActionOwnDataSubmit(book, desk, erasure),
    ]
