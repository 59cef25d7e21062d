"""Where the keys stand, `.env` or a file of their own: read again when changed, and replaced as a whole or not at all."""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from dotenv import dotenv_values

from insyn.privacy.keys import KEY_BYTES, parse_master_keys
from insyn.settings import Settings

Read = TypeVar("Read")

MASTER, INDEX, FORMER_INDEX = "INSYN_MASTER_KEYS", "INSYN_INDEX_KEY", "INSYN_FORMER_INDEX_KEY"


class KeysElsewhere(Exception):
    """The keys come from the environment, which only whoever starts the service can change."""


def new_master_key(taken: Mapping[str, bytes]) -> str:
    """`id:base64` of a fresh master key with an id that no key in `taken` has."""
    number = 1 + max((int(key_id[1:]) for key_id in taken if re.fullmatch(r"k[0-9]+", key_id)), default=0)
    return f"k{number}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


class KeyPlace:
    """The place that settings got their keys from."""

    def __init__(self, settings: Settings) -> None:
        self._master_file = Path(settings.master_keys_file) if settings.master_keys_file else None
        # What the environment holds goes before `.env`, so a change in `.env` would not be one.
        self._env_file = settings.env_file

    # -- what a running service is told

    def master_key_news(self) -> Callable[[], str | None]:
        """Gives the master keys as text when they have changed since it was last called, otherwise None."""
        if self._master_file is not None:
            return _when_changed(self._master_file, self._read_master_file)
        if self._env_file is not None and MASTER not in os.environ:
            return _when_changed(self._env_file, lambda: self._env_values().get(MASTER) or None)
        return lambda: None

    def index_key_news(self) -> Callable[[], tuple[str, str] | None]:
        """Gives index key and former index key when they have changed since it was last called, otherwise None."""
        if self._env_file is None or INDEX in os.environ:
            return lambda: None

        def read() -> tuple[str, str] | None:
            values = self._env_values()
            return (values[INDEX], values.get(FORMER_INDEX, "")) if values.get(INDEX) else None

        return _when_changed(self._env_file, read)

    # -- changing the keys

    def add_master_key(self) -> str:
        """Puts a fresh master key before those there are; returns its id. Raises `KeysElsewhere`."""
        text = self._master_text()
        fresh = new_master_key(parse_master_keys(text))
        self._write_master(f"{fresh},{text}")
        return fresh.partition(":")[0]

    def keep_master_keys(self, wanted: set[str]) -> list[str]:
        """Removes master keys but the one in use and those `wanted`; returns the ids removed. Raises `KeysElsewhere`."""
        keys = parse_master_keys(self._master_text())
        kept = [key_id for number, key_id in enumerate(keys) if number == 0 or key_id in wanted]
        removed = [key_id for key_id in keys if key_id not in kept]
        if removed:
            self._write_master(",".join(f"{each}:{base64.b64encode(keys[each]).decode()}" for each in kept))
        return removed

    def index_is_under_change(self) -> bool:
        """Whether a former index key is still configured. Raises `KeysElsewhere`."""
        return bool(self._changeable(INDEX).get(FORMER_INDEX))

    def change_index_key(self) -> None:
        """Puts a fresh index key in use and keeps the one before it as the former. Raises `KeysElsewhere`, ValueError.

        ValueError while an earlier change is not finished: a third key would find nothing of the first.
        """
        if self.index_is_under_change():
            raise ValueError("an earlier change of the index key is not finished")
        values = self._changeable(INDEX)
        self._replace_in_env({INDEX: secrets.token_hex(32), FORMER_INDEX: values[INDEX]})

    def forget_former_index_key(self) -> None:
        """Ends a change of the index key. Raises `KeysElsewhere`."""
        self._changeable(INDEX)
        self._replace_in_env({FORMER_INDEX: ""})

    # -- files

    def _master_text(self) -> str:
        if self._master_file is not None:
            return ",".join(self._master_file.read_text(encoding="utf-8").replace(",", "\n").split())
        return self._changeable(MASTER)[MASTER]

    def _write_master(self, text: str) -> None:
        if self._master_file is not None:
            _replace(self._master_file, text + "\n")
        else:
            self._replace_in_env({MASTER: text})

    def _changeable(self, name: str) -> dict[str, str]:
        values = self._env_values()
        if self._env_file is None or name in os.environ or name not in values:
            raise KeysElsewhere(name)
        return values

    def _read_master_file(self) -> str | None:
        try:
            return self._master_file.read_text(encoding="utf-8").strip() or None if self._master_file else None
        except OSError:
            return None

    def _env_values(self) -> dict[str, str]:
        if self._env_file is None:
            return {}
        return {key: value or "" for key, value in dotenv_values(self._env_file, interpolate=False).items()}

    def _replace_in_env(self, changes: Mapping[str, str]) -> None:
        if self._env_file is None:
            raise KeysElsewhere(", ".join(changes))
        lines = self._env_file.read_text(encoding="utf-8").splitlines()
        for name, value in changes.items():
            lines = [line for line in lines if not re.match(rf"\s*(export\s+)?{name}\s*=", line)]
            if value:
                lines.append(f"{name}={value}")
        _replace(self._env_file, "\n".join(lines) + "\n")


def _replace(path: Path, text: str) -> None:
    """Puts a whole new file in place of an old one, with its mode; readers see the one or the other."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as sink:
        os.fchmod(sink.fileno(), path.stat().st_mode & 0o777)
        sink.write(text)
        sink.flush()
        os.fsync(sink.fileno())
    fresh.replace(path)


def _when_changed(path: Path, read: Callable[[], Read | None]) -> Callable[[], Read | None]:
    """`read`, but None for as long as the file is the one it was at the last call."""

    def look() -> tuple[int, int, int] | None:
        try:
            stat = path.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    seen = look()

    def news() -> Read | None:
        nonlocal seen
        now = look()
        if now is None or now == seen:
            return None
        seen = now
        return read()

    return news
