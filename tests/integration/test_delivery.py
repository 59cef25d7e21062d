"""Secure delivery: sealed at rest, opened by link and code together, for a short while and a few times, and logged (security.md 4, 14, 19)."""

from __future__ import annotations

import random
import re
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import delete, func, select, update

from insyn.bootstrap import Services, build
from insyn.cases.shredding import shred_case
from insyn.cases.transitions import Event
from insyn.delivery.deliveries import NoSuchDelivery, NotDeliverable, Opened
from insyn.delivery.files import CHUNK_BYTES, NoSuchFile, TooLarge, clean_name
from insyn.identity.challenge import Outcome
from insyn.letters.elements import Wording
from insyn.privacy.keys import Tampered
from insyn.store.models import Case, CaseNote, Delivery, DeliveryChunk, DeliveryFile, DeliveryPass, OutgoingMail
from insyn.web.app import create_app
from insyn.web.delivery import attachment
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House, Visitor, house_settings

SECRET = "Lönebesked för Anna Ek, april".encode()


@pytest.fixture
def visitor(house: House) -> Visitor:
    """Someone whose access request is open, mailbox proved."""
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.proves()
    house.services.desk.submit(visitor.says())
    house.clock.go(hours=2)
    return visitor


@pytest.fixture
def case(house: House, visitor: Visitor) -> Case:
    return house.cases()[0]


def put(house: House, case: Case, data: bytes = SECRET, name: str = "svar.pdf") -> str:
    return house.services.files.put(case.id, name, [data], by="staff-1")


def send(house: House, case: Case) -> str:
    """Sends what there is; returns the link's secret, as only the letter has it."""
    house.services.deliveries.send(case.id, by="staff-1")
    return link_in(house)


def link_in(house: House) -> str:
    found = re.search(r"/hamta/([A-Za-z0-9_-]{43})$", house.letters("delivery")[-1].text, re.MULTILINE)
    assert found
    return found[1]


def opened(house: House, link: str) -> Opened:
    assert house.services.deliveries.ask_code(link) is None
    result = house.services.deliveries.open(link, house.code())
    assert result.outcome is Outcome.RIGHT
    return result


def fetch(house: House, link: str, token: str, file_id: str) -> bytes | None:
    download = house.services.deliveries.fetch(link, token, file_id)
    return b"".join(download.pieces) if download else None


def beside(house: House, **changes: object) -> House:
    services = build(house_settings(house.services.settings.var_dir, **changes), clock=house.clock, store=house.store)
    return House(services, house.clock)


# -- files at rest


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_a_file_comes_out_as_it_went_in(house: House, case: Case, size: int) -> None:
    data = random.Random(size).randbytes(size)
    pieces = [data[at : at + 10_007] for at in range(0, size, 10_007)]
    file_id = house.services.files.put(case.id, "bild.png", pieces, by="staff-1")
    assert b"".join(house.services.files.read(file_id)) == data
    (view,) = house.services.files.of_case(case.id)
    assert (view.name, view.size, view.put_by, view.sent, view.fetches) == ("bild.png", size, "staff-1", False, 0)
    assert house.audit_is_whole()


def test_security_14_neither_bytes_nor_name_of_a_file_are_in_the_store(house: House, case: Case) -> None:
    put(house, case, SECRET * 3000, name="uppsägning Anna Ek.txt")
    with house.store.read() as session:
        stored = b"".join(session.scalars(select(DeliveryChunk.sealed)))
        row = session.scalars(select(DeliveryFile)).one()
    assert len(stored) > len(SECRET) * 3000
    for each in (b"Anna", "Lönebesked".encode(), "uppsägning".encode()):
        assert each not in stored + (row.sealed_name or b"") + (row.sealed_key or b"")


@pytest.mark.parametrize("what", ["moved", "swapped", "changed", "cut", "other file"])
def test_security_14_a_piece_moved_changed_or_left_out_is_found(house: House, case: Case, what: str) -> None:
    data = random.Random(1).randbytes(2 * CHUNK_BYTES + 5)
    file_id, other = put(house, case, data), put(house, case, data)
    with house.store.write() as session:
        chunks = session.scalars(
            select(DeliveryChunk).where(DeliveryChunk.file_id == file_id).order_by(DeliveryChunk.number)
        ).all()
        if what == "moved":
            chunks[1].sealed = chunks[0].sealed
        elif what == "swapped":
            chunks[0].sealed, chunks[1].sealed = chunks[1].sealed, chunks[0].sealed
        elif what == "changed":
            chunks[0].sealed = chunks[0].sealed[:-1] + bytes([chunks[0].sealed[-1] ^ 1])
        elif what == "cut":
            session.get_one(DeliveryFile, file_id).chunks = 2
        else:
            chunks[0].sealed = session.get_one(DeliveryChunk, (other, 0)).sealed
    with pytest.raises(Tampered):
        b"".join(house.services.files.read(file_id))


def test_a_file_too_large_is_refused_and_nothing_of_it_stays(house: House, case: Case) -> None:
    small = beside(house, delivery_max_mb=1)
    with pytest.raises(TooLarge):
        small.services.files.put(case.id, "stor.bin", (b"x" * 100_000 for _ in range(11)), by="staff-1")
    assert house.count(DeliveryFile) == house.count(DeliveryChunk) == 0


def test_a_file_whose_source_breaks_off_leaves_nothing(house: House, case: Case) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (CHUNK_BYTES * 2)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        house.services.files.put(case.id, "halv.bin", broken(), by="staff-1")
    assert house.count(DeliveryFile) == house.count(DeliveryChunk) == 0


def test_a_large_file_is_never_whole_in_memory(house: House, case: Case) -> None:
    size = 24 * CHUNK_BYTES
    tracemalloc.start()
    try:
        file_id = house.services.files.put(case.id, "stor.bin", (b"x" * CHUNK_BYTES for _ in range(24)), by="staff-1")
        assert sum(len(piece) for piece in house.services.files.read(file_id)) == size
        assert tracemalloc.get_traced_memory()[1] < size / 2
    finally:
        tracemalloc.stop()


def test_an_unsent_file_can_be_taken_away_and_a_sent_one_not(house: House, case: Case) -> None:
    kept, gone = put(house, case), put(house, case, b"fel fil")
    house.services.files.remove(gone, by="staff-1")
    assert [each.id for each in house.services.files.of_case(case.id)] == [kept]
    send(house, case)
    with pytest.raises(NoSuchFile):
        house.services.files.remove(kept, by="staff-1")
    assert "delivery.file_removed" in house.events(case.id)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("svar.pdf", "svar.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\svar.pdf", "svar.pdf"),
        ('svar".pdf\r\nSet-Cookie: a=b', 'svar".pdfSet-Cookie: a=b'),
        ("  \u202egpj.exe ", "gpj.exe"),
        ("å" * 300 + ".txt", "å" * 116 + ".txt"),
        ("...", "fil"),
        ("", "fil"),
    ],
)
def test_security_18_a_name_is_only_a_name(given: str, kept: str) -> None:
    assert clean_name(given) == kept


# -- sending


def test_the_letter_names_the_link_and_nothing_else_holds_it(house: House, case: Case) -> None:
    put(house, case)
    link = send(house, case)
    (letter,) = house.letters("delivery")
    assert letter.to == ADDRESS
    assert "den 19 mars 2026" in letter.text
    assert case.reference in letter.text
    assert len(letter.text.split()) <= 200
    with house.store.write() as session:
        kept = " ".join(note.text for note in house.casebook.notes(session, session.get_one(Case, case.id)))
        assert "[länken]" in kept
        assert link not in kept
        mail = session.scalars(select(OutgoingMail).where(OutgoingMail.kind == "delivery")).one()
        house.services.outbox.sent(session, mail.id)
        assert mail.sealed is None
        stored = session.scalars(select(Delivery.link_hash)).one()
    assert link.encode() not in stored
    assert house.audit_is_whole()


def test_what_insyn_holds_goes_with_an_access_case_by_itself(house: House, case: Case) -> None:
    link = send(house, case)
    result = opened(house, link)
    assert [each.name for each in result.files] == ["insyn-om-dig.html", "insyn-om-dig.json"]
    texts = [fetch(house, link, result.token, each.id) or b"" for each in result.files]
    assert all(case.reference.encode() in text for text in texts)


def test_a_case_without_files_that_holds_nothing_of_insyns_has_nothing_to_send(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.rectification")
    visitor.proves()
    house.services.desk.submit(visitor.says())
    with pytest.raises(NotDeliverable, match="inga filer"):
        house.services.deliveries.send(house.cases()[0].id, by="staff-1")


@pytest.mark.parametrize("how", ["unverified", "doubted", "withdrawn", "refused", "shredded", "a report", "unknown"])
def test_security_6_nothing_is_sent_without_the_proof_or_in_the_wrong_state(house: House, how: str) -> None:
    visitor = house.visitor()
    if how == "a report":
        house.services.desk.report(visitor.says(), "complaint", "Jag klagar", note="")
    else:
        visitor.claims("request.access")
        visitor.gives_address() if how == "unverified" else visitor.proves()
    case = house.cases()[0]
    if how not in ("unverified", "a report"):
        house.services.desk.submit(visitor.says())
    reasons = "Någon annan har hört av sig om saken."
    if how == "doubted":
        with house.store.write() as session:
            house.casebook.move(
                session, house.casebook.locked(session, case.id), Event.IDENTITY_DOUBTED, by="staff-1", reasons=reasons
            )
    elif how in ("withdrawn", "shredded"):
        house.services.desk.withdraw(visitor.says(), case.reference)
    elif how == "refused":
        with house.store.write() as session:
            house.casebook.move(
                session, house.casebook.locked(session, case.id), Event.REFUSED, by="staff-1",
                reasons=reasons, ground="unfounded",
            )  # fmt: skip
    if how == "shredded":
        house.clock.go(days=800)
        house.services.purge.run()
    case_id = "no such case" if how == "unknown" else case.id
    with pytest.raises(NotDeliverable):
        house.services.deliveries.send(case_id, by="staff-1")
    assert house.letters("delivery") == []
    assert house.count(Delivery) == 0


def test_a_doubt_that_arises_later_closes_the_link(house: House, case: Case) -> None:
    link = send(house, case)
    house.services.casework.doubt(
        case.id,
        Wording(reasons="Någon annan har hört av sig om saken.", asks="Ring oss från numret i avtalet."),
        by="staff-1",
    )
    for step in (house.services.deliveries.waiting, house.services.deliveries.ask_code):
        with pytest.raises(NoSuchDelivery):
            step(link)


# -- the person's side


def test_link_and_code_open_and_each_fetch_is_logged(house: House, case: Case) -> None:
    file_id = put(house, case)
    link = send(house, case)
    result = opened(house, link)
    assert result.files[0].name == "svar.pdf"
    assert fetch(house, link, result.token, file_id) == SECRET
    assert house.events(case.id)[-2:] == ["delivery.opened", "delivery.fetched"]
    assert house.audit_is_whole()


def test_looking_changes_nothing(house: House, case: Case) -> None:
    link = send(house, case)
    before = house.events()
    for _ in range(3):
        house.services.deliveries.waiting(link)
    assert house.events() == before
    assert house.letters("code", ADDRESS)[1:] == []  # the one that proved the mailbox, long ago


def test_the_code_goes_to_the_mailbox_of_the_case_only(house: House, case: Case) -> None:
    link = send(house, case)
    house.services.deliveries.ask_code(link)
    letter = house.letters("code")[-1]
    assert letter.to == ADDRESS
    assert "hämtar dina filer" in letter.text
    assert link not in letter.text


def test_security_4_a_code_for_something_else_opens_nothing(house: House, visitor: Visitor, case: Case) -> None:
    link = send(house, case)
    visitor.claims("request.erasure")
    house.services.desk.send_code(visitor.says(), visitor.address())
    assert house.services.deliveries.open(link, house.code()).outcome is Outcome.NONE
    house.clock.go(minutes=2)
    house.services.deliveries.ask_code(link)
    here = visitor.says()
    assert house.services.desk.check_code(here, visitor.code(house.code())) is not Outcome.RIGHT


def test_security_2_five_wrong_codes_kill_it_and_the_right_one_is_refused(house: House, case: Case) -> None:
    link = send(house, case)
    house.services.deliveries.ask_code(link)
    right = house.code()
    wrong = f"{(int(right) + 1) % 10**8:08d}"
    outcomes = [house.services.deliveries.open(link, wrong).outcome for _ in range(5)]
    assert outcomes == [Outcome.WRONG] * 4 + [Outcome.DEAD]
    result = house.services.deliveries.open(link, right)
    assert (result.outcome, result.token, result.files) == (Outcome.DEAD, "", ())


def test_security_2_of_twenty_right_codes_at_once_one_opens(house: House, case: Case) -> None:
    link = send(house, case)
    house.services.deliveries.ask_code(link)
    code = house.code()
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda _: house.services.deliveries.open(link, code).outcome, range(20)))
    assert outcomes.count(Outcome.RIGHT) == 1
    assert house.count(DeliveryPass) == 1


def test_security_3_codes_are_limited_here_as_elsewhere(house: House, case: Case) -> None:
    link = send(house, case)
    assert house.services.deliveries.ask_code(link) is None
    assert house.services.deliveries.ask_code(link) is not None
    for _ in range(4):
        house.clock.go(minutes=2)
        assert house.services.deliveries.ask_code(link) is None
    house.clock.go(minutes=2)
    assert house.services.deliveries.ask_code(link) is not None


def test_a_token_lasts_a_quarter_and_opens_its_own_delivery_only(house: House, case: Case) -> None:
    first_file = put(house, case)
    first = send(house, case)
    token = opened(house, first).token
    other_file = put(house, case, b"en annan fil")
    house.clock.go(minutes=5)
    second = send(house, case)
    assert fetch(house, second, token, other_file) is None
    assert fetch(house, first, token, other_file) is None
    assert fetch(house, first, "x" * 43, first_file) is None
    assert fetch(house, first, token, first_file) == SECRET
    house.clock.go(minutes=10)
    assert fetch(house, first, token, first_file) is None


def test_a_file_is_fetched_five_times_and_then_the_link_is_over(house: House, case: Case) -> None:
    with house.store.write() as session:
        session.execute(update(Case).values(kind="request.rectification"))  # nothing of Insyn's own goes along
    file_id = put(house, case)
    link = send(house, case)
    token = opened(house, link).token
    assert [fetch(house, link, token, file_id) for _ in range(5)] == [SECRET] * 5
    with pytest.raises(NoSuchDelivery):
        fetch(house, link, token, file_id)
    with pytest.raises(NoSuchDelivery):
        house.services.deliveries.waiting(link)
    assert house.events(case.id).count("delivery.fetched") == 5


def test_fetches_at_once_never_exceed_the_count(house: House, case: Case) -> None:
    file_id = put(house, case)
    link = send(house, case)
    token = opened(house, link).token
    with ThreadPoolExecutor(12) as pool:
        got = list(pool.map(lambda _: fetch(house, link, token, file_id), range(12)))
    assert got.count(SECRET) == 5


def test_a_link_lives_its_days_and_no_longer(house: House, case: Case) -> None:
    link = send(house, case)
    house.clock.go(days=14, seconds=-1)
    assert house.services.deliveries.waiting(link)
    house.clock.go(seconds=1)
    for step in (house.services.deliveries.waiting, house.services.deliveries.ask_code):
        with pytest.raises(NoSuchDelivery):
            step(link)


def test_a_shredded_case_takes_its_files_along(house: House, visitor: Visitor, case: Case) -> None:
    file_id = put(house, case)
    link = send(house, case)
    token = opened(house, link).token
    with house.store.write() as session:
        shred_case(session, session.get_one(Case, case.id), house.clock())
    with pytest.raises(NoSuchDelivery):
        fetch(house, link, token, file_id)
    assert house.count(DeliveryFile) == house.count(DeliveryChunk) == house.count(CaseNote) == 0


def test_another_case_of_another_person_is_untouched_by_a_link(house: House, case: Case) -> None:
    other = house.visitor()
    other.claims("request.access")
    other.proves(OTHER_ADDRESS)
    house.services.desk.submit(other.says())
    theirs = put(house, house.cases()[1], b"inte ditt")
    link = send(house, case)
    token = opened(house, link).token
    assert fetch(house, link, token, theirs) is None


# -- the pages


@pytest.fixture
def client(services: Services) -> httpx.AsyncClient:
    return pages(services)


def pages(services: Services) -> httpx.AsyncClient:
    app = create_app(services.settings, services=services)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000")


async def test_the_whole_way_over_http(house: House, case: Case, client: httpx.AsyncClient) -> None:
    file_id = put(house, case, name='lön & "ledighet" 2026 åäö.pdf')
    link = send(house, case)
    page = await client.get(f"/hamta/{link}")
    assert page.status_code == 200
    assert "19 mars 2026" in page.text
    assert ADDRESS not in page.text
    assert case.reference not in page.text
    asked = await client.post(f"/hamta/{link}/kod")
    assert "En kod är på väg" in asked.text
    code = house.code()
    files = await client.post(f"/hamta/{link}/oppna", data={"kod": f" {code[:4]} {code[4:]} "})
    assert files.status_code == 200
    assert "lön &amp; &#34;ledighet&#34; 2026 åäö.pdf" in files.text
    token = re.search(r'name="nyckel" value="([^"]+)"', files.text)
    assert token
    got = await client.post(f"/hamta/{link}/fil/{file_id}", data={"nyckel": token[1]})
    assert got.content == SECRET
    headers = got.headers
    assert headers["content-disposition"].startswith("attachment; ")
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-length"] == str(len(SECRET))
    for response in (page, asked, files):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in response.headers["x-robots-tag"]
        assert "<script" not in response.text


async def test_every_link_that_does_not_hold_gets_the_same_answer(
    house: House, case: Case, client: httpx.AsyncClient
) -> None:
    expired = send(house, case)
    house.clock.go(days=15)
    answers = set()
    for link in (expired, "x" * 43, "x", "%2e%2e"):
        for way in (await client.get(f"/hamta/{link}"), await client.post(f"/hamta/{link}/kod"), await client.post(f"/hamta/{link}/oppna", data={"kod": "1"})):  # fmt: skip
            if link != "%2e%2e":
                answers.add((way.status_code, way.text))
            assert way.status_code == 404
    assert len(answers) == 1


async def test_wrong_codes_and_dead_tokens_are_told_of_on_the_page(
    house: House, case: Case, client: httpx.AsyncClient
) -> None:
    file_id = put(house, case)
    link = send(house, case)
    await client.post(f"/hamta/{link}/kod")
    wrong = await client.post(f"/hamta/{link}/oppna", data={"kod": "abc"})
    assert (wrong.status_code, "Koden stämmer inte" in wrong.text) == (422, True)
    assert (await client.post(f"/hamta/{link}/oppna", content=b"\xff\xfe=&&&")).status_code == 422
    again = await client.post(f"/hamta/{link}/kod")
    assert "En ny kod kan skickas klockan" in again.text
    refused = await client.post(f"/hamta/{link}/fil/{file_id}", data={"nyckel": "x"})
    assert refused.status_code == 403
    assert SECRET not in refused.content
    with house.store.read() as session:
        assert session.scalar(select(func.sum(DeliveryFile.fetches))) == 0


async def test_too_many_calls_are_told_to_wait(house: House, case: Case, quick_build: None) -> None:
    services = build(
        house_settings(house.services.settings.var_dir, rate_open_per_minute=3), clock=house.clock, store=house.store
    )
    client = pages(services)
    answers = [await client.get("/hamta/" + "x" * 43) for _ in range(4)]
    assert [each.status_code for each in answers] == [404, 404, 404, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 404),
        ({"Origin": "http://127.0.0.1:8000"}, 404),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 404),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://example.com", "Sec-Fetch-Site": "same-origin"}, 403),
    ],
)
async def test_security_10_a_form_of_another_site_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    """Our pages send no referrer, so a browser gives the origin of their forms as null; 404 is what an unknown link gets."""
    response = await client.post("/hamta/" + "x" * 43 + "/kod", headers=headers)
    assert response.status_code == status


@pytest.mark.parametrize("name", ['a".pdf', "åäö.txt", "a\\b", "semi;colon=1.txt", "日本.txt"])
def test_security_18_a_name_cannot_leave_its_header(name: str) -> None:
    value = attachment(name)
    assert value.isascii()
    assert re.fullmatch(r"attachment; filename=\"[A-Za-z0-9._ -]+\"; filename\*=UTF-8''[A-Za-z0-9._~%-]+", value)


def test_the_store_keeps_nothing_when_a_delivery_is_removed(house: House, case: Case) -> None:
    put(house, case)
    send(house, case)
    with house.store.write() as session:
        session.execute(delete(Delivery))
    assert house.count(DeliveryFile) == house.count(DeliveryChunk) == house.count(DeliveryPass) == 0
