"""A person in the chat and someone on the staff, side by side: the human takes over, answers, and gives back to Insyn."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from insyn.staff.roles import Role
from tests.browser.conftest import accessible
from tests.browser.staff.conftest import Served
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

    staff, _ = works(Role.HANDLER)
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

    staff.get_by_role("button", name="Lämna tillbaka till Insyn").click()
    expect(log.get_by_role("article").last).to_contain_text("Nu är det jag, Insyn, som svarar igen")
    expect(staff.get_by_role("button", name="Ta över samtalet")).to_be_visible()
