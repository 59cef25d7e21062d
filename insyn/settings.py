"""Settings: everything that differs between a laptop and production, read from the environment and `.env`."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


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
    index_key: SecretStr
    token_key: SecretStr
    code_key: SecretStr
    audit_key: SecretStr
    rasa_token: SecretStr
    action_token: SecretStr

    # Rasa, on loopback only.
    rasa_port: int = 5005
    action_port: int = 5055
    rasa_timeout_seconds: float = 4.0

    # Where a source link leads.
    policy_url: str = "https://kontek.se/personuppgiftspolicy"

    # Mail out. Without a host, development uses the built-in mailbox at /dev/mailbox.
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_from: str = "Insyn, Kontek <dpo@kontek.example>"
    alarm_address: str = ""
    dev_smtp_port: int = 8025

    # Web.
    allowed_hosts: str = "127.0.0.1,localhost,testserver"
    allowed_origins: str = ""
    trusted_proxies: str = ""
    rate_conversation_per_minute: int = 300
    rate_address_per_minute: int = 1200
    rate_open_per_minute: int = 240
    rate_global_per_minute: int = 12000

    # Retention in days; the reasons stand in .env.example and docs/retention.
    retention_chat_days: int = 30
    retention_case_days: int = 730
    retention_mail_hours: int = 24

    log_level: str = "INFO"

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
        listed = {o.strip().rstrip("/") for o in self.allowed_origins.split(",") if o.strip()}
        local = {f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}"}
        return listed | {self.public_url} | (local if self.environment == "development" else set())

    @property
    def catches_mail(self) -> bool:
        """Whether outgoing mail ends in the built-in development mailbox."""
        return self.environment == "development" and not self.smtp_host
