"""Schema migrations, run by every start: Alembic without its command line."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import select
from sqlalchemy.orm import Session

from insyn.audit.chain import AuditLog
from insyn.store import word_index
from insyn.store.engine import Store
from insyn.store.models import AuditHead


def upgrade(store: Store, audit: AuditLog) -> None:
    """Brings the store to the newest schema and gives the audit log its first head."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        word_index.ensure(connection)
        with Session(connection) as session:
            if session.scalar(select(AuditHead)) is None:
                session.add(audit.genesis())
                session.flush()
