"""Working cases in the console: what is shown is masked, what is decided holds, and a look leaves a trace."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from insyn.cases.transitions import Event, State
from insyn.letters.elements import Wording
from insyn.staff.roles import Role
from insyn.staff.today import QUEUES
from insyn.store.models import AuditRow, Case, CaseNote, DeliveryChunk, DeliveryFile, OutgoingMail
from insyn.web.staff.steps import ONLY_THE_PERSONS, STEPS
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House, Visitor
from tests.fixtures.staff import Desk

NAME = "Alva Lindqvist"
WORDS = "Skicka en kopia av allt ni har om Alva Lindqvist, mobil 070-174 06 05."
REASON = "Behövs för att hitta personens uppgifter."


def opened(house: House, right: str = "request.access", *, words: str = WORDS, address: str = ADDRESS) -> Case:
    """A case whose person has proved the mailbox, given a name and confirmed."""
    visitor = house.visitor()
    house.services.desk.begin(visitor.says("Skicka en kopia av allt ni har om ⟨namn 1⟩."), [right], words)
    house.services.desk.add_detail(visitor.says(), "name", visitor.keeps("namn", NAME))
    visitor.proves(address)
    house.services.desk.submit(visitor.says())
    return next(case for case in house.cases() if case.conversation_id == visitor.id)


@pytest.fixture
def case(house: House) -> Case:
    return opened(house)


def base(case: Case) -> str:
    return f"/konsol/arenden/{case.reference}"


def now(house: House, case: Case) -> Case:
    return house.case(case.reference)


# -- seeing


async def test_security_16_nothing_personal_is_on_any_page_until_it_is_asked_for(
    house: House, desk: Callable[..., Desk], case: Case
) -> None:
    officer = desk(Role.HANDLER, Role.DPO)
    await officer.posts(f"{base(case)}/anteckning", text="Ringde Alva Lindqvist på 070-174 06 05.")
    paths = ["/konsol", "/konsol/arenden", base(case), f"{base(case)}/utskrift", "/konsol/insynslogg"]
    paths += [f"{base(case)}/steg/{event}" for event in STEPS]
    for path in paths:
        page = (await officer.gets(path)).text
        for value in (NAME, "Alva", "070-174", "701740605", ADDRESS):
            assert value not in page, (path, value)
    assert "[namn]" in page or "[namn]" in (await officer.gets(base(case))).text


async def test_a_case_is_called_by_its_own_number_in_its_letters_and_another_is_not(handler: Desk, case: Case) -> None:
    await handler.posts(f"{base(case)}/anteckning", text="Hör samman med INS-7KQ4-2M9D, sade personen.")
    page = (await handler.gets(base(case))).text
    assert f"Ärende: {case.reference}" in page
    assert "Hör samman med [ärende]" in page
    assert "INS-7KQ4-2M9D" not in page


async def test_security_16_one_value_is_shown_for_a_reason_and_the_look_is_logged(
    house: House, desk: Callable[..., Desk], case: Case
) -> None:
    handler, officer = desk(Role.HANDLER), desk(Role.DPO)
    for reason in ("", "därför", "   "):
        refused = await handler.posts(f"{base(case)}/visa", what="address", reason=reason)
        assert refused.status_code == 422
        assert ADDRESS not in refused.text
    assert "case.revealed" not in house.events(case.id)
    shown = await handler.posts(f"{base(case)}/visa", what="address", reason=REASON)
    assert ADDRESS in shown.text
    assert NAME not in shown.text
    assert house.events(case.id).count("case.revealed") == 1
    log = (await officer.gets("/konsol/insynslogg")).text
    assert REASON in log
    assert "e-postadress" in log
    assert ADDRESS not in log
    with house.store.read() as session:
        rows = "".join(session.scalars(select(AuditRow.data)))
    assert REASON not in rows
    assert ADDRESS not in rows
    assert house.audit_is_whole()


async def test_with_htmx_only_the_value_comes_back(handler: Desk, case: Case) -> None:
    data = {"form_secret": await handler.secret(), "what": "name", "reason": REASON}
    part = await handler.http.post(f"{base(case)}/visa", data=data, headers={"HX-Request": "true"})
    assert NAME in part.text
    assert "<html" not in part.text


async def test_security_16_a_value_of_another_matter_is_not_shown(house: House, handler: Desk, case: Case) -> None:
    """IDOR: notes, placeholders and files are looked for in the case of the address only."""
    other = opened(house, address=OTHER_ADDRESS, words="Skicka allt om Bo Alm.")
    house.services.casework.note(other.id, "Ett hemligt ord om någon annan.", by="operator")
    with house.store.read() as session:
        note = session.scalars(select(CaseNote).where(CaseNote.case_id == other.id, CaseNote.kind == "note")).one()
    for what in (f"note:{note.id}", "⟨e-post 9⟩", "sealed", "data_key_id", "⟨kod 1⟩", ""):
        response = await handler.posts(f"{base(case)}/visa", what=what, reason=REASON)
        assert response.status_code == 422, what
        assert "hemligt ord" not in response.text
    file_id = house.services.files.put(other.id, "annan.pdf", [b"x"], by="operator")
    assert (await handler.posts(f"{base(case)}/filer/{file_id}/ta-bort")).status_code == 422
    assert [file.id for file in house.services.files.of_case(other.id)] == [file_id]


async def test_security_16_every_opening_of_a_case_is_logged_and_the_officer_sees_by_whom(
    house: House, desk: Callable[..., Desk], case: Case
) -> None:
    handler, officer = desk(Role.HANDLER), desk(Role.DPO)
    await handler.gets(base(case))
    await handler.gets(f"{base(case)}/utskrift")
    await handler.gets("/konsol/arenden")
    assert house.events(case.id).count("case.viewed") == 2
    log = (await officer.gets(f"/konsol/insynslogg?arende={case.reference}")).text
    assert log.count("Hanna Handläggare") == 2


async def test_security_18_what_people_wrote_stays_text(house: House, handler: Desk) -> None:
    case = opened(house, words="<script>alert(1)</script> <img src=x onerror=alert(2)> skicka allt ni har")
    await handler.posts(f"{base(case)}/anteckning", text="<b onmouseover=alert(3)>fet</b>")
    for path in (base(case), f"{base(case)}/utskrift"):
        page = (await handler.gets(path)).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<b onmouseover" not in page
        assert "&lt;b onmouseover" in page


async def test_a_shredded_case_shows_what_is_left(house: House, desk: Callable[..., Desk], case: Case) -> None:
    officer = desk(Role.DPO, Role.HANDLER)
    house.services.casework.refuse(
        case.id, Wording(reasons="Uppgifterna finns inte hos oss.", ground="conditions"), by="operator"
    )
    house.clock.go(days=800)
    house.services.purge.run()
    officer.is_in()
    page = await officer.gets(base(case))
    assert page.status_code == 200
    assert "gallrat" in page.text
    assert (await officer.posts(f"{base(case)}/visa", what="name", reason=REASON)).status_code == 422
    assert (await officer.posts(f"{base(case)}/anteckning", text="En sista anteckning.")).status_code == 422


# -- lists


async def test_each_number_of_today_is_that_of_its_list(house: House, desk: Callable[..., Desk]) -> None:
    late = opened(house, "request.erasure")
    house.clock.go(days=25)
    opened(house, "request.erasure")  # repeats the first
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address(OTHER_ADDRESS)
    house.services.desk.report(visitor.says(), "report.incident", "En lista låg öppen.", note="", urgent=True)
    house.services.desk.report(visitor.says(), "question", "Jag vill prata med någon.", note="")
    house.services.desk.report(visitor.says(), "complaint", "Det här var dåligt.", note="")
    doubted = opened(house, "request.rectification", address=OTHER_ADDRESS)
    house.services.casework.doubt(
        doubted.id, Wording(reasons="Namnet stämmer inte alls.", asks="Berätta vilket utskick det gäller."), by="x"
    )
    house.services.files.put(late.id, "svar.pdf", [b"x"], by="x")
    house.services.deliveries.send(late.id, by="x")
    with house.store.write() as session:
        session.scalars(select(OutgoingMail).where(OutgoingMail.case_id == doubted.id)).first().status = "failed"  # type: ignore[union-attr]
    house.clock.go(days=9)
    one = desk(Role.HANDLER)
    page = (await one.gets("/konsol")).text
    numbers = dict(
        re.findall(r'<a href="(/konsol/arenden[^"]+)" data-open><span class="queue-count">(\d+)</span>', page)
    )
    assert set(numbers) == {queue.href for queue in QUEUES if queue.path == "/konsol/arenden"}
    for href, number in numbers.items():
        listed = re.findall(
            r'class="ref" href="/konsol/arenden/(INS-[^"]+)"', (await one.gets(href.replace("&amp;", "&"))).text
        )
        assert len(listed) == int(number), href
    by_tray = {parse_qs(urlsplit(href).query)["fack"][0]: int(number) for href, number in numbers.items()}
    assert by_tray == {
        "forsenade": 1, "incidenter": 1, "snart": 0, "manniska": 2, "overifierade": 1, "tvivel": 1, "upprepningar": 1,
        "otilldelade": 6, "ohamtade": 1, "brev": 1,
    }  # fmt: skip


async def pages_of(one: Desk, path: str) -> list[str]:
    """The references of a list over all its pages."""
    found: list[str] = []
    onward: str | None = path
    while onward is not None:
        page = await one.gets(onward)
        found += re.findall(r'class="ref" href="/konsol/arenden/(INS-[^"]+)" data-open', page.text)
        onward = one.next_page(page)
    return found


async def test_pages_hold_every_case_once_and_in_order(
    house: House, handler: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insyn.cases.finding.page.__kwdefaults__", {"after": None, "limit": 3})
    visitor = house.visitor()
    for number in range(11):
        house.clock.go(hours=7)
        house.services.desk.report(
            visitor.says(), "question" if number % 2 else "complaint", "Hör av er till mig.", note=""
        )
    cases = house.cases()
    handler.is_in()
    assert await pages_of(handler, "/konsol/arenden") == [
        case.reference for case in sorted(cases, key=lambda case: (case.sort_on, case.id))
    ]
    for number, case in enumerate(cases[:8]):
        house.clock.go(minutes=number)
        house.services.casework.complete(case.id, Wording(answer="Vi har talats vid om saken."), by="x")
    handler.is_in()
    closed = [case.reference for case in cases[:8]]
    assert await pages_of(handler, "/konsol/arenden?lage=closed") == list(reversed(closed))
    assert await pages_of(handler, "/konsol/arenden?lage=completed&galler=question") == [
        closed[7],
        closed[5],
        closed[3],
        closed[1],
    ]
    day = (cases[0].received_at + timedelta(days=1)).date().isoformat()
    assert await pages_of(handler, f"/konsol/arenden?lage=closed&mottaget_till={day}") == list(reversed([
        case.reference for case in cases[:8] if case.received_at.date().isoformat() <= day
    ]))  # fmt: skip
    assert await pages_of(handler, "/konsol/arenden?efter=skrap") == await pages_of(handler, "/konsol/arenden")


async def test_search_by_reference_and_by_exact_address(house: House, handler: Desk, case: Case) -> None:
    found = await handler.posts("/konsol/arenden/sok", q=case.reference.lower().replace("-", " "))
    assert found.headers["location"] == base(case)
    by_address = await handler.posts("/konsol/arenden/sok", q=ADDRESS.upper())
    assert case.reference in by_address.text
    assert case.reference not in (await handler.posts("/konsol/arenden/sok", q="anna.e@example.com")).text
    for nothing in ("", "Anna", "INS-2222-2222", "a@"):
        assert (await handler.posts("/konsol/arenden/sok", q=nothing)).status_code == 422


async def test_several_at_once_each_with_its_outcome(house: House, handler: Desk) -> None:
    fine, closed = opened(house), opened(house, "request.erasure", address=OTHER_ADDRESS)
    house.services.casework.refuse(
        closed.id, Wording(reasons="Uppgifterna finns inte hos oss.", ground="conditions"), by="x"
    )
    page = (await handler.posts("/konsol/arenden/samlat", case=[fine.id, closed.id, "nonsense"], act="ta-upp")).text
    assert "1 av 3 gick bra" in page
    assert "avslaget" in page
    assert now(house, fine).state == State.IN_PROGRESS
    assert handler.account
    assert now(house, fine).assignee == handler.account.id
    page = (await handler.posts("/konsol/arenden/samlat", case=[fine.id], act="tilldela", to="")).text
    assert "1 av 1 gick bra" in page
    assert now(house, fine).assignee is None
    page = (await handler.posts("/konsol/arenden/samlat", case=[fine.id], act="tilldela", to="someone-else")).text
    assert "0 av 1 gick bra" in page


# -- deciding


def test_every_event_of_the_table_is_a_step_or_the_persons_own() -> None:
    assert set(STEPS) | ONLY_THE_PERSONS == set(Event)
    assert not set(STEPS) & ONLY_THE_PERSONS


async def step(one: Desk, case: Case, event: Event, **fields: object) -> httpx.Response:
    return await one.posts(f"{base(case)}/steg/{event}", **fields)


async def test_a_refusal_without_an_element_is_stopped_and_the_element_is_named(
    house: House, handler: Desk, case: Case
) -> None:
    reasons = "Vi hittar inga uppgifter om dig i våra register."
    nothing = await step(handler, case, Event.REFUSED)
    assert nothing.status_code == 422
    no_ground = await step(handler, case, Event.REFUSED, reasons=reasons)
    assert no_ground.status_code == 422
    assert "Välj en avslagsgrund" in no_ground.text
    text = f"Hej,\n\nvi avslår din begäran {case.reference}.\n\n{reasons} Beslutet grundas på dataskyddsförordningen, artikel 12.4."
    no_remedies = await step(handler, case, Event.REFUSED, reasons=reasons, ground="conditions", text=text)
    assert no_remedies.status_code == 422
    assert "klaga hos Integritetsskyddsmyndigheten" in no_remedies.text
    assert "prövad i domstol" in no_remedies.text
    assert now(house, case).state == State.OPEN
    assert house.letters("refused") == []
    done = await step(handler, case, Event.REFUSED, reasons=reasons, ground="conditions")
    assert done.headers["location"].endswith("klart=steg-brev")
    assert now(house, case).state == State.REFUSED
    (letter,) = house.letters("refused")
    assert f"Hej {NAME}," in letter.text


async def test_an_edited_letter_goes_out_as_edited_with_the_name_in_its_place(
    house: House, handler: Desk, case: Case
) -> None:
    answer = "Vi har samlat allt vi har om dig i en fil."
    part = await handler.posts(f"{base(case)}/steg/completed/brev", answer=answer, edit="1")
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", part.text.split('id="letter"')[1], re.DOTALL)
    assert text
    assert "Hej [namn]," in text[1]
    edited = text[1].replace("Är något fel", "Du får gärna ringa. Är något fel")
    ticked = ["purposes", "categories", "recipients", "retention", "rights", "source"]
    missed = await step(handler, case, Event.COMPLETED, answer=answer, text=edited, ticked=ticked[:5])
    assert missed.status_code == 422
    assert "Bocka av" in missed.text
    await step(handler, case, Event.COMPLETED, answer=answer, text=edited, ticked=ticked)
    (letter,) = house.letters("completed")
    assert "Du får gärna ringa." in letter.text
    assert f"Hej {NAME}," in letter.text
    assert "[namn]" not in letter.text


async def test_an_extension_too_late_is_stopped(house: House, handler: Desk, case: Case) -> None:
    house.clock.go(days=32)
    handler.is_in()
    page = (await handler.gets(f"{base(case)}/steg/extended")).text
    assert "Den första månaden har gått" in page
    assert "Skicka beskedet och förläng" not in page
    late = await step(handler, case, Event.EXTENDED, reasons="Begäran är ovanligt stor och kräver mer tid.")
    assert late.status_code == 422
    assert now(house, case).extended_at is None


async def test_an_extension_in_time_moves_the_due_date_and_the_queue(house: House, handler: Desk, case: Case) -> None:
    await step(handler, case, Event.EXTENDED, reasons="Begäran är ovanligt stor och kräver mer tid.")
    after = now(house, case)
    assert after.state == State.EXTENDED
    assert after.due_on == after.sort_on
    assert after.due_on
    assert case.due_on
    assert after.due_on > case.due_on


async def test_a_decision_on_an_older_version_is_stopped(house: House, handler: Desk, case: Case) -> None:
    page = (await handler.gets(f"{base(case)}/steg/taken_up")).text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    house.services.casework.assign(case.id, "someone", by="someone")
    stale = await step(handler, case, Event.TAKEN_UP, seen=seen[1])
    assert stale.status_code == 422
    assert "Någon annan har ändrat" in stale.text
    assert now(house, case).state == State.OPEN
    renewed = re.search(r'name="seen" value="(\d+)"', stale.text)
    assert renewed
    assert (await step(handler, case, Event.TAKEN_UP, seen=renewed[1])).status_code == 303


async def test_an_unverified_request_is_verified_by_what_the_handler_has_seen(house: House, handler: Desk) -> None:
    visitor: Visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    (case,) = house.cases()
    stopped = await step(handler, case, Event.COMPLETED, answer="Vi har gjort det du bad om.")
    assert stopped.status_code == 422
    assert "är ej verifierat. Inget är skickat" in stopped.text
    assert "Vi har gjort det du bad om." in stopped.text
    assert (await step(handler, case, Event.COMPLETED)).headers["location"].endswith("klart=ej-steg")
    assert (await step(handler, case, Event.VERIFIED_BY_STAFF, reasons="ja")).status_code == 422
    await step(handler, case, Event.VERIFIED_BY_STAFF, reasons="Personen ringde från numret vi har sedan förut.")
    after = now(house, case)
    assert (after.state, after.proof) == (State.OPEN, "staff")
    assert len(house.letters("receipt")) == 1


async def test_the_persons_own_steps_cannot_be_taken_by_the_staff(house: House, handler: Desk) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    (case,) = house.cases()
    for event in ONLY_THE_PERSONS:
        assert (await step(handler, case, event)).status_code == 404
    assert now(house, case).state == State.AWAITING_VERIFICATION


async def test_address_reminder_and_withdrawal_as_told_to_the_staff(house: House, handler: Desk) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    (case,) = house.cases()
    assert (await step(handler, case, Event.ADDRESS_GIVEN, address="inte en adress")).status_code == 422
    await step(handler, case, Event.ADDRESS_GIVEN, address=ADDRESS)
    assert house.details(now(house, case))["address"] == ADDRESS
    assert (await step(handler, case, Event.REMINDED, words=" ")).status_code == 422
    await step(handler, case, Event.REMINDED, words="Undrar hur det går.")
    assert (await step(handler, case, Event.WITHDRAWN, reasons="")).status_code == 422
    await step(handler, case, Event.WITHDRAWN, reasons="Ringde i dag och ville ta tillbaka allt.")
    assert now(house, case).state == State.WITHDRAWN
    assert len(house.letters("withdrawn")) == 1
    assert handler.account
    with house.store.read() as session:
        rows = session.scalars(
            select(AuditRow).where(AuditRow.subject == case.id, AuditRow.event == "case.address_given")
        )
        assert [json.loads(row.data)["by"] for row in rows] == [handler.account.id]


async def test_a_case_of_a_customers_data_is_handed_over_with_what_was_done(
    house: House, handler: Desk, case: Case
) -> None:
    to_nobody = await step(handler, case, Event.HANDED_OVER, forwarded="yes")
    assert (to_nobody.status_code, "vem som ansvarar, när begäran är skickad dit" in to_nobody.text) == (422, True)
    await step(handler, case, Event.HANDED_OVER, controller="Exempelbolaget AB", forwarded="yes")
    assert now(house, case).state == State.HANDED_TO_CONTROLLER
    (letter,) = house.letters("handed_over")
    assert "Vi har skickat det du skrev vidare till Exempelbolaget AB" in letter.text


async def test_only_the_officer_keeps_a_case_from_being_purged(
    house: House, desk: Callable[..., Desk], case: Case
) -> None:
    handler, officer = desk(Role.HANDLER), desk(Role.DPO)
    assert (await handler.posts(f"{base(case)}/undantag", reasons="Det pågår en tvist.")).status_code == 403
    assert (await officer.posts(f"{base(case)}/undantag", reasons=" ")).status_code == 422
    await officer.posts(f"{base(case)}/undantag", reasons="Det pågår en tvist.")
    assert now(house, case).on_hold


# -- files


async def upload(one: Desk, case: Case, name: str, data: bytes, *, secret: str | None = None) -> httpx.Response:
    form_secret = await one.secret() if secret is None else secret
    return await one.http.post(f"{base(case)}/filer", data={"form_secret": form_secret}, files={"file": (name, data)})


async def test_a_file_is_put_and_sent_and_its_person_fetches_it(house: House, handler: Desk, case: Case) -> None:
    data = bytes(range(256)) * 3000
    assert (await upload(handler, case, "svar åäö.pdf", data)).headers["location"].endswith("klart=fil")
    (file,) = house.services.files.of_case(case.id)
    assert (file.name, file.size) == ("svar åäö.pdf", len(data))
    assert b"".join(house.services.files.read(file.id)) == data
    assert (await handler.posts(f"{base(case)}/leverans")).status_code == 303
    assert len(house.letters("delivery")) == 1
    assert "inte hämtad" in (await handler.gets(base(case))).text


async def test_a_file_without_the_form_secret_leaves_nothing(house: House, handler: Desk, case: Case) -> None:
    for secret in ("", "0" * 64):
        assert (await upload(handler, case, "ond.pdf", b"x" * 1000, secret=secret)).status_code == 403
    only_file = await handler.http.post(f"{base(case)}/filer", files={"file": ("ond.pdf", b"x")})
    assert only_file.status_code == 403
    assert house.services.files.of_case(case.id) == []


async def test_a_file_that_is_too_large_or_not_there_leaves_nothing(house: House, handler: Desk, case: Case) -> None:
    house.services.files.max_bytes = 100_000
    response = await upload(handler, case, "stor.bin", b"x" * 100_001)
    assert response.status_code == 422
    assert "för stor" in response.text
    assert (await upload(handler, case, "", b"")).status_code == 422
    assert house.services.files.of_case(case.id) == []
    huge = await handler.http.post(
        f"{base(case)}/filer", headers={"Content-Length": str(10**9), "Content-Type": "multipart/form-data; boundary=x"}
    )
    assert huge.status_code == 413
    assert "<h1>Det som skickades är för stort</h1>" in huge.text
    assert "högst 50 MB" in huge.text


async def test_an_empty_file_and_one_of_the_same_name_are_refused(house: House, handler: Desk, case: Case) -> None:
    empty = await upload(handler, case, "tom.pdf", b"")
    assert (empty.status_code, "Filen är tom" in empty.text) == (422, True)
    assert (await upload(handler, case, "../svar\u202e.pdf", b"x")).status_code == 303
    again = await upload(handler, case, "svar.pdf", b"y" * 300_000)
    assert (again.status_code, "redan en fil med det namnet" in again.text) == (422, True)
    assert [(file.name, file.size) for file in house.services.files.of_case(case.id)] == [("svar.pdf", 1)]
    assert house.count(DeliveryFile) == 1


async def test_a_link_that_was_sent_is_taken_back_at_once(house: House, handler: Desk, case: Case) -> None:
    await upload(handler, case, "fel fil.pdf", b"x")
    await handler.posts(f"{base(case)}/leverans")
    link = re.search(r"/hamta/(\S+)", house.letters("delivery")[-1].text)
    button = re.search(rf"{base(case)}(/leverans/[^/]+/dra-tillbaka)", (await handler.gets(base(case))).text)
    assert link
    assert button
    assert (await handler.gets(link[0])).status_code == 200
    other = opened(house, address=OTHER_ADDRESS)
    assert (await handler.posts(base(other) + button[1])).status_code == 422
    assert (await handler.gets(link[0])).status_code == 200
    assert (await handler.posts(base(case) + button[1])).status_code == 303
    assert (await handler.gets(link[0])).status_code == 404
    assert house.count(DeliveryChunk) == 0
    assert (await handler.posts(base(case) + button[1])).status_code == 422
    page = (await handler.gets(base(case))).text
    assert "Hanna Handläggare drog tillbaka en länk. Filerna bakom den förstördes." in page
    assert "Dra tillbaka länken" not in page
    assert house.audit_is_whole()


async def test_a_letter_that_did_not_arrive_waits_until_someone_has_seen_to_it(
    house: House, handler: Desk, case: Case
) -> None:
    with house.store.write() as session:
        letter = session.scalars(select(OutgoingMail).where(OutgoingMail.case_id == case.id)).one()
        letter.status = "failed"
    assert case.reference in (await handler.gets("/konsol/arenden?fack=brev")).text
    button = re.search(rf"{base(case)}(/brev/[^/]+/klart)", (await handler.gets(base(case))).text)
    assert button
    other = opened(house, address=OTHER_ADDRESS)
    assert (await handler.posts(base(other) + button[1])).status_code == 422
    assert (await handler.posts(base(case) + button[1])).status_code == 303
    assert case.reference not in (await handler.gets("/konsol/arenden?fack=brev")).text
    assert "har nått personen på annat sätt" in (await handler.gets(base(case))).text
    assert (await handler.posts(base(case) + button[1])).status_code == 422


async def test_all_of_a_case_is_taken_out_for_a_reason(house: House, handler: Desk, case: Case) -> None:
    assert (await handler.posts(f"{base(case)}/uttag", reason="")).status_code == 422
    out = await handler.posts(f"{base(case)}/uttag", reason="Personen har begärt en kopia av ärendet.")
    assert out.headers["content-disposition"].startswith("attachment;")
    content = out.json()
    assert content["details"]["address"] == ADDRESS
    assert content["clocks"]["from_receipt"]["due"] == case.due_on.isoformat() if case.due_on else False
    assert "case.exported" in house.events(case.id)


async def test_ten_clicks_at_once_decide_once(house: House, handler: Desk, case: Case) -> None:
    secret = await handler.secret()
    data = {"form_secret": secret, "reasons": "Vi hittar inga uppgifter om dig.", "ground": "conditions"}
    responses = await asyncio.gather(*(handler.http.post(f"{base(case)}/steg/refused", data=data) for _ in range(10)))
    assert sum(response.headers.get("location", "").endswith("steg-brev") for response in responses) == 1
    assert len(house.letters("refused")) == 1
