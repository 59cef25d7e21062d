"""The mails that go out without a human: code, receipt, withdrawal, alarm."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest

from insyn.cases.deadline import due_for
from insyn.cases.kinds import KINDS
from insyn.clock import written_date
from insyn.letters.compose import alarm_letter, code_letter, receipt_letter, withdrawn_letter
from insyn.outbox.queue import Letter
from insyn.store.models import Case

TO = "anna.ek@example.com"
RECEIVED = datetime(2026, 3, 5, 22, 45, tzinfo=UTC)  # a quarter to midnight in Sweden
RIGHTS = [kind.id for kind in KINDS.values() if kind.is_right]


def case(kind: str = "request.access", reference: str = "INS-7KQ4-2M9D", proof: str = "mailbox") -> Case:
    return Case(
        id=reference, reference=reference, kind=kind, state="open", received_at=RECEIVED, proof=proof, due_on=due_for(RECEIVED).due
    )  # fmt: skip


def all_letters() -> dict[str, Letter]:
    letters = {
        "code": code_letter(TO, "01234567", RECEIVED, asked="gör din begäran"),
        "withdrawn": withdrawn_letter(case(), TO),
        "alarm": alarm_letter(case("report.incident"), TO),
        "receipt of several": receipt_letter(
            [(case("request.access"), {"name": "Anna Ek"}), (case("request.erasure", "INS-3333-4444"), {})], TO
        ),
    }
    for right in RIGHTS:
        letters[f"receipt {right}"] = receipt_letter([(case(right, proof=KINDS[right].proof), {})], TO)
    return letters


LETTERS = all_letters()


def words_of(page: str) -> str:
    body = page[page.index("<body") :]
    inline = re.sub(r"</?span[^>]*>", "", body)  # does not part words
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", inline)).split())


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_is_the_same_in_text_and_html_and_leaves_nothing_open(name: str) -> None:
    letter = LETTERS[name]
    assert letter.to == TO
    assert letter.subject
    assert "\n" not in letter.subject
    for open_end in ("{", "}", "None", "undefined", "[SKRIV", "  \n"):
        assert open_end not in letter.text + letter.subject, open_end
    assert words_of(letter.html) == " ".join(letter.text.split())
    assert letter.html.startswith("<!doctype html>")
    assert 'lang="sv"' in letter.html
    assert "\n\n\n" not in letter.text


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_loads_nothing_from_elsewhere(name: str) -> None:
    assert not re.search(r"<(img|script|link|iframe|form)|https?://|url\(", LETTERS[name].html)


def test_the_code_stands_alone_and_says_until_when_in_swedish_time() -> None:
    letter = LETTERS["code"]
    assert re.search(r"^0123 4567$", letter.text, re.MULTILINE)
    assert "klockan 23.45" in letter.text
    assert letter.subject == "Din kod: 0123 4567"


@pytest.mark.parametrize("right", RIGHTS)
def test_a_receipt_tells_reference_right_due_date_and_how_it_was_computed(right: str) -> None:
    letter = LETTERS[f"receipt {right}"]
    kind, deadline = KINDS[right], due_for(RECEIVED)
    assert "INS-7KQ4-2M9D" in letter.subject
    assert "den 5 mars 2026" in letter.text
    assert "Ärende: INS-7KQ4-2M9D" in letter.text
    assert '<span style="white-space:nowrap">INS-7KQ4-2M9D</span>' in letter.html
    assert f"Gäller: {kind.name} (dataskyddsförordningen, artikel {kind.article})" in letter.text
    assert f"Svar senast: {written_date(deadline.due)}" in letter.text
    assert deadline.explanation() in letter.text
    assert "Integritetsskyddsmyndigheten" in letter.text


@pytest.mark.parametrize("right", RIGHTS)
def test_a_receipt_says_how_we_know_no_more_and_no_less(right: str) -> None:
    text = LETTERS[f"receipt {right}"].text
    assert ("engångskod" in text) == (KINDS[right].proof == "mailbox")
    assert ("räcker din e-postadress" in text) == (KINDS[right].proof == "address")
    assert "Skicka inte kopia av någon id-handling" in text


def test_a_receipt_of_several_names_each_in_the_order_given_and_explains_once() -> None:
    letter = LETTERS["receipt of several"]
    assert letter.subject == "Vi har tagit emot dina begäranden (INS-7KQ4-2M9D, INS-3333-4444)"
    assert letter.text.index("Ärende: INS-7KQ4-2M9D") < letter.text.index("Ärende: INS-3333-4444")
    assert letter.text.count("Svar senast: 7 april 2026") == 2
    assert letter.text.count(due_for(RECEIVED).explanation()) == 1
    assert letter.text.startswith("Hej Anna Ek,")
    assert "i den ordning du bad om" in letter.text


def test_a_receipt_of_one_is_about_one() -> None:
    text = LETTERS["receipt request.access"].text
    assert text.startswith("Hej,")
    assert "din begäran" in text
    assert "i den ordning" not in text


def test_a_withdrawal_says_which_and_what_to_do_if_it_was_not_you() -> None:
    letter = LETTERS["withdrawn"]
    assert "INS-7KQ4-2M9D" in letter.subject
    assert "INS-7KQ4-2M9D" in letter.text
    assert "Var det inte du" in letter.text


def test_an_alarm_tells_when_and_which_and_nothing_of_the_content() -> None:
    letter = LETTERS["alarm"]
    assert "INS-7KQ4-2M9D" in letter.subject
    assert "5 mars 2026 klockan 23.45" in letter.text
    assert "72 timmar" in letter.text


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "Anna & Bo", '" onmouseover="x', "{{ 7 * 7 }}", "{% raw %}"]
)
def test_security_18_a_name_is_inert_in_the_html_and_in_the_template(name: str) -> None:
    letter = receipt_letter([(case(), {"name": name})], TO)
    assert f"Hej {name}," in letter.text
    assert f"Hej {html.escape(name, quote=True).replace('&quot;', '&#34;').replace('&#x27;', '&#39;')}," in letter.html
    assert "49" not in letter.html
    assert "<script" not in letter.html
