"""Settings of the webhooks: what cannot work is said before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from insyn.runtime.environment import SECRETS, complete, load_settings
from insyn.runtime.progress import Stop
from insyn.settings import Settings

GOOD = "INSYN_WEBHOOK_SECRETS=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / ".env"
    complete(path, {})
    for name in [*SECRETS, "INSYN_WEBHOOK_URL", "INSYN_WEBHOOK_SECRETS", "INSYN_ENVIRONMENT"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", path)
    return path


def written(env_file: Path, *lines: str) -> None:
    env_file.write_text("\n".join([env_file.read_text(), *lines]) + "\n")


def test_without_an_address_nothing_is_asked_for(env_file: Path) -> None:
    assert load_settings().webhook_url == ""


@pytest.mark.parametrize("url", ["https://arenden.example.se/insyn", "http://127.0.0.1:9000/hook"])
def test_address_and_secret(env_file: Path, url: str) -> None:
    written(env_file, f"INSYN_WEBHOOK_URL={url}", GOOD)
    assert load_settings().webhook_url == url


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        (["INSYN_WEBHOOK_URL=https://arenden.example.se/"], "INSYN_WEBHOOK_SECRETS"),
        (["INSYN_WEBHOOK_URL=https://arenden.example.se/", "INSYN_WEBHOOK_SECRETS=hush"], "INSYN_WEBHOOK_SECRETS"),
        (["INSYN_WEBHOOK_URL=ftp://arenden.example.se/", GOOD], "INSYN_WEBHOOK_URL"),
        (["INSYN_WEBHOOK_URL=https:///path", GOOD], "INSYN_WEBHOOK_URL"),
        (["INSYN_WEBHOOK_URL=http://[::1", GOOD], "INSYN_WEBHOOK_URL"),
        (["INSYN_WEBHOOK_URL=http://arenden.example.se/", GOOD, "INSYN_ENVIRONMENT=production"], "INSYN_WEBHOOK_URL"),
        (["INSYN_DUE_NOTICE_DAYS=-1"], "INSYN_DUE_NOTICE_DAYS"),
    ],
)
def test_broken_value_names_its_key(env_file: Path, lines: list[str], key: str) -> None:
    written(env_file, *lines)

    with pytest.raises(Stop) as stopped:
        load_settings()
    assert key in stopped.value.english
    assert "hush" not in str(vars(stopped.value))
