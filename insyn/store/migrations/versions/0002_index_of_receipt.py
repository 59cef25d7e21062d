"""The index of receipt without the version of the case: numbers learn from the log which months to count again."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.drop_index("ix_case_received", "case")
    op.create_index("ix_case_received", "case", ["received_at", "id"])


def downgrade() -> None:

    op.drop_index("ix_case_received", "case")
    op.create_index("ix_case_received", "case", ["received_at", "id", "version"])
