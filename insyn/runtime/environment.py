"""`.env`: written with fresh secrets on the first run, completed when a new one is needed, never replaced."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from insyn.privacy.keys import DataKeyring
from insyn.runtime.progress import Stop
from insyn.settings import PROJECT_ROOT, Settings
from insyn.webhooks.signature import Signer

PREFIX = "INSYN_"
ENV_FILE = PROJECT_ROOT / ".env"
HEADER = """\
# Secrets of this installation, made on its first run. Keep a copy in a safe place: without INSYN_MASTER_KEYS
# what is sealed in the store can never be read again. Every other setting is explained in .env.example.
"""


def _master_key() -> str:
    return "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def _secret() -> str:
    return secrets.token_hex(32)


SECRETS: Mapping[str, Callable[[], str]] = {
    "INSYN_MASTER_KEYS": _master_key,
    "INSYN_INDEX_KEY": _secret,
    "INSYN_TOKEN_KEY": _secret,
    "INSYN_CODE_KEY": _secret,
    "INSYN_AUDIT_KEY": _secret,
    "INSYN_RASA_TOKEN": _secret,
    "INSYN_ACTION_TOKEN": _secret,
}


def complete(env_file: Path = ENV_FILE, environ: Mapping[str, str] | None = None) -> list[str]:
    """Adds the secrets that neither `env_file` nor the environment holds; returns their names.

    A new file gets mode 0600; an existing one keeps its content and its mode. Raises `Stop` when the file
    cannot be read as `.env`, and when a store exists whose master key is gone (a fresh one opens nothing).
    """
    environ = os.environ if environ is None else environ
    written = _written(env_file)
    missing = [name for name in SECRETS if name not in written and name not in environ]
    if "INSYN_MASTER_KEYS" in missing and {**written, **environ}.get("INSYN_MASTER_KEYS_FILE"):
        missing.remove("INSYN_MASTER_KEYS")
    if not missing:
        return []
    if "INSYN_MASTER_KEYS" in missing:
        _require_no_store(env_file, {**written, **environ})
    lines = "".join(f"{name}={SECRETS[name]()}\n" for name in missing)
    if env_file.exists():
        existing = env_file.read_text(encoding="utf-8")
        separator = "" if existing.endswith("\n") or not existing else "\n"
        _write(env_file, os.O_APPEND, separator + lines)
    else:
        _write(env_file, os.O_CREAT | os.O_EXCL, HEADER + lines)
    return missing


def load_settings() -> Settings:
    """The settings. Raises `Stop` that names the key when a value cannot be used; the value is not shown."""
    try:
        settings = Settings()
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)
        raise _broken({_name(each["loc"]): each["msg"] for each in details}) from None
    broken = {
        f"{PREFIX}{field.upper()}": "is empty"
        for field in Settings.model_fields
        if f"{PREFIX}{field.upper()}" in SECRETS and not getattr(settings, field).get_secret_value()
    }
    try:
        DataKeyring(settings.master_keys.get_secret_value())
    except (ValueError, binascii.Error):
        broken.setdefault("INSYN_MASTER_KEYS", "must be id:base64 of 32 bytes, several separated by commas")
    try:
        make_url(settings.store_url)
    except ArgumentError:
        broken["INSYN_DATABASE_URL"] = "is not a database URL (postgresql+psycopg://user:password@host/database)"
    if settings.webhook_url:
        broken |= _broken_webhooks(settings)
    if broken:
        raise _broken(broken)
    settings.read_from(Path(str(Settings.model_config["env_file"])))
    return settings


def _broken_webhooks(settings: Settings) -> dict[str, str]:
    broken = {}
    schemes = ("https",) if settings.environment == "production" else ("https", "http")
    try:
        address = httpx.URL(settings.webhook_url)
    except httpx.InvalidURL:
        address = httpx.URL("")
    if address.scheme not in schemes or not address.host:
        broken["INSYN_WEBHOOK_URL"] = f"must be an address that begins with {' or '.join(schemes)}"
    try:
        Signer(settings.webhook_secrets.get_secret_value())
    except ValueError as error:
        broken["INSYN_WEBHOOK_SECRETS"] = str(error)
    return broken


def _name(location: tuple[int | str, ...]) -> str:
    name = str(location[0]).upper() if location else ""
    return name if name.startswith(PREFIX) else PREFIX + name


def _broken(reasons: Mapping[str, str]) -> Stop:
    names = ", ".join(reasons)
    return Stop(
        f"Fel värde i .env (eller miljön): {names}. Vad som gäller står i .env.example.",
        f"Broken value in .env (or the environment): {names}. See .env.example.",
        "\n".join(f"  {name}: {reason}" for name, reason in reasons.items()),
    )


def _written(env_file: Path) -> dict[str, str]:
    if not env_file.exists():
        return {}
    try:
        with env_file.open(encoding="utf-8") as stream:
            bad = [binding.original.line for binding in parse_stream(stream) if binding.error]
    except UnicodeDecodeError:
        raise Stop(f"{env_file} är inte UTF-8-text.", f"{env_file} is not UTF-8 text.") from None
    if bad:
        raise Stop(
            f"Rad {bad[0]} i {env_file} går inte att läsa. Skriv NAMN=värde.",
            f"Line {bad[0]} of {env_file} cannot be read. Write NAME=value.",
        )
    return {key: value or "" for key, value in dotenv_values(env_file, interpolate=False).items()}


def _require_no_store(env_file: Path, known: Mapping[str, str]) -> None:
    store = Path(known.get("INSYN_VAR_DIR") or env_file.parent / "var") / "insyn.db"
    if store.exists() and not known.get("INSYN_DATABASE_URL"):
        raise Stop(
            f"INSYN_MASTER_KEYS saknas men {store} finns. Lägg tillbaka nyckeln i {env_file}, "
            "eller flytta undan databasen för att börja om.",
            f"INSYN_MASTER_KEYS is missing but {store} exists. Put the key back in {env_file}, "
            "or move the store away to start afresh.",
        )


def _write(env_file: Path, flags: int, text: str) -> None:
    with open(os.open(env_file, os.O_WRONLY | flags, 0o600), "a", encoding="utf-8") as sink:
        sink.write(text)
        sink.flush()
        os.fsync(sink.fileno())
