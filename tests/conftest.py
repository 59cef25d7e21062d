"""Fixtures for every tier."""

from tests.fixtures.browser import chromium
from tests.fixtures.dovecot import dovecot
from tests.fixtures.house import (
    clock,
    empty_sqlite,
    house,
    migrated_postgres,
    quick_build,
    services,
    settings,
    sqlite_file,
    store,
)
from tests.fixtures.openid_provider import openid_provider
from tests.fixtures.postgres import postgres_database, postgres_url, store_url
from tests.fixtures.running import system

__all__ = [
    "chromium",
    "clock",
    "dovecot",
    "empty_sqlite",
    "house",
    "migrated_postgres",
    "openid_provider",
    "postgres_database",
    "postgres_url",
    "quick_build",
    "services",
    "settings",
    "sqlite_file",
    "store",
    "store_url",
    "system",
]
