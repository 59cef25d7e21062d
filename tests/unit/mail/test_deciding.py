"""Decisions that no single mail shows: that no loop can arise, that limits hold, and where a reply may go."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from insyn.mail.deciding import Context, Decision, Holding, Reading, decide, needs_understanding
from insyn.mail.reading import AutomaticMarks, Mailbox, ReadMail, read

OWN = "dpo@kontek.example"
ANNA = "anna.ek@example.com"
HERE = Context(own_addresses=frozenset({OWN}))
REQUEST = (Reading("request.erasure", 0.9),)


def mail(
    text: str = "Radera mina uppgifter.", *, subject: str = "Begäran", headers: str = "", sender: str = ANNA
) -> ReadMail:
    raw = f"From: {sender}\r\nTo: {OWN}\r\nSubject: {subject}\r\nMessage-ID: <m@example.com>\r\n{headers}\r\n{text}\r\n"
    return read(raw.encode())


def decided(each: ReadMail, context: Context = HERE, readings: tuple[Reading, ...] = REQUEST) -> Decision:
    if not needs_understanding(each, context):
        return decide(each, context)
    return decide(each, replace(context, readings=readings))


def test_a_persons_request_is_answered_to_the_address_in_from() -> None:
    decision = decided(mail())
    assert (decision.kind, decision.reply_to, decision.holding) == ("answered", ANNA, Holding.NONE)


MARKS = [
    AutomaticMarks(auto_submitted="auto-replied"),
    AutomaticMarks(auto_submitted="auto-generated"),
    AutomaticMarks(auto_submitted="auto-notified"),
    AutomaticMarks(auto_submitted="x-invented"),
    AutomaticMarks(null_return_path=True),
    AutomaticMarks(response_suppressed=True),
    AutomaticMarks(autoreply_header="x-autoreply"),
    AutomaticMarks(precedence="bulk"),
    AutomaticMarks(precedence="junk"),
    AutomaticMarks(list_id="lista.example.com", list_headers=("list-id",)),
    AutomaticMarks(list_headers=("list-unsubscribe",)),
    AutomaticMarks(bulk_sender=True),
    AutomaticMarks(delivery_report=True),
    AutomaticMarks(disposition_report=True),
    AutomaticMarks(abuse_report=True),
    AutomaticMarks(calendar_method="request"),
    AutomaticMarks(spam_flagged=True),
]
INTENTS = [
    "request.erasure",
    "handover.representative",
    "handover.distress",
    "handover.protected",
    "handover.human",
    "report.incident",
    "complaint",
    "policy.cookies.what",
    "smalltalk.greet",
    "out_of_scope.gibberish",
    "inform.code",
]


@pytest.mark.parametrize("marks", MARKS, ids=str)
def test_security_22_nothing_that_a_machine_sent_gets_a_reply(marks: AutomaticMarks) -> None:
    """Whatever was read in it, and whatever the office it seems to come from."""
    for intent, subject, sender in itertools.product(INTENTS, ("Begäran", "Sv: Din begäran"), (ANNA, "kim@polisen.se")):
        each = replace(mail(subject=subject, sender=sender), automatic=marks)
        decision = decided(each, readings=(Reading(intent, 0.9),))
        assert (decision.reply_to, decision.holding) == (None, Holding.NONE), (intent, decision)


@pytest.mark.parametrize("marks", MARKS, ids=str)
def test_nor_does_anything_from_a_null_sender(marks: AutomaticMarks) -> None:
    decision = decided(replace(mail(), automatic=marks), replace(HERE, envelope_sender=""))
    assert decision.reply_to is None


@pytest.mark.parametrize(
    "intent", [intent for intent in INTENTS if intent.startswith(("request", "report", "complaint"))]
)
@pytest.mark.parametrize(
    "marks", [each for each in MARKS if not each.auto_submitted.endswith(("replied", "notified", "invented"))], ids=str
)
def test_a_request_in_bulk_mail_is_not_put_aside(marks: AutomaticMarks, intent: str) -> None:
    """Except in what cannot be a person's: automatic replies, reports on mail, and lists."""
    never_a_persons = (marks.autoreply_header, marks.delivery_report, marks.disposition_report, marks.list_id)
    decision = decided(replace(mail(), automatic=marks), readings=(Reading(intent, 0.9),))
    assert decision.kind == ("ignored" if any(never_a_persons) else "human")


@pytest.mark.parametrize("intent", INTENTS)
def test_security_22_a_sender_gets_at_most_so_many_replies_a_day(intent: str) -> None:
    replies = 0
    for _ in range(20):
        decision = decided(mail(), replace(HERE, automatic_replies=replies), (Reading(intent, 0.9),))
        replies += decision.reply_to is not None
    assert replies <= HERE.max_automatic_replies
    assert decided(mail(), replace(HERE, automatic_replies=HERE.max_automatic_replies)).name == "too_many_replies"


@pytest.mark.parametrize(
    "sender", [OWN, "DPO@Kontek.example", '"Insyn" <dpo@KONTEK.EXAMPLE>', f"=?utf-8?Q?Insyn?= <{OWN}>"]
)
def test_security_22_our_own_mail_is_never_answered(sender: str) -> None:
    assert decided(mail(sender=sender)).reply_to is None


@pytest.mark.parametrize(
    ("reply_to", "goes_to"),
    [
        (f"Reply-To: {OWN}\r\n", None),
        (f"Reply-To: victim@example.org, {OWN}\r\n", None),
        ("Reply-To: victim@example.org\r\n", ANNA),
        ("Reply-To: victim@example.org, other@example.org\r\n", ANNA),
        (f"Reply-To: {ANNA}\r\n", ANNA),
        ("Reply-To: <>\r\n", ANNA),
        ("Reply-To: not an address\r\n", ANNA),
    ],
)
def test_security_22_a_reply_never_goes_to_reply_to(reply_to: str, goes_to: str | None) -> None:
    decision = decided(mail(headers=reply_to))
    assert decision.reply_to == goes_to
    assert ("reply_to_differs" in decision.evidence) is (
        "victim" in reply_to or OWN in reply_to or "not an" in reply_to
    )


@pytest.mark.parametrize(
    "sender", ["", "nobody at all", "a@example.com, b@example.com", "<>", "a@example.com b@example.com"]
)
def test_a_sender_that_is_not_clear_gets_no_reply(sender: str) -> None:
    decision = decided(mail(sender=sender))
    assert (decision.kind, decision.reply_to) == ("human", None)


def test_a_name_that_shows_another_address_is_noted() -> None:
    each = replace(mail(), sender=Mailbox("chef@kontek.example", ANNA))
    assert "name_shows_other_address" in decided(each).evidence


def test_what_was_decided_before_understanding_is_not_changed_by_it() -> None:
    for each in (mail(subject="Autosvar: Din begäran"), mail(headers="X-Autoreply: yes\r\n"), mail(sender=OWN)):
        assert not needs_understanding(each, HERE)
        assert decide(each, HERE) == decide(each, replace(HERE, readings=REQUEST))


def test_an_answer_that_was_not_understood_gets_no_second_automatic_reply() -> None:
    unknown = (Reading("out_of_scope.gibberish", 0.9),)
    assert decided(mail("blipp blopp"), readings=unknown).holding is Holding.GENERAL
    assert decided(mail("blipp blopp", subject="Sv: Din begäran"), readings=unknown).reply_to is None
    assert decided(mail("blipp blopp"), replace(HERE, known_thread=True), unknown).reply_to is None


LEFT = "Jag har slutat på företaget och är inte kontaktperson. Radera mina uppgifter."


@pytest.mark.parametrize(
    ("text", "subject", "plainly", "name"),
    [
        (LEFT, "Avsluta", True, "answered"),
        (LEFT, "Avsluta", False, "perhaps_automatic"),
        (LEFT, "Re: Avsluta", True, "perhaps_automatic"),
        (LEFT, "Frånvarande", True, "perhaps_automatic"),
        (f"Tack för ditt mejl. {LEFT}", "Avsluta", True, "perhaps_automatic"),
    ],
)
def test_who_has_left_a_job_is_no_machine_for_saying_so(text: str, subject: str, plainly: bool, name: str) -> None:
    request = (Reading("request.erasure", 0.9, plainly=plainly),)
    assert decided(mail(text, subject=subject), readings=request).name == name


def test_the_same_mail_twice_is_handled_once() -> None:
    decision = decided(mail(), replace(HERE, already_seen=True))
    assert (decision.kind, decision.name, decision.reply_to) == ("ignored", "already_seen", None)


@pytest.mark.parametrize(
    ("sender", "signature", "name"),
    [
        ("kim@polisen.se", "", "authority"),
        ("kim@syd.polisen.se", "", "authority"),
        ("kim@polisen.se.example", "", "answered"),
        ("kim@notpolisen.se", "", "answered"),
        ("kim@stormadvokat.example", "", "lawyer"),
        ("kim@law.example", "", "lawyer"),
        ("kim@coleslaw.example", "", "answered"),
        ("kim@paralegalbutik.example", "", "answered"),
        (ANNA, "Anna Ek\r\nAdvokat", "lawyer"),
        (ANNA, "Anna Ek\r\nReporter, Exempelnytt", "press"),
        (ANNA, "Anna Ek\r\nKriminalinspektör", "authority"),
        (ANNA, "Anna Ek\r\nDen som är missnöjd kan klaga hos Integritetsskyddsmyndigheten", "answered"),
    ],
)
def test_offices_are_known_by_domain_and_title(sender: str, signature: str, name: str) -> None:
    text = (
        f"Radera mina uppgifter.\r\n\r\nMed vänlig hälsning\r\n{signature}" if signature else "Radera mina uppgifter."
    )
    assert decided(mail(text, sender=sender)).name == name


def test_every_decision_has_a_reason_in_swedish() -> None:
    seen = {
        decided(replace(mail(), automatic=marks), readings=(Reading(intent, 0.9),))
        for marks in MARKS
        for intent in INTENTS
    }
    assert all(decision.reason.endswith(".") and decision.name.replace("_", "").isalpha() for decision in seen)
