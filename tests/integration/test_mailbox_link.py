"""The link in the mail with the code: security.md 1-4 and 8 hold for it as for the code, and looking confirms nothing."""

from __future__ import annotations

import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from insyn.conversation.channels import MAIL
from insyn.identity.challenge import MAX_TRIES, Outcome
from insyn.requests.desk import LINK_PATH
from insyn.requests.mailbox_link import NoSuchLink
from insyn.store.models import Challenge
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House, Visitor
from tests.fixtures.web import Browser

ERASURE, ACCESS = "request.erasure", "request.access"


def link_in_mail(house: House, to: str = ADDRESS) -> str:
    """The secret part of the link last sent to an address."""
    text = house.letters("code", to)[-1].text
    found = re.search(rf"^{re.escape(house.services.settings.public_url)}{LINK_PATH}/(\S+)$", text, re.MULTILINE)
    assert found, text
    return found[1]


def asked(house: House, *rights: str, channel: str = "chat") -> tuple[Visitor, str]:
    """Someone who has asked for something and been sent a code and a link."""
    visitor = house.visitor(channel)
    visitor.claims(*rights)
    visitor.gives_address()
    visitor.asks_for_code()
    return visitor, link_in_mail(house)


def test_looking_changes_nothing_and_confirming_proves_the_mailbox(house: House) -> None:
    visitor, link = asked(house, ACCESS, ERASURE)
    before = house.events()
    for _ in range(3):
        seen = house.services.links.look(link)
        assert (seen.requests, seen.confirmed) == (("tillgång till uppgifter", "radering"), False)
    assert house.events() == before
    assert {case.proof for case in house.cases()} == {"address"}

    confirmed = house.services.links.confirm(link)

    assert (confirmed.conversation_id, confirmed.by_mail, confirmed.opened) == (visitor.id, False, ())
    assert {(case.state, case.proof) for case in house.cases()} == {("awaiting_verification", "mailbox")}
    assert house.services.desk.is_proved(visitor.says())
    assert house.audit_is_whole()


def test_security_8_a_link_says_nothing_of_who_writes_in_the_chat(house: House) -> None:
    """Someone who gives another's address gets no session of theirs when the other confirms."""
    visitor, link = asked(house, ERASURE)
    house.services.links.confirm(link)
    conversation = visitor.conversation
    assert (conversation.verified_at, conversation.verified_index, conversation.token_epoch) == (None, None, 0)
    assert house.services.desk.own_cases(visitor.says()) == []


def test_by_mail_the_link_is_the_confirmation_and_opens_the_requests(house: House) -> None:
    _, link = asked(house, ACCESS, ERASURE, channel=MAIL)
    opened = house.services.links.confirm(link).opened
    assert [case.kind for case in opened] == [ACCESS, ERASURE]
    assert {(case.state, case.proof) for case in house.cases()} == {("open", "mailbox")}
    assert len(house.letters("receipt", ADDRESS)) == 1


def test_security_2_confirming_twice_does_nothing_more(house: House) -> None:
    _, link = asked(house, ERASURE, channel=MAIL)
    house.services.links.confirm(link)
    events = house.events()
    assert house.services.links.confirm(link).opened == ()
    assert house.services.links.look(link).confirmed
    assert house.events() == events
    assert len(house.letters("receipt")) == 1


def test_security_2_of_twenty_who_confirm_at_once_the_mailbox_is_proved_once(house: House) -> None:
    _, link = asked(house, ERASURE, channel=MAIL)
    together = Barrier(20)

    def confirm(_number: int) -> int:
        together.wait(30)
        return len(house.services.links.confirm(link).opened)

    with ThreadPoolExecutor(20) as pool:
        opened = list(pool.map(confirm, range(20)))
    assert sorted(opened) == [0] * 19 + [1]
    assert house.events().count("challenge.passed") == 1
    assert house.events().count("case.mailbox_proved") == 1


def test_security_2_the_code_uses_the_link_up_and_the_link_the_code(house: House) -> None:
    visitor, link = asked(house, ERASURE)
    code = house.code()
    desk = house.services.desk
    assert desk.check_code(visitor.says(), visitor.code(code)) is Outcome.RIGHT
    with pytest.raises(NoSuchLink):
        house.services.links.confirm(link)

    house.clock.go(minutes=2)
    other, link = asked(house, ERASURE)
    code = house.code()
    house.services.links.confirm(link)
    assert desk.check_code(other.says(), other.code(code)) is Outcome.DEAD


def test_security_2_five_wrong_codes_kill_the_link_too(house: House) -> None:
    visitor, link = asked(house, ERASURE)
    wrong = f"{(int(house.code()) + 1) % 10**8:08d}"
    for _ in range(MAX_TRIES):
        house.services.desk.check_code(visitor.says(), visitor.code(wrong))
    with pytest.raises(NoSuchLink):
        house.services.links.look(link)


def test_security_3_a_new_code_replaces_the_old_link(house: House) -> None:
    visitor, old = asked(house, ERASURE)
    house.clock.go(seconds=61)
    visitor.asks_for_code()
    new = link_in_mail(house)
    with pytest.raises(NoSuchLink):
        house.services.links.confirm(old)
    assert house.services.links.confirm(new).conversation_id == visitor.id


@pytest.mark.parametrize(("hours", "holds"), [(23.9, True), (24.0, False)])
def test_security_1_a_link_lives_a_day(house: House, hours: float, holds: bool) -> None:
    _, link = asked(house, ERASURE)
    house.clock.go(hours=hours)
    if holds:
        house.services.links.confirm(link)
    else:
        for use in (house.services.links.look, house.services.links.confirm):
            with pytest.raises(NoSuchLink):
                use(link)
    assert house.cases()[0].proof == ("mailbox" if holds else "address")


def test_security_4_a_link_proves_only_the_address_it_was_sent_to(house: House) -> None:
    visitor, link = asked(house, ERASURE)
    visitor.gives_address(OTHER_ADDRESS)
    assert house.services.links.look(link).requests == ()
    house.services.links.confirm(link)
    assert [case.proof for case in house.cases()] == ["address"]


def test_security_4_the_store_holds_no_link(house: House) -> None:
    _, link = asked(house, ERASURE)
    with house.store.read() as session:
        challenge = session.query(Challenge).one()
        assert challenge.link_hash is not None
        assert link.encode() not in challenge.link_hash
        assert len(challenge.link_hash) == 32
    assert not any(link in event for event in house.events())


def test_a_code_that_opens_an_old_case_has_no_link(house: House) -> None:
    """Its holder could be led to let a stranger's chat look at the case."""
    visitor, _ = asked(house, ERASURE)
    reference = house.cases()[0].reference
    house.clock.go(minutes=2)
    house.services.desk.ask_for_case(house.visitor().says(), reference)
    assert LINK_PATH not in house.letters("code", ADDRESS)[-1].text
    assert visitor.conversation.verified_at is None


@pytest.mark.parametrize("link", ["", "x", "a" * 43, "../../etc/passwd", "å" * 43, "Zk3_-" * 8 + "abc"])
def test_what_is_no_link_opens_nothing(house: House, link: str) -> None:
    for use in (house.services.links.look, house.services.links.confirm):
        with pytest.raises(NoSuchLink):
            use(link)


async def test_the_page_asks_and_only_its_button_confirms(house: House) -> None:
    _, link = asked(house, ERASURE)
    browser = Browser(house.services)
    for method in ("GET", "HEAD"):
        shown = await browser.http.request(method, f"{LINK_PATH}/{link}")
        assert shown.status_code in (200, 405)
    assert house.cases()[0].proof == "address"
    page = await browser.http.get(f"{LINK_PATH}/{link}")
    assert "radering" in page.text
    assert ADDRESS not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"

    done = await browser.http.post(f"{LINK_PATH}/{link}")
    assert (done.status_code, house.cases()[0].proof) == (200, "mailbox")
    assert "Tack, adressen är bekräftad" in done.text
    again = await browser.http.get(f"{LINK_PATH}/{link}")
    assert "Tack, adressen är bekräftad" in again.text


async def test_a_link_that_never_was_and_one_that_is_used_up_look_the_same(house: House) -> None:
    visitor, link = asked(house, ERASURE)
    house.services.desk.check_code(visitor.says(), visitor.code(house.code()))
    browser = Browser(house.services)
    used, never = [await browser.http.get(f"{LINK_PATH}/{each}") for each in (link, secrets.token_urlsafe(32))]
    assert (used.status_code, used.text) == (never.status_code, never.text) == (404, never.text)
    foreign = await browser.http.post(f"{LINK_PATH}/{link}", headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
