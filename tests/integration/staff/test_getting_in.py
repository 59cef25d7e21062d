"""Getting into the console: two factors, no code twice, nothing told about which part was wrong, limits without lock-out (security.md 21)."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from sqlalchemy import select, text

from insyn.bootstrap import Services, build
from insyn.staff.members import NoSuchLink, NotPossible
from insyn.staff.passwords import PasswordTooWeak
from insyn.staff.roles import Role
from insyn.store.engine import Store, StoreUnavailable
from insyn.store.staff_tables import StaffLogIn, StaffMember, StaffSession
from insyn.web.app import create_app
from tests.fixtures.house import House, SettableClock, house_settings
from tests.fixtures.staff import PASSWORD, Account, Desk, set_up

COOKIE = "insyn-staff"


@pytest.fixture
def hanna(services: Services) -> Account:
    return set_up(services, Role.HANDLER)


def try_in(
    services: Services, account: Account, *, email: str = "", password: str = PASSWORD, code: str = ""
) -> str | None:
    return services.log_in.attempt(
        email or account.email, password, code or account.totp.at(services.clock()), address="192.0.2.7"
    )


def outcomes(services: Services) -> list[str]:
    return [attempt.outcome for attempt in reversed(services.log_in.attempts(limit=50))]


# -- the two factors


def test_address_password_and_code_together_let_in(services: Services, hanna: Account, clock: SettableClock) -> None:
    clock.go(minutes=1)
    assert try_in(services, hanna, email=hanna.email.upper()) == hanna.id
    assert outcomes(services) == ["in"]


@pytest.mark.parametrize(
    "wrong", [{"email": "nobody@example.com"}, {"email": "inte en adress"}, {"password": "en annan promenad"}, {"code": "000000"}, {"code": "ABCD-EFGH-JKMN"}]
)  # fmt: skip
def test_security_21_whatever_is_wrong_the_answer_is_the_same(
    services: Services, hanna: Account, clock: SettableClock, wrong: dict[str, str]
) -> None:
    clock.go(minutes=1)
    assert try_in(services, hanna, **wrong) is None
    assert outcomes(services) == ["wrong"]


def test_security_21_a_code_works_once_also_when_tried_in_parallel(
    services: Services, hanna: Account, clock: SettableClock
) -> None:
    clock.go(minutes=1)
    code = hanna.totp.at(clock())
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: try_in(services, hanna, code=code), range(8)))
    assert [result for result in results if result] == [hanna.id]
    clock.go(seconds=20)
    assert try_in(services, hanna, code=code) is None


def test_a_code_older_than_the_last_used_one_is_refused(
    services: Services, hanna: Account, clock: SettableClock
) -> None:
    clock.go(minutes=1)
    older = hanna.totp.at(clock())
    clock.go(seconds=30)
    assert try_in(services, hanna) == hanna.id
    assert try_in(services, hanna, code=older) is None


def test_a_recovery_code_works_once(services: Services, hanna: Account) -> None:
    first, second = hanna.recovery_codes[:2]
    assert len(hanna.recovery_codes) == 10
    assert try_in(services, hanna, code=first.lower().replace("-", " ")) == hanna.id
    assert try_in(services, hanna, code=first) is None
    assert try_in(services, hanna, code=second, password="en annan promenad") is None  # not used up by it
    assert try_in(services, hanna, code=second) == hanna.id
    assert outcomes(services) == ["recovery", "wrong", "wrong", "recovery"]


def test_a_closed_account_stays_out(services: Services, hanna: Account, clock: SettableClock) -> None:
    secret = services.staff_sessions.begin(hanna.id)
    services.members.close(hanna.id, by="operator")
    clock.go(minutes=1)
    assert try_in(services, hanna) is None
    assert services.staff_sessions.find(secret) is None


def test_security_21_unknown_and_known_take_the_same_time(services: Services, hanna: Account) -> None:
    def seconds(email: str) -> float:
        began = time.perf_counter()
        try_in(services, hanna, email=email, password="en annan promenad")
        return time.perf_counter() - began

    # By turns, so that whatever else the machine does meets both.
    pairs = [(seconds(hanna.email), seconds("nobody@example.com")) for _ in range(15)]
    known, unknown = zip(*pairs, strict=True)
    assert abs(statistics.median(known) - statistics.median(unknown)) < 0.02 + statistics.median(known) / 4


def test_nothing_of_an_account_can_be_read_in_the_store(services: Services, hanna: Account, store: Store) -> None:
    with store.read() as session:
        rows = session.execute(text("SELECT * FROM staff_member")).all()
        codes = session.execute(text("SELECT * FROM staff_recovery_code")).all()
    raw = repr([[bytes(cell) if isinstance(cell, memoryview) else cell for cell in row] for row in [*rows, *codes]])
    for value in (
        hanna.email,
        "hanna",
        "Hanna",
        hanna.totp.secret,
        PASSWORD,
        *(code.replace("-", "") for code in hanna.recovery_codes),
    ):
        assert value not in raw
    assert "$argon2id$" in raw


# -- links


def test_a_link_is_used_once_and_a_new_one_replaces_it(services: Services, clock: SettableClock) -> None:
    member_id, old = services.members.invite("Kim Exempel", "kim@example.com", [Role.HANDLER], by="operator")
    new = services.members.new_link(member_id, by="operator")
    with pytest.raises(NoSuchLink):
        services.members.welcome(old)
    code = pyotp.TOTP(services.members.welcome(new).totp_secret).at(clock())
    given = {"name": "", "email": "", "password": PASSWORD}
    assert services.members.set_up(new, **given, code="000000") is None
    with pytest.raises(PasswordTooWeak):
        services.members.set_up(new, **{**given, "password": "kim@example.com"}, code=code)
    assert services.members.set_up(new, **given, code=code) is not None
    with pytest.raises(NoSuchLink):
        services.members.set_up(new, **given, code=code)


def test_a_link_runs_out(services: Services, clock: SettableClock) -> None:
    _, link = services.members.invite("Kim Exempel", "kim@example.com", [Role.HANDLER], by="operator")
    clock.go(hours=48)
    with pytest.raises(NoSuchLink):
        services.members.welcome(link)


def test_the_first_run_makes_an_administrator_and_no_later_one_does(services: Services, clock: SettableClock) -> None:
    stale, link = services.members.first_link(), services.members.first_link()
    assert stale
    assert link
    with pytest.raises(NoSuchLink):
        services.members.welcome(stale)
    code = pyotp.TOTP(services.members.welcome(link).totp_secret).at(clock())
    with pytest.raises(NotPossible):
        services.members.set_up(link, name="Ada", email="", password=PASSWORD, code=code)
    assert services.members.set_up(link, name="Ada", email="ada@example.com", password=PASSWORD, code=code)
    assert services.members.first_link() is None
    with services.store.read() as session:
        (ada,) = services.members.all(session)
    assert (ada.name, ada.roles, ada.status) == ("Ada", frozenset({Role.ADMIN}), "active")


def test_an_address_has_one_account_and_the_last_administrator_stays(services: Services) -> None:
    ada = set_up(services, Role.ADMIN)
    with pytest.raises(NotPossible):
        services.members.invite("Ada igen", "ADA@example.com", [Role.HANDLER], by=ada.id)
    with pytest.raises(NotPossible):
        services.members.set_roles(ada.id, [Role.DPO], by=ada.id)
    with pytest.raises(NotPossible):
        services.members.close(ada.id, by=ada.id)
    other = set_up(services, Role.ADMIN, name="Olle", email="olle@example.com")
    services.members.close(ada.id, by=other.id)


# -- over the web


async def test_security_9_logging_in_makes_a_new_session_and_never_takes_one_along(
    desk: Callable[..., Desk], services: Services, clock: SettableClock, hanna: Account
) -> None:
    """Session fixation: what the browser brings, chosen by whoever, opens nothing and is not taken over."""
    one = desk()
    one.account = hanna
    one.http.cookies.set(COOKIE, "chosen-by-someone-else")
    assert (await one.gets("/konsol")).headers["location"] == "/konsol/logga-in"
    before = services.staff_sessions.begin(hanna.id)
    one.http.cookies.set(COOKIE, before)
    clock.go(minutes=1)
    data = {"email": hanna.email, "password": PASSWORD, "code": hanna.totp.at(clock())}
    after = (await one.http.post("/konsol/logga-in", data=data)).cookies[COOKIE]
    assert after not in (before, "chosen-by-someone-else")
    assert services.staff_sessions.find(before) is None
    assert services.staff_sessions.find(after) is not None


async def test_security_9_the_cookie_is_for_this_host_over_https_only_and_for_no_script(
    services: Services, store: Store, clock: SettableClock, hanna: Account
) -> None:
    settings = house_settings(
        services.settings.var_dir,
        environment="production",
        base_url="https://testserver",
        rasa_port=services.settings.rasa_port,
    )
    safe = build(settings, clock=clock, store=store)
    one = Desk(safe, hanna, create_app(settings, services=safe))
    clock.go(minutes=1)
    response = await one.http.post(
        "https://testserver/konsol/logga-in",
        data={"email": hanna.email, "password": PASSWORD, "code": hanna.totp.at(clock())},
    )
    cookie = next(each for each in response.headers.get_list("set-cookie") if each.startswith("__Host-insyn-staff="))
    attributes = {part.strip().casefold() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
    assert not any(part.startswith("domain") for part in attributes)
    await one.http.aclose()
    await safe.rasa.close()


async def test_security_21_a_session_ends_when_idle_and_at_the_end_of_the_day(
    desk: Callable[..., Desk], clock: SettableClock
) -> None:
    one = desk(Role.HANDLER)
    for _ in range(20):
        clock.go(minutes=29)
        assert (await one.gets("/konsol")).status_code == 200
    clock.go(minutes=29)  # 10 hours since it began
    assert (await one.gets("/konsol")).status_code == 303
    two = desk(Role.DPO)
    assert (await two.gets("/konsol")).status_code == 200
    clock.go(minutes=30)
    assert (await two.gets("/konsol/mig")).headers["location"] == "/konsol/logga-in?vidare=/konsol/mig"


async def test_logging_out_ends_the_session(desk: Callable[..., Desk], services: Services) -> None:
    one = desk(Role.HANDLER)
    secret = one.http.cookies[COOKIE]
    assert (await one.posts("/konsol/logga-ut")).status_code == 303
    assert services.staff_sessions.find(str(secret)) is None


async def test_security_21_many_attempts_are_slowed_down(
    desk: Callable[..., Desk], services: Services, clock: SettableClock, hanna: Account
) -> None:
    owner = desk()
    owner.account = hanna
    await owner.logs_in(clock)
    owner.http.headers["X-Forwarded-For"] = "198.51.100.1"
    stranger = desk()
    statuses = []
    for _ in range(services.settings.rate_log_in_per_minute + 3):
        response = await stranger.http.post(
            "/konsol/logga-in", data={"email": hanna.email, "password": "gissning", "code": "123456"}
        )
        statuses.append(response.status_code)
    assert statuses[0] == 422
    assert statuses[-1] == 429
    assert int(response.headers["Retry-After"]) > 0
    assert "limited" in outcomes(services)


async def test_security_21_guessing_from_many_places_does_not_lock_an_account(
    services: Services, store: Store, clock: SettableClock, hanna: Account, tmp_path: object
) -> None:
    settings = services.settings.model_copy(update={"trusted_proxies": "127.0.0.1/32"})
    open_to_proxy = build(settings, clock=clock, store=store)
    app = create_app(settings, services=open_to_proxy)
    owner, guesser = Desk(open_to_proxy, hanna, app), Desk(open_to_proxy, None, app)
    owner.http.headers["X-Forwarded-For"] = "198.51.100.1"
    await owner.logs_in(clock)
    statuses = set()
    for number in range(settings.rate_log_in_per_minute + 3):
        statuses.add(
            (
                await guesser.http.post(
                    "/konsol/logga-in",
                    data={"email": hanna.email, "password": "gissning", "code": "123456"},
                    headers={"X-Forwarded-For": f"203.0.113.{number}"},
                )
            ).status_code
        )
    assert statuses == {422, 429}
    await owner.logs_in(clock)  # the browser is known, so it counts by itself
    await owner.http.aclose()
    await guesser.http.aclose()
    await open_to_proxy.rasa.close()


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}]
)
async def test_security_10_a_form_from_elsewhere_is_refused(desk: Callable[..., Desk], headers: dict[str, str]) -> None:
    one = desk(Role.ADMIN)
    secret = await one.secret()
    data = {"form_secret": secret, "name": "Ond", "email": "ond@example.com", "role": "admin"}
    assert (await one.http.post("/konsol/konton", data=data, headers=headers)).status_code == 403
    del one.http.headers["Sec-Fetch-Site"]
    assert (await one.http.post("/konsol/konton", data=data)).status_code == 403  # says nothing of where it is from
    assert (
        await one.http.post("/konsol/konton", data=data, headers={"Origin": "https://evil.example"})
    ).status_code == 403


async def test_security_10_a_form_without_the_sessions_secret_is_refused(
    desk: Callable[..., Desk], services: Services
) -> None:
    one, other = desk(Role.ADMIN), desk(Role.HANDLER)
    for secret in ("", "0" * 64, await other.secret()):
        response = await one.http.post(
            "/konsol/konton", data={"form_secret": secret, "name": "Ond", "email": "ond@example.com", "role": "admin"}
        )
        assert response.status_code == 403
    with services.store.read() as session:
        assert len(session.scalars(select(StaffMember)).all()) == 2


async def test_onward_leads_nowhere_but_to_the_console(
    desk: Callable[..., Desk], clock: SettableClock, hanna: Account
) -> None:
    for onward in (
        "https://evil.example/",
        "//evil.example",
        "/konsol/../dev/mailbox",
        "/konsol/arenden\r\nX: y",
        "/chat",
    ):
        one = desk()
        clock.go(minutes=1)
        data = {"email": hanna.email, "password": PASSWORD, "code": hanna.totp.at(clock()), "onward": onward}
        assert (await one.http.post("/konsol/logga-in", data=data)).headers["location"] == "/konsol"
    one = desk()
    clock.go(minutes=1)
    data |= {"code": hanna.totp.at(clock()), "onward": "/konsol/mig"}
    assert (await one.http.post("/konsol/logga-in", data=data)).headers["location"] == "/konsol/mig"


async def test_security_18_what_a_name_holds_stays_text(desk: Callable[..., Desk]) -> None:
    one = desk(Role.ADMIN)
    await one.posts("/konsol/konton", name="<img src=x onerror=alert(1)>", email="x@example.com", role="handler")
    page = (await one.gets("/konsol/konton")).text
    assert "<img" not in page
    assert "&lt;img src=x" in page


async def test_an_account_from_invitation_to_work(
    desk: Callable[..., Desk], services: Services, clock: SettableClock
) -> None:
    ada = desk(Role.ADMIN)
    page = (await ada.posts("/konsol/konton", name="Kim Exempel", email="kim@example.com", role=["handler"])).text
    found = re.search(r"/konsol/valkommen/([\w-]{43})", page)
    assert found
    kim = desk()
    welcome = (await kim.gets(found[0])).text
    key = re.search(r'<code class="breakable">([A-Z2-7]{32})</code>', welcome)
    assert key
    done = await kim.http.post(found[0], data={"password": PASSWORD, "code": pyotp.TOTP(key[1]).at(clock())})
    assert done.status_code == 200
    assert len(re.findall(r"<code>[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}</code>", done.text)) == 10
    assert (await kim.gets("/konsol/arenden")).status_code == 200
    assert (await kim.gets(found[0])).status_code == 404
    log = (await ada.gets("/konsol/inloggningar")).text
    assert "Inloggningar" in log


async def test_changed_roles_end_the_sessions(desk: Callable[..., Desk], services: Services) -> None:
    ada, hanna = desk(Role.ADMIN), desk(Role.HANDLER)
    assert hanna.account
    await ada.posts(f"/konsol/konton/{hanna.account.id}/roller", role=["reviewer"])
    assert (await hanna.gets("/konsol/arenden")).status_code == 303
    hanna.is_in()
    assert (await hanna.gets("/konsol/arenden")).status_code == 403


async def test_the_log_of_log_ins_names_no_address(house: House, desk: Callable[..., Desk]) -> None:
    one = desk()
    await one.http.post("/konsol/logga-in", data={"email": "nagon@example.com", "password": "x", "code": "1"})
    with house.store.read() as session:
        (line,) = session.scalars(select(StaffLogIn)).all()
        assert session.scalars(select(StaffSession)).all() == []
    assert (line.member_id, line.outcome) == (None, "wrong")
    assert "127.0.0.1" not in line.origin
    assert re.fullmatch("[0-9a-f]{12}", line.origin)


async def test_password_and_recovery_codes_are_changed_with_the_password_only(
    desk: Callable[..., Desk], services: Services, clock: SettableClock
) -> None:
    one = desk(Role.HANDLER)
    assert one.account
    other = services.staff_sessions.begin(one.account.id)
    assert (await one.posts("/konsol/mig/losenord", present="fel", new="ett helt nytt lösenord")).status_code == 422
    assert (await one.posts("/konsol/mig/losenord", present=PASSWORD, new="kort")).status_code == 422
    assert (await one.posts("/konsol/mig/losenord", present=PASSWORD, new="ett helt nytt lösenord")).status_code == 303
    assert services.staff_sessions.find(other) is None
    assert (await one.gets("/konsol")).status_code == 200
    clock.go(minutes=1)
    assert try_in(services, one.account) is None
    clock.go(minutes=1)
    assert try_in(services, one.account, password="ett helt nytt lösenord") == one.account.id
    codes = re.findall(
        r"<code>([2-9A-Z-]{14})</code>", (await one.posts("/konsol/mig/koder", present="ett helt nytt lösenord")).text
    )
    assert len(codes) == 10
    assert not set(codes) & set(one.account.recovery_codes)
    assert try_in(services, one.account, password="ett helt nytt lösenord", code=one.account.recovery_codes[0]) is None


def test_the_log_of_log_ins_goes_after_its_period(services: Services, hanna: Account, clock: SettableClock) -> None:
    try_in(services, hanna, code="000000")
    clock.go(days=180)
    assert services.purge.run()["staff_log_ins"] == 0
    clock.go(seconds=1)
    assert services.purge.run()["staff_log_ins"] == 1
    assert outcomes(services) == []


async def test_a_part_of_a_page_asked_for_too_late_leaves_the_page_and_leads_to_the_log_in(
    desk: Callable[..., Desk],
) -> None:
    one = desk()
    response = await one.http.get("/konsol/arenden", headers={"HX-Request": "true"})
    assert response.status_code == 286  # htmx asks no more
    assert response.headers["HX-Retarget"] == "#notice"
    assert 'href="/konsol/logga-in?vidare=/konsol/arenden" target="_blank"' in response.text


@pytest.mark.parametrize(("fault", "status"), [(RuntimeError("Anna Ek"), 500), (StoreUnavailable("locked"), 503)])
async def test_security_20_a_fault_is_a_page_with_an_id_and_nothing_of_the_fault(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int
) -> None:
    one = desk(Role.HANDLER)

    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("insyn.cases.finding.page", fail)
    response = await one.gets("/konsol/arenden")
    assert response.status_code == status
    assert re.search(r"Felnummer: <code>F-[0-9a-f]{8}</code>", response.text)
    assert "Anna" not in response.text
    assert "Traceback" not in response.text
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_page_that_is_not_there_is_a_page(desk: Callable[..., Desk]) -> None:
    response = await desk(Role.HANDLER).gets("/konsol/finns/inte")
    assert response.status_code == 404
    assert "Sidan finns inte" in response.text


async def test_the_own_account_tells_which_sessions_and_codes_are_left(
    desk: Callable[..., Desk], services: Services, clock: SettableClock
) -> None:
    one = desk(Role.HANDLER)
    assert one.account is not None
    services.staff_sessions.begin(one.account.id)
    clock.go(minutes=20)
    page = (await one.gets("/konsol/mig")).text
    assert (page.count("senast använd"), "Du har 10 koder kvar." in page) == (2, True)
    clock.go(minutes=20)  # the other has run out
    for code in one.account.recovery_codes[:9]:
        assert try_in(services, one.account, code=code)
    page = (await one.gets("/konsol/mig")).text
    assert (page.count("senast använd"), "Du har en kod kvar." in page) == (1, True)
