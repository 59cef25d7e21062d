"""security.md 13: whatever form an identifier is written in, it reaches neither Rasa nor a log nor a row in the clear.

The corpus is the one that masking itself is tested with; here each text goes the whole way in, through the web service.
"""

from __future__ import annotations

import io
from pathlib import Path

from sqlalchemy import select

from insyn.store.models import Turn
from tests.fixtures.fake_rasa import FakeRasa
from tests.fixtures.house import House
from tests.fixtures.web import Browser
from tests.unit.privacy.masking_forms import CARD, EMAIL, NAME_WHEN_ASKED, PERSON, PHONE

CORPUS = {"e-post": EMAIL, "telefon": PHONE, "personnummer": PERSON, "kortnummer": CARD}
SHORT = 4  # characters: anything shorter stands in all kinds of bytes by chance


async def test_security_13_no_identifier_reaches_rasa_a_log_or_a_row(
    house: House,
    browser: Browser,
    running_rasa: FakeRasa,
    logged: io.StringIO,
    sqlite_file: Path,
) -> None:
    forms = [
        form for table in CORPUS.values() for form in table[::2]
    ]  # every second: masking itself is tested with all
    await browser.opens()
    for text, _ in forms:
        await browser.says(text)
    heard = running_rasa.texts
    with house.store.read() as session:
        stored = session.scalars(select(Turn.text).where(Turn.author == "person").order_by(Turn.seq)).all()
    assert len(heard) == len(stored) == len(forms)
    log = logged.getvalue()
    for (text, secret), masked, row in zip(forms, heard, stored, strict=True):
        assert secret not in masked, text
        assert secret not in row, text
        if len(secret) > SHORT:
            assert secret not in log, text
    if house.store.engine.dialect.name == "sqlite":
        _nothing_in_the_file(sqlite_file, [secret for _, secret in forms if len(secret) > SHORT + 4])


async def test_security_13_a_name_given_when_asked_reaches_neither_rasa_nor_a_row(
    house: House, browser: Browser, running_rasa: FakeRasa
) -> None:
    await browser.opens()
    asked = {"slots": {}, "active_loop": "request_form", "requested_slot": "name"}
    running_rasa.will_say("Vad heter du?", state=asked)
    await browser.says("hej")
    for text, name in NAME_WHEN_ASKED:
        await browser.says(text)
        assert name not in running_rasa.texts[-1], text
    with house.store.read() as session:
        stored = session.scalars(select(Turn.text).where(Turn.author == "person").order_by(Turn.seq)).all()[1:]
    for (text, name), row in zip(NAME_WHEN_ASKED, stored, strict=True):
        assert name not in row, text


def _nothing_in_the_file(database: Path, secrets: list[str]) -> None:
    raw = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert "⟨e-post 1⟩".encode() in raw, "the search would find what is there"
    assert [secret for secret in secrets if secret.encode() in raw] == []
