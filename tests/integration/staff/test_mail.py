"""The mailbox in the console: every mail is in one place with its reason, masked until someone gives theirs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from insyn.cases.transitions import Event
from insyn.mail.inbox import Origin
from insyn.staff.roles import Role
from insyn.store.mail_tables import IncomingMail
from tests.fixtures.correspondence import mail
from tests.fixtures.fake_rasa import FakeRasa
from tests.fixtures.house import ADDRESS, House
from tests.fixtures.staff import MAIL_WORDS, Desk

REASON = "Behövs för att svara den som skrev."


async def test_each_mail_is_in_one_place_and_the_numbers_are_those_of_the_lists(
    house: House, handler: Desk, put: Callable[..., str]
) -> None:
    ids = {status: put(status, f"{MAIL_WORDS} {status}") for status in ("human", "quarantined", "answered", "ignored")}
    house.services.inbox.take(mail("Nyss kommet.", sender=ADDRESS).as_bytes(), Origin("smtp"))
    places = {
        "manniska": ids["human"],
        "karantan": ids["quarantined"],
        "besvarade": ids["answered"],
        "utan-svar": ids["ignored"],
    }
    for tray, mail_id in places.items():
        page = (await handler.gets(f"/konsol/post?fack={tray}")).text
        assert re.findall(r'data-open href="/konsol/post/([\w-]+)"', page) == [mail_id]
    assert len(re.findall("data-open", (await handler.gets("/konsol/post?fack=pa-vag")).text)) == 1
    today = (await handler.gets("/konsol")).text
    for tray in ("manniska", "karantan"):
        assert re.search(rf'href="/konsol/post\?fack={tray}" data-open><span class="queue-count">1<', today)
    await handler.posts(f"/konsol/post/{ids['quarantined']}/klart")
    assert re.search(r'fack=karantan" data-open><span class="queue-count">0<', (await handler.gets("/konsol")).text)
    assert (await handler.posts(f"/konsol/post/{ids['quarantined']}/klart")).status_code == 422
    assert (await handler.posts(f"/konsol/post/{ids['answered']}/klart")).status_code == 422
    assert handler.account
    with house.store.read() as session:
        assert session.get_one(IncomingMail, ids["quarantined"]).settled_by == handler.account.id


async def test_security_16_a_mail_is_masked_and_shown_for_a_reason(
    house: House, handler: Desk, put: Callable[..., str]
) -> None:
    path = f"/konsol/post/{put('human')}"
    page = (await handler.gets(path)).text
    for value in ("Alva", "Lindqvist", "070-174", ADDRESS):
        assert value not in page
    assert "god man för [namn]" in page
    assert (await handler.posts(f"{path}/visa", what="from", reason="")).status_code == 422
    shown = (await handler.posts(f"{path}/visa", what="from", reason=REASON)).text
    assert ADDRESS in shown
    assert "070-174" not in shown
    assert (await handler.posts(f"{path}/visa", what="sealed_raw", reason=REASON)).status_code == 422
    events = house.events(path.rpartition("/")[2])
    assert events.count("mail.revealed") == 1
    assert events.count("mail.viewed") >= 2


async def test_what_could_not_be_dealt_with_is_not_read_again_but_can_be_taken_out(
    house: House, desk: Callable[..., Desk], put: Callable[..., str]
) -> None:
    handler, officer = desk(Role.HANDLER), desk(Role.DPO)
    path = f"/konsol/post/{put('quarantined')}"
    assert "gick inte att behandla" in (await handler.gets(path)).text
    assert (await handler.posts(f"{path}/visa", what="text", reason=REASON)).status_code == 422
    assert (await handler.posts(f"{path}/hamta", reason="")).status_code == 422
    out = await handler.posts(f"{path}/hamta", reason=REASON)
    assert out.headers["content-disposition"].startswith("attachment;")
    assert out.headers["content-type"] == "application/octet-stream"
    assert b"Subject:" in out.content
    log = (await officer.gets("/konsol/insynslogg")).text
    assert "ett mejl som fil" in log
    assert REASON in log


async def test_a_mail_of_a_case_is_shown_with_it_and_done_with_it(
    house: House, handler: Desk, put: Callable[..., str]
) -> None:
    house.visitor().claims("request.access")
    [case] = house.cases()
    mail_id = put("human", case_id=case.id)
    path = f"/konsol/post/{mail_id}"
    assert f'href="{path}"' in (await handler.gets(f"/konsol/arenden/{case.reference}")).text
    page = (await handler.gets(path)).text
    assert "När ärendet är avslutat" in page
    assert f"{path}/klart" not in page
    assert (await handler.posts(f"{path}/klart")).status_code == 422
    with house.store.write() as session:
        house.casebook.move(session, house.casebook.locked(session, case.id), Event.WITHDRAWN)
    assert re.search(r"<dd>[^<]+, med ärendet</dd>", (await handler.gets(path)).text)


async def test_pages_of_mails_hold_each_once(
    handler: Desk, put: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insyn.staff.mail.page.__kwdefaults__", {"after": None, "limit": 2})
    ids = [put("human", f"{MAIL_WORDS} {number}") for number in range(5)]
    found: list[str] = []
    onward: str | None = "/konsol/post"
    while onward is not None:
        page = await handler.gets(onward)
        found += re.findall(r'data-open href="/konsol/post/([\w-]+)"', page.text)
        onward = handler.next_page(page)
    assert found == ids


async def test_security_19_the_staff_see_that_there_was_a_file_and_nothing_of_it(
    house: House, running_rasa: FakeRasa, handler: Desk
) -> None:
    message = mail("Vi begär upplysningar, se bilagan.", sender="handlaggare@imy.se")
    message.add_attachment(b"<script>alert(1)</script>", maintype="text", subtype="html", filename="<b>svar</b>.html")
    taken = house.services.inbox.take(message.as_bytes(), Origin("smtp"))
    await house.services.mailroom.handle(taken.id)
    page = await handler.gets(f"/konsol/post/{taken.id}")
    assert "webbsida, 1 kB. De är inte öppnade." in page.text
    assert "alert(1)" not in page.text
    assert "<b>svar</b>" not in page.text
    out = await handler.posts(f"/konsol/post/{taken.id}/hamta", reason="Behöver läsa bilagan från IMY")
    assert out.headers["content-disposition"].startswith("attachment;")
    assert out.headers["content-type"] == "application/octet-stream"
    assert out.headers["x-content-type-options"] == "nosniff"
