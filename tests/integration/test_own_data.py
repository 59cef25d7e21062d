"""Insyn's own data on demand (GDPR art. 15, 17, 20): the person gets all of it and can erase it, without a human, and nobody else can."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from sqlalchemy import select, update

from insyn.cases.transitions import State
from insyn.own_data.erasure import CODES, HELD, OPEN, OPEN_REPORT, PROCEDURE, SOMEONE_ELSES
from insyn.own_data.holdings import NOT_SHOWN_TO_BE_YOURS, NOTES_WITHHELD, Holdings, NotVerified, as_json
from insyn.own_data.page import page
from insyn.privacy.keys import Shredded
from insyn.requests.desk import OWN_DATA, Here
from insyn.store.models import AuditRow, Case, Challenge, Conversation, DataKey, OutgoingMail, Turn, VaultValue
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House, Visitor

CONCERNS = "Lönesamtalet i april och anteckningarna om min sjukskrivning"


def asked(house: House, address: str = ADDRESS, *, name: str = "Anna Ek", right: str = "request.access") -> Visitor:
    """Someone whose request is open, with everything one may give."""
    house.clock.go(minutes=2)  # so that the address may have another code
    visitor = house.visitor()
    visitor.claims(right, words="Vad har ni om mig?")
    desk = house.services.desk
    desk.add_detail(visitor.says(f"Det gäller {visitor.keeps('telefon', '070-1740605')}"), "concerns", CONCERNS)
    desk.add_detail(visitor.says(), "name", visitor.keeps("namn", name))
    visitor.proves(address)
    desk.submit(visitor.says())
    return visitor


def collect(house: House, visitor: Visitor) -> Holdings:
    return house.services.own_data.collect(visitor.says())


def case_of(house: House, visitor: Visitor) -> Case:
    with house.store.read() as session:
        return session.scalars(select(Case).where(Case.conversation_id == visitor.id)).one()


# -- who may have it


def test_nothing_is_given_or_erased_without_a_proved_mailbox(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    for use_case in (house.services.own_data.collect, house.services.erasure.erase):
        with pytest.raises(NotVerified):
            use_case(visitor.says())
    assert house.cases()


def test_a_proof_lasts_an_hour(house: House) -> None:
    visitor = asked(house)
    house.clock.go(minutes=60)
    assert collect(house, visitor)["cases"]
    house.clock.go(seconds=1)
    for use_case in (house.services.own_data.collect, house.services.erasure.erase):
        with pytest.raises(NotVerified):
            use_case(visitor.says())


def test_one_persons_mailbox_shows_nothing_of_anothers(house: House) -> None:
    other = asked(house, OTHER_ADDRESS, name="Bo Alm")
    mine = asked(house)
    text = as_json(collect(house, mine))
    for theirs in (OTHER_ADDRESS, "Bo Alm", case_of(house, other).reference):
        assert theirs not in text


def test_the_letter_with_a_code_says_what_the_code_is_for(house: House) -> None:
    """Whoever is talked into reading a code out to someone sees what it would open."""
    visitor = asked(house)
    assert "Skriv den i chatten där du gör din begäran." in house.letters("code")[-1].text
    house.clock.go(minutes=2)
    house.services.desk.send_code(visitor.says(), visitor.address(), purpose=OWN_DATA)
    assert "där du bad att få se eller radera det som Insyn har om dig." in house.letters("code")[-1].text
    house.clock.go(minutes=2)
    house.services.desk.ask_for_case(house.visitor().says(), case_of(house, visitor).reference)
    assert "där du frågade om ditt ärende." in house.letters("code")[-1].text


# -- what there is


def test_everything_held_is_given(house: House) -> None:
    first, second = asked(house), asked(house, right="request.erasure")
    case = case_of(house, first)
    house.services.casework.remind(case.id, "Hur går det?")
    held = collect(house, second)
    assert held["about"] == ADDRESS
    assert len(held["conversations"]) == 2
    assert {each["reference"] for each in held["cases"]} == {each.reference for each in house.cases()}
    access = next(each for each in held["cases"] if each["kind"] == "request.access")
    assert access["details"] == {
        "Det du skrev": "Vad har ni om mig?",
        "Vad det gäller": CONCERNS,
        "Namn": "Anna Ek",
        "E-postadress": ADDRESS,
    }
    assert access["reminders"][0]["text"] == "Hur går det?"
    assert case.reference in access["letters"][0]["text"]
    assert any("Ärendet kom in genom chatten" in each["text"] for each in access["log"])
    talk = held["conversations"][0]
    assert {"kind": "telefon", "value": "070-1740605"} in talk["values"]
    assert any("070-1740605" in said["text"] for said in talk["messages"])
    assert "En engångskod skickades." in [each["text"] for each in talk["log"]]
    assert {each["kind"] for each in held["letters"]} == {"code", "receipt"}
    assert len(held["codes"]) == 2
    assert {"purposes", "categories", "recipients", "retention", "rights", "source", "complaint"} <= set(
        held["processing"]
    )


def test_every_table_about_the_person_is_in_it(house: House) -> None:
    """Whatever is sealed for the person in the store is found in the clear in what they get."""
    visitor = asked(house)
    text = as_json(collect(house, visitor))
    with house.store.read() as session:
        conversation = session.get_one(Conversation, visitor.id)
        for row in session.scalars(select(VaultValue).where(VaultValue.conversation_id == visitor.id)):
            if not row.placeholder.startswith("⟨kod"):
                assert (house.vault.value(session, conversation, row.placeholder) or "?") in text
        for case in session.scalars(select(Case)):
            assert all(str(value) in text for value in house.casebook.details(session, case).values())
            for note in house.casebook.notes(session, case):
                assert json.dumps(note.text, ensure_ascii=False)[1:-1] in text


def test_no_code_or_key_is_given(house: House) -> None:
    visitor = asked(house)
    text = as_json(collect(house, visitor))
    assert house.code() not in text
    assert not re.search(r"[0-9a-f]{40}", text)


def test_what_someone_else_may_have_written_is_told_of_but_not_shown(house: House) -> None:
    """Anyone can write anyone's address: whose words those are, nobody has shown."""
    stranger = house.visitor()
    stranger.claims("request.erasure", words="Radera min grannes uppgifter.")
    stranger.gives_address(ADDRESS)
    visitor = asked(house)
    held = collect(house, visitor)
    told = next(each for each in held["cases"] if each["reference"] == case_of(house, stranger).reference)
    assert told["withheld"] == NOT_SHOWN_TO_BE_YOURS
    assert "grannes" not in as_json(held)
    assert len(held["conversations"]) == 1


def test_notes_of_the_staff_are_named_and_left_to_a_human(house: House) -> None:
    visitor = asked(house)
    house.services.casework.note(case_of(house, visitor).id, "Grannen Bo ringde om saken.", by="staff-7")
    held = collect(house, visitor)
    assert held["cases"][0]["withheld"] == NOTES_WITHHELD
    text = as_json(held)
    assert "Grannen Bo" not in text
    assert "staff-7" not in text


def test_giving_it_is_logged_by_pseudonyms(house: House) -> None:
    visitor = asked(house)
    collect(house, visitor)
    with house.store.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.event == "own_data.given")).one()
    assert row.subject == visitor.id
    assert json.loads(row.data) == {"conversations": 1, "cases": 1}


# -- the page


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.said += data


def test_the_page_says_what_the_file_says(house: House) -> None:
    visitor = asked(house)
    held = collect(house, visitor)
    read = _Text()
    read.feed(page(held))
    for each in (ADDRESS, "Anna Ek", CONCERNS, "070-1740605", held["cases"][0]["reference"], "5 mars 2026", "IMY"):
        assert each in read.said
    assert "lang" in page(held)[:40]
    assert read.tags.count("h1") == 1
    assert not {"script", "img", "iframe", "form"} & set(read.tags)


def test_a_person_reads_swedish_and_not_the_services_own_names(house: House) -> None:
    """GDPR art. 12(1): what the staff did with a conversation, how it was read and where it stands, in words."""
    visitor, services = house.visitor(), house.services
    talk = visitor.id
    visitor.claims("request.access")
    services.desk.add_detail(visitor.says(), "relation", "applicant")
    services.desk.add_detail(visitor.says(), "name", visitor.keeps("namn", "Anna Ek"))
    visitor.proves()
    services.desk.submit(visitor.says())
    with house.store.write() as session:
        conversation = session.get_one(Conversation, talk)
        turn = session.scalars(select(Turn).where(Turn.conversation_id == talk).order_by(Turn.seq)).first()
        assert turn
        turn.intent, turn.topic, turn.confidence, seq = "dialog.skip", "dialog.skip", 0.9, turn.seq
        conversation.dialogue = {
            "slots": {"relation": "applicant", "rights": ["request.access", "request.erasure"], "own_purpose": "access"}
        }
    services.viewing.view_conversation(talk, by="staff-7")
    services.viewing.reveal_in_conversation(talk, "⟨namn 1⟩", "Behövs för att svara.", by="staff-7")
    services.marks.add([talk], "flagged", by="staff-7")
    services.marks.remove([talk], "flagged", by="staff-7")
    services.corrections.correct(talk, seq, "request.access", by="staff-7")
    with house.store.write() as session:
        conversation = session.get_one(Conversation, talk)
        services.takeover.begin(session, conversation, by="staff-7")
        services.takeover.end(session, conversation, by="staff-7")
    held = collect(house, visitor)
    html, told = page(held), held["conversations"][0]
    assert "Händelsen ”" not in html
    assert "staff-7" not in html
    assert "En människa tog över samtalet." in [each["text"] for each in told["log"]]
    assert told["messages"][0]["understood_as"] == "ett svar på Insyns fråga"
    assert told["state"] == {
        "Koppling till Kontek": "Har sökt jobb",
        "Det du begär": "Begär en kopia av dina uppgifter, Begär radering",
        "Vad du vill göra med det Insyn har om dig": "se det",
    }
    assert any("borde ha lästs som ”Begär en kopia av dina uppgifter”" in each["text"] for each in told["review"])
    assert held["cases"][0]["details"]["Koppling till Kontek"] == "Har sökt jobb"


def test_security_18_what_people_write_is_inert_on_the_page(house: House) -> None:
    visitor = asked(house, name="<script>alert(1)</script>")
    visitor.says('<img src=x onerror="alert(2)">')
    html = page(collect(house, visitor))
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


# -- erasing


def erase(house: House, visitor: Visitor, **how: bool):  # type: ignore[no-untyped-def]
    return house.services.erasure.erase(visitor.says(), **how)


def reasons(erased) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {each.what: each.reason for each in erased.kept}


def test_erasing_takes_everything_but_open_cases_and_the_facts_of_closed_ones(house: House) -> None:
    earlier, later = asked(house), asked(house, right="request.erasure")
    closed, still_open = case_of(house, earlier), case_of(house, later)
    house.services.desk.withdraw(earlier.says(), closed.reference)
    erased = erase(house, later)
    assert (erased.conversations, erased.cases) == (2, 1)
    assert reasons(erased)[f"Ärende {closed.reference}"] == PROCEDURE
    assert reasons(erased)[f"Ärende {still_open.reference}"] == OPEN
    assert "Granskningsloggen" in reasons(erased)
    with house.store.read() as session:
        assert session.scalars(select(Conversation)).all() == []
        assert session.scalars(select(Turn)).all() == []
        assert session.scalars(select(VaultValue)).all() == []
        with pytest.raises(Shredded):
            house.casebook.details(session, session.get_one(Case, closed.id))
        assert house.casebook.details(session, session.get_one(Case, still_open.id))["address"] == ADDRESS
    facts = house.case(closed.reference)
    assert (facts.kind, facts.state, facts.address_index, facts.sealed) == (
        closed.kind, State.WITHDRAWN, None, b"",
    )  # fmt: skip
    assert house.audit_is_whole()
    text = erased.text()
    assert "2 konversationer" in text
    assert "1 ärende " in text
    assert all(each.reason in text for each in erased.kept)


def test_security_15_after_erasing_neither_words_nor_keys_are_in_the_database(house: House) -> None:
    if house.store.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's files are its own; there the keys are what is destroyed")
    visitor = asked(house)
    visitor.says("Det gäller uppsägningen i Ljungby")
    case = case_of(house, visitor)
    house.services.desk.withdraw(visitor.says(), case.reference)
    with house.store.read() as session:
        keys = [session.get_one(DataKey, each).wrapped for each in (case.data_key_id, visitor.conversation.data_key_id)]
    home = house.services.settings.var_dir

    def raw() -> bytes:
        return b"\n".join(path.read_bytes() for path in sorted(home.glob("insyn.db*")))

    before = raw()
    assert "uppsägningen".encode() in before
    assert all(key in before for key in keys)
    erase(house, visitor)
    after = raw()
    assert "uppsägningen".encode() not in after
    assert not any(key in after for key in keys)
    assert case.reference.encode() in after


def test_mail_under_way_is_not_sent_after_erasing(house: House) -> None:
    visitor = asked(house)
    house.services.desk.withdraw(visitor.says(), case_of(house, visitor).reference)
    assert house.letters("withdrawn")
    erase(house, visitor)
    assert house.letters() == []
    with house.store.read() as session:
        assert {mail.status for mail in session.scalars(select(OutgoingMail))} == {"failed"}


def test_a_report_under_investigation_and_a_hold_are_kept_with_their_reasons(house: House) -> None:
    visitor = asked(house)
    held = case_of(house, visitor)
    house.services.desk.withdraw(visitor.says(), held.reference)
    house.services.holds.hold(held.id, "Personen har stämt Kontek.", by="staff-1")
    report = house.services.desk.report(visitor.says(), "report.incident", "Ett brev kom fel", note="")
    house.services.desk.add_address_to_report(visitor.says(), report.reference, visitor.address())
    erased = erase(house, visitor)
    assert (erased.conversations, erased.cases) == (0, 0)
    assert reasons(erased) == {
        f"Ärende {held.reference}": HELD,
        f"Ärende {report.reference}": OPEN_REPORT,
        "En konversation": HELD,
        "Engångskoder": CODES,
        "Granskningsloggen": reasons(erased)["Granskningsloggen"],
    }


def test_what_may_be_someone_elses_is_not_erased(house: House) -> None:
    stranger = house.visitor()
    stranger.claims("request.erasure")
    stranger.gives_address(ADDRESS)
    visitor = asked(house)
    erased = erase(house, visitor)
    assert reasons(erased)[f"Ärende {case_of(house, stranger).reference}"] == SOMEONE_ELSES
    with house.store.read() as session:
        assert session.get(Conversation, stranger.id) is not None


def test_security_3_erasing_gives_no_new_budget_of_codes(house: House) -> None:
    visitor = asked(house)
    erased = erase(house, visitor)
    assert "Engångskoder" in reasons(erased)
    again = house.visitor()
    again.claims("request.access")
    again.gives_address()
    assert house.services.desk.send_code(again.says(), again.address()).until is not None
    house.clock.go(days=2)
    house.services.purge.run()
    assert house.count(Challenge) == 0


def test_the_conversation_can_be_spared_until_the_answer_has_been_read(house: House) -> None:
    earlier, visitor = asked(house), asked(house)
    erased = erase(house, visitor, spare_here=True)
    assert erased.conversations == 1
    assert "Den här konversationen" in reasons(erased)
    with house.store.read() as session:
        assert session.get(Conversation, earlier.id) is None
        assert session.get(Conversation, visitor.id) is not None


def test_erasing_twice_finds_nothing_more(house: House) -> None:
    visitor = asked(house)
    erase(house, visitor, spare_here=True)
    assert (erase(house, visitor).conversations, house.count(Conversation)) == (1, 0)
    with pytest.raises(NotVerified):
        house.services.own_data.collect(Here(visitor.id, "no turn is left"))


def test_another_persons_things_stay(house: House) -> None:
    other, visitor = asked(house, OTHER_ADDRESS), asked(house)
    erase(house, visitor)
    with house.store.write() as session:
        session.execute(update(Conversation).where(Conversation.id == other.id).values(verified_at=house.clock()))
    held = collect(house, other)
    assert held["cases"][0]["details"]["E-postadress"] == OTHER_ADDRESS


def test_what_the_staff_noted_about_a_conversation_is_told(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    house.services.marks.add([visitor.id], "reviewed", by="someone")
    house.services.marks.add([visitor.id], "tag:kakor", by="someone")
    held = house.services.own_data.collect(visitor.says())
    (talk,) = held["conversations"]
    assert [each["text"] for each in talk["review"]] == ["Markerat: granskat.", "Markerat: kakor."]
    assert "Markerat: kakor." in page(held)
