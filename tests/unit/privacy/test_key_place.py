"""Where the keys stand: changed as a whole or not at all, nothing else touched, and a running service hears of it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from insyn.privacy.keys import parse_master_keys
from insyn.runtime.environment import SECRETS, complete, load_settings
from insyn.settings import Settings
from insyn.upkeep.key_place import FORMER_INDEX, INDEX, MASTER, KeyPlace, KeysElsewhere


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / ".env"
    complete(path, {})
    path.write_text(path.read_text() + "# ours\nINSYN_PORT=8100\n")
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", path)
    return path


@pytest.fixture
def place(env_file: Path) -> KeyPlace:
    return KeyPlace(load_settings())


def test_a_new_master_key_stands_first_and_the_rest_is_as_it_was(env_file: Path, place: KeyPlace) -> None:
    before = dotenv_values(env_file)
    assert place.add_master_key() == "k2"
    after = dotenv_values(env_file)
    assert list(parse_master_keys(after.pop(MASTER) or "")) == ["k2", "k1"]
    assert after == {name: value for name, value in before.items() if name != MASTER}
    assert "# ours" in env_file.read_text()
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert place.add_master_key() == "k3"
    assert [path.name for path in env_file.parent.iterdir()] == [".env"]


def test_master_keys_that_wrap_nothing_are_removed_but_never_the_one_in_use(env_file: Path, place: KeyPlace) -> None:
    place.add_master_key()
    place.add_master_key()
    assert place.keep_master_keys({"k1"}) == ["k2"]
    assert list(parse_master_keys(dotenv_values(env_file)[MASTER] or "")) == ["k3", "k1"]
    assert place.keep_master_keys(set()) == ["k1"]
    assert place.keep_master_keys(set()) == []


def test_news_come_once_for_each_change(place: KeyPlace) -> None:
    news = place.master_key_news()
    assert news() is None
    place.add_master_key()
    text = news()
    assert text is not None
    assert list(parse_master_keys(text)) == ["k2", "k1"]
    assert news() is None


def test_the_index_key_changes_with_its_former_beside_it(env_file: Path, place: KeyPlace) -> None:
    news = place.index_key_news()
    before = dotenv_values(env_file)[INDEX]
    place.change_index_key()
    values = dotenv_values(env_file)
    assert values[FORMER_INDEX] == before
    assert values[INDEX] not in (None, "", before)
    assert news() == (values[INDEX], before)
    with pytest.raises(ValueError, match="not finished"):
        place.change_index_key()
    place.forget_former_index_key()
    assert FORMER_INDEX not in dotenv_values(env_file)
    assert news() == (values[INDEX], "")


def test_keys_of_the_environment_are_not_changed_in_a_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = dotenv_values(env_file)
    for name in (MASTER, INDEX):
        monkeypatch.setenv(name, values[name] or "")
    place, text = KeyPlace(load_settings()), env_file.read_text()
    for change in (place.add_master_key, place.change_index_key, place.forget_former_index_key):
        with pytest.raises(KeysElsewhere):
            change()
    assert env_file.read_text() == text
    env_file.touch()
    assert place.master_key_news()() is None


def test_a_file_of_its_own_goes_before_the_env_file(env_file: Path, tmp_path: Path) -> None:
    own = tmp_path / "master.keys"
    own.write_text((dotenv_values(env_file)[MASTER] or "").replace("k1:", "k7:"))
    own.chmod(0o640)
    env_file.write_text(env_file.read_text() + f"INSYN_MASTER_KEYS_FILE={own}\n")
    place, text = KeyPlace(load_settings()), env_file.read_text()
    assert place.add_master_key() == "k8"
    assert list(parse_master_keys(own.read_text())) == ["k8", "k7"]
    assert stat.S_IMODE(own.stat().st_mode) == 0o640
    assert env_file.read_text() == text


def test_a_first_run_with_a_file_of_master_keys_makes_none(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("INSYN_MASTER_KEYS_FILE=/run/secrets/master\n")
    assert MASTER not in complete(path, {})
