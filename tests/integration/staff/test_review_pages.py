"""Conversations, learning, answers and numbers as pages: what is shown is inert and masked, what is done is done once."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from insyn.numbers.counting import Outcome, count
from insyn.review.marks import REVIEWED
from insyn.staff.roles import Role
from insyn.store.models import Case, Conversation
from insyn.store.review_tables import ConversationMark, Correction
from insyn.web.staff import csv_file
from tests.fixtures.house import House
from tests.fixtures.staff import Desk
from tests.fixtures.talks import Asked, Talk

OPEN = Callable[..., Desk]
ATTACK = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


async def test_words_are_searched_for_without_standing_in_an_address(house: House, desk: OPEN) -> None:
    talk, other = Talk(house, "om mina gamla kakor"), Talk(house, "hej")
    one = desk(Role.REVIEWER)
    found = await one.posts("/konsol/samtal/sok", ord="kakor")
    assert found.status_code == 200
    assert talk.id in found.text
    assert other.id not in found.text
    plain = await one.posts("/konsol/samtal/sok", amne="policy.company", granskat="nej")
    assert (plain.status_code, plain.headers["location"]) == (
        303, "/konsol/samtal?amne=policy.company&granskat=nej"
    )  # fmt: skip


async def test_several_are_marked_and_the_outcome_told(house: House, desk: OPEN) -> None:
    talk, one = Talk(house, "hej"), desk(Role.REVIEWER)
    done = await one.posts("/konsol/samtal/samlat", samtal=[talk.id, "no such"], act="etikett", ny_etikett="Kakor")
    assert "1 samtal är markerade. 1 finns inte längre." in done.text
    assert house.count(ConversationMark) == 1
    for fields in (
        {"act": "granskat"},
        {"samtal": [talk.id]},
        {"samtal": [talk.id], "act": "etikett", "ny_etikett": "<b>"},
    ):
        assert (await one.posts("/konsol/samtal/samlat", **fields)).status_code == 422
    assert house.count(ConversationMark) == 1


async def test_what_people_write_is_inert(house: House, desk: OPEN) -> None:
    talk = Talk(house, Asked(ATTACK, confidence=0.2))
    one = desk(Role.DPO)
    await one.posts(f"/konsol/samtal/{talk.id}/ratta", turn=talk.seqs[0], intent="complaint", act="ratta")
    pages = ["/konsol/samtal", f"/konsol/samtal/{talk.id}", "/konsol/larande"]
    texts = [(await one.gets(path)).text for path in pages] + [(await one.posts("/konsol/samtal/sok", ord=ATTACK)).text]
    for text in texts:
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "alert(1)" in text


async def test_looking_is_logged_and_a_value_is_shown_for_a_reason(house: House, desk: OPEN) -> None:
    visitor = house.visitor()
    name = visitor.keeps("namn", "Anna Ek")
    visitor.says(f"jag heter {name}")
    one = desk(Role.REVIEWER)
    page = (await one.gets(f"/konsol/samtal/{visitor.id}")).text
    assert name in page
    assert "Anna Ek" not in page
    assert house.events(visitor.id)[-1] == "conversation.viewed"
    refused = await one.posts(f"/konsol/samtal/{visitor.id}/visa", what=name, reason=" ")
    assert (refused.status_code, "Anna Ek" in refused.text) == (422, False)
    shown = await one.posts(f"/konsol/samtal/{visitor.id}/visa", what=name, reason="för att kunna svara")
    assert "Anna Ek" in shown.text
    assert house.events(visitor.id)[-1] == "conversation.revealed"


async def test_from_correction_to_lesson_on_the_pages(house: House, desk: OPEN) -> None:
    talk = Talk(house, Asked("skicka allt om mig"), Asked("mitt kundnummer är 482 133"))
    one = desk(Role.REVIEWER)
    for seq in talk.seqs:
        answer = await one.posts(f"/konsol/samtal/{talk.id}/ratta", turn=seq, intent="request.access", act="ratta")
        assert answer.status_code == 303
    first, second = talk.seqs
    refused = await one.posts(
        f"/konsol/larande/{second}", intent="request.access", text="mitt kundnummer är 482 133", act="godkann"
    )
    assert (refused.status_code, "kan peka ut någon" in refused.text) == (422, True)
    together = await one.posts("/konsol/larande/samlat", lektion=[first, second, "x"])
    assert "1 exempel är godkända." in together.text
    await one.posts(f"/konsol/larande/{second}", act="avsla")
    with house.store.read() as session:
        assert [session.get_one(Correction, seq).state for seq in talk.seqs] == ["approved", "rejected"]
    gone = await one.posts("/konsol/larande/999999", act="avsla")
    assert gone.status_code == 422


@pytest.mark.parametrize("fields", [{"turn": "x", "intent": "complaint"}, {"turn": "1", "intent": "no.such"}, {}])
async def test_a_correction_that_cannot_be_is_refused(house: House, desk: OPEN, fields: dict[str, str]) -> None:
    talk = Talk(house, "hej")
    answer = await desk(Role.REVIEWER).posts(f"/konsol/samtal/{talk.id}/ratta", act="ratta", **fields)
    assert answer.status_code == 422
    assert house.count(Correction) == 0


async def test_a_conversation_cannot_be_corrected_through_another(house: House, desk: OPEN) -> None:
    talk, other = Talk(house, "hej"), Talk(house, "hej")
    answer = await desk(Role.REVIEWER).posts(
        f"/konsol/samtal/{other.id}/ratta", turn=talk.seqs[0], intent="complaint", act="ratta"
    )
    assert answer.status_code == 422
    assert house.count(Correction) == 0


async def test_the_policy_is_pasted_and_an_answer_approved(house: House, desk: OPEN) -> None:
    one, book = desk(Role.DPO), house.services.book
    assert (await one.posts("/konsol/svar/policy", policy="helt annan text")).status_code == 422
    policy = "\n".join(f"{section.title}\nny text" for section in book.sections.values())
    assert (await one.posts("/konsol/svar/policy", policy=policy)).status_code == 303
    page = (await one.gets("/konsol/svar?lage=policy_changed")).text
    assert book.outdated
    form = re.search(r'action="(/konsol/svar/policy\.recruitment/godkann)">.*?name="text_hash" value="(\w+)"', page)
    assert form
    stale = await one.posts(form[1], text_hash="0" * 64)
    assert (stale.status_code, "har ändrats sedan sidan öppnades" in stale.text) == (422, True)
    assert (await one.posts(form[1], text_hash=form[2])).status_code == 303
    assert "policy.recruitment" not in book.outdated
    assert "Godkänt av Dag Ombud" in (await one.gets("/konsol/svar?lage=approved")).text


async def test_the_numbers_can_be_taken_out(house: House, desk: OPEN) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    one = desk(Role.HANDLER)
    table = await one.gets("/konsol/siffror/uttag?del=ratter")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"] == 'attachment; filename="insyn-ratter-2026.csv"'
    assert "tillgång till uppgifter;1;1;0;;;;0;0;0\r\n" in table.text
    data = json.loads((await one.gets("/konsol/siffror/uttag?del=assistenten&format=json")).text)
    assert [month["manad"] for month in data] == ["2026-01", "2026-02", "2026-03"]  # and none that is to come
    told = (await one.gets("/konsol/siffror/2026")).text.replace("\xa0", " ")
    assert "1 begäran in" in told
    assert "1 är öppen" in told
    assert (await one.gets("/konsol/siffror/uttag?del=annat")).status_code == 404
    assert (await one.gets("/konsol/siffror/1999")).status_code == 404
    assert (await one.gets("/konsol/siffror?ar=9999")).status_code == 200


async def test_the_numbers_tell_what_was_corrected(house: House, desk: OPEN) -> None:
    talk = Talk(house, Asked("hej", intent="smalltalk.greet"), "hej", "hallå", "vad är kakor")
    with house.store.write() as session:
        for _ in talk.seqs:
            count(session, house.clock(), "chat", Outcome.ANSWERED, "policy.cookies.what")
    house.services.corrections.correct(talk.id, talk.seqs[0], "complaint", by="x")
    one = desk(Role.REVIEWER)
    (*_, march) = json.loads((await one.gets("/konsol/siffror/uttag?del=assistenten&format=json")).text)
    assert (march["meddelanden"], march["rattade"], march["andel_rattade"]) == (4, 1, 0.25)
    table = (await one.gets("/konsol/siffror/uttag?del=assistenten")).text.removeprefix(csv_file.BYTE_ORDER_MARK)
    (*_, row) = csv.DictReader(io.StringIO(table), delimiter=";")
    assert (row["meddelanden"], row["rättade meddelanden"], row["andel rättade meddelanden"]) == ("4", "1", "0,25")
    told = (await one.gets("/konsol/siffror/2026")).text.replace("\xa0", " ")
    assert "Personalen rättade 1 av 4 meddelanden (25 %)." in told
    page = (await one.gets("/konsol/siffror")).text.replace("\xa0", " ")
    assert "<dt>rättade av personalen</dt><dd>25 %</dd>" in page


async def test_no_time_of_the_law_is_told_of_what_is_no_right(house: House, desk: OPEN) -> None:
    house.services.desk.report(house.visitor().says(), "complaint", "Det är inte okej.", note="", urgent=False)
    with house.store.write() as session:
        (case,) = session.scalars(select(Case))
        case.state, case.closed_at = "completed", house.clock()
    data = json.loads((await desk(Role.HANDLER).gets("/konsol/siffror/uttag?del=ratter&format=json")).text)
    row = next(each for each in data if each["ratt"] == "klagomål")
    assert (row["beslutade"], row["mediandagar"], row["inom_en_manad"], row["inom_tre_manader"]) == (1, 0, None, None)


async def test_the_person_is_answered_from_the_page(house: House, desk: OPEN) -> None:
    talk, one = Talk(house, "jag vill prata med en människa"), desk(Role.HANDLER)
    for _ in range(2):
        sent = await one.posts(f"/konsol/samtal/{talk.id}/svara", text="Hej, vi hjälper dig.", key="k1")
        assert sent.status_code == 303
    refused = await one.posts(f"/konsol/samtal/{talk.id}/svara", text="Hej igen", key="k2", mail="ja")
    assert (refused.status_code, "Hej igen" in refused.text) == (422, True)
    messages, _ = await house.services.conversations.transcript(talk.id)
    assert [message["text"] for message in messages if message["author"] == "staff"] == ["Hej, vi hjälper dig."]


async def test_today_tells_what_insyn_could_not_answer_and_who_waits(house: House, desk: OPEN) -> None:
    unknown = {"intent": "out_of_scope.other", "confidence": 0.8}
    Talk(house, Asked("Vad kostar lönen?", **unknown), Asked("vad kostar  lönen", **unknown), "hej")
    Talk(house, Asked("Vad kostar lönen?", intent="fallback.clarify", confidence=0.4))
    once = Talk(house, Asked("Har ni öppet på lördag?", **unknown))
    reviewed = Talk(house, Asked("Gäller det gurkor?", **unknown))
    house.services.marks.add([reviewed.id], REVIEWED, by="x")
    waits, served = Talk(house, "Hallå"), Talk(house, "Hej")
    with house.store.write() as session:
        for talk in (waits, served):
            house.services.takeover.begin(session, session.get_one(Conversation, talk.id), by="x")
        session.get_one(Conversation, waits.id).waits_since = house.clock()
    one = desk(Role.HANDLER)
    page = (await one.gets("/konsol")).text
    numbers = dict(
        re.findall(r'<a href="(/konsol/samtal[^"]+)" data-open><span class="queue-count">(\d+)</span>', page)
    )
    assert list(numbers.values()) == ["1", "3"]
    for href, number in numbers.items():
        listed = (await one.gets(href.replace("&amp;", "&"))).text
        assert listed.count("<tr data-row") == int(number), href
    assert waits.id in (await one.gets("/konsol/samtal?vantar=ja")).text
    asked = re.findall(r'<th scope="row">([^<]+)</th><td class="number">(\d+)</td>', page)
    assert asked == [("Vad kostar lönen?", "3"), ("Har ni öppet på lördag?", "1")]
    found = await one.posts("/konsol/samtal/sok", ord="Har ni öppet på lördag?", ej_forstatt="ja", granskat="nej")
    assert re.findall(r'href="/konsol/samtal/([0-9a-f-]{36})"', found.text) == [once.id]
    house.clock.go(days=31)
    assert "Vad kostar lönen?" not in (await one.gets("/konsol")).text


async def test_a_page_that_asks_for_news_by_itself_keeps_nobody_logged_in(house: House, desk: OPEN) -> None:
    talk, one = Talk(house, "hej"), desk(Role.HANDLER)
    news = f"/konsol/samtal/{talk.id}/nytt?efter={talk.seqs[0]}"
    assert 'class="words">Ett godkänt svar.' in (await one.gets(news)).text
    for _ in range(3):
        house.clock.go(minutes=11)
        last = await one.gets(f"/konsol/samtal/{talk.id}/nytt?efter=99999")
    assert last.headers["location"].startswith("/konsol/logga-in")


async def test_taking_over_and_giving_back(house: House, desk: OPEN) -> None:
    talk, one = Talk(house, "hej"), desk(Role.HANDLER)
    here = f"/konsol/samtal/{talk.id}"
    assert "Lämna tillbaka" not in (await one.gets(here)).text
    assert (await one.posts(f"{here}/ta-over")).headers["location"] == f"{here}?klart=tagit-over"
    page = (await one.gets(here)).text
    assert "Du har samtalet." in page
    assert "Ta över samtalet" not in page
    assert (await one.posts(f"{here}/lamna")).status_code == 303
    assert "Lämna tillbaka" not in (await one.gets(here)).text
    assert (await one.posts("/konsol/samtal/no-such/ta-over")).status_code == 404
    assert [each for each in house.events(talk.id) if each.startswith("human.")] == ["human.took_over", "human.left"]
