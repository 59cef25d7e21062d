"""Reading, where a whole mail would say too little: ids, character sets, limits, and the net below it all."""

from __future__ import annotations

import pytest

from insyn.mail.deciding import Context, decide
from insyn.mail.reading import read, reader
from insyn.mail.reading.body import unflowed
from insyn.mail.reading.charset import decode
from insyn.mail.reading.headers import message_ids
from insyn.mail.reading.mime import MAX_PARTS, tree

SWEDISH = "Får jag se mina uppgifter, även de från Åre?"


def test_a_mail_without_id_gets_the_same_one_each_time_and_another_mail_another() -> None:
    one, again, other = (read(f"From: a@example.com\n\n{text}\n".encode()) for text in ("hej", "hej", "hopp"))
    assert one.message_id_synthesised
    assert one.message_id == again.message_id != other.message_id
    assert one.message_id.startswith("<")
    assert one.message_id.endswith(".invalid>")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "iso-8859-15", "mac-roman", "cp850", "utf-16"])
@pytest.mark.parametrize(
    "label", ["", "us-ascii", "iso-8859-1", "utf-8", "x-unknown", "utf-7", "base64", "idna", "\x00", "å" * 99]
)
def test_swedish_is_read_whatever_the_label_says(encoding: str, label: str) -> None:
    """Except where one-byte sets are taken for each other: which letters were meant cannot always be told."""
    text, _ = decode(SWEDISH.encode(encoding), label)
    if encoding in ("utf-8", "cp1252", "iso-8859-15"):
        assert text == SWEDISH
    else:
        assert isinstance(text, str)


@pytest.mark.parametrize("label", ["utf-8", "UTF8", "'utf-8'", "utf-8;", "charset=utf-8", "utf8mb4"])
def test_a_right_label_is_nothing_odd(label: str) -> None:
    assert decode(SWEDISH.encode(), label) == (SWEDISH, None)


def test_text_that_only_looks_doubly_encoded_stays() -> None:
    assert decode("Ã är en bokstav i portugisiskan".encode(), "utf-8") == ("Ã är en bokstav i portugisiskan", None)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("<a@example.com> <b@example.com>", ["<a@example.com>", "<b@example.com>"]),
        ("a@example.com", ["<a@example.com>"]),
        ("<a@example.com><a@example.com>", ["<a@example.com>"]),
        ("<a b@example.com>", ["<b@example.com>"]),
        ("<=?utf-8?B?DQpCY2M6?=@example.com>", []),
        ("<å@example.com>", []),
        ("<>", []),
        ("nothing", []),
    ],
)
def test_ids_are_taken_out_of_what_is_there(value: str, found: list[str]) -> None:
    assert list(message_ids(value)) == found


def test_flowed_text_is_put_together_at_its_own_depth() -> None:
    text = "> Ett citat som \n> fortsätter.\nMitt svar \nsom fortsätter.\n-- \nAnna"
    assert unflowed(text, delete_space=False).split("\n") == [
        "> Ett citat som fortsätter.",
        "Mitt svar som fortsätter.",
        "-- ",
        "Anna",
    ]
    assert unflowed("Lång \nrad", delete_space=True) == "Långrad"


def test_parts_beyond_the_limit_are_noted_and_seen_by_a_human() -> None:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nhej\r\n"
    raw = b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + part * (MAX_PARTS + 10)
    assert "too_many_parts" in tree(raw).oddities
    decision = decide(read(raw), Context(own_addresses=frozenset()))
    assert (decision.kind, decision.name) == ("human", "incomplete")


def test_what_cannot_be_read_is_a_humans(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(reader, "separate", broken)
    mail = read(b"From: a@example.com\n\nhej\n")
    assert mail.oddities == ("unreadable",)
    decision = decide(mail, Context(own_addresses=frozenset()))
    assert (decision.kind, decision.name, decision.reply_to) == ("human", "unreadable", None)
