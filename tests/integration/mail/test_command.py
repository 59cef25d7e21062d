"""`insyn mail …` as it is typed: what it prints, in Swedish and without personal data, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from insyn.bootstrap import Services
from insyn.mail.inbox import Origin
from insyn.settings import Settings
from insyn.store.models import OutgoingMail
from tests.fixtures.command import Run
from tests.fixtures.correspondence import mail
from tests.fixtures.dovecot import PASSWORD, USER, Dovecot
from tests.fixtures.fake_rasa import FakeRasa
from tests.fixtures.house import ADDRESS, House
from tests.fixtures.mail import MailServer
from tests.fixtures.system import free_ports

NAME = "Alva Lindqvist"
PERSONAL = (ADDRESS, NAME, "Alva")


def nothing_personal(printed: str) -> None:
    assert [value for value in PERSONAL if value in printed] == []


@pytest.fixture
def eml(tmp_path: Path) -> Path:
    file = tmp_path / "mejl.eml"
    file.write_bytes(mail("Vad är cookies?\n\nMvh\nAlva", sender=f"{NAME} <{ADDRESS}>", subject="Kakor").as_bytes())
    return file


@pytest.fixture
def put(house: House) -> Callable[[str], str]:
    """A mail that has come to an end; returns its id."""

    def make(status: str) -> str:
        words = mail(f"Jag är god man. {status}", sender=f"{NAME} <{ADDRESS}>", subject=f"Om {NAME}")
        taken = house.services.inbox.take(words.as_bytes(), Origin("smtp"))
        with house.store.write() as session:
            row = house.services.inbox.row(session, taken.id)
            house.services.inbox.book(session, row, status, "representative", "Någon skriver för någon annan.")
        return taken.id

    return make


@pytest.mark.usefixtures("running_rasa")
async def test_a_mail_from_a_file_is_dealt_with_and_told_as_json(
    house: House, rasa: FakeRasa, run: Run, eml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    @contextmanager
    def aside(_settings: Settings) -> Iterator[None]:
        """The service's own mailroom, for as long as the command lasts."""
        for mail_id in house.services.inbox.waiting(1):
            asyncio.run_coroutine_threadsafe(house.services.mailroom.handle(mail_id), loop).result(30)
        yield

    monkeypatch.setattr("insyn.cli.mail.is_up", lambda _address: False)
    monkeypatch.setattr("insyn.cli.mail.service_aside", aside)
    told = json.loads((await asyncio.to_thread(run, "mail", "ingest", str(eml))).stdout)
    assert set(told) == {"decision", "reason", "new_text", "topics", "reply", "cases"}
    assert (told["decision"], told["new_text"], told["cases"]) == ("answered", "Vad är cookies?", [])
    assert told["reason"] == "Mejlet besvaras automatiskt."
    assert (told["reply"]["to"], told["reply"]["subject"]) == (ADDRESS, "Sv: Kakor")
    again = json.loads((await asyncio.to_thread(run, "mail", "ingest", str(eml))).stdout)
    assert again == told
    assert len(rasa.heard) == 1


def test_a_file_that_is_not_there_is_a_wrong_use(run: Run, tmp_path: Path) -> None:
    run("mail", "ingest", str(tmp_path / "borta.eml"), code=2)


@pytest.mark.usefixtures("house")
def test_a_mail_that_is_not_dealt_with_in_time_is_said_to_be_safe(
    run: Run, eml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insyn.cli.mail.is_up", lambda _address: True)
    monkeypatch.setattr("insyn.cli.mail.INGEST_SECONDS", 0.3)
    ended = run("mail", "ingest", str(eml), code=1)
    assert ended.stderr == "Mejlet är sparat men inte behandlat än. Se insyn mail list.\n"
    [waiting] = json.loads(run("mail", "list", "--json").stdout)
    assert (waiting["status"], waiting["source"], waiting["decision"]) == ("received", "file", None)


def test_the_list_says_where_each_mail_is_and_why(run: Run, put: Callable[[str], str]) -> None:
    ids = [put(status) for status in ("human", "quarantined")]
    printed = run("mail", "list", "--json").stdout
    listed = {each["id"]: each for each in json.loads(printed)}
    assert {listed[mail_id]["status"] for mail_id in ids} == {"human", "quarantined"}
    assert listed[ids[0]]["reason"] == "Någon skriver för någon annan."
    assert listed[ids[0]]["settled"] is None
    nothing_personal(printed)
    table = run("mail", "list").stdout
    assert all(heading in table for heading in ("Mottaget", "Läge", "Skäl"))
    nothing_personal(table)


def test_a_human_is_done_with_a_mail_once(run: Run, put: Callable[[str], str]) -> None:
    mail_id = put("human")
    assert run("mail", "settle", mail_id).stdout == "Noterat.\n"
    [settled] = json.loads(run("mail", "list", "--json").stdout)
    assert settled["settled"]
    refused = "Inget mejl med det id:t väntar på en människa.\n"
    assert run("mail", "settle", mail_id, code=1).stderr == refused
    assert run("mail", "settle", put("answered"), code=1).stderr == refused
    assert run("mail", "settle", "finns-inte", code=1).stderr == refused


def test_the_outbox_tells_what_went_and_keeps_no_code(house: House, run: Run) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.asks_for_code()
    code = house.code(ADDRESS)
    with house.store.write() as session:
        [row] = session.scalars(select(OutgoingMail))
        house.services.outbox.sent(session, row.id)
    [sent] = json.loads(run("mail", "outbox", "--json").stdout)
    assert (sent["status"], sent["error"]) == ("sent", None)
    assert code not in json.dumps(sent)
    assert "Läge" in run("mail", "outbox").stdout


def test_the_check_says_what_does_not_work_and_ends_with_one(house: House, insyn_on: Callable[[Services], Run]) -> None:
    [imap_port, smtp_port, listen_port] = free_ports(3)
    run = insyn_on(on(house, imap_port, "127.0.0.1", smtp_port, "on", listen_port))
    said = run("mail", "check", code=1).stdout
    assert [line[:2] for line in said.splitlines()] == ["✗ "] * 3
    assert "det gick inte att logga in eller öppna mappen" in said
    assert f"ingen svarar på 127.0.0.1:{listen_port}" in said
    assert f"det gick inte att ansluta till 127.0.0.1:{smtp_port}" in said
    assert PASSWORD not in said


def test_the_check_says_what_works(house: House, insyn_on: Callable[[Services], Run], dovecot: Dovecot) -> None:
    server = MailServer(free_ports(1)[0])
    server.up()
    try:
        run = insyn_on(on(house, dovecot.port, "127.0.0.1", server.port, "on", server.port))
        said = run("mail", "check").stdout
    finally:
        server.down()
    assert [line[:2] for line in said.splitlines()] == ["✓ "] * 3
    assert "inloggad, mappen INBOX har 0 mejl, 0 olästa" in said
    assert PASSWORD not in said


def on(house: House, imap_port: int, smtp_host: str, smtp_port: int, listen: str, listen_port: int) -> Services:
    """The house's services with a mailbox configured."""
    changes = {
        "imap_host": "127.0.0.1", "imap_port": imap_port, "imap_security": "none", "imap_username": USER,
        "imap_password": SecretStr(PASSWORD), "smtp_host": smtp_host, "smtp_port": smtp_port, "smtp_security": "none", "mail_listen": listen,
        "mail_listen_host": "127.0.0.1", "mail_listen_port": listen_port,
    }  # fmt: skip
    return replace(house.services, settings=house.services.settings.model_copy(update=changes))
