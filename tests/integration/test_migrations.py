"""Schema migrations: they give the very schema of the models, from nothing, as often as one likes, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from insyn.bootstrap import build
from insyn.settings import Settings
from insyn.store import migrations, word_index
from insyn.store.engine import Store
from insyn.store.models import AuditHead, Base
from tests.fixtures.house import SettableClock, house_settings, prepared


def described(name: str | None, _type: str, _parents: object) -> bool:
    """Everything but the index of words, which no model can describe (`insyn.store.word_index`)."""
    return not word_index.is_part(name)


@pytest.fixture
def bare_store(store_url: str) -> Iterator[Store]:
    """A database with nothing in it."""
    store = Store(store_url)
    yield store
    store.close()


def test_models_and_migrations_agree(bare_store: Store, settings: Settings) -> None:
    prepared(bare_store, settings)
    with bare_store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "include_name": described}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_a_disagreement_would_be_seen(bare_store: Store, settings: Settings) -> None:
    prepared(bare_store, settings)
    with bare_store.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_case_due"))
        connection.execute(text("ALTER TABLE turn ADD COLUMN forgotten INTEGER"))
    with bare_store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": described})
        differences = compare_metadata(context, Base.metadata)
    assert {each[0] for each in differences} == {"add_index", "remove_column"}


def test_every_table_is_there(bare_store: Store, settings: Settings) -> None:
    prepared(bare_store, settings)
    names = {name for name in inspect(bare_store.engine).get_table_names() if not word_index.is_part(name)}
    assert names == {table.name for table in Base.metadata.sorted_tables} | {"alembic_version"}


def test_an_upgrade_again_changes_nothing(bare_store: Store, settings: Settings, quick_build: None) -> None:
    prepared(bare_store, settings)
    services = build(settings, clock=SettableClock(), store=bare_store)
    with bare_store.write() as session:
        services.audit.append(session, "case.noted", "x")
    prepared(bare_store, settings)
    with bare_store.read() as session:
        assert services.audit.verify(session) == []
        assert session.get_one(AuditHead, 1).seq == 1


def test_a_store_of_each_earlier_version_is_brought_to_the_newest(bare_store: Store, settings: Settings) -> None:
    prepared(bare_store, settings)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    versions = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    for version in versions[1:]:
        with bare_store.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, version)
        prepared(bare_store, settings)
        with bare_store.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_name": described})
            assert compare_metadata(context, Base.metadata) == []
            assert context.get_current_revision() == versions[0]
    assert len(versions) > 1


def test_the_configured_store_is_made_on_the_first_start(store_url: str, settings: Settings, quick_build: None) -> None:
    settings = house_settings(settings.var_dir, database_url=store_url)
    services = build(settings)
    services.store.ping()
    services.store.close()
