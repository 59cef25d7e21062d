"""A reviewer's work in a browser: find what was misread, correct it, and see what a model that learnt it does better."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from insyn.learning.workshop import Workshop
from insyn.staff.roles import Role
from tests.browser.conftest import accessible
from tests.browser.staff.conftest import Served
from tests.fixtures.small_project import small_project
from tests.fixtures.staff import Account
from tests.fixtures.talks import Asked, Talk

WORKS = Callable[..., tuple[Page, Account]]
MISREAD = "den gröna gurkan var alldeles för lång och det är inte okej"


@pytest.mark.parametrize("width", [1280, 768])
def test_every_page_of_the_review_is_accessible(served: Served, works: WORKS, width: int) -> None:
    house = served.house
    talk = Talk(house, Asked("jag heter ⟨namn 1⟩", intent="fallback.clarify", confidence=0.4, feedback="down"), "hej")
    house.services.corrections.correct(talk.id, talk.seqs[0], "complaint", by="someone")
    page, _ = works(*Role, width=width)
    for path in ("samtal?granskat=nej", f"samtal/{talk.id}", "larande", "svar", "siffror", "siffror/2026"):
        page.goto(f"/konsol/{path}")
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_from_a_misread_message_to_a_model_that_reads_it(served: Served, works: WORKS, tmp_path: Path) -> None:
    services = served.house.services
    root = small_project(tmp_path / "project")
    services.workshop = Workshop(tmp_path / "learning", services.book, services.clock, root)
    Talk(served.house, "vad är kakor")
    Talk(served.house, Asked(MISREAD, intent="smalltalk.greet", confidence=0.41))
    page, _ = works(Role.REVIEWER)

    page.get_by_role("link", name="Samtal", exact=True).click()
    page.get_by_label("Ord i det som skrivits").fill("gurkan")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)  # the head and the one
    page.wait_for_load_state()  # the keys have come
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_label("Borde ha lästs som").select_option("complaint")
    page.get_by_role("button", name="Rätta", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Rättelsen är sparad")
    page.get_by_role("button", name="Markera som granskat").click()
    expect(page.get_by_text("granskat av")).to_be_visible()

    page.get_by_role("link", name="Lärande").click()
    expect(page.get_by_label("Exempel")).to_have_value(MISREAD)
    page.get_by_label("Exempel").fill(f"{MISREAD}, hälsar Anna Lindqvist")
    page.get_by_role("button", name="Godkänn", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("ser ut som namn")
    page.get_by_label("Exempel").fill(MISREAD)
    page.get_by_role("button", name="Godkänn", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Exemplet är godkänt")

    lessons = services.corrections.lessons()
    services.workshop.export(lessons)
    before = (root / "data" / "nlu" / "complaint.yml").read_text(encoding="utf-8")
    report = services.workshop.evaluate()
    assert [(change.text, change.became) for change in report.comparison.better] == [(MISREAD, "complaint")]
    assert (root / "data" / "nlu" / "complaint.yml").read_text(encoding="utf-8") == before  # nothing is swapped yet

    page.reload()
    expect(page.get_by_role("heading", name="Senaste jämförelsen")).to_be_visible()
    expect(page.get_by_text(f"”{MISREAD}” betyder Lämna ett klagomål till Kontek complaint")).to_be_visible()
    accessible(page)
    _, taken, changed = services.workshop.accept()
    services.corrections.accepted(taken, by="cli", model=report.candidate)
    assert MISREAD in (root / changed[0]).read_text(encoding="utf-8")
    page.reload()
    expect(page.get_by_text("i modellen").locator("..")).to_contain_text("1")
