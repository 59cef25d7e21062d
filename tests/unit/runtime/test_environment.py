"""`.env` and its example: secrets are made once, kept for ever, and everything is explained."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from insyn.privacy.keys import DataKeyring
from insyn.runtime import environment
from insyn.runtime.environment import SECRETS, complete, load_settings
from insyn.runtime.progress import Stop
from insyn.settings import PROJECT_ROOT, Settings


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


@pytest.fixture
def installed(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A first run behind us, and settings that are read from its file only."""
    complete(env_file, {})
    for name in list(SECRETS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", env_file)
    return env_file


def test_first_run_writes_every_secret_for_the_owner_only(env_file: Path) -> None:
    assert complete(env_file, {}) == list(SECRETS)

    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    values = dotenv_values(env_file)
    assert set(values) == set(SECRETS)
    assert all(len(value or "") >= 40 for value in values.values())
    assert len(set(values.values())) == len(SECRETS)
    DataKeyring(values["INSYN_MASTER_KEYS"] or "")


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    complete(tmp_path / "one", {})
    complete(tmp_path / "two", {})

    one, two = (set(dotenv_values(tmp_path / name).values()) for name in ("one", "two"))
    assert not one & two


def test_second_run_changes_nothing(env_file: Path) -> None:
    complete(env_file, {})
    before = env_file.read_bytes()

    assert complete(env_file, {}) == []
    assert env_file.read_bytes() == before


def test_new_secret_is_appended_and_the_rest_is_kept(env_file: Path) -> None:
    complete(env_file, {})
    kept = "".join(
        line for line in env_file.read_text().splitlines(keepends=True) if not line.startswith("INSYN_CODE_KEY")
    )
    env_file.write_text(kept + "INSYN_PORT=8100  # ours")  # no newline at the end
    env_file.chmod(0o640)

    assert complete(env_file, {}) == ["INSYN_CODE_KEY"]
    assert env_file.read_text().startswith(kept + "INSYN_PORT=8100  # ours\nINSYN_CODE_KEY=")
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o640


def test_secrets_of_the_environment_are_not_written(env_file: Path) -> None:
    assert complete(env_file, dict.fromkeys(SECRETS, "set")) == []
    assert not env_file.exists()


def test_master_key_is_not_replaced_when_a_store_needs_the_old_one(env_file: Path) -> None:
    store = env_file.parent / "var" / "insyn.db"
    store.parent.mkdir()
    store.touch()

    with pytest.raises(Stop, match="INSYN_MASTER_KEYS"):
        complete(env_file, {})
    assert not env_file.exists()


def test_unreadable_line_is_pointed_out(env_file: Path) -> None:
    env_file.write_text("INSYN_PORT=8000\n'broken\n")

    with pytest.raises(Stop, match=r"Line 2 of .*\.env"):
        complete(env_file, {})


def test_settings_of_a_first_run_are_good(installed: Path) -> None:
    assert load_settings().port == 8000


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("INSYN_PORT=eightthousand", "INSYN_PORT"),
        ("INSYN_ENVIRONMENT=staging", "INSYN_ENVIRONMENT"),
        ("INSYN_MASTER_KEYS=k1:dGhpcy1pcy1hLXNlY3JldA==", "INSYN_MASTER_KEYS"),
        ("INSYN_MASTER_KEYS=no-base64-at-all", "INSYN_MASTER_KEYS"),
        ("INSYN_CODE_KEY=", "INSYN_CODE_KEY"),
        ("INSYN_DATABASE_URL=postgres at home", "INSYN_DATABASE_URL"),
    ],
)
def test_broken_value_names_its_key_and_is_not_shown(installed: Path, line: str, key: str) -> None:
    installed.write_text(installed.read_text() + line + "\n")

    with pytest.raises(Stop) as stopped:
        load_settings()
    assert key in stopped.value.swedish
    assert key in stopped.value.english
    value = line.partition("=")[2]
    assert not value or value not in str(vars(stopped.value))


def test_example_explains_every_setting_once_with_its_default() -> None:
    lines = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    documented = {}
    for above, line in zip(["", *lines], lines, strict=False):
        if match := re.fullmatch(r"# (INSYN_[A-Z_]+)=(.*)", line):
            assert match[1] not in documented, f"{match[1]} stands twice"
            assert re.match(r"# \w", above), f"{match[1]} has no line that explains it"
            assert not above.startswith("# INSYN_"), f"{match[1]} has no line that explains it"
            documented[match[1]] = match[2]

    fields = {f"{environment.PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert sorted(documented) == sorted(fields)
    for name, field in fields.items():
        default = field.get_default()
        if field.is_required() or name == "INSYN_VAR_DIR":
            assert documented[name] == ""
        elif hasattr(default, "get_secret_value"):
            assert documented[name] == default.get_secret_value()
        else:
            assert documented[name] == str(default)


def test_every_required_setting_is_a_secret_that_the_first_run_makes() -> None:
    required = {
        f"{environment.PREFIX}{name.upper()}" for name, field in Settings.model_fields.items() if field.is_required()
    }
    assert required == set(SECRETS)
