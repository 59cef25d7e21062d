"""A person in the chat and someone on the staff, side by side: the human takes over, answers, and gives back to Insyn."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from insyn.staff.roles import Role
from tests.browser.conftest import accessible
from tests.browser.staff.conftest import Served, logs_in
from tests.fixtures.staff import Account


def test_a_human_takes_over_and_gives_back(
    served: Served, works: Callable[..., tuple[Page, Account]], screen: Callable[..., Page]
) -> None:
    person = screen(width=420)
    person.goto("/")
    log = person.get_by_role("log")
    expect(log.get_by_role("article")).to_have_count(1)

    def writes(text: str) -> None:
        field = person.get_by_label("Skriv till Insyn")
        field.fill(text)
        field.press("Enter")

    staff, account = works(Role.HANDLER)
    staff.get_by_role("link", name="Samtal", exact=True).click()
    staff.locator("tr[data-row] a[data-open]").first.click()
    staff.get_by_role("button", name="Ta över samtalet").click()
    expect(log.get_by_role("article").last).to_contain_text("Nu är en människa på Kontek här")

    writes("Hej, jag heter Anna och når er inte på telefon.")
    thread = staff.locator(".thread")
    expect(thread.locator(".said-by-person")).to_contain_text("når er inte på telefon")  # without a click
    expect(thread).to_contain_text("till en människa")
    accessible(staff)
    staff.get_by_role("link", name="Idag").click()
    expect(staff.get_by_role("link", name=re.compile("1 väntar i chatten"))).to_be_visible()
    staff.get_by_role("link", name=re.compile("väntar i chatten")).click()
    staff.locator("tr[data-row] a[data-open]").first.click()

    staff.get_by_label("Svar", exact=True).fill("Hej Anna! Jag ringer upp dig.")
    staff.get_by_role("button", name="Skicka svaret").click()
    answer = log.get_by_role("article").last
    expect(answer).to_contain_text("Jag ringer upp dig.")
    expect(answer).to_contain_text("Kontek, en människa")
    accessible(person)

    staff.get_by_label("Svar", exact=True).fill("Jag når dig i morgon också.")
    served.house.clock.go(minutes=31)  # logged out while writing
    expect(staff.get_by_role("alert")).to_contain_text("Det du har skrivit står kvar")
    accessible(staff)
    staff.get_by_role("button", name="Skicka svaret").click()
    expect(staff.get_by_role("heading", level=1)).to_have_text("Du är utloggad")
    expect(staff.get_by_label("Texten")).to_have_value("Jag når dig i morgon också.")
    accessible(staff)
    with staff.context.expect_page() as beside:
        staff.get_by_role("link", name="Logga in i en ny flik").click()
    logs_in(beside.value, account, served.house.clock)
    staff.get_by_role("button", name="Skicka igen").click()
    expect(staff.get_by_text(f"Du är inloggad som {account.name}.")).to_be_visible()
    staff.get_by_role("button", name="Skicka igen").click()
    expect(staff.get_by_role("status")).to_contain_text("Svaret är skickat")
    expect(log.get_by_role("article").last).to_contain_text("Jag når dig i morgon också.")

    staff.get_by_role("button", name="Lämna tillbaka till Insyn").click()
    expect(log.get_by_role("article").last).to_contain_text("Nu är det jag, Insyn, som svarar igen")
    expect(staff.get_by_role("button", name="Ta över samtalet")).to_be_visible()
