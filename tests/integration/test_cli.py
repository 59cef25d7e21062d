"""The commands of whoever runs Insyn, as they are typed; the services behind them are those of the test."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from insyn.bootstrap import Services, build
from insyn.settings import Settings
from insyn.store.engine import Store
from insyn.store.models import AuditRow, Conversation
from insyn.upkeep import key_change
from tests.fixtures.command import Run
from tests.fixtures.house import ADDRESS, House, SettableClock, Visitor, house_settings
from tests.fixtures.web import Browser


def filed(house: House, right: str = "request.access") -> Visitor:
    visitor = house.visitor()
    visitor.claims(right)
    visitor.proves()
    house.services.desk.submit(visitor.says())
    house.clock.go(hours=2)
    return visitor


# -- audit


def test_audit_show_tells_a_case_as_a_story(house: House, run: Run) -> None:
    filed(house)
    (case,) = house.cases()
    told = run("audit", "show", case.reference.lower()).output
    lines = told.splitlines()
    assert lines[0] == f"Ärende {case.reference}"
    assert lines[1] == (
        "5 mars 2026 klockan 09.30: Ärendet kom in genom chatten. Det gäller tillgång till uppgifter. "
        "Svar senast den 7 april 2026."
    )
    assert any("bekräftade begäran" in line for line in lines)
    assert ADDRESS not in told
    rows = json.loads(run("audit", "show", case.reference, "--json").output)
    assert [row["event"] for row in rows] == house.events(case.id)


def test_audit_show_of_an_unknown_case_says_so(run: Run) -> None:
    assert "Det finns inget ärende" in run("audit", "show", "INS-2222-2222", code=1).output


def test_audit_verify_finds_a_changed_row_and_a_log_put_back(house: House, run: Run) -> None:
    filed(house)
    assert "hel" in run("audit", "verify").output
    with house.store.read() as session:
        house.services.anchor.mark(session)
    with house.store.write() as session:
        row = session.get_one(AuditRow, 2)
        row.event = "case.completed"
    assert "rad 2" in run("audit", "verify", code=1).output


# -- purge and holds


def test_purge_shows_first_and_removes_only_when_told(house: House, run: Run) -> None:
    house.visitor()
    house.clock.go(days=31)
    assert json.loads(run("purge").output)["would_purge"]["anonymous_chats"] == 1
    assert house.count(Conversation) == 1
    assert json.loads(run("purge", "--really").output)["purged"]["anonymous_chats"] == 1
    assert house.count(Conversation) == 0


def test_a_hold_keeps_a_case_from_the_purge_until_it_is_released(house: House, run: Run) -> None:
    visitor = filed(house)
    (case,) = house.cases()
    house.services.desk.withdraw(visitor.says(), case.reference)
    assert "gallras inte" in run("cases", "hold", case.reference, "--reason", "Tvist i domstol.").output
    house.clock.go(days=731)
    run("purge", "--really")
    assert house.case(case.reference).shredded_at is None
    assert house.count(Conversation) == 1
    assert "gallras när" in run("cases", "release", case.reference, "--reason", "Tvisten är slut.").output
    run("purge", "--really")
    assert house.case(case.reference).shredded_at is not None
    assert "gallrat" in run("cases", "hold", case.reference, "--reason", "För sent.", code=1).output
    told = run("audit", "show", case.reference).output
    assert "Den som sköter driften bestämde att ärendet inte får gallras" in told


def test_a_hold_needs_a_reason(house: House, run: Run) -> None:
    filed(house)
    (case,) = house.cases()
    assert "skälet" in run("cases", "hold", case.reference, "--reason", "  ", code=2).output
    assert not house.case(case.reference).on_hold


# -- files to a person


async def test_files_attached_and_delivered_are_fetched_by_link_and_code(
    house: House, run: Run, browser: Browser, tmp_path: Path
) -> None:
    filed(house)
    (case,) = house.cases()
    answer = tmp_path / "svar på begäran.pdf"
    answer.write_bytes(b"%PDF of ours")
    assert "Tillagd: svar på begäran.pdf" in run("cases", "attach", case.reference, str(answer)).output
    assert "3 filer" in run("cases", "deliver", case.reference).output  # with what Insyn itself holds
    link = re.search(r"/hamta/(\S+)", house.letters("delivery")[-1].text)
    assert link
    page = await browser.http.get(f"/hamta/{link[1]}")
    assert page.status_code == 200
    assert "svar på begäran" not in page.text
    await browser.http.post(f"/hamta/{link[1]}/kod")
    opened = await browser.http.post(f"/hamta/{link[1]}/oppna", data={"kod": house.code()})
    assert "svar på begäran.pdf" in opened.text
    action = re.search(
        r'action="(/hamta/[^"]+/fil/[^"]+)">\s*<input type="hidden" name="nyckel" value="([^"]+)"', opened.text
    )
    assert action
    fetched = await browser.http.post(action[1], data={"nyckel": action[2]})
    assert fetched.content == b"%PDF of ours"
    assert house.events(case.id)[-1] == "delivery.fetched"


def test_nothing_is_delivered_before_the_person_is_verified(house: House, run: Run, tmp_path: Path) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    (case,) = house.cases()
    (tmp_path / "svar.txt").write_text("svar")
    run("cases", "attach", case.reference, str(tmp_path / "svar.txt"))
    assert "lämnas ingenting ut" in run("cases", "deliver", case.reference, code=1).output
    assert house.letters("delivery") == []


# -- keys


@pytest.fixture
def keys_at_home(tmp_path: Path, store: Store, clock: SettableClock, quick_build: None) -> Callable[[], Services]:
    """Makes services, each as a process of its own would be, whose keys stand in files of the test."""
    master, env = tmp_path / "master.keys", tmp_path / "env"
    master.write_text(f"k1:{base64.b64encode(os.urandom(32)).decode()}\n")
    env.write_text("INSYN_INDEX_KEY=the-first\n")

    def start() -> Services:
        lines = dict(line.split("=", 1) for line in env.read_text().splitlines())
        settings: Settings = house_settings(
            tmp_path, master_keys_file=str(master),
            index_key=lines["INSYN_INDEX_KEY"], former_index_key=lines.get("INSYN_FORMER_INDEX_KEY", ""),
        )  # fmt: skip
        settings.read_from(env)
        return build(settings, clock=clock, store=store)

    return start


def test_security_15_keys_rotate_beside_a_running_service(
    keys_at_home: Callable[[], Services],
    insyn_on: Callable[[Services], Run],
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(key_change, "SETTLE_SECONDS", 0.0)
    running = House(keys_at_home(), clock)  # never started anew
    visitor = filed(running)
    (case,) = running.cases()

    told = insyn_on(keys_at_home())("keys", "rotate").output
    assert "Huvudnyckel i bruk: k2" in told
    assert "Borttagna huvudnycklar: k1" in told
    assert "Kör insyn keys rotate igen efter den 6 mars 2026 klockan 11.30" in told
    assert (tmp_path / "master.keys").read_text().startswith("k2:")
    assert "INSYN_FORMER_INDEX_KEY=the-first" in (tmp_path / "env").read_text()

    running.index = running.services.casebook._index
    assert running.details(case)["address"] == ADDRESS  # read under the new master key
    assert running.services.desk.opened_case(visitor.says(), case.reference) is not None
    filed(running)
    assert running.cases()[-1].repeats_id == case.id  # found under the new index key
    assert running.services.rotation.masters_in_use().keys() == {"k2"}

    again = insyn_on(keys_at_home())("keys", "rotate").output
    assert "behövs ännu" in again
    clock.go(days=1, minutes=11)
    assert "Bytet är klart" in insyn_on(keys_at_home())("keys", "rotate").output
    assert "FORMER" not in (tmp_path / "env").read_text()
    filed(running)
    assert running.cases()[-1].repeats_id is not None
    assert running.services.rotation.masters_in_use().keys() == {"k4"}
    assert running.audit_is_whole()


def test_keys_that_the_environment_holds_are_left_alone(
    keys_at_home: Callable[[], Services],
    insyn_on: Callable[[Services], Run],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    before = (tmp_path / "master.keys").read_text()
    monkeypatch.setenv("INSYN_INDEX_KEY", "the-first")
    told = insyn_on(keys_at_home())("keys", "rotate", code=1).output
    assert "INSYN_INDEX_KEY står i miljön" in told
    assert (tmp_path / "master.keys").read_text() == before


# -- staff


def test_staff_are_added_listed_given_new_links_and_closed(house: House, run: Run) -> None:
    first = run("staff", "add", "Kim Exempel", "kim@example.com", "--role", "handler", "--role", "dpo").output.strip()
    assert re.fullmatch(r"http://\S+/konsol/valkommen/[\w-]{43}", first)
    assert house.services.members.welcome(first.rpartition("/")[2]).member.name == "Kim Exempel"
    assert "redan ett konto" in run("staff", "add", "Kim", "KIM@example.com", "--role", "admin", code=1).output
    (listed,) = json.loads(run("staff", "list", "--json").output)
    assert (listed["email"], listed["roles"], listed["status"]) == ("kim@example.com", ["dpo", "handler"], "invited")
    second = run("staff", "link", "kim@example.com").output.strip()
    assert second != first
    assert "stängt" in run("staff", "close", "kim@example.com").output
    assert "stängt" in run("staff", "link", "kim@example.com", code=1).output
    assert "inget konto" in run("staff", "link", "nobody@example.com", code=1).output
    assert "handläggare, dataskyddsombud" in run("staff", "list").output
