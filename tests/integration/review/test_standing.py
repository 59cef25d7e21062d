"""Answers stand for exactly their text on exactly their sections; what rests on something else says so to people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.speech import Voice
from insyn.policy.answers import AnswerBook
from insyn.policy.fingerprint import NotAPolicy
from insyn.policy.standing import Approvals, NoSuchAnswer, Standing, Status, TextChanged
from tests.fixtures.command import Run
from tests.fixtures.house import House

ME = "00000000-0000-4000-8000-00000000000a"
CHANGED = "policy.recruitment"


@pytest.fixture
def book(house: House) -> AnswerBook:
    """A book of the test's own: the house's is shared."""
    return AnswerBook(**{f"retention_{kind}_days": 1 for kind in ("chat", "verified_chat", "case")})


@pytest.fixture
def approvals(house: House, book: AnswerBook) -> Approvals:
    return Approvals(house.store, book, house.audit, house.clock)


def policy(book: AnswerBook, **texts: str) -> str:
    """A policy with these texts under their headings, the others as they may be."""
    return "\n".join(f"{section.title}\n{texts.get(section.id, 'text')}" for section in book.sections.values())


def standing(house: House, approvals: Approvals, topic: str) -> Standing:
    with house.store.read() as session:
        return next(each for each in approvals.all(session) if each.answer.topic == topic)


def spoken(book: AnswerBook, topic: str) -> dict[str, Any]:
    dispatcher = CollectingDispatcher()
    Voice(book, dispatcher).answer(topic)
    return dict(dispatcher.messages[0])


def test_answers_begin_as_drafts(house: House, approvals: Approvals, book: AnswerBook) -> None:
    approvals.refresh()
    assert {each.status for each in [standing(house, approvals, topic) for topic in book.answers]} == {Status.DRAFT}
    assert book.outdated == frozenset()


def test_a_changed_section_marks_its_answers_until_they_are_approved(
    house: House, approvals: Approvals, book: AnswerBook
) -> None:
    approvals.read_policy(policy(book), by=ME)
    for topic in list(book.answers):
        approvals.approve(topic, standing(house, approvals, topic).text_hash, by=ME)
    assert book.outdated == frozenset()
    section = book.answers[CHANGED].sources[0]
    resting = {topic for topic, answer in book.answers.items() if section in answer.sources}

    assert approvals.read_policy(policy(book, **{section: "något annat"}), by=ME) == [section]
    assert book.outdated == resting
    marked = standing(house, approvals, CHANGED)
    assert (marked.status, [each.id for each in marked.changed]) == (Status.POLICY_CHANGED, [section])
    assert "Policyn har ändrats" in spoken(book, CHANGED)["text"]
    assert "has changed" in spoken(book, CHANGED)["custom"]["english"]

    approvals.approve(CHANGED, marked.text_hash, by=ME)
    assert book.outdated == resting - {CHANGED}
    assert standing(house, approvals, CHANGED).status is Status.APPROVED
    assert "Policyn har ändrats" not in spoken(book, CHANGED)["text"]
    assert house.events()[-1] == "answer.approved"
    assert house.audit_is_whole()


def test_a_heading_that_is_gone_is_a_change(house: House, approvals: Approvals, book: AnswerBook) -> None:
    approvals.read_policy(policy(book), by=ME)
    section = book.sections[book.answers[CHANGED].sources[0]]
    assert section.id in approvals.read_policy(policy(book).replace(section.title, "En annan rubrik"), by=ME)
    assert CHANGED in book.outdated


def test_the_same_policy_again_is_no_news(house: House, approvals: Approvals, book: AnswerBook) -> None:
    approvals.read_policy(policy(book), by=ME)
    assert approvals.read_policy(policy(book) + "  \n", by=ME) == []
    assert house.events().count("policy.read") == 1


def test_an_approval_is_for_the_text_that_was_read(house: House, approvals: Approvals) -> None:
    with pytest.raises(TextChanged):
        approvals.approve(CHANGED, "0" * 64, by=ME)
    with pytest.raises(NoSuchAnswer):
        approvals.approve("policy.none", "0" * 64, by=ME)
    assert standing(house, approvals, CHANGED).status is Status.DRAFT


def test_the_configured_file_is_read_when_it_changes(house: House, book: AnswerBook, tmp_path: Path) -> None:
    file = tmp_path / "policy.txt"
    approvals = Approvals(house.store, book, house.audit, house.clock, str(file))
    approvals.look_at_file()  # it is not there yet
    assert book.outdated == frozenset()
    file.write_text(policy(book), encoding="utf-8")
    approvals.look_at_file()
    assert CHANGED in book.outdated  # not the policy that the drafts rest on
    approvals.look_at_file()
    assert house.events().count("policy.read") == 1


@pytest.mark.parametrize("written", [b"", b"%PDF-1.7", "Sidan är flyttad.".encode()])
def test_a_file_that_is_no_policy_changes_nothing(
    house: House, book: AnswerBook, tmp_path: Path, written: bytes
) -> None:
    file = tmp_path / "policy.txt"
    file.write_bytes(written)
    with pytest.raises(NotAPolicy):
        Approvals(house.store, book, house.audit, house.clock, str(file)).look_at_file()
    assert (book.outdated, house.events()) == (frozenset(), [])


def checked(run: Run, file: Path, text: str, code: int) -> dict[str, Any]:
    file.write_text(text, encoding="utf-8")
    return dict(json.loads(run("policy", "check", str(file), code=code).output))


def test_policy_check_lists_what_rests_on_something_else_than_it_was_approved_against(
    house: House, run: Run, tmp_path: Path
) -> None:
    approvals, book, file = house.services.approvals, house.services.book, tmp_path / "policy.txt"
    approvals.read_policy(policy(book), by=ME)
    for topic in book.answers:
        approvals.approve(topic, standing(house, approvals, topic).text_hash, by=ME)
    before = house.events()
    nothing = {"changed_sections": [], "missing_sections": [], "answers_to_review": []}
    assert checked(run, file, policy(book), 0) == nothing
    section = book.sections[book.answers[CHANGED].sources[0]]
    resting = [topic for topic, answer in book.answers.items() if section.id in answer.sources]
    found = checked(run, file, policy(book, **{section.id: "något annat"}), 1)
    assert (found["changed_sections"], found["missing_sections"]) == ([section.id], [])
    assert [each["topic"] for each in found["answers_to_review"]] == resting
    assert {
        "topic": CHANGED, "title": book.answers[CHANGED].label, "sections": [section.id]
    } in found["answers_to_review"]  # fmt: skip
    found = checked(run, file, policy(book).replace(section.title, "En annan rubrik"), 1)
    assert section.id in found["missing_sections"]
    assert (house.events(), book.outdated) == (before, frozenset())  # nothing is kept


def test_policy_check_says_in_swedish_what_it_cannot_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.pdf").write_bytes(b"%PDF-1.7")
    for name, says in (("", "är en katalog"), ("none.txt", "Det finns ingen fil"), ("policy.pdf", "ren text")):
        assert says in run("policy", "check", str(tmp_path / name), code=2).output
