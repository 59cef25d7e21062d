"""The keys of a store that is kept: a `.env` beside it."""

from __future__ import annotations

from pathlib import Path

from dotenv import dotenv_values

from insyn.runtime.environment import complete
from insyn.settings import Settings


def settings_in(folder: Path, url: str = "") -> Settings:
    """Settings with the keys of the folder's `.env`, which is written the first time; SQLite in it unless `url` names a store."""
    complete(folder / ".env", {})
    values = {name.removeprefix("INSYN_").lower(): value for name, value in dotenv_values(folder / ".env").items()}
    return Settings(_env_file=None, **{**values, "var_dir": folder, "database_url": url, "mail_listen": "off"})
