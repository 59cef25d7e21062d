"""Settings: everything that differs between a laptop and production, read from the environment and `.env`."""

from __future__ import annotations

from email.utils import getaddresses
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


class Settings(BaseSettings):
    """All settings, each named `INSYN_<FIELD>` in the environment; `.env.example` explains them."""

    model_config = SettingsConfigDict(env_prefix="INSYN_", env_file=PROJECT_ROOT / ".env", extra="ignore")

    environment: Literal["development", "production"] = "development"
    base_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    var_dir: Path = PROJECT_ROOT / "var"
    database_url: str = ""

    # Secrets, written by the first run (see insyn.runtime.environment).
    master_keys: SecretStr = Field(description="comma-separated `id:base64` of 32 bytes; the first one is in use")
    master_keys_file: str = ""
    index_key: SecretStr
    former_index_key: SecretStr = SecretStr("")
    token_key: SecretStr
    code_key: SecretStr
    audit_key: SecretStr
    rasa_token: SecretStr
    action_token: SecretStr

    # Rasa, on loopback only.
    rasa_port: int = 5005
    action_port: int = 5055
    rasa_timeout_seconds: float = 4.0

    # Where a source link leads, and the policy as a text file, compared with what the answers rest on.
    policy_url: str = "https://kontek.se/personuppgiftspolicy"
    policy_file: str = ""

    # Mail out. Without a host, development uses the built-in mailbox at /dev/mailbox.
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_from: str = "Insyn Kontek <dpo@kontek.example>"
    alarm_address: str = ""

    # Mail in: by IMAP, and by a listener of our own (SMTP or LMTP).
    imap_host: str = ""
    imap_port: int = 993
    imap_username: str = ""
    imap_password: SecretStr = SecretStr("")
    imap_security: Literal["tls", "starttls", "none"] = "tls"
    imap_folder: str = "INBOX"
    imap_done_folder: str = ""
    imap_poll_seconds: int = Field(default=60, ge=5)
    mail_listen: Literal["", "smtp", "lmtp", "off"] = ""
    mail_listen_host: str = "127.0.0.1"
    mail_listen_port: int = 8024
    mail_addresses: str = ""
    mail_authserv_id: str = ""
    mail_max_mb: int = Field(default=25, ge=1)
    mail_replies_per_day: int = Field(default=3, ge=0)
    dev_smtp_port: int = 8025

    # Stronger identification when a human doubts who a case's person is, at an OpenID provider; off without an issuer.
    strong_issuer: str = ""
    strong_client_id: str = ""
    strong_client_secret: SecretStr = SecretStr("")
    strong_acr_values: str = ""
    strong_scope: str = "openid profile"
    strong_name: str = "e-legitimation"

    # Events about cases to the organisation's own system (Standard Webhooks), and when a case counts as due soon.
    webhook_url: str = ""
    webhook_secrets: SecretStr = SecretStr("")
    due_notice_days: int = Field(default=7, ge=0, le=90)

    # Web.
    allowed_hosts: str = "127.0.0.1,localhost,testserver"
    allowed_origins: str = ""
    trusted_proxies: str = ""
    rate_conversation_per_minute: int = 300
    rate_address_per_minute: int = 1200
    rate_open_per_minute: int = 240
    rate_global_per_minute: int = 12000

    # The staff console.
    rate_log_in_per_minute: int = Field(default=10, ge=1)
    staff_idle_minutes: int = Field(default=30, ge=1)
    staff_session_hours: int = Field(default=10, ge=1)
    human_idle_minutes: int = Field(default=15, ge=1)
    staff_issuer: str = ""
    staff_client_id: str = ""
    staff_client_secret: SecretStr = SecretStr("")
    staff_acr_values: str = ""
    staff_provider_name: str = "organisationens inloggning"

    # Files for a person to fetch.
    delivery_days: int = Field(default=14, ge=1)
    delivery_fetches: int = Field(default=5, ge=1)
    delivery_max_mb: int = Field(default=50, ge=1)

    # Retention; the reasons stand in .env.example and in insyn.privacy.retention.
    retention_chat_days: int = Field(default=30, ge=1)
    retention_verified_chat_days: int = Field(default=90, ge=1)
    retention_case_days: int = Field(default=730, ge=1)
    retention_unverified_case_days: int = Field(default=90, ge=1)
    retention_code_hours: int = Field(default=24, ge=24)  # an address's budget of failures is a day's
    retention_mail_hours: int = Field(default=24, ge=1)
    retention_log_in_days: int = Field(default=180, ge=1)
    retention_incoming_mail_days: int = Field(default=30, ge=1)

    log_level: str = "INFO"

    # The `.env` these settings were read from, when that is where a running service is to look for changed keys.
    _env_file: Path | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _master_keys_from_file(cls, values: dict[str, Any]) -> dict[str, Any]:
        if not values.get("master_keys_file"):
            return values
        return {**values, "master_keys": _content(values["master_keys_file"]) or values.get("master_keys", "")}

    @field_validator("master_keys_file")
    @classmethod
    def _a_file_with_keys(cls, value: str) -> str:
        if value and not _content(value):
            raise ValueError("cannot be read, or is empty")
        return value

    @field_validator("mail_from")
    @classmethod
    def _one_sender(cls, value: str) -> str:
        found = getaddresses([value])
        if len(found) != 1 or "@" not in found[0][1]:
            raise ValueError("one address, such as Insyn <dpo@example.se>; a comma in the name needs quotation marks")
        return value

    @model_validator(mode="after")
    def _a_whole_provider(self) -> Settings:
        if self.strong_issuer and not (self.strong_client_id and self.strong_client_secret.get_secret_value()):
            raise ValueError("INSYN_STRONG_ISSUER needs INSYN_STRONG_CLIENT_ID and INSYN_STRONG_CLIENT_SECRET")
        if self.staff_issuer and not (self.staff_client_id and self.staff_client_secret.get_secret_value()):
            raise ValueError("INSYN_STAFF_ISSUER needs INSYN_STAFF_CLIENT_ID and INSYN_STAFF_CLIENT_SECRET")
        if self.strong_issuer and self.environment == "production" and not self.strong_acr_values.split():
            raise ValueError("INSYN_STRONG_ISSUER needs INSYN_STRONG_ACR_VALUES: not every log-in is a strong one")
        return self

    def read_from(self, env_file: Path) -> None:
        """Notes which `.env` was read, so that keys changed there are taken over while the service runs."""
        self._env_file = env_file

    @property
    def env_file(self) -> Path | None:
        """The `.env` that was read, if one was noted."""
        return self._env_file

    @cached_property
    def store_url(self) -> str:
        """SQLAlchemy URL of the store; SQLite under `var_dir` unless configured."""
        return self.database_url or f"sqlite:///{self.var_dir / 'insyn.db'}"

    @property
    def public_url(self) -> str:
        """Where people reach the service, without a trailing slash; the address it listens on unless configured."""
        return self.base_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def rasa_url(self) -> str:
        return f"http://127.0.0.1:{self.rasa_port}"

    @property
    def origins(self) -> set[str]:
        """Origins a browser may call the chat API from: our own and the configured ones."""
        return self.own_origins | {o.strip().rstrip("/") for o in self.allowed_origins.split(",") if o.strip()}

    @property
    def own_origins(self) -> set[str]:
        """Origins of our own pages."""
        local = {f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}"}
        return {self.public_url} | (local if self.environment == "development" else set())

    @property
    def listens_for_mail(self) -> bool:
        """Whether mail can be handed to us directly: in development unless it is turned off, elsewhere when it is turned on."""
        if self.mail_listen:
            return self.mail_listen != "off"
        return self.environment == "development"

    @property
    def own_addresses(self) -> frozenset[str]:
        """Every address mail to us may come to, and that is never answered, in lower case."""
        listed = [self.mail_from, *self.mail_addresses.split(",")]
        return frozenset(address.casefold() for _, address in getaddresses(listed) if "@" in address)

    @property
    def catches_mail(self) -> bool:
        """Whether outgoing mail ends in the built-in development mailbox."""
        return self.environment == "development" and not self.smtp_host
