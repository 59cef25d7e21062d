"""Alembic environment: works on the connection it is handed, in batch mode so that SQLite can alter tables."""

from __future__ import annotations

from alembic import context

from insyn.store import (  # noqa: F401  the metadata must be whole
    identity_tables,
    mail_tables,
    review_tables,
    staff_tables,
    word_index,
)
from insyn.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    include_name=lambda name, _type, _parents: not word_index.is_part(name),
)
with context.begin_transaction():
    context.run_migrations()
