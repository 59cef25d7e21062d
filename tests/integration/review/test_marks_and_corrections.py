"""Marks and corrections: what can be said of a conversation, and what may be learnt from it."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from insyn.learning.corrections import Corrections, NotCorrectable, State
from insyn.learning.examples import NotAnExample
from insyn.review import reading
from insyn.review.marks import FLAGGED, REVIEWED, NotATag, tag_mark, tag_of
from insyn.store.models import Conversation
from insyn.store.review_tables import ConversationMark, Correction
from tests.fixtures.house import House
from tests.fixtures.talks import Asked, Talk

ME = "00000000-0000-4000-8000-00000000000a"
OTHER = "00000000-0000-4000-8000-00000000000b"


@pytest.fixture
def corrections(house: House) -> Corrections:
    return house.services.corrections


def states(house: House) -> dict[str, int]:
    with house.store.read() as session:
        return {state: count for state, count in house.services.corrections.counts(session).items() if count}


def test_marks_come_and_go_and_are_logged(house: House) -> None:
    one, other = Talk(house, "hej"), Talk(house, "hej")
    marks = house.services.marks
    assert marks.add([one.id, other.id, "no such"], FLAGGED, by=ME) == {one.id: True, other.id: True, "no such": False}
    assert marks.add([one.id], FLAGGED, by=OTHER) == {one.id: True}
    assert marks.remove([one.id], FLAGGED, by=ME) == {one.id: True}
    assert marks.remove([one.id], REVIEWED, by=ME) == {one.id: True}  # it was not there: nothing to log
    with house.store.read() as session:
        assert session.get(ConversationMark, (one.id, FLAGGED)) is None
        assert session.get_one(ConversationMark, (other.id, FLAGGED)).by == ME
    assert [event for event in house.events(one.id) if "marked" in event] == [
        "conversation.marked", "conversation.marked", "conversation.unmarked"
    ]  # fmt: skip


def test_tags_are_listed_by_use(house: House) -> None:
    talks = [Talk(house, "hej") for _ in range(3)]
    house.services.marks.add([talk.id for talk in talks], tag_mark("kakor"), by=ME)
    house.services.marks.add([talks[0].id], tag_mark("arkiv"), by=ME)
    house.services.marks.add([talks[0].id], FLAGGED, by=ME)
    with house.store.read() as session:
        assert house.services.marks.tags(session) == ["kakor", "arkiv"]


@pytest.mark.parametrize(
    ("words", "tag"), [("Kakor", "kakor"), ("  två   ord ", "två ord"), ("q3-2026x", None), ("års 3", "års 3")]
)
def test_a_tag_is_small_letters(words: str, tag: str | None) -> None:
    if tag is None:
        with pytest.raises(NotATag):
            tag_of(words)
    else:
        assert tag_of(words) == tag


@pytest.mark.parametrize(
    "words", ["", " ", "<b>", "a" * 31, "19900118-9811", "anna.ek@example.com", "070-1740605", "Anna Lindqvist"]
)
def test_nothing_that_points_someone_out_is_a_tag(words: str) -> None:
    with pytest.raises(NotATag):
        tag_of(words)


def test_from_a_correction_to_a_lesson(house: House, corrections: Corrections) -> None:
    talk = Talk(house, Asked("hälsar ⟨namn 2⟩, skicka\nallt  [nu]", intent="policy.cookies.what"))
    corrections.correct(talk.id, talk.seqs[0], "request.access", by=ME)
    with house.store.read() as session:
        ((row, conversation_id),) = corrections.of_state(session, State.WAITING, limit=9)
        file = reading.read(session, talk.id, lambda _: "Rut")
    assert conversation_id == talk.id
    assert (row.read_as, row.intent, row.text, row.by) == (
        "policy.cookies.what", "request.access", "hälsar ⟨namn 1⟩, skicka allt (nu)", ME
    )  # fmt: skip
    assert file is not None
    assert file.entries[0].correction is not None
    assert corrections.lessons() == []
    corrections.approve(row.turn_seq, "request.access", "  skicka allt nu ", by=OTHER)
    (lesson,) = corrections.lessons()
    assert (lesson.intent, lesson.text) == ("request.access", "skicka allt nu")
    corrections.accepted([lesson], by=OTHER, model="insyn-x")
    assert corrections.lessons() == []
    assert states(house) == {State.ACCEPTED: 1}
    with pytest.raises(NotCorrectable):
        corrections.withdraw(talk.id, row.turn_seq, by=ME)
    with pytest.raises(NotCorrectable):
        corrections.reject(row.turn_seq, by=ME)
    assert [event for event in house.events() if event.startswith(("turn.c", "turn.l", "learning"))] == [
        "turn.corrected", "turn.lesson_approved", "learning.accepted"
    ]  # fmt: skip
    assert house.audit_is_whole()


def test_a_correction_can_be_taken_back_rejected_and_made_anew(house: House, corrections: Corrections) -> None:
    talk = Talk(house, "radera")
    corrections.correct(talk.id, talk.seqs[0], "request.erasure", by=ME)
    corrections.withdraw(talk.id, talk.seqs[0], by=ME)
    assert states(house) == {}
    corrections.correct(talk.id, talk.seqs[0], "request.erasure", by=ME)
    corrections.reject(talk.seqs[0], by=OTHER)
    assert states(house) == {State.REJECTED: 1}
    corrections.correct(talk.id, talk.seqs[0], "request.access", by=ME)
    assert states(house) == {State.WAITING: 1}


def test_only_what_was_read_can_be_corrected(house: House, corrections: Corrections) -> None:
    talk = Talk(house, Asked("Allt", choice="/dialog.all"), Asked("hej", intent="smalltalk.greet"))
    other = Talk(house, "hej")
    tapped, read = talk.seqs
    for conversation_id, seq, intent in (
        (talk.id, tapped, "request.access"), (talk.id, read + 1, "request.access"), (other.id, read, "request.access"),
        (talk.id, read, "request.everything"), (talk.id, read, "fallback.clarify"), (talk.id, 0, "request.access"),
    ):  # fmt: skip
        with pytest.raises(NotCorrectable):
            corrections.correct(conversation_id, seq, intent, by=ME)
    assert states(house) == {}


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "jag heter Anna Lindqvist", "skriv till anna.ek@example.com", "ring 070-1740605", "19900118-9811 är mitt nummer",
        "anställningsnummer 48 213", "⟨hemligt 1⟩", "x" * 1001,
    ],
)  # fmt: skip
def test_nothing_personal_is_learnt(house: House, corrections: Corrections, text: str) -> None:
    talk = Talk(house, "hej")
    corrections.correct(talk.id, talk.seqs[0], "smalltalk.greet", by=ME)
    with pytest.raises(NotAnExample) as refused:
        corrections.approve(talk.seqs[0], "smalltalk.greet", text, by=ME)
    assert refused.value.says
    assert states(house) == {State.WAITING: 1}


def test_several_are_approved_and_the_others_told_why(house: House, corrections: Corrections) -> None:
    talk = Talk(house, Asked("radera mig"), Asked("kundnummer 482 133"))
    for seq in talk.seqs:
        corrections.correct(talk.id, seq, "request.erasure", by=ME)
    refused = corrections.approve_all([*talk.seqs, 10**9], by=ME)
    assert list(refused) == [talk.seqs[1]]
    assert states(house) == {State.APPROVED: 1, State.WAITING: 1}


def test_what_a_person_erases_teaches_nobody(house: House, corrections: Corrections) -> None:
    talk = Talk(house, "radera mig")
    corrections.correct(talk.id, talk.seqs[0], "request.erasure", by=ME)
    corrections.approve(talk.seqs[0], "request.erasure", "radera mig", by=ME)
    house.services.marks.add([talk.id], FLAGGED, by=ME)
    with house.store.write() as session:
        session.execute(delete(Conversation).where(Conversation.id == talk.id))
    assert corrections.lessons() == []
    assert house.count(Correction) == house.count(ConversationMark) == 0


def test_a_conversation_tells_what_came_of_each_message(house: House) -> None:
    visitor = house.visitor()
    with house.store.read() as session:
        assert reading.read(session, "no such", str) is None
    visitor.claims("request.access")
    house.clock.go(minutes=1)
    visitor.proves()
    with house.store.read() as session:
        file = reading.read(session, visitor.id, lambda _: "Rut")
    assert file is not None
    by_message = [[each.event for each in entry.happened] for entry in file.entries]
    assert "case.received" in by_message[0]
    assert any("challenge.issued" in events for events in by_message[1:])
    assert file.values == ()
    assert [case.kind for case in file.cases] == ["request.access"]
