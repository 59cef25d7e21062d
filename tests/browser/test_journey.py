"""From a question to a case with a due date, on the page, without having read anything about it (issue 2, "Must show")."""

from __future__ import annotations

import re
from datetime import date

from playwright.sync_api import BrowserContext, Page, Route, expect

from insyn.cases.deadline import due_after
from insyn.clock import written_date
from tests.browser.conftest import accessible
from tests.fixtures.running import new_address
from tests.fixtures.system import System


def test_from_a_question_to_a_case(page: Page, context: BrowserContext, system: System) -> None:
    address = new_address()
    log = page.get_by_role("log")
    newest = log.get_by_role("article").last
    field = page.get_by_label("Skriv till Insyn")

    def write(text: str) -> None:
        field.fill(text)
        field.press("Enter")

    page.get_by_role("button", name="Hur länge sparas min jobbansökan?").click()
    expect(newest).to_contain_text("två år")
    source = newest.get_by_role("link", name="Hur länge lagras dina personuppgifter?")
    expect(source).to_have_attribute("href", re.compile(r"^https://.*#hur-lange-lagras"))
    accessible(page)

    write("ta bort mina uppgifter")
    newest.get_by_role("button", name="Har sökt jobb").click()
    newest.get_by_role("button", name="Allt").click()
    expect(newest).to_contain_text("Vad heter du")
    expect(field).to_be_focused()
    write("Alva Lindqvist")
    expect(newest).to_contain_text("e-postadress")
    write(address)
    expect(newest).to_contain_text(address)
    expect(field).to_have_attribute("autocomplete", "one-time-code")

    mailbox = context.new_page()
    mailbox.goto("/dev/mailbox")
    letter = mailbox.get_by_role("article").filter(has_text=address)
    expect(letter.get_by_role("button", name="Kopiera koden")).to_be_visible()
    accessible(mailbox)
    code = re.search(r"\b\d{4} ?\d{4}\b", letter.inner_text())
    assert code
    mailbox.close()

    write(code[0])
    expect(newest).to_contain_text("Alva Lindqvist")
    newest.get_by_role("button", name="Ja, det stämmer").click()
    card = newest.get_by_role("group", name=re.compile("Ärende INS-"))
    due = written_date(due_after(date.fromisoformat(system.today())).due)
    expect(card).to_contain_text(due)
    expect(card).to_contain_text("Radering")
    accessible(page)
    reference = re.search(r"INS-[0-9A-Z]{4}-[0-9A-Z]{4}", card.inner_text())
    assert reference
    assert system.case(reference[0])["status"] == "open"

    said = log.get_by_role("article").all_inner_texts()
    page.reload()
    expect(log.get_by_role("article")).to_have_count(len(said))
    # The code itself is not kept, so it is not shown again either.
    shown = [re.sub(r"\b\d{4} \d{4}\b", "••••", text) for text in said]
    assert log.get_by_role("article").all_inner_texts() == shown


def test_the_page_is_accessible_and_fits_a_phone(page: Page) -> None:
    accessible(page)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    accessible(page)
    page.emulate_media(color_scheme="dark", forced_colors="none", reduced_motion="reduce")
    accessible(page)


def test_what_people_and_answers_say_stays_text(page: Page) -> None:
    field = page.get_by_label("Skriv till Insyn")
    field.fill("<img src=x onerror=\"document.title='ägd'\"> <b>hej</b>")
    field.press("Enter")
    log = page.get_by_role("log")
    expect(log.get_by_role("article")).to_have_count(3)
    expect(log).to_contain_text("<b>hej</b>")
    assert log.locator("img, b").count() == 0
    assert "ägd" not in page.title()


def test_the_chat_is_erased(page: Page) -> None:
    field = page.get_by_label("Skriv till Insyn")
    field.fill("Hur länge sparas min jobbansökan?")
    field.press("Enter")
    log = page.get_by_role("log")
    expect(log.get_by_role("article")).to_have_count(3)
    page.get_by_role("button", name="Samtalet").click()
    page.get_by_role("button", name="Radera min chatt").click()
    page.get_by_role("dialog").get_by_role("button", name="Radera", exact=True).click()
    expect(page.locator("#notice-text", has_text="Din chatt är raderad.")).to_be_visible()
    expect(log.get_by_role("article")).to_have_count(0)
    page.get_by_role("button", name="Börja ett nytt samtal").click()
    expect(log.get_by_role("article")).to_have_count(1)


def test_a_last_answer_that_came_late_is_read_before_the_chat_goes(page: Page, context: BrowserContext) -> None:
    kept = "Det här finns kvar: Ärende INS-2345-6789: Ärendet pågår."

    def came_late(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["messages"].append({**body["messages"][-1], "id": "late", "text": kept, "choices": [], "ended": True})
        route.fulfill(response=answer, json=body)

    context.route("**/api/chat/transcript", came_late)
    with page.expect_response(lambda response: response.request.method == "DELETE") as erased:
        page.reload()
    assert erased.value.status == 204
    expect(page.locator("#notice-text", has_text="Din chatt är raderad.")).to_be_visible()
    expect(page.get_by_role("log").get_by_role("article").last).to_contain_text(kept)


def test_what_is_written_offline_is_sent_when_the_network_is_back(page: Page, context: BrowserContext) -> None:
    field = page.get_by_label("Skriv till Insyn")
    log = page.get_by_role("log")
    context.set_offline(True)
    field.fill("Hur länge sparas min jobbansökan?")
    field.press("Enter")
    expect(log).to_contain_text("Du är inte ansluten")
    context.set_offline(False)
    expect(log.get_by_role("article").last).to_contain_text("två år")
    expect(log.get_by_role("article")).to_have_count(3)
