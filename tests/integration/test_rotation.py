"""Key rotation beside a running service, security.md 15: what is stored is readable throughout, and the old key is not needed after."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from insyn.bootstrap import Services, build
from insyn.identity.challenge import Outcome
from insyn.privacy.keys import BlindIndex, DataKeyring, UnknownMasterKey
from insyn.settings import Settings
from insyn.store.engine import Store
from insyn.store.models import AuditRow, Case, Challenge, Conversation, DataKey, VaultValue
from insyn.upkeep.rotation import Rotation
from tests.fixtures.house import ADDRESS, OTHER_ADDRESS, House, SettableClock, house_settings

NEW_INDEX_KEY = "the index key after"


def master_key(key_id: str) -> str:
    return f"{key_id}:{base64.b64encode(os.urandom(32)).decode()}"


@pytest.fixture
def filed(tmp_path: Path, store: Store, clock: SettableClock, quick_build: None) -> House:
    """A house whose master keys stand in a file of their own."""
    path = tmp_path / "master.keys"
    path.write_text(master_key("k1") + "\n")
    settings = house_settings(tmp_path, master_keys_file=str(path))
    return House(build(settings, clock=clock, store=store), clock)


def beside(house: House, **changes: object) -> Services:
    """Another process on the same store, started with settings of its own."""
    return build(house_settings(house.services.settings.var_dir, **changes), clock=house.clock, store=house.store)


def keys_file(house: House) -> Path:
    return Path(house.services.settings.master_keys_file)


def wrapped_by(house: House) -> dict[str, int]:
    return house.services.rotation.masters_in_use()


def value(house: House, conversation_id: str, placeholder: str = "⟨e-post 1⟩") -> str | None:
    with house.store.read() as session:
        conversation = session.get_one(Conversation, conversation_id)
        return house.vault.value(session, conversation, placeholder)


# -- the master key


def test_security_15_reads_and_writes_go_on_while_every_key_is_wrapped_anew(filed: House) -> None:
    visitors = [filed.visitor() for _ in range(25)]
    for visitor in visitors:
        visitor.address()
    operator = beside(filed, master_keys_file=str(keys_file(filed)))
    small_steps = Rotation(
        filed.store, operator.keyring, filed.index, operator.casebook, operator.audit, filed.clock, batch=3
    )
    failures: list[BaseException] = []
    read, done = 0, threading.Event()

    def serve() -> None:
        nonlocal read
        try:
            while not done.is_set():
                for visitor in visitors:
                    assert value(filed, visitor.id) == ADDRESS
                    read += 1
                filed.visitor().address()
        except BaseException as error:
            failures.append(error)

    service = threading.Thread(target=serve)
    service.start()
    try:
        assert operator.keys.add_master_key() == "k2"
        rewrapped = small_steps.rotate_master()
    finally:
        done.set()
        service.join(60)
    assert not failures
    assert rewrapped >= 25
    assert read > 0
    small_steps.rotate_master()  # the service may have made a key just before it heard
    assert set(wrapped_by(filed)) == {"k2"}


def test_security_15_a_running_service_hears_of_a_new_key_when_it_meets_one(filed: House) -> None:
    visitor = filed.visitor()
    visitor.address()
    operator = beside(filed, master_keys_file=str(keys_file(filed)))
    operator.keys.add_master_key()
    assert operator.rotation.rotate_master() == 1
    assert wrapped_by(filed) == {"k2": 1}
    assert value(filed, visitor.id) == ADDRESS  # the service was started with k1 alone
    filed.visitor()
    assert wrapped_by(filed) == {"k2": 2}  # and wraps what is new by the new one


def test_security_15_the_old_master_key_is_not_needed_afterwards(filed: House) -> None:
    visitor = filed.visitor()
    visitor.address()
    operator = beside(filed, master_keys_file=str(keys_file(filed)))
    operator.keys.add_master_key()
    assert operator.keys.keep_master_keys(set(wrapped_by(filed))) == []  # k1 still wraps something
    operator.rotation.rotate_master()
    assert operator.keys.keep_master_keys(set(wrapped_by(filed))) == ["k1"]
    assert keys_file(filed).read_text().count(":") == 1
    fresh = House(beside(filed, master_keys_file=str(keys_file(filed))), filed.clock)
    assert value(fresh, visitor.id) == ADDRESS


def test_rotation_again_does_nothing_and_is_logged_without_key_material(house: House) -> None:
    house.visitor()
    assert house.services.rotation.rotate_master() == 0
    with house.store.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.event == "keys.master_rotated")).one()
        wrapped = session.scalars(select(DataKey)).one().wrapped
    assert row.subject == "keys"
    assert base64.b64encode(wrapped).decode() not in row.data
    assert house.audit_is_whole()


def test_a_key_wrapped_by_a_master_key_nobody_configured_stops_the_rotation(house: House) -> None:
    house.visitor()
    with house.store.write() as session:
        session.scalars(select(DataKey)).one().master_key_id = "k0"
    with pytest.raises(UnknownMasterKey):
        house.services.rotation.rotate_master()


# -- the index key


@pytest.fixture
def changing(house: House) -> House:
    """Two people with cases under the index key before; then a service that has both keys."""
    for address in (ADDRESS, OTHER_ADDRESS):
        visitor = house.visitor()
        visitor.claims("request.access")
        visitor.proves(address)
        house.services.desk.submit(visitor.says())
    house.clock.go(hours=2)
    old = house.services.settings.index_key.get_secret_value()
    return House(beside(house, index_key=NEW_INDEX_KEY, former_index_key=old), house.clock)


def new_index(address: str) -> bytes:
    return BlindIndex(NEW_INDEX_KEY).of("address", address)


def indexes(house: House) -> set[bytes | None]:
    with house.store.read() as session:
        return {
            *session.scalars(select(Case.address_index)),
            *session.scalars(select(Conversation.verified_index).where(Conversation.verified_at.is_not(None))),
        }


def test_security_15_every_fingerprint_is_made_anew_by_opening_what_it_is_of(changing: House) -> None:
    done = changing.services.rotation.rotate_index()
    assert done.waiting == 0
    assert indexes(changing) == {new_index(ADDRESS), new_index(OTHER_ADDRESS)}
    with changing.store.read() as session:
        for row in session.scalars(select(VaultValue).where(VaultValue.placeholder == "⟨e-post 1⟩")):
            plain = value(changing, row.conversation_id)
            assert plain is not None
            assert row.blind_index == BlindIndex(NEW_INDEX_KEY).of("vault:e-post", plain)
    again = changing.services.rotation.rotate_index()
    assert (again.addresses, again.values) == (0, 0)
    assert changing.audit_is_whole()


def test_security_15_during_the_change_an_address_is_found_under_either_key(changing: House) -> None:
    """Before anything is re-indexed: a repeat is linked, limits on codes hold, and the same value keeps its placeholder."""
    visitor = changing.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    earlier, repeat = (case for case in changing.cases() if changing.details(case).get("address") == ADDRESS)
    assert repeat.repeats_id == earlier.id
    assert repeat.address_index == earlier.address_index == new_index(ADDRESS)  # brought along at once
    visitor.asks_for_code()
    sent = changing.services.desk.send_code(visitor.says(), visitor.address())
    assert sent.until is not None  # a minute between codes, whatever the key
    with changing.store.write() as session:
        keep = changing.vault.keeper(session, session.get_one(Conversation, earlier.conversation_id))
        assert keep("e-post", ADDRESS) == "⟨e-post 1⟩"


def test_security_15_a_code_under_way_proves_its_mailbox_across_the_change(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    code = visitor.asks_for_code()
    old = house.services.settings.index_key.get_secret_value()
    changed = House(beside(house, index_key=NEW_INDEX_KEY, former_index_key=old), house.clock)
    assert changed.services.rotation.rotate_index().waiting >= 1  # the address keeps its fingerprint for now
    here = visitor.says()
    assert changed.services.desk.check_code(here, visitor.code(code)) is Outcome.RIGHT
    assert changed.cases()[0].proof == "mailbox"
    assert changed.services.rotation.rotate_index().waiting == 0
    assert indexes(changed) == {new_index(ADDRESS)}


def test_security_15_a_code_that_ran_out_holds_no_address_back(house: House) -> None:
    visitor = house.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    visitor.asks_for_code()
    house.clock.go(minutes=11)
    old = house.services.settings.index_key.get_secret_value()
    changed = House(beside(house, index_key=NEW_INDEX_KEY, former_index_key=old), house.clock)
    assert changed.services.rotation.rotate_index().waiting == 0
    with changed.store.read() as session:
        assert set(session.scalars(select(Challenge.address_index))) == {new_index(ADDRESS)}


def test_security_15_after_the_change_the_former_index_key_is_not_needed(changing: House) -> None:
    changing.services.rotation.rotate_index()
    after = House(beside(changing, index_key=NEW_INDEX_KEY), changing.clock)
    visitor = after.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    assert after.cases()[-1].repeats_id is not None


def test_security_15_a_repeat_is_found_though_its_address_waits_under_the_former_key(house: House) -> None:
    """A code is under way, so the address keeps its fingerprint; another process has already used the new one."""
    first = house.visitor()
    first.claims("request.access")
    first.gives_address()
    waits = house.visitor()
    waits.claims("request.access")
    waits.gives_address()
    waits.asks_for_code()
    old = house.services.settings.index_key.get_secret_value()
    changed = House(beside(house, index_key=NEW_INDEX_KEY, former_index_key=old), house.clock)
    earlier, repeat = changed.cases()
    with changed.store.write() as session:
        session.get_one(Case, earlier.id).address_index = new_index(ADDRESS)
        session.get_one(Case, repeat.id).state = "withdrawn"
    third = changed.visitor()
    third.claims("request.access")
    third.gives_address()
    assert changed.cases()[-1].address_index == repeat.address_index != new_index(ADDRESS)
    assert changed.cases()[-1].repeats_id == earlier.id


def test_without_the_former_key_a_changed_index_key_finds_nothing(changing: House) -> None:
    """What the former key is for: the test above would say the same of a key that did nothing."""
    blind = House(beside(changing, index_key=NEW_INDEX_KEY), changing.clock)
    visitor = blind.visitor()
    visitor.claims("request.access")
    visitor.gives_address()
    assert blind.cases()[-1].repeats_id is None


def test_what_can_no_longer_be_opened_does_not_stop_the_rotation(changing: House) -> None:
    case = changing.cases()[0]
    with changing.store.write() as session:
        DataKeyring.shred(session, case.data_key_id)
    assert changing.services.rotation.rotate_index().waiting == 0


def test_settings_read_the_master_keys_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    first, second = master_key("k2"), master_key("k1")
    path.write_text(f"{first}\n{second}\n")
    settings: Settings = house_settings(tmp_path, master_keys_file=str(path))
    assert DataKeyring(settings.master_keys.get_secret_value()).current_id == "k2"
    with pytest.raises(ValueError, match="cannot be read"):
        house_settings(tmp_path, master_keys_file=str(tmp_path / "nothing"))
