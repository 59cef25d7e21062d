"""The mailroom, with a Rasa that says what it is told to: each mail has one end, one effect and at most one reply."""

from __future__ import annotations

import base64
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from insyn.cases import finding
from insyn.cases.finding import Tray, Wanted
from insyn.letters.elements import Wording
from insyn.mail.inbox import ATTEMPTS, Origin
from insyn.store.mail_tables import IncomingMail
from insyn.store.models import Case, Conversation, OutgoingMail, Turn
from tests.fixtures.correspondence import mail
from tests.fixtures.fake_rasa import FakeRasa, reads_as, says
from tests.fixtures.house import ADDRESS, House

BOUNCE = Path(__file__).parents[2] / "fixtures" / "mails" / "written" / "dsn_failed.eml"

pytestmark = pytest.mark.usefixtures("running_rasa")


def row(house: House, mail_id: str) -> IncomingMail:
    with house.store.read() as session:
        return session.get_one(IncomingMail, mail_id)


@pytest.fixture
def arrives(house: House) -> Callable[[EmailMessage], str]:
    """Takes a mail in; returns its id."""

    def take(message: EmailMessage, envelope_sender: str = "person@example.com") -> str:
        return house.services.inbox.take(message.as_bytes(), Origin("smtp"), envelope_sender=envelope_sender).id

    return take


async def test_a_question_is_answered_in_its_thread(house: House, rasa: FakeRasa, arrives) -> None:  # type: ignore[no-untyped-def]
    message = mail("Vad är cookies?", sender=f"Anna <{ADDRESS}>", subject="Kakor")
    mail_id = arrives(message)
    await house.services.mailroom.handle(mail_id)
    assert row(house, mail_id).status == "answered"
    [letter] = house.letters("reply", ADDRESS)
    assert (letter.subject, letter.in_reply_to) == ("Sv: Kakor", message["Message-ID"])
    [turn] = rasa.heard
    assert turn["metadata"] == {"turn": turn["metadata"]["turn"], "channel": "email", "address": "⟨e-post 1⟩"}
    assert house.count(Conversation) == 1


async def test_security_24_done_again_nothing_more_happens(house: House, rasa: FakeRasa, arrives) -> None:  # type: ignore[no-untyped-def]
    mail_id = arrives(mail("Vad är cookies?", sender=ADDRESS))
    for _ in range(3):
        await house.services.mailroom.handle(mail_id)
    assert len(rasa.heard) == 1
    assert len(house.letters("reply")) == 1
    assert row(house, mail_id).attempts == 1


async def test_security_24_what_was_said_before_the_process_died_is_not_said_again(
    house: House, rasa: FakeRasa, arrives
) -> None:  # type: ignore[no-untyped-def]
    mail_id = arrives(mail("Vad är cookies?", sender=ADDRESS))
    await house.services.mailroom.handle(mail_id)
    with house.store.write() as session:  # as if the end had not been booked
        reset = session.get_one(IncomingMail, mail_id)
        reset.status, reset.handled_at, reset.reply_id, reset.replied_at = "decided", None, None, None
        for each in session.scalars(select(OutgoingMail)):
            session.delete(each)
    await house.services.mailroom.handle(mail_id)
    assert len(rasa.heard) == 1
    assert len(house.letters("reply")) == 1
    assert house.count(Turn) == 2


async def test_four_mails_a_day_get_three_replies(house: House, arrives) -> None:  # type: ignore[no-untyped-def]
    ids = [arrives(mail(f"Vad är cookies? {number}", sender=ADDRESS)) for number in range(4)]
    for mail_id in ids:
        await house.services.mailroom.handle(mail_id)
    assert len(house.letters("reply", ADDRESS)) == 3
    assert (row(house, ids[3]).status, row(house, ids[3]).decision) == ("human", "too_many_replies")
    house.clock.go(days=1, minutes=1)
    later = arrives(mail("Vad är cookies? Till sist.", sender=ADDRESS))
    await house.services.mailroom.handle(later)
    assert row(house, later).status == "answered"


async def test_rasa_away_costs_a_mail_nothing(house: House, rasa: FakeRasa, arrives) -> None:  # type: ignore[no-untyped-def]
    rasa.will_give({"error": "not ready"}, 503)
    mail_id = arrives(mail("Vad är cookies?", sender=ADDRESS))
    for _ in range(ATTEMPTS + 2):
        await house.services.mailroom.handle(mail_id)
    assert (row(house, mail_id).status, row(house, mail_id).attempts) == ("decided", 0)
    rasa.will_give(says("Små filer."))
    await house.services.mailroom.handle(mail_id)
    assert row(house, mail_id).status == "answered"
    assert house.count(Turn) == 2


async def test_security_24_a_mail_that_cannot_be_dealt_with_is_set_aside_for_a_human(
    house: House, rasa: FakeRasa, arrives
) -> None:  # type: ignore[no-untyped-def]
    rasa.will_give(says("", failed="E-1"))
    mail_id = arrives(mail("Vad är cookies?", sender=ADDRESS))
    for _ in range(ATTEMPTS + 2):
        await house.services.mailroom.handle(mail_id)
        house.clock.go(hours=2)
    assert (row(house, mail_id).status, row(house, mail_id).attempts) == ("quarantined", ATTEMPTS)
    assert len(rasa.heard) == ATTEMPTS
    assert house.services.inbox.waiting(10) == []
    assert house.letters("reply") == []


async def test_security_24_a_mail_that_ends_the_process_each_time_is_set_aside(
    house: House, rasa: FakeRasa, arrives
) -> None:  # type: ignore[no-untyped-def]
    mail_id = arrives(mail("Vad är cookies?", sender=ADDRESS))
    for _ in range(ATTEMPTS):
        assert house.services.inbox.begin(mail_id) is not None  # and there the process dies
    assert house.services.inbox.begin(mail_id) is None
    assert row(house, mail_id).status == "quarantined"


async def test_automatic_mail_is_neither_read_nor_answered(house: House, rasa: FakeRasa, arrives) -> None:  # type: ignore[no-untyped-def]
    mail_id = arrives(mail("Jag är borta.", sender=ADDRESS, subject="Autosvar: borta", Auto_Submitted="auto-replied"))
    await house.services.mailroom.handle(mail_id)
    assert row(house, mail_id).status == "ignored"
    assert (rasa.heard, rasa.read) == ([], [])
    assert (house.count(Conversation), house.count(OutgoingMail)) == (0, 0)


async def test_a_reply_goes_to_the_sender_and_never_to_another_reply_to(house: House, arrives) -> None:  # type: ignore[no-untyped-def]
    mail_id = arrives(mail("Vad är cookies?", sender=ADDRESS, Reply_To="annan@example.org"))
    await house.services.mailroom.handle(mail_id)
    assert [letter.to for letter in house.letters("reply")] in ([ADDRESS], [])


async def test_nothing_personal_of_a_mail_reaches_rasa_or_the_plain_columns(
    house: House, rasa: FakeRasa, arrives
) -> None:  # type: ignore[no-untyped-def]
    text = "Jag heter Styrbjörn Falkenklo och nås på styrbjorn@example.org. Vad är cookies?\n\nMvh\nStyrbjörn Falkenklo"
    mail_id = arrives(mail(text, sender=f"Styrbjörn Falkenklo <{ADDRESS}>", subject="Från Styrbjörn Falkenklo"))
    await house.services.mailroom.handle(mail_id)
    said = repr([rasa.heard, rasa.read])
    plain = row(house, mail_id)
    kept = repr({name: getattr(plain, name) for name in IncomingMail.__table__.columns.keys()})  # noqa: SIM118
    for value in ("Falkenklo", "styrbjorn@example.org", ADDRESS):
        assert value not in said
        assert value not in kept


async def test_what_is_too_large_is_told_so_unread(house: House, rasa: FakeRasa) -> None:
    head = mail("", sender=ADDRESS, subject="Bilder").as_bytes()
    taken = house.services.inbox.take(head, Origin("imap", "INBOX", 1, 7), size=41_000_000)
    await house.services.mailroom.handle(taken.id)
    assert row(house, taken.id).status == "answered"
    [letter] = house.letters("reply", ADDRESS)
    assert "41 MB" in letter.text
    assert "25 MB" in letter.text
    assert rasa.read == []


async def test_an_authority_is_handed_to_a_human_with_a_word(house: House, rasa: FakeRasa, arrives) -> None:  # type: ignore[no-untyped-def]
    mail_id = arrives(
        mail("Vi begär upplysningar i ett tillsynsärende.", sender="handlaggare@imy.se", subject="Tillsyn")
    )
    await house.services.mailroom.handle(mail_id)
    assert (row(house, mail_id).status, row(house, mail_id).decision) == ("human", "authority")
    [case] = house.cases()
    assert (case.kind, row(house, mail_id).case_id) == ("question", case.id)
    assert case.reference in house.letters("reply")[0].text
    assert rasa.heard == []


async def test_security_19_an_identity_document_is_not_kept(house: House, arrives) -> None:  # type: ignore[no-untyped-def]
    message = mail("Vad är cookies? Mitt körkort bifogas.", sender=ADDRESS)
    scan = b"\xff\xd8JPEG-INNEHALL" * 50
    message.add_attachment(scan, maintype="image", subtype="jpeg", filename="korkort.jpg")
    encoded = base64.b64encode(scan)[:60]
    assert encoded in message.as_bytes()
    mail_id = arrives(message)
    await house.services.mailroom.handle(mail_id)
    with house.store.read() as session:
        raw = house.services.inbox.raw(session, session.get_one(IncomingMail, mail_id))
    assert raw is not None
    assert encoded not in raw
    assert b"JPEG-INNEHALL" not in raw
    assert b"cookies" in raw
    assert "har inte sparat" in house.letters("reply")[0].text
    assert "mail.id_document_discarded" in house.events(mail_id)


async def test_what_is_attached_is_noted_with_the_case(house: House, arrives) -> None:  # type: ignore[no-untyped-def]
    message = mail("Vi begär upplysningar.", sender="handlaggare@imy.se", subject="Tillsyn")
    message.add_attachment(b"%PDF" * 30_000, maintype="application", subtype="pdf", filename="Alva Lindqvist.pdf")
    message.add_attachment(b"\xff\xd8" * 9_000, maintype="image", subtype="jpeg", filename="korkort.jpg")
    mail_id = arrives(message)
    for _ in range(2):
        await house.services.mailroom.handle(mail_id)
    [case] = house.cases()
    noted = [note.text for note in house.notes(case) if note.author == "insyn" and "bilagor" in note.text]
    assert noted == [
        "Med mejlet kom bilagor, som inte har öppnats: PDF, 120 kB; bild, 18 kB (ser ut som en id-handling och har inte sparats)."
    ]


async def test_a_reply_to_ours_goes_on_in_the_conversation_and_a_strangers_does_not(house: House, arrives) -> None:  # type: ignore[no-untyped-def]
    first = arrives(mail("Vad är cookies?", sender=ADDRESS))
    await house.services.mailroom.handle(first)
    with house.store.read() as session:
        ours = session.scalars(select(OutgoingMail.message_id)).one()
    second = arrives(mail("Vad är cookies då?", sender=ADDRESS, in_reply_to=ours))
    third = arrives(mail("Vad är cookies då, då?", sender="annan@example.org", in_reply_to=ours))
    for mail_id in (second, third):
        await house.services.mailroom.handle(mail_id)
    assert row(house, second).conversation_id == row(house, first).conversation_id
    assert sorted(letter.references.split().count(ours) for letter in house.letters("reply", ADDRESS)) == [0, 1]
    assert row(house, third).conversation_id != row(house, first).conversation_id


async def test_what_the_main_turn_leaves_is_a_turn_of_its_own(house: House, rasa: FakeRasa, arrives) -> None:  # type: ignore[no-untyped-def]
    rasa.readings["Radera mig.\n"] = reads_as("policy.cookies.what")
    rasa.readings["Radera mig."] = reads_as("request.erasure", 0.8)
    mail_id = arrives(mail("Vad är cookies?\nRadera mig.\nHej då.", sender=ADDRESS))
    await house.services.mailroom.handle(mail_id)
    assert [turn["text"] for turn in rasa.heard] == ["Vad är cookies?\nRadera mig.\nHej då.", "Radera mig."]
    assert len(house.letters("reply")) == 1


async def test_the_clock_of_a_mail_runs_from_when_it_reached_the_mailbox(house: House) -> None:
    reached = house.clock()
    house.clock.go(days=3)
    message = mail("Vi begär upplysningar.", sender="handlaggare@imy.se").as_bytes()
    taken = house.services.inbox.take(message, Origin("imap", "INBOX", 1, 1), received_at=reached)
    await house.services.mailroom.handle(taken.id)
    with house.store.read() as session:
        assert session.scalars(select(Case.received_at)).one() == reached


async def test_a_letter_that_comes_back_is_shown_also_after_the_case_was_closed(house: House, arrives) -> None:  # type: ignore[no-untyped-def]
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    house.services.desk.submit(visitor.says())
    (case,) = house.cases()
    house.services.casework.refuse(
        case.id, Wording(reasons="Uppgifterna finns inte hos oss.", ground="conditions"), by="x"
    )
    with house.store.write() as session:
        for letter in session.scalars(select(OutgoingMail)):
            house.clock.go(minutes=1)
            house.services.outbox.sent(session, letter.id)
    report = BOUNCE.read_bytes().replace(b"borta@example.com", ADDRESS.encode())
    taken = house.services.inbox.take(report, Origin("smtp"), envelope_sender="")
    await house.services.mailroom.handle(taken.id)
    with house.store.read() as session:
        states = {
            each.kind: each.status
            for each in session.scalars(select(OutgoingMail).where(OutgoingMail.case_id == case.id))
        }
        waiting = finding.count(session, Wanted(tray=Tray.BOUNCED, state=""), house.clock(), notice_days=7)
    assert states == {"receipt": "sent", "refused": "failed"}
    assert waiting == 1
    assert house.events(case.id)[-2:] == ["letter.came_back", "case.noted"]
    assert "går inte att nå" in house.notes(case)[-1].text
