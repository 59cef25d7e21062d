"""A day at the console (issue 5, "Must show"): triage, verify, answer and deliver, and what is stopped on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyotp
from playwright.sync_api import Page, expect

from insyn.cases.transitions import State
from insyn.staff.roles import Role
from insyn.store.models import Case
from tests.browser.conftest import accessible
from tests.browser.staff.conftest import Served, logs_in
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House
from tests.fixtures.staff import PASSWORD, Account

NAME = "Alva Lindqvist"
A4_WIDTH = 700  # CSS pixels between usual margins
Works = Callable[..., tuple[Page, Account]]


def opened(house: House, right: str, address: str = ADDRESS) -> Case:
    visitor = house.visitor()
    words = f"Jag heter {NAME} och vill veta allt, ring 070-174 06 05."
    house.services.desk.begin(visitor.says("Jag heter ⟨namn 1⟩ och vill veta allt, ring ⟨telefon 1⟩."), [right], words)
    house.services.desk.add_detail(visitor.says(), "name", visitor.keeps("namn", NAME))
    visitor.proves(address)
    house.services.desk.submit(visitor.says())
    return next(case for case in house.cases() if case.conversation_id == visitor.id)


def unverified(house: House) -> Case:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address(OTHER_ADDRESS)
    return next(case for case in house.cases() if case.conversation_id == visitor.id)


def test_from_the_first_link_to_the_first_colleague(served: Served, screen: Callable[..., Page]) -> None:
    house, page = served.house, screen()
    link = house.services.members.first_link()
    page.goto(f"/konsol/valkommen/{link}")
    accessible(page)
    page.get_by_label("Ditt namn").fill("Ada Administratör")
    page.get_by_label("Din e-postadress").fill("ada@example.com")
    key = page.locator("code.breakable").inner_text()
    page.get_by_label("Koden som appen visar").fill(pyotp.TOTP(key).at(house.clock()))
    page.get_by_label("Lösenord").fill(PASSWORD)
    page.get_by_role("button", name="Spara och logga in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dina återställningskoder")
    expect(page.locator(".codes code")).to_have_count(10)
    accessible(page)
    page.get_by_role("link", name="Jag har sparat koderna").click()
    page.get_by_role("link", name="Konton").click()
    page.get_by_label("Namn", exact=True).fill("Hanna Handläggare")
    page.get_by_label("E-postadress", exact=True).fill("hanna@example.com")
    page.locator("#new-handler").check()
    page.get_by_role("button", name="Skapa konto och länk").click()
    expect(page.locator("#one-time-link")).to_contain_text("/konsol/valkommen/")
    accessible(page)
    page.get_by_role("button", name="Logga ut").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Logga in")
    accessible(page)
    page.goto(f"/konsol/valkommen/{link}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Länken gäller inte")


def test_triage_by_keyboard_and_several_at_once(served: Served, works: Works) -> None:
    house = served.house
    first, second = opened(house, "request.erasure"), opened(house, "request.rectification", OTHER_ADDRESS)
    house.services.desk.report(house.visitor().says(), "report.incident", "En lista låg öppen.", note="", urgent=True)
    page, account = works(Role.HANDLER)
    incidents = page.get_by_role("link", name=re.compile("^1 incident$"))
    expect(incidents).to_be_visible()
    accessible(page)
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Öppna ärenden")
    accessible(page)
    page.keyboard.press("/")
    expect(page.get_by_label("Ärendenummer eller hel e-postadress")).to_be_focused()
    page.get_by_label("Ärendenummer eller hel e-postadress").blur()
    for _ in range(3):
        page.keyboard.press("j")
        page.keyboard.press("x")
        expect(page.get_by_role("checkbox", checked=True)).not_to_have_count(0)
        page.keyboard.press("j")
        page.keyboard.press("k")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    accessible(page)
    page.keyboard.press("Escape")
    for box in page.get_by_role("checkbox", name=re.compile("Markera INS")).all():
        box.check()
    page.get_by_role("button", name="Börja handlägga").click()
    expect(page.get_by_role("status")).to_contain_text("3 av 3 gick bra")
    accessible(page)
    assert {house.case(case.reference).assignee for case in (first, second)} == {account.id}


def test_shortcuts_can_be_turned_off(served: Served, works: Works) -> None:
    page, _ = works(Role.HANDLER)
    page.get_by_role("button", name="Kortkommandon").click()
    page.get_by_label("Använd kortkommandon").uncheck()
    page.get_by_role("dialog").get_by_role("button", name="Stäng").click()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Idag")


def test_an_unverified_request_is_verified(served: Served, works: Works) -> None:
    case = unverified(served.house)
    page, _ = works(Role.HANDLER)
    page.get_by_role("link", name=re.compile("ej verifierad")).click()
    page.get_by_role("link", name=case.reference).click()
    expect(page.get_by_text("Det räcker inte.")).to_be_visible()
    page.wait_for_load_state()  # the keys have come
    page.keyboard.press("e")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Verifiera personen")
    page.get_by_label("Hur det visades").fill("Personen ringde från numret som vi har sedan förut.")
    page.get_by_role("button", name="Spara bedömningen").click()
    expect(page.get_by_role("status")).to_contain_text("Brevet är på väg")
    assert served.house.case(case.reference).state == State.OPEN


def test_an_access_case_until_its_person_has_the_answer(
    served: Served, works: Works, screen: Callable[..., Page], tmp_path: Path
) -> None:
    house = served.house
    case = opened(house, "request.access")
    page, _ = works(Role.HANDLER)
    page.goto(f"/konsol/arenden/{case.reference}")
    page.get_by_role("link", name="Börja handlägga").click()
    page.get_by_role("button", name="Börja handlägga").click()
    answer = tmp_path / "registerutdrag åäö.pdf"
    answer.write_bytes(b"%PDF of ours " * 40_000)
    page.get_by_label("Lägg till en fil").set_input_files(answer)
    page.get_by_role("button", name="Lägg till", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Filen ligger i ärendet")
    page.get_by_role("button", name="Skicka länken till personen").click()
    expect(page.get_by_role("status")).to_contain_text("på väg till personen")
    expect(page.get_by_text("inte hämtad").first).to_be_visible()

    person = screen()
    link = re.search(r"(/hamta/\S+)", house.letters("delivery")[-1].text)
    assert link
    house.clock.go(minutes=2)
    person.goto(link[1])
    person.get_by_role("button", name="Skicka koden").click()
    person.get_by_label("Kod, 8 siffror").fill(house.code())
    person.get_by_role("button", name="Öppna").click()
    with person.expect_download() as downloading:
        person.get_by_role("listitem").filter(has_text="registerutdrag").get_by_role("button").click()
    assert Path(downloading.value.path()).read_bytes() == answer.read_bytes()

    page.reload()
    expect(page.get_by_text(re.compile("registerutdrag.*hämtad 1 gång"))).to_be_visible()
    page.get_by_role("link", name="Avsluta som klart").click()
    accessible(page)
    expect(page.get_by_text("Brevet kan inte skickas än.")).to_be_visible()
    page.get_by_role("button", name="Skicka svaret och avsluta").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Svar: vad som är gjort").fill("Allt vi har om dig ligger i filen som du har hämtat.")
    expect(page.get_by_text("Brevet har allt det måste ha.")).to_be_visible()  # by htmx, beside the fields
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Ändra brevets ord").click()
    words = page.get_by_label("Brevets ord")
    words.fill(words.input_value().replace("Är något fel", "Tack för ditt tålamod.\n\nÄr något fel"))
    page.get_by_role("button", name="Skicka svaret och avsluta").click()
    expect(page.get_by_role("status")).to_contain_text("Brevet är på väg")
    (letter,) = house.letters("completed")
    assert f"Hej {NAME}," in letter.text
    assert "Tack för ditt tålamod." in letter.text
    assert house.case(case.reference).state == State.COMPLETED


def test_a_refusal_that_lacks_something_is_stopped(served: Served, works: Works) -> None:
    house = served.house
    case = opened(house, "request.erasure")
    page, _ = works(Role.HANDLER)
    page.goto(f"/konsol/arenden/{case.reference}/steg/refused")
    reasons = "Vi måste spara din ansökan i två år för att kunna möta ett krav."
    page.get_by_label("Skäl, som de ska stå i brevet").fill(reasons)
    page.get_by_label("Avslagsgrund").select_option("claims")
    expect(page.get_by_text("Brevet har allt det måste ha.")).to_be_visible()
    page.get_by_role("button", name="Ändra brevets ord").click()
    words = page.get_by_label("Brevets ord")
    expect(words).to_be_focused()
    words.fill("\n".join(line for line in words.input_value().splitlines() if "IMY" not in line))
    expect(page.locator("#letter-missing")).to_contain_text("klaga hos Integritetsskyddsmyndigheten")
    page.get_by_role("button", name="Skicka beslutet och avsluta").click()
    expect(page.get_by_role("alert")).to_contain_text("klaga hos Integritetsskyddsmyndigheten")
    accessible(page)
    assert house.case(case.reference).state == State.OPEN
    page.get_by_role("button", name="Ta tillbaka mallens ord").click()
    expect(page.get_by_text("Brevet har allt det måste ha.")).to_be_visible()
    page.get_by_role("button", name="Skicka beslutet och avsluta").click()
    expect(page.get_by_role("status")).to_contain_text("Brevet är på väg")
    assert house.case(case.reference).state == State.REFUSED


def test_an_extension_too_late_is_stopped(served: Served, works: Works) -> None:
    case = opened(served.house, "request.access")
    served.house.clock.go(days=35)
    page, _ = works(Role.HANDLER)
    page.get_by_role("link", name=re.compile("försenat")).click()
    page.get_by_role("link", name=case.reference).click()
    expect(page.get_by_role("link", name="Förläng fristen")).to_be_hidden()
    page.get_by_text("Det här går inte nu").click()
    page.get_by_role("link", name="Förläng fristen").click()
    expect(page.get_by_text("Den första månaden har gått.")).to_be_visible()
    expect(page.get_by_role("button", name="Skicka beskedet och förläng")).to_have_count(0)
    accessible(page)


def test_a_value_is_revealed_in_its_place_and_the_officer_sees_it(served: Served, works: Works) -> None:
    case = opened(served.house, "request.access")
    page, account = works(Role.HANDLER)
    page.goto(f"/konsol/arenden/{case.reference}")
    expect(page.get_by_text(ADDRESS)).to_have_count(0)
    value = page.locator("#value-address")
    value.get_by_text("Dold. Visa").click()
    value.get_by_label("Varför behöver du se uppgiften?").fill("nej")
    value.get_by_role("button", name="Visa").click()
    expect(value.get_by_role("alert")).to_contain_text("minst en kort mening")
    value.get_by_label("Varför behöver du se uppgiften?").fill("Behövs för att svara personen i dag.")
    value.get_by_role("button", name="Visa").click()
    expect(value).to_contain_text(ADDRESS)
    expect(value.locator(".value-shown")).to_be_focused()
    accessible(page)
    assert NAME not in page.content()
    page.reload()
    expect(page.get_by_text(ADDRESS)).to_have_count(0)
    officer, _ = works(Role.DPO)
    officer.get_by_role("link", name="Insynslogg").click()
    expect(officer.get_by_text("Behövs för att svara personen i dag.")).to_be_visible()
    expect(officer.get_by_role("row", name=re.compile(account.name))).not_to_have_count(0)
    accessible(officer)


def test_every_page_is_accessible_dark_and_narrow_and_prints(served: Served, works: Works) -> None:
    house = served.house
    case = opened(house, "request.access")
    house.services.desk.report(house.visitor().says(), "report.incident", "En lista låg öppen.", note="", urgent=True)
    incident = house.cases()[-1]
    house.services.files.put(case.id, "svar.pdf", [b"x"], by="operator")
    house.services.deliveries.send(case.id, by="operator")
    page, _ = works(Role.HANDLER, Role.DPO, Role.ADMIN, width=768, color_scheme="dark")
    base = f"/konsol/arenden/{case.reference}"
    paths = [
        "/konsol",
        "/konsol/mig",
        "/konsol/konton",
        "/konsol/inloggningar",
        "/konsol/insynslogg",
        "/konsol/post?fack=karantan",
        "/konsol/arenden?lage=closed&galler=complaint",
    ]
    paths += [
        base,
        f"{base}/utskrift",
        f"/konsol/arenden/{incident.reference}",
        *(f"{base}/steg/{step}" for step in ("identity_doubted", "partly_refused", "handed_over")),
    ]
    for path in paths:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 768, path
        accessible(page)
    page.emulate_media(media="print")
    page.goto(f"{base}/utskrift")
    expect(page.locator(".rail")).to_be_hidden()
    expect(page.get_by_text("Tidslinje")).to_be_visible()
    page.set_viewport_size({"width": A4_WIDTH, "height": 900})
    for path in ("/konsol/siffror/2026", f"{base}/utskrift"):  # from a dark screen: black on white, and nothing cut
        page.goto(path)
        ink, paper = page.evaluate(
            "(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))"
        )
        assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
        frames = page.locator(".table-frame, body").evaluate_all(
            "all => all.map(one => one.scrollWidth - one.clientWidth)"
        )
        assert set(frames) == {0}, path


def test_who_is_idle_too_long_logs_in_again_and_comes_back(served: Served, works: Works) -> None:
    case = opened(served.house, "request.access")
    page, account = works(Role.HANDLER)
    served.house.clock.go(minutes=31)
    page.goto(f"/konsol/arenden/{case.reference}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Logga in")
    logs_in(page, account, served.house.clock)
    expect(page.get_by_role("heading", level=1)).to_have_text(case.reference)
