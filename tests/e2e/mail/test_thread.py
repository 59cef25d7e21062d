"""A person mails, answers in the thread, and has a case: by real SMTP, with the trained model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.correspondence import Mailbox, mail
from tests.fixtures.system import System


@pytest.fixture
def mailbox(system: System) -> Iterator[Mailbox]:
    mailbox = Mailbox(system)
    yield mailbox
    mailbox.close()


ASKS = """Hej!

Jag sökte jobb hos er i våras. Hur länge sparar ni mitt cv? Jag vill att ni raderar allt ni har om mig.

Med vänlig hälsning
Alva Lindqvist
"""


def test_from_mail_to_reply_to_code_to_case(mailbox: Mailbox, address: str) -> None:
    first = mail(ASKS, sender=f"Alva Lindqvist <{address}>", subject="Min ansökan")
    mail_id = mailbox.send(first)
    outcome = mailbox.outcome(mail_id)
    assert outcome.status == "answered"
    assert {"policy.retention.applicants", "request.erasure"} <= set(outcome.topics)
    [case] = outcome.cases
    assert case["kind"] == "request.erasure"
    assert mailbox.system.case(case["reference"])["proof"] == "address"

    sent = mailbox.system.letter(address, "Sv: Min ansökan")
    assert sent.text.startswith("Hej Alva,")
    assert case["reference"] in sent.text
    assert "två år" in sent.text
    with_code = f"Hej, koden är {sent.code}.\n\nMvh Alva\n\nDen 5 mars 2026 skrev Insyn:\n> 1111 1111\n"
    second = mail(
        with_code, sender=address, subject="Sv: Min ansökan", in_reply_to=sent.id,
        references=f"{first['Message-ID']} {sent.id}",
    )  # fmt: skip
    outcome = mailbox.outcome(mailbox.send(second))
    assert [each["reference"] for each in outcome.cases] == [case["reference"]]
    assert mailbox.system.case(case["reference"])["proof"] == "mailbox"
    assert mailbox.system.case(case["reference"])["status"] == "open"
    receipt = mailbox.system.letter(address, "Sv: Min ansökan", but=1)
    assert "Tack, koden stämmer." in receipt.text
    assert "Så är sista svarsdagen räknad" in receipt.text

    thanks = mail("Tack så mycket!", sender=address, subject="Sv: Min ansökan", in_reply_to=receipt.id)
    assert mailbox.outcome(mailbox.send(thanks)).status == "ignored"
    assert len(mailbox.system.letters(address)) == 2


def test_a_marketing_objection_needs_no_code_and_status_needs_none_from_its_own_address(
    mailbox: Mailbox, address: str
) -> None:
    outcome = mailbox.outcome(mailbox.send(mail("Sluta skicka reklam till mig.", sender=address)))
    [case] = outcome.cases
    assert mailbox.system.case(case["reference"])["status"] == "open"
    assert outcome.reply is not None
    assert "koden" not in outcome.reply["text"]

    asked = mail(f"Hur går det med mitt ärende {case['reference']}?", sender=address, subject="Status")
    status = mailbox.outcome(mailbox.send(asked))
    assert status.reply is not None
    assert f"{case['reference']}: invändning mot marknadsföring, öppet" in status.reply["text"]

    stranger = mail(f"Hur går det med mitt ärende {case['reference']}?", sender=f"x.{address}", subject="Status")
    nobody = mail("Hur går det med mitt ärende INS-2345-6789?", sender=f"y.{address}", subject="Status")
    told = [mailbox.outcome(mailbox.send(each)).reply for each in (stranger, nobody)]
    assert told[0] is not None
    assert told[1] is not None
    assert told[0]["text"] == told[1]["text"]
    assert case["reference"] not in told[0]["text"]


def test_a_code_from_another_address_or_without_a_challenge_opens_nothing(mailbox: Mailbox, address: str) -> None:
    mail_id = mailbox.send(mail("Jag vill ha en kopia av mina uppgifter.", sender=address))
    [case] = mailbox.outcome(mail_id).cases
    sent = mailbox.system.letter(address, "Sv:")
    thief = mail(sent.code, sender=f"tjuv.{address}", subject="Sv: Fråga", in_reply_to=sent.id)
    assert mailbox.outcome(mailbox.send(thief)).cases != [case]
    loose = mail(sent.code, sender=address, subject="Kod")
    mailbox.outcome(mailbox.send(loose))
    assert mailbox.system.case(case["reference"])["status"] == "awaiting_verification"


def test_what_only_a_human_may_answer_gets_a_kind_word_and_a_case(mailbox: Mailbox, address: str) -> None:
    text = "Min dotter är elva år och har skrivit in sig hos er. Jag är hennes mamma och vill att ni tar bort henne."
    outcome = mailbox.outcome(mailbox.send(mail(text, sender=address)))
    assert outcome.status == "human"
    assert [case["kind"] for case in outcome.cases] == ["question"]
    assert outcome.reply is not None
    assert "en människa som tar ställning" in outcome.reply["text"]


def test_more_than_three_replies_a_day_are_not_sent_and_no_request_is_lost(mailbox: Mailbox, address: str) -> None:
    for question in ("Hur länge sparas ett cv?", "Vad är cookies?", "Hur klagar man hos IMY?"):
        assert mailbox.outcome(mailbox.send(mail(question, sender=address))).status == "answered"
    outcome = mailbox.outcome(mailbox.send(mail("Radera alla mina uppgifter.", sender=address)))
    assert (outcome.status, outcome.decision, outcome.reply) == ("human", "too_many_replies", None)
    assert [case["kind"] for case in outcome.cases] == ["request.erasure"]


def test_automatic_mail_is_not_answered(mailbox: Mailbox, address: str) -> None:
    away = mail(
        "Jag är på semester till den 8 augusti.", sender=address, subject="Autosvar", Auto_Submitted="auto-replied"
    )
    outcome = mailbox.outcome(mailbox.send(away))
    assert (outcome.status, outcome.reply) == ("ignored", None)


def test_the_same_mail_twice_is_one(mailbox: Mailbox, address: str) -> None:
    message = mail("Radera mina uppgifter, tack.", sender=address)
    first, second = mailbox.send(message), mailbox.send(message)
    assert first == second
    assert len(mailbox.outcome(first).cases) == 1


def test_who_mails_that_all_you_know_is_to_go_means_kontek_and_the_clock_runs(mailbox: Mailbox, address: str) -> None:
    first = mailbox.send(mail("Hej! Radera allt du vet om mig.", sender=address, subject="Mina uppgifter"))
    [case] = mailbox.outcome(first).cases
    assert (case["kind"], case["due"] is not None) == ("request.erasure", True)
    sent = mailbox.system.letter(address, "Sv: Mina uppgifter")
    second = mail(f"{sent.code}", sender=address, subject="Sv: Mina uppgifter", in_reply_to=sent.id)
    mailbox.outcome(mailbox.send(second))
    assert mailbox.system.case(case["reference"])["status"] == "open"
