"""The life of a case (security.md 6): the table is closed, and no path through it acts without the needed proof."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from insyn.cases.checklist import CHECKLISTS, unticked
from insyn.cases.grounds import GROUNDS, grounds_for
from insyn.cases.kinds import KINDS
from insyn.cases.transitions import (
    CLOSED,
    GUARDS,
    LIFECYCLE,
    NAMES,
    Event,
    ForbiddenTransition,
    GuardFailed,
    ProofMissing,
    Situation,
    State,
    events_for,
    first_state,
    hindrances,
    row_for,
    step,
    substantial,
)
from insyn.identity.levels import Proof

DEPTH = 7
RECEIVED, LAST_DAY_TO_EXTEND, TOO_LATE = date(2026, 3, 5), date(2026, 4, 5), date(2026, 4, 6)
REASONS = "Det krävs mer tid för sökningen."
PROOFS: tuple[Proof, ...] = ("none", "address", "mailbox", "staff", "strong")
UNPROVED = {State.RECEIVED, State.AWAITING_VERIFICATION}
WORK = {State.OPEN, State.IN_PROGRESS, State.EXTENDED}
ACTED = {State.COMPLETED, State.PARTLY_REFUSED}
ANSWERED = ACTED | {State.REFUSED}

# Said once more, apart from the code: what each kind can go through.
FOR_EVERY_RIGHT = {
    "address_given", "mailbox_proved", "confirmed", "verified_by_staff", "taken_up", "reminded", "completed",
    "withdrawn", "handed_over", "closed_unidentified", "attached",
}  # fmt: skip
WHERE_THERE_IS_SOMETHING_TO_WEIGH = FOR_EVERY_RIGHT | {
    "identity_doubted", "strongly_identified", "extended", "partly_refused", "refused",
}  # fmt: skip
FOR_A_REPORT = {"address_given", "taken_up", "reminded", "completed", "handed_over"}
EVENTS = {
    "request.access": WHERE_THERE_IS_SOMETHING_TO_WEIGH,
    "request.rectification": WHERE_THERE_IS_SOMETHING_TO_WEIGH,
    "request.erasure": WHERE_THERE_IS_SOMETHING_TO_WEIGH,
    "request.restriction": WHERE_THERE_IS_SOMETHING_TO_WEIGH,
    "request.portability": WHERE_THERE_IS_SOMETHING_TO_WEIGH,
    "request.objection": WHERE_THERE_IS_SOMETHING_TO_WEIGH,
    "request.objection.marketing": FOR_EVERY_RIGHT,
    "request.withdraw_consent": FOR_EVERY_RIGHT,
    "report.incident": FOR_A_REPORT,
    "complaint": FOR_A_REPORT | {"withdrawn"},
    "question": FOR_A_REPORT | {"withdrawn"},
}
NEEDED = {kind: kind_.proof for kind, kind_ in KINDS.items()}
SHOWN_BY: dict[Event, Proof] = {
    Event.ADDRESS_GIVEN: "address",
    Event.MAILBOX_PROVED: "mailbox",
    Event.VERIFIED_BY_STAFF: "staff",
    Event.STRONGLY_IDENTIFIED: "strong",
}
SETTLE = (Event.VERIFIED_BY_STAFF, Event.STRONGLY_IDENTIFIED)


def start(kind: str, proof: Proof = "none") -> Situation:
    return Situation(KINDS[kind], first_state(KINDS[kind]), proof, RECEIVED, today=RECEIVED)


def with_everything(now: Situation) -> Situation:
    """All that someone deciding can bring forward, right and in time."""
    ground = next(iter(grounds_for(now.kind.id)), None)
    ticked = frozenset(point.id for point in CHECKLISTS.get(now.kind.id, ()))
    return replace(
        now,
        reasons=REASONS,
        ground=ground.id if ground else "duty",
        ticked=ticked,
        earlier_is_open=True,
        same_name=True,
    )


def enough(kind: str, proof: Proof) -> bool:
    return PROOFS.index(proof) >= PROOFS.index(NEEDED[kind])


def steps(now: Situation) -> Iterator[tuple[Event, Situation]]:
    """Every event that is let through from here, forged and repeated ones tried as well."""
    for event in Event:
        try:
            yield event, step(with_everything(now), event)
        except ForbiddenTransition:
            continue


def paths(now: Situation, depth: int) -> Iterator[tuple[tuple[Event, ...], tuple[Situation, ...]]]:
    """Every sequence of at most `depth` events, with what it passes; a forbidden event changes nothing, so it adds nothing."""
    yield (), (now,)
    if depth:
        for event, following in steps(now):
            for events, passed in paths(following, depth - 1):
                yield (event, *events), (now, *passed)


def reachable(now: Situation) -> dict[Situation, tuple[Event, ...]]:
    """Everything that sequences of any length can lead to, each with one way there."""
    ways, waiting = {now: ()}, deque([now])
    while waiting:
        here = waiting.popleft()
        for event, following in steps(here):
            bare = replace(following, earlier_is_open=False)
            if bare not in ways:
                ways[bare] = (*ways[here], event)
                waiting.append(bare)
    return ways


# -- the table


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_goes_through_what_is_its_own_and_nothing_else(kind: str) -> None:
    assert {row.event.value for row in LIFECYCLE if kind in row.kinds} == EVENTS[kind]


def test_every_state_is_reached_every_event_and_guard_used() -> None:
    reached = {now.state for kind in KINDS for now in reachable(start(kind))}
    assert reached == set(State)
    assert {row.event for row in LIFECYCLE} == set(Event)
    assert {guard.id for row in LIFECYCLE for guard in row.guards} == {guard.id for guard in GUARDS}


def test_no_kind_has_two_rows_for_one_event_in_one_state() -> None:
    keys = [(kind, state, row.event) for row in LIFECYCLE for kind in row.kinds for state in row.start]
    assert len(keys) == len(set(keys))


def test_closed_states_are_those_with_an_end() -> None:
    assert {
        State.COMPLETED, State.PARTLY_REFUSED, State.REFUSED, State.WITHDRAWN, State.HANDED_TO_CONTROLLER,
        State.CLOSED_UNIDENTIFIED, State.ATTACHED,
    } == CLOSED  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", sorted(CLOSED))
def test_nothing_leads_out_of_a_closed_state(kind: str, state: State) -> None:
    now = with_everything(replace(start(kind, "staff"), state=state, in_doubt=True))
    for event in Event:
        with pytest.raises(ForbiddenTransition):
            step(now, event)


@pytest.mark.parametrize("kind", KINDS)
def test_no_case_leaves_the_table(kind: str) -> None:
    """What the table does not hold cannot happen, and what it holds ends in one of its states."""
    for now in reachable(start(kind)):
        for event in Event:
            held = any(row.event is event and now.state in row.start and kind in row.kinds for row in LIFECYCLE)
            assert (event in events_for(now)) == held
            if held:
                assert row_for(kind, now.state, event).to in {None, *State}
            else:
                with pytest.raises(ForbiddenTransition):
                    step(with_everything(now), event)


def test_every_state_has_a_swedish_name_of_its_own() -> None:
    assert set(NAMES) == set(State)
    assert len(set(NAMES.values())) == len(NAMES)


# -- no path acts without the needed proof (security.md 6)


@pytest.mark.parametrize("kind", ["request.access", "request.objection.marketing", "report.incident", "complaint"])
def test_security_6_no_sequence_of_events_works_on_a_case_without_the_needed_proof(kind: str) -> None:
    """Every sequence, one kind for each set of rows in the table; what was shown is counted apart from the code."""
    count = 0
    for events, passed in paths(start(kind), DEPTH):
        count += 1
        shown: Proof = "none"
        for event, now in zip(events, passed[1:], strict=True):
            shown = SHOWN_BY.get(event, shown)
            if now.state in WORK | ANSWERED:
                assert enough(kind, shown), (events, now)
        doubts = [event for event in events if event in (Event.IDENTITY_DOUBTED, *SETTLE)]
        if passed[-1].state in ACTED:
            assert not doubts or doubts[-1] in SETTLE, events
    assert count > {"request.access": 20_000, "request.objection.marketing": 1000}.get(kind, 100)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("proof", PROOFS)
def test_security_6_whatever_proof_a_case_begins_with_it_is_acted_on_only_with_enough(kind: str, proof: Proof) -> None:
    """Sequences of any length: all situations that can come about, for every kind and every (forged) proof."""
    ways = reachable(start(kind, proof))
    assert len(ways) >= 4
    for now, events in ways.items():
        if now.state in WORK | ANSWERED:
            assert enough(kind, now.proof), events
        if now.state in ACTED:
            assert not now.in_doubt, events


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].is_right])
@pytest.mark.parametrize("proof", PROOFS)
def test_security_6_confirmation_opens_a_case_with_enough_proof_and_no_other(kind: str, proof: Proof) -> None:
    now = replace(start(kind, proof), state=State.AWAITING_VERIFICATION)
    if enough(kind, proof):
        assert step(now, Event.CONFIRMED).state is State.OPEN
    else:
        with pytest.raises(ProofMissing):
            step(now, Event.CONFIRMED)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].is_right])
@pytest.mark.parametrize("event", [Event.COMPLETED, Event.PARTLY_REFUSED, Event.REFUSED])
def test_security_6_even_an_open_case_is_not_answered_when_its_proof_is_gone(kind: str, event: Event) -> None:
    """Should a row in the store be forged to open, the proof is asked for again where it counts."""
    now = with_everything(replace(start(kind, "none"), state=State.OPEN))
    with pytest.raises(ForbiddenTransition) as refused:
        step(now, event)
    if event.value in EVENTS[kind]:
        assert isinstance(refused.value, ProofMissing)


def test_an_address_given_anew_takes_the_proof_of_the_old_one_away() -> None:
    now = replace(start("request.access", "mailbox"), state=State.AWAITING_VERIFICATION)
    assert step(now, Event.ADDRESS_GIVEN).proof == "address"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].is_right])
def test_no_path_goes_back_to_unproved(kind: str) -> None:
    for now in reachable(start(kind)):
        if now.state in WORK:
            assert not {following.state for _, following in steps(now)} & UNPROVED


# -- guards


def guards_against(now: Situation, event: Event) -> set[str]:
    return {guard.id for guard in hindrances(now, event)}


def opened(kind: str = "request.erasure", **changes: object) -> Situation:
    return replace(with_everything(start(kind, "mailbox")), state=State.OPEN, **changes)  # type: ignore[arg-type]


def test_a_guard_that_fails_names_itself_in_swedish() -> None:
    with pytest.raises(GuardFailed) as failed:
        step(opened(extended=True), Event.EXTENDED)
    assert failed.value.guard.says == "Fristen har redan förlängts. Det går bara en gång."


def test_an_extension_happens_once() -> None:
    for events, _ in paths(start("request.erasure"), DEPTH):
        assert events.count(Event.EXTENDED) <= 1
    assert guards_against(opened(extended=True), Event.EXTENDED) == {"first_extension"}


def test_an_extension_is_told_within_the_unrolled_first_month_and_refused_later() -> None:
    """Received on 5 March 2026 the answer is due on 7 April; an extension can be told until the 5th, a Sunday."""
    assert step(opened(today=LAST_DAY_TO_EXTEND), Event.EXTENDED).state is State.EXTENDED
    assert guards_against(opened(today=TOO_LATE), Event.EXTENDED) == {"within_first_month"}


@pytest.mark.parametrize(
    "event", [Event.EXTENDED, Event.REFUSED, Event.PARTLY_REFUSED, Event.IDENTITY_DOUBTED, Event.ATTACHED]
)
@pytest.mark.parametrize("reasons", ["", "   ", "Nej.", "...", "för dyrt"])
def test_no_decision_against_the_person_without_reasons(event: Event, reasons: str) -> None:
    assert "reasoned" in guards_against(opened(reasons=reasons), event)


def test_a_doubt_keeps_a_case_from_being_completed_until_a_human_settles_it() -> None:
    now = step(opened(), Event.IDENTITY_DOUBTED)
    assert guards_against(with_everything(now), Event.COMPLETED) == {"certain"}
    assert guards_against(with_everything(now), Event.PARTLY_REFUSED) == {"certain"}
    assert guards_against(with_everything(now), Event.IDENTITY_DOUBTED) == {"certain"}
    settled = step(with_everything(now), Event.VERIFIED_BY_STAFF)
    assert settled.state is State.OPEN
    assert settled.proof == "staff"
    assert step(with_everything(settled), Event.COMPLETED).state is State.COMPLETED


def test_what_is_not_in_doubt_needs_no_human_to_verify_it() -> None:
    assert guards_against(opened(), Event.VERIFIED_BY_STAFF) == {"doubted"}


def test_nobody_is_asked_to_log_in_without_a_doubt_that_a_human_recorded() -> None:
    assert guards_against(opened(), Event.STRONGLY_IDENTIFIED) == {"doubted"}
    for now in reachable(start("request.objection.marketing")):
        assert Event.STRONGLY_IDENTIFIED not in events_for(now)


def test_a_log_in_settles_a_doubt_when_it_was_made_in_the_name_of_the_request() -> None:
    """In another name, or where there is none to compare, it is evidence that a human weighs."""
    doubted = step(opened(), Event.IDENTITY_DOUBTED)
    compared = step(replace(doubted, same_name=True), Event.STRONGLY_IDENTIFIED)
    assert (compared.proof, compared.in_doubt) == ("strong", False)
    alone = step(replace(doubted, same_name=False), Event.STRONGLY_IDENTIFIED)
    assert (alone.proof, alone.in_doubt) == ("strong", True)
    assert guards_against(with_everything(alone), Event.COMPLETED) == {"certain"}
    settled = step(with_everything(alone), Event.VERIFIED_BY_STAFF)
    assert (settled.proof, settled.in_doubt) == ("strong", False)


def test_a_later_code_does_not_lower_what_a_log_in_has_shown() -> None:
    now = replace(start("request.access", "strong"), state=State.AWAITING_VERIFICATION)
    assert step(now, Event.MAILBOX_PROVED).proof == "strong"


@pytest.mark.parametrize(
    ("proof", "in_doubt", "may"),
    [("address", False, True), ("mailbox", False, False), ("mailbox", True, True), ("staff", False, False)],
)
def test_only_the_unidentified_are_closed_as_unidentified(proof: Proof, in_doubt: bool, may: bool) -> None:
    now = replace(opened(), state=State.AWAITING_VERIFICATION, proof=proof, in_doubt=in_doubt)
    assert (guards_against(now, Event.CLOSED_UNIDENTIFIED) == set()) is may


@pytest.mark.parametrize("kind", ["request.objection.marketing", "request.withdraw_consent"])
def test_an_absolute_right_is_not_held_up_weighed_or_refused(kind: str) -> None:
    """Art. 21(2)-(3) and 7(3): with the address given it cannot be doubted, extended, refused or closed as unidentified."""
    now = with_everything(replace(start(kind, "address"), state=State.AWAITING_VERIFICATION))
    assert guards_against(now, Event.CLOSED_UNIDENTIFIED) == {"unidentified"}
    working = with_everything(step(now, Event.CONFIRMED))
    for event in (Event.IDENTITY_DOUBTED, Event.EXTENDED, Event.REFUSED, Event.PARTLY_REFUSED):
        with pytest.raises(ForbiddenTransition):
            step(working, event)
    assert grounds_for(kind) == []


def test_a_later_right_waits_for_the_earlier_one() -> None:
    now = opened(waits_for_earlier=True)
    assert guards_against(now, Event.COMPLETED) == {"in_order"}
    assert guards_against(now, Event.PARTLY_REFUSED) == {"in_order"}
    assert guards_against(now, Event.REFUSED) == set()


def test_only_what_repeats_an_open_case_can_be_attached_to_it() -> None:
    assert guards_against(opened(earlier_is_open=False), Event.ATTACHED) == {"repeats_open_case"}


@pytest.mark.parametrize("kind", CHECKLISTS)
def test_nothing_is_completed_before_each_point_of_the_law_is_ticked(kind: str) -> None:
    """Art. 15 answers name purposes, categories, recipients, retention, rights, source; art. 19: recipients are told."""
    everything = frozenset(point.id for point in CHECKLISTS[kind])
    assert guards_against(opened(kind, ticked=everything), Event.COMPLETED) == set()
    for point in CHECKLISTS[kind]:
        assert unticked(kind, everything - {point.id}) == (point,)
        assert guards_against(opened(kind, ticked=everything - {point.id}), Event.COMPLETED) == {"checked"}


def test_every_right_has_a_checklist_with_its_article() -> None:
    assert set(CHECKLISTS) == {kind.id for kind in KINDS.values() if kind.is_right}
    assert all("artikel" in point.text for points in CHECKLISTS.values() for point in points)
    assert {point.id for point in CHECKLISTS["request.access"]} == {
        "purposes", "categories", "recipients", "retention", "rights", "source",
    }  # fmt: skip


def test_the_checklists_hold_what_art_19_20_and_21_ask_for() -> None:
    points = {kind: {point.id: point.text for point in listed} for kind, listed in CHECKLISTS.items()}
    for kind in ("request.rectification", "request.erasure", "request.restriction"):
        assert "artikel 19" in points[kind]["recipients"]
    assert "artikel 20.1" in points["request.portability"]["format"]
    assert "artikel 18.1 d" in points["request.objection"]["restricted"]
    assert "artikel 21.1" in points["request.objection"]["stopped"]
    assert "artikel 21.2" in points["request.objection.marketing"]["stopped"]


@pytest.mark.parametrize("ground", [*GROUNDS, "", "made_up"])
@pytest.mark.parametrize("kind", sorted(kind for kind in EVENTS if "refused" in EVENTS[kind]))
def test_a_refusal_rests_on_a_ground_of_the_right_itself(kind: str, ground: str) -> None:
    expected = set() if ground in {each.id for each in grounds_for(kind)} else {"grounded"}
    assert guards_against(opened(kind, ground=ground), Event.REFUSED) == expected


def test_art_17_3_gives_grounds_for_erasure_alone() -> None:
    exceptions = {ground.law[-1]: ground.kinds for ground in GROUNDS.values() if "artikel 17.3" in ground.law}
    assert exceptions == dict.fromkeys("abcde", frozenset({"request.erasure"}))


@pytest.mark.parametrize("kind", ["request.rectification", "request.restriction"])
def test_art_16_and_18_have_no_ground_of_their_own(kind: str) -> None:
    assert all("artikel 12." in ground.law for ground in grounds_for(kind))


def test_an_incident_report_cannot_be_taken_back() -> None:
    """Kontek is aware from then on (art. 33), whatever the reporter wishes."""
    for now in reachable(start("report.incident")):
        assert Event.WITHDRAWN not in events_for(now)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "report.incident"])
def test_the_person_can_always_take_an_open_request_back(kind: str) -> None:
    for now in reachable(start(kind)):
        if now.state not in CLOSED:
            assert step(now, Event.WITHDRAWN).state is State.WITHDRAWN


@pytest.mark.parametrize(
    ("text", "says_something"),
    [
        ("Uppgifterna krävs enligt bokföringslagen.", True),
        ("Vi söker ännu.", False),  # eleven letters
        ("Vi söker vidare.", True),
        ("ja ja ja", False),
        ("1234567890 1234567890 1234567890", False),
        ("skäl", False),
    ],
)
def test_reasons_say_something(text: str, says_something: bool) -> None:
    assert substantial(text) is says_something
