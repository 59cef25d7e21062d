"""What someone on the staff has written stays theirs when a form is not taken: logged out, logged in anew, too late, gone."""

from __future__ import annotations

import re
from collections.abc import Callable

from insyn.letters.elements import Wording
from insyn.staff.roles import Role
from tests.fixtures.house import House
from tests.fixtures.staff import ORIGIN, Desk
from tests.fixtures.talks import Talk

WORDS = "Hej! Vi har hittat din ansökan <b>från maj</b>."
INERT = "Hej! Vi har hittat din ansökan &lt;b&gt;från maj&lt;/b&gt;."


async def test_who_was_logged_out_while_writing_logs_in_beside_and_sends_it_again(
    house: House, desk: Callable[..., Desk]
) -> None:
    talk, one = Talk(house, "hej"), desk(Role.HANDLER)
    path, form = f"/konsol/samtal/{talk.id}/svara", {"text": WORDS, "key": "k1", "mail": "", "seen": "99999"}
    secret = await one.secret()
    house.clock.go(minutes=31)
    out = await one.posts_with(secret, path, **form)
    assert out.status_code == 401
    assert INERT in out.text
    assert f'href="/konsol/logga-in?vidare=/konsol/samtal/{talk.id}" target="_blank"' in out.text
    one.is_in()
    stale = await one.posts_with(secret, path, **form)
    assert (stale.status_code, INERT in stale.text) == (403, True)
    assert "Du är inloggad som Hanna Handläggare" in stale.text
    renewed = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(.*?)">', stale.text))
    assert {name: renewed[name] for name in ("key", "seen")} == {"key": "k1", "seen": "99999"}
    sent = await one.http.post(path, data={**renewed, "text": WORDS})
    assert sent.headers["location"] == f"/konsol/samtal/{talk.id}?klart=svarat"


async def test_nothing_is_shown_again_of_what_another_site_sends_or_of_a_password(desk: Callable[..., Desk]) -> None:
    one = desk()
    one.http.headers["Sec-Fetch-Site"] = "cross-site"
    foreign = await one.http.post("/konsol/arenden/INS-2222-2222/anteckning", data={"text": WORDS})
    assert (foreign.status_code, "från maj" in foreign.text) == (303, False)
    one.http.headers.update(ORIGIN)
    password = await one.http.post("/konsol/mig/losenord", data={"current": "en hemlig mening", "password": "en annan"})
    assert (password.status_code, "hemlig" in password.text) == (303, False)


async def test_a_decision_that_comes_too_late_keeps_its_words(house: House, desk: Callable[..., Desk]) -> None:
    visitor = house.visitor()
    visitor.claims("request.erasure")
    visitor.proves()
    visitor.says()
    (case,) = house.cases()
    house.services.casework.verify(case.id, "Personen ringde från numret vi har.", by="x")
    one = desk(Role.HANDLER)
    path = f"/konsol/arenden/{case.reference}/steg/refused"
    seen = re.search(r'name="seen" value="(\d+)"', (await one.gets(path)).text)
    assert seen
    house.services.casework.refuse(
        case.id, Wording(reasons="Uppgifterna finns inte hos oss.", ground="conditions"), by="colleague"
    )
    late = await one.posts(path, seen=seen[1], reasons="Vi behöver din ansökan i två år.", ground="claims")
    assert late.status_code == 422
    assert "är avslaget. Inget är skickat" in late.text
    assert "Vi behöver din ansökan i två år." in late.text
    assert len(house.letters("refused")) == 1


async def test_an_answer_in_a_chat_that_was_erased_meanwhile(house: House, desk: Callable[..., Desk]) -> None:
    talk, one = Talk(house, "hej"), desk(Role.HANDLER)
    await house.services.gateway.erase(talk.id)
    gone = await one.posts(f"/konsol/samtal/{talk.id}/svara", text=WORDS, key="k1")
    assert (gone.status_code, INERT in gone.text) == (404, True)
    assert "Personen kan ha raderat det" in gone.text
    news = await one.http.get(f"/konsol/samtal/{talk.id}/nytt?efter={talk.seqs[0]}", headers={"HX-Request": "true"})
    assert (news.status_code, "Personen kan ha raderat det" in news.text) == (286, True)
    assert "<html" not in news.text
