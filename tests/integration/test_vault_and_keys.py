"""Keys and vault, security.md 14-15: sealed values open in their own place only, and not at all once the key is shredded."""

from __future__ import annotations

import base64
import os
import re

import pytest
from sqlalchemy import select

from insyn.privacy.keys import BlindIndex, DataKeyring, Shredded, Tampered
from insyn.privacy.vault import PLACEHOLDER
from insyn.store.models import Conversation, DataKey, VaultValue
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House


def master(key_id: str, key: bytes | None = None) -> str:
    return f"{key_id}:{base64.b64encode(key or os.urandom(32)).decode()}"


def value(house: House, conversation_id: str, placeholder: str) -> str | None:
    with house.store.read() as session:
        return house.vault.value(session, session.get_one(Conversation, conversation_id), placeholder)


def test_the_same_value_has_the_same_placeholder_in_a_conversation(house: House) -> None:
    visitor = house.visitor()
    assert visitor.address() == "⟨e-post 1⟩"
    assert visitor.address(OTHER_ADDRESS) == "⟨e-post 2⟩"
    assert visitor.address() == "⟨e-post 1⟩"
    assert visitor.keeps("namn", "Anna Ek") == "⟨namn 1⟩"
    assert value(house, visitor.id, "⟨e-post 2⟩") == OTHER_ADDRESS
    assert value(house, visitor.id, "⟨e-post 3⟩") is None


def test_the_same_text_in_two_roles_is_two_values(house: House) -> None:
    visitor = house.visitor()
    assert visitor.keeps("telefon", "070-1740605") == "⟨telefon 1⟩"
    assert visitor.keeps("konto", "070-1740605") == "⟨konto 1⟩"


def test_more_than_nine_values_keep_apart(house: House) -> None:
    visitor = house.visitor()
    placeholders = [visitor.keeps("namn", f"Person {number}") for number in range(12)]
    assert placeholders == [f"⟨namn {number}⟩" for number in range(1, 13)]
    assert value(house, visitor.id, "⟨namn 1⟩") == "Person 0"
    assert value(house, visitor.id, "⟨namn 11⟩") == "Person 10"


def test_values_of_another_conversation_are_not_seen(house: House) -> None:
    visitor, stranger = house.visitor(), house.visitor()
    placeholder = visitor.address()
    assert value(house, stranger.id, placeholder) is None
    with house.store.read() as session:
        conversation = session.get_one(Conversation, stranger.id)
        assert house.vault.reveal(session, conversation, f"Skriv till {placeholder}") == f"Skriv till {placeholder}"


def test_text_is_revealed_with_its_values(house: House) -> None:
    visitor = house.visitor()
    text = f"{visitor.keeps('namn', 'Anna ⟨Ek⟩')} nås på {visitor.address()}, inte ⟨e-post 7⟩"
    with house.store.read() as session:
        revealed = house.vault.reveal(session, session.get_one(Conversation, visitor.id), text)
    assert revealed == f"Anna ⟨Ek⟩ nås på {ADDRESS}, inte ⟨e-post 7⟩"


@pytest.mark.parametrize("text", ["⟨e-post 1⟩", "⟨namn 12⟩", "⟨ärende 1⟩"])
def test_placeholders_have_their_form(text: str) -> None:
    assert PLACEHOLDER.fullmatch(text)
    assert not PLACEHOLDER.fullmatch(text + "x")


def test_security_14_a_sealed_value_moved_to_another_row_does_not_open(house: House) -> None:
    visitor, stranger = house.visitor(), house.visitor()
    visitor.address(), visitor.address(OTHER_ADDRESS), stranger.address()
    with house.store.write() as session:
        first, second, third = session.scalars(select(VaultValue).order_by(VaultValue.id)).all()
        first.sealed, second.sealed, third.sealed = second.sealed, first.sealed, first.sealed
    for conversation, placeholder in ((visitor, "⟨e-post 1⟩"), (visitor, "⟨e-post 2⟩"), (stranger, "⟨e-post 1⟩")):
        with pytest.raises(Tampered):
            value(house, conversation.id, placeholder)


@pytest.mark.parametrize("place", [0, 15, -1])
def test_security_14_a_changed_byte_is_found(house: House, place: int) -> None:
    visitor = house.visitor()
    placeholder = visitor.address()
    with house.store.write() as session:
        row = session.scalars(select(VaultValue)).one()
        changed = bytearray(row.sealed)
        changed[place] ^= 1
        row.sealed = bytes(changed)
    with pytest.raises(Tampered):
        value(house, visitor.id, placeholder)


def test_security_14_a_wrapped_key_moved_to_another_subject_does_not_open(house: House) -> None:
    visitor, stranger = house.visitor(), house.visitor()
    placeholder = visitor.address()
    with house.store.write() as session:
        mine = session.get_one(DataKey, visitor.conversation.data_key_id)
        mine.wrapped = session.get_one(DataKey, stranger.conversation.data_key_id).wrapped
    with pytest.raises(Tampered):
        value(house, visitor.id, placeholder)


def test_security_14_sealing_the_same_value_twice_looks_different(house: House) -> None:
    first, second = house.visitor(), house.visitor()
    first.address(), second.address()
    with house.store.read() as session:
        one, two = session.scalars(select(VaultValue.sealed)).all()
    assert one != two
    assert ADDRESS.encode() not in one + two


def test_security_14_raw_database_bytes_hold_no_value_given(house: House) -> None:
    """A whole request with everything one may give; then every column of every table is searched."""
    given = {
        "e-post": "anna.ek@example.com",
        "namn": "Anna Eklöf-Ström",
        "telefon": "070-1740605",
        "personnummer": "19121212-1212",
        "adress": "Storgatan 5, 341 32 Ljungby",
        "konto": "8327-9 123 456 789-0",
    }
    visitor = house.visitor()
    words = "Radera mig: " + ", ".join(visitor.keeps(kind, each) for kind, each in given.items())
    house.services.desk.begin(visitor.says(words), ["request.erasure"], words)
    house.services.desk.add_detail(visitor.says(), "concerns", "Det lönesamtal jag hade med chefen")
    house.services.desk.add_detail(visitor.says(), "name", "⟨namn 1⟩")
    visitor.proves(given["e-post"])
    (case,) = house.services.desk.submit(visitor.says())
    stored = everything(house)
    assert case.reference.encode() in stored  # the search can find what is there
    for each in [*given.values(), "Det lönesamtal", house.code(given["e-post"])]:
        for written in {each, each.lower(), each.replace(" ", ""), each.replace("-", "")}:
            assert written.encode() not in stored, each


def everything(house: House) -> bytes:
    """All that the database holds, as bytes: on SQLite the files themselves, on PostgreSQL every column of every row."""
    if house.store.engine.dialect.name == "sqlite":
        home = house.services.settings.var_dir
        return b"".join(path.read_bytes() for path in home.glob("insyn.db*"))
    cursor = house.store.engine.raw_connection().cursor()
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    found = []
    for (table,) in cursor.fetchall():
        cursor.execute(f'SELECT * FROM "{table}"')
        found += [cell for row in cursor.fetchall() for cell in row]
    cursor.connection.close()
    return b"\n".join(bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode() for cell in found)


def test_security_15_a_shredded_key_takes_everything_with_it(house: House) -> None:
    visitor, other = house.visitor(), house.visitor()
    placeholder, kept = visitor.address(), other.address()
    with house.store.write() as session:
        house.services.keyring.shred(session, visitor.conversation.data_key_id)
    with pytest.raises(Shredded):
        value(house, visitor.id, placeholder)
    assert value(house, other.id, kept) == ADDRESS
    with house.store.write() as session:
        house.services.keyring.shred(session, visitor.conversation.data_key_id)  # again is no error


def test_security_15_a_second_master_key_takes_over_and_the_old_still_opens(house: House) -> None:
    old = house.services.settings.master_keys.get_secret_value()
    visitor = house.visitor()
    placeholder = visitor.address()
    ring = DataKeyring(f"{master('k2')},{old}")
    assert ring.current_id == "k2"
    with house.store.write() as session:
        new_id = ring.create(session, house.clock())
        row = session.get_one(DataKey, visitor.conversation.data_key_id)
        before, key = row.wrapped, ring.open(session, row.id)
        ring.rewrap(row)
        assert (row.master_key_id, row.wrapped != before) == ("k2", True)
        assert ring.open(session, row.id) == key
        assert session.get_one(DataKey, new_id).master_key_id == "k2"
    with pytest.raises(KeyError):
        value(house, visitor.id, placeholder)  # whoever has the old master key only
    house.vault = type(house.vault)(ring, house.index)
    assert value(house, visitor.id, placeholder) == ADDRESS


def test_security_15_another_master_key_under_the_same_name_opens_nothing(house: House) -> None:
    visitor = house.visitor()
    ring = DataKeyring(master(house.services.keyring.current_id))
    with house.store.read() as session, pytest.raises(Tampered):
        ring.open(session, visitor.conversation.data_key_id)


@pytest.mark.parametrize(
    "text", ["", " , ", "k1:", "k1:AAAA", "k1", f"k1:{base64.b64encode(b'x' * 31).decode()}", "k1:å"]
)
def test_unusable_master_keys_are_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValueError, match=re.compile("32 bytes|base64|ASCII|padding", re.IGNORECASE)):
        DataKeyring(text)


def test_blind_index_finds_a_value_and_tells_roles_and_keys_apart() -> None:
    index, other = BlindIndex("a key"), BlindIndex("another")
    assert index.of("address", ADDRESS) == index.of("address", ADDRESS)
    seen = {
        index.of("address", ADDRESS),
        index.of("vault:e-post", ADDRESS),
        index.of("address", OTHER_ADDRESS),
        other.of("address", ADDRESS),
    }
    assert len(seen) == 4
    assert {len(each) for each in seen} == {32}
