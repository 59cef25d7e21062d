"""The reply as a letter: in its thread, in good Swedish, and never with a header that someone else wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from insyn.letters.reply import Block, Place, Proof, Reply, Source, reply_letter

NOW = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)
PLACE = Place("anna.ek@example.com", "Mina uppgifter", "<b@example.com>", ("<a@example.com>", "<b@example.com>"))
ANSWER = Block(
    "En ansökan sparas i två år.", "Hur länge?", (Source("Policyn, ”Lagring”", "https://example.se/p#lagring"),)
)


def test_it_continues_its_thread() -> None:
    letter = reply_letter(Reply([ANSWER]), PLACE, now=NOW)
    assert letter.subject == "Sv: Mina uppgifter"
    assert letter.in_reply_to == "<b@example.com>"
    assert letter.references == "<a@example.com> <b@example.com>"


@pytest.mark.parametrize(
    "topic", ["Hej\r\nBcc: alla@example.se", "Hej\nX-Spam: no", "Hej\x00\x0b\x85\u2028Bcc: x@example.se", "a" * 5000]
)
def test_no_header_of_a_mail_becomes_one_of_ours(topic: str) -> None:
    place = Place("anna.ek@example.com", topic, "<b@example.com>\r\nBcc: <x@example.se>", ("<a\r\nb@example.com>",))
    letter = reply_letter(Reply([ANSWER]), place, now=NOW)
    for header in (letter.subject, letter.in_reply_to, letter.references):
        assert header.isprintable()
    assert letter.in_reply_to == "<b@example.com>"
    assert letter.references == "<b@example.com>"
    assert len(letter.subject) <= 160


def test_a_mail_without_subject_gets_one() -> None:
    assert reply_letter(Reply([ANSWER]), Place("a@example.com", " \t", "<b@example.com>"), now=NOW).subject == (
        "Sv: ditt mejl till Kontek"
    )


def test_everything_stands_in_it_in_order() -> None:
    proof = Proof("12345678", NOW + timedelta(minutes=10), "https://example.se/bekrafta/x")
    text = reply_letter(Reply([ANSWER, Block("Mer.")], name="Anna Ek", proof=proof), PLACE, now=NOW).text
    wanted = [
        "Hej Anna,",
        "Hur länge?",
        "En ansökan",
        "Källa: Policyn",
        "Mer.",
        "1234 5678",
        "09.40",
        "/bekrafta/x",
        "människa",
        "Insyn",
    ]
    places = [text.index(each) for each in wanted]
    assert places == sorted(places)
    assert "\n\n\n" not in text


@pytest.mark.parametrize(
    ("name", "hello"), [("", "Hej,"), ("Anna Ek", "Hej Anna,"), ("A. Ek", "Hej A. Ek,"), ("Kim", "Hej Kim,")]
)
def test_a_person_is_greeted_by_the_name_they_signed_with(name: str, hello: str) -> None:
    assert reply_letter(Reply([ANSWER], name=name), PLACE, now=NOW).text.startswith(hello)


def test_a_code_that_holds_past_midnight_says_so() -> None:
    late = datetime(2026, 3, 5, 22, 55, tzinfo=UTC)
    text = reply_letter(Reply([ANSWER], proof=Proof("12345678", late + timedelta(minutes=10))), PLACE, now=late).text
    assert "till klockan 00.05 den 6 mars 2026" in text


def test_who_writes_english_reads_around_the_code_what_to_do_with_it() -> None:
    late = datetime(2026, 3, 5, 22, 55, tzinfo=UTC)
    proof = Proof("12345678", late + timedelta(minutes=10), "https://example.se/bekrafta/x")
    reply = Reply([ANSWER], name="Anna Ek", proof=proof, english=True, may_complain=True)
    text = reply_letter(reply, PLACE, now=late).text
    wanted = [
        "Hello Anna,",
        "Reply to this mail with the code:",
        "1234 5678",
        "valid until 00.05 on 6 March 2026, Swedish time. You can also confirm",
        "https://example.se/bekrafta/x",
        "Reply “new code”",
        "På svenska: svara på det här mejlet med koden, eller öppna länken",
        "till klockan 00.05 den 6 mars 2026",
        "Would you rather have an answer from a human?",
        "Vill du hellre ha svar av en människa?",
        "lodge a complaint",
        "written by a computer program",
    ]
    places = [text.index(each) for each in wanted]
    assert places == sorted(places)
    assert (text.count("1234 5678"), text.count("/bekrafta/x")) == (1, 1)
    assert "\n\n\n" not in text


def test_who_writes_swedish_reads_no_english() -> None:
    proof = Proof("12345678", NOW + timedelta(minutes=10), "https://example.se/bekrafta/x")
    text = reply_letter(Reply([ANSWER], proof=proof, shown="mailbox", may_complain=True), PLACE, now=NOW).text
    for word in ("Reply", "code", "human", "complaint", "På svenska"):
        assert word not in text


@pytest.mark.parametrize("english", [True, False])
def test_no_more_codes_for_now_is_said_with_the_time(english: bool) -> None:
    reply = Reply([ANSWER], limited_until=NOW + timedelta(hours=1), english=english)
    text = reply_letter(reply, PLACE, now=NOW).text
    assert ("after 10.30, Swedish time" in text) is english
    assert "efter klockan 10.30, så" in text
    tomorrow = replace(reply, limited_until=NOW + timedelta(days=1))
    assert "efter klockan 09.30 den 6 mars 2026" in reply_letter(tomorrow, PLACE, now=NOW).text


def test_what_stands_in_html_is_escaped() -> None:
    letter = reply_letter(Reply([Block("<script>alert(1)</script>")], name="<b>Kim</b>"), PLACE, now=NOW)
    assert "<script" not in letter.html
    assert "<b>" not in letter.html
