"""first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "address_failure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_failure")),
    )
    with op.batch_alter_table("address_failure", schema=None) as batch_op:
        batch_op.create_index("ix_address_failure", ["address_index", "at"], unique=False)

    op.create_table(
        "answer_approval",
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("fingerprints", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_answer_approval")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_row",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_row")),
    )
    with op.batch_alter_table("audit_row", schema=None) as batch_op:
        batch_op.create_index("ix_audit_row_event", ["event", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_row_subject"), ["subject"], unique=False)

    op.create_table(
        "bot_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "channel", "outcome", "topic", name=op.f("pk_bot_count")),
    )
    op.create_table(
        "case",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=True),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("opening_key", sa.String(length=120), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("sort_on", sa.Date(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("ordered", sa.Boolean(), nullable=False),
        sa.Column("assignee", sa.String(length=36), nullable=True),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("on_hold", sa.Boolean(), nullable=False),
        sa.Column("shredded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("repeats_id", sa.String(length=36), nullable=True),
        sa.Column("repeat_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirming_turn", sa.String(length=36), nullable=True),
        sa.Column("reminding_turn", sa.String(length=36), nullable=True),
        sa.Column("proof", sa.String(length=30), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address_index", sa.LargeBinary(), nullable=True),
        sa.Column("data_key_id", sa.String(length=36), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("opening_key", name=op.f("uq_case_opening_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_case_reference")),
    )
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.create_index("ix_case_address", ["address_index"], unique=False)
        batch_op.create_index(
            "ix_case_assignee_closed",
            ["assignee", "closed_at", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_case_channel_closed",
            ["channel", "closed_at", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_case_closed",
            ["closed_at", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_case_confirming_turn"), ["confirming_turn"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_conversation_id"), ["conversation_id"], unique=False)
        batch_op.create_index("ix_case_due", ["due_on", "id"], unique=False)
        batch_op.create_index(
            "ix_case_due_open",
            ["due_on"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_case_group_id"), ["group_id"], unique=False)
        batch_op.create_index(
            "ix_case_kind_closed",
            ["kind", "closed_at", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_case_kind_state_closed",
            ["kind", "state", "closed_at", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_case_queue",
            [
                "sort_on",
                "id",
                "closed_at",
                "state",
                "kind",
                "assignee",
                "channel",
                "due_on",
                "repeats_id",
                "repeat_seen_at",
            ],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index("ix_case_received", ["received_at", "id", "version"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_repeats_id"), ["repeats_id"], unique=False)
        batch_op.create_index(
            "ix_case_sorted",
            ["sort_on", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_case_state_closed",
            ["state", "closed_at", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_case_tray_human",
            ["sort_on", "id", "closed_at", "kind"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL AND kind IN ('question', 'complaint')"),
            postgresql_where=sa.text("closed_at IS NULL AND kind IN ('question', 'complaint')"),
        )
        batch_op.create_index(
            "ix_case_tray_incidents",
            ["sort_on", "id", "closed_at", "kind"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL AND kind = 'report.incident'"),
            postgresql_where=sa.text("closed_at IS NULL AND kind = 'report.incident'"),
        )
        batch_op.create_index(
            "ix_case_tray_repeats",
            ["sort_on", "id", "closed_at", "repeats_id", "repeat_seen_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL AND repeats_id IS NOT NULL AND repeat_seen_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL AND repeats_id IS NOT NULL AND repeat_seen_at IS NULL"),
        )
        batch_op.create_index(
            "ix_case_tray_unverified",
            ["sort_on", "id", "closed_at", "state"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL AND state IN ('received', 'awaiting_verification')"),
            postgresql_where=sa.text("closed_at IS NULL AND state IN ('received', 'awaiting_verification')"),
        )

    op.create_table(
        "challenge",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("issued_by", sa.String(length=36), nullable=False),
        sa.Column("tried_by", sa.String(length=36), nullable=True),
        sa.Column("link_hash", sa.LargeBinary(), nullable=True),
        sa.Column("link_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_challenge_link_hash")),
    )
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.create_index("ix_challenge_address", ["address_index", "created_at"], unique=False)
        batch_op.create_index("ix_challenge_conversation", ["conversation_id", "status"], unique=False)

    op.create_table(
        "conversation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("token_epoch", sa.Integer(), nullable=False),
        sa.Column("token_rotated_by", sa.String(length=36), nullable=True),
        sa.Column("data_key_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dialogue", sa.JSON(), nullable=False),
        sa.Column("verified_index", sa.LargeBinary(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("on_hold", sa.Boolean(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("human_by", sa.String(length=36), nullable=True),
        sa.Column("human_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.create_index("ix_conversation_channel", ["channel", "last_activity_at"], unique=False)
        batch_op.create_index(
            "ix_conversation_ended",
            ["ends_at"],
            unique=False,
            sqlite_where=sa.text("ends_at IS NOT NULL"),
            postgresql_where=sa.text("ends_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_conversation_last_activity_at"), ["last_activity_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_conversation_verified_index"), ["verified_index"], unique=False)
        batch_op.create_index(
            "ix_conversation_waits",
            ["waits_since"],
            unique=False,
            sqlite_where=sa.text("waits_since IS NOT NULL"),
            postgresql_where=sa.text("waits_since IS NOT NULL"),
        )

    op.create_table(
        "data_key",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("master_key_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_key")),
    )
    op.create_table(
        "incoming_mail",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("folder", sa.String(length=200), nullable=True),
        sa.Column("uid_validity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("message_id_digest", sa.String(length=64), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("decision", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.String(length=60), nullable=True),
        sa.Column("data_key_id", sa.String(length=36), nullable=False),
        sa.Column("sealed_raw", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_head", sa.LargeBinary(), nullable=True),
        sa.Column("address_index", sa.LargeBinary(), nullable=True),
        sa.Column("conversation_id", sa.String(length=36), nullable=True),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("reply_id", sa.String(length=36), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_mail")),
        sa.UniqueConstraint("digest", name=op.f("uq_incoming_mail_digest")),
        sa.UniqueConstraint("folder", "uid_validity", "uid", name=op.f("uq_incoming_mail_folder")),
        sa.UniqueConstraint("reply_id", name=op.f("uq_incoming_mail_reply_id")),
    )
    with op.batch_alter_table("incoming_mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incoming_mail_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incoming_mail_conversation_id"), ["conversation_id"], unique=False)
        batch_op.create_index(
            "ix_incoming_mail_handled",
            ["handled_at"],
            unique=False,
            sqlite_where=sa.text("handled_at IS NOT NULL"),
            postgresql_where=sa.text("handled_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_incoming_mail_message_id_digest"), ["message_id_digest"], unique=False)
        batch_op.create_index("ix_incoming_mail_sender", ["address_index", "replied_at"], unique=False)
        batch_op.create_index("ix_incoming_mail_status", ["status", "received_at", "id"], unique=False)
        batch_op.create_index(
            "ix_incoming_mail_unmarked",
            ["folder", "uid_validity"],
            unique=False,
            sqlite_where=sa.text("flagged_at IS NULL"),
            postgresql_where=sa.text("flagged_at IS NULL"),
        )
        batch_op.create_index(
            "ix_incoming_mail_unsettled",
            ["status", "received_at", "id", "case_id"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
        batch_op.create_index(
            "ix_incoming_mail_waiting",
            ["next_attempt_at", "received_at"],
            unique=False,
            sqlite_where=sa.text("handled_at IS NULL"),
            postgresql_where=sa.text("handled_at IS NULL"),
        )

    op.create_table(
        "mail_folder",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("next_uid", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mail_folder")),
    )
    op.create_table(
        "outgoing_mail",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("unique_key", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column("data_key_id", sa.String(length=36), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_mail")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outgoing_mail_message_id")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_outgoing_mail_unique_key")),
    )
    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outgoing_mail_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_outgoing_mail_key", ["data_key_id"], unique=False)
        batch_op.create_index("ix_outgoing_mail_queue", ["status", "next_attempt_at"], unique=False)

    op.create_table(
        "policy_reading",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("fingerprints", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_policy_reading")),
    )
    op.create_table(
        "purge_proof",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge_proof")),
    )
    op.create_table(
        "staff_log_in",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_staff_log_in")),
    )
    with op.batch_alter_table("staff_log_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_log_in_at"), ["at"], unique=False)
        batch_op.create_index("ix_staff_log_in_member", ["member_id", "seq"], unique=False)

    op.create_table(
        "staff_member",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("data_key_id", sa.String(length=36), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("sealed_totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("oidc_subject", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("oidc_subject", name=op.f("uq_staff_member_oidc_subject")),
    )
    op.create_table(
        "staff_reveal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("data_key_id", sa.String(length=36), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_reveal")),
    )
    with op.batch_alter_table("staff_reveal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_reveal_data_key_id"), ["data_key_id"], unique=False)

    op.create_table(
        "webhook_event",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_event")),
        sa.UniqueConstraint("sequence", name=op.f("uq_webhook_event_sequence")),
    )
    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_event_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_webhook_event_queue", ["status", "next_attempt_at", "sequence"], unique=False)

    op.create_table(
        "webhook_stop",
        sa.Column("url_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("url_hash", name=op.f("pk_webhook_stop")),
    )
    op.create_table(
        "case_note",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_note_case_id_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_case_note")),
        sa.UniqueConstraint("id", name=op.f("uq_case_note_id")),
    )
    with op.batch_alter_table("case_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_note_case_id"), ["case_id"], unique=False)

    op.create_table(
        "conversation_mark",
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("mark", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_conversation_mark_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "mark", name=op.f("pk_conversation_mark")),
    )
    with op.batch_alter_table("conversation_mark", schema=None) as batch_op:
        batch_op.create_index("ix_conversation_mark_mark", ["mark", "conversation_id"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sent_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shredded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_delivery_case_id_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_delivery_link_hash")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "due_notice",
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_due_notice_case_id_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "due_on", "event", name=op.f("pk_due_notice")),
    )
    op.create_table(
        "identity_doubt",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_identity_doubt_case_id_case"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_doubt")),
    )
    with op.batch_alter_table("identity_doubt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_doubt_case_id"), ["case_id"], unique=False)

    op.create_table(
        "staff_invitation",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["staff_member.id"],
            name=op.f("fk_staff_invitation_member_id_staff_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_invitation")),
    )
    with op.batch_alter_table("staff_invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_invitation_member_id"), ["member_id"], unique=False)

    op.create_table(
        "staff_recovery_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["staff_member.id"],
            name=op.f("fk_staff_recovery_code_member_id_staff_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_staff_recovery_code")),
    )
    with op.batch_alter_table("staff_recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_recovery_code_member_id"), ["member_id"], unique=False)

    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["staff_member.id"], name=op.f("fk_staff_session_member_id_staff_member"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_session")),
    )
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_session_began_at"), ["began_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_staff_session_member_id"), ["member_id"], unique=False)

    op.create_table(
        "step_up_link",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_step_up_link_case_id_case"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_up_link")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_step_up_link_link_hash")),
    )
    with op.batch_alter_table("step_up_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_step_up_link_case_id"), ["case_id"], unique=False)

    op.create_table(
        "strong_identification",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=200), nullable=False),
        sa.Column("acr", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("same_name", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_strong_identification_case_id_case"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strong_identification")),
    )
    with op.batch_alter_table("strong_identification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_strong_identification_case_id"), ["case_id"], unique=False)

    op.create_table(
        "turn",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("author", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=100), nullable=True),
        sa.Column("answers_id", sa.String(length=36), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("expects", sa.String(length=20), nullable=True),
        sa.Column("topic", sa.String(length=80), nullable=True),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("intent", sa.String(length=80), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("reading", sa.JSON(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.Column("feedback", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_turn_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_turn")),
        sa.UniqueConstraint("conversation_id", "idempotency_key", name=op.f("uq_turn_conversation_id")),
        sa.UniqueConstraint("id", name=op.f("uq_turn_id")),
    )
    with op.batch_alter_table("turn", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_turn_answers_id"), ["answers_id"], unique=False)
        batch_op.create_index(
            "ix_turn_asked",
            ["topic", "seq"],
            unique=False,
            sqlite_where=sa.text("author = 'person'"),
            postgresql_where=sa.text("author = 'person'"),
        )
        batch_op.create_index("ix_turn_conversation_seq", ["conversation_id", "seq"], unique=False)
        batch_op.create_index(
            "ix_turn_pending",
            ["seq"],
            unique=False,
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )
        batch_op.create_index(
            "ix_turn_thumb",
            ["feedback", "seq"],
            unique=False,
            sqlite_where=sa.text("feedback IS NOT NULL"),
            postgresql_where=sa.text("feedback IS NOT NULL"),
        )

    op.create_table(
        "vault_value",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("placeholder", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("blind_index", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_vault_value_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_value")),
        sa.UniqueConstraint("conversation_id", "placeholder", name=op.f("uq_vault_value_conversation_id")),
    )
    with op.batch_alter_table("vault_value", schema=None) as batch_op:
        batch_op.create_index("ix_vault_value_lookup", ["conversation_id", "blind_index"], unique=False)

    op.create_table(
        "correction",
        sa.Column(
            "turn_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("read_as", sa.String(length=80), nullable=False),
        sa.Column("intent", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_by", sa.String(length=36), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["turn_seq"], ["turn.seq"], name=op.f("fk_correction_turn_seq_turn"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("turn_seq", name=op.f("pk_correction")),
    )
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_correction_state"), ["state"], unique=False)

    op.create_table(
        "delivery_file",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("delivery_id", sa.String(length=36), nullable=True),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("fetches", sa.Integer(), nullable=False),
        sa.Column("put_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_delivery_file_case_id_case"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_file_delivery_id_delivery"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_file")),
    )
    with op.batch_alter_table("delivery_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_file_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_file_delivery_id"), ["delivery_id"], unique=False)

    op.create_table(
        "delivery_pass",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_pass_delivery_id_delivery"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_delivery_pass")),
    )
    with op.batch_alter_table("delivery_pass", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_pass_delivery_id"), ["delivery_id"], unique=False)

    op.create_table(
        "delivery_chunk",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["delivery_file.id"], name=op.f("fk_delivery_chunk_file_id_delivery_file"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("file_id", "number", name=op.f("pk_delivery_chunk")),
    )


def downgrade() -> None:

    op.drop_table("delivery_chunk")
    with op.batch_alter_table("delivery_pass", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_pass_delivery_id"))

    op.drop_table("delivery_pass")
    with op.batch_alter_table("delivery_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_file_delivery_id"))
        batch_op.drop_index(batch_op.f("ix_delivery_file_case_id"))

    op.drop_table("delivery_file")
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_correction_state"))

    op.drop_table("correction")
    with op.batch_alter_table("vault_value", schema=None) as batch_op:
        batch_op.drop_index("ix_vault_value_lookup")

    op.drop_table("vault_value")
    with op.batch_alter_table("turn", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_turn_thumb",
            sqlite_where=sa.text("feedback IS NOT NULL"),
            postgresql_where=sa.text("feedback IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_turn_pending",
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )
        batch_op.drop_index("ix_turn_conversation_seq")
        batch_op.drop_index(
            "ix_turn_asked", sqlite_where=sa.text("author = 'person'"), postgresql_where=sa.text("author = 'person'")
        )
        batch_op.drop_index(batch_op.f("ix_turn_answers_id"))

    op.drop_table("turn")
    with op.batch_alter_table("strong_identification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_strong_identification_case_id"))

    op.drop_table("strong_identification")
    with op.batch_alter_table("step_up_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_step_up_link_case_id"))

    op.drop_table("step_up_link")
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_session_member_id"))
        batch_op.drop_index(batch_op.f("ix_staff_session_began_at"))

    op.drop_table("staff_session")
    with op.batch_alter_table("staff_recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_recovery_code_member_id"))

    op.drop_table("staff_recovery_code")
    with op.batch_alter_table("staff_invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_invitation_member_id"))

    op.drop_table("staff_invitation")
    with op.batch_alter_table("identity_doubt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_doubt_case_id"))

    op.drop_table("identity_doubt")
    op.drop_table("due_notice")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_expires_at"))
        batch_op.drop_index(batch_op.f("ix_delivery_case_id"))

    op.drop_table("delivery")
    with op.batch_alter_table("conversation_mark", schema=None) as batch_op:
        batch_op.drop_index("ix_conversation_mark_mark")

    op.drop_table("conversation_mark")
    with op.batch_alter_table("case_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_note_case_id"))

    op.drop_table("case_note")
    op.drop_table("webhook_stop")
    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.drop_index("ix_webhook_event_queue")
        batch_op.drop_index(batch_op.f("ix_webhook_event_created_at"))

    op.drop_table("webhook_event")
    with op.batch_alter_table("staff_reveal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_reveal_data_key_id"))

    op.drop_table("staff_reveal")
    op.drop_table("staff_member")
    with op.batch_alter_table("staff_log_in", schema=None) as batch_op:
        batch_op.drop_index("ix_staff_log_in_member")
        batch_op.drop_index(batch_op.f("ix_staff_log_in_at"))

    op.drop_table("staff_log_in")
    op.drop_table("purge_proof")
    op.drop_table("policy_reading")
    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.drop_index("ix_outgoing_mail_queue")
        batch_op.drop_index("ix_outgoing_mail_key")
        batch_op.drop_index(batch_op.f("ix_outgoing_mail_case_id"))

    op.drop_table("outgoing_mail")
    op.drop_table("mail_folder")
    with op.batch_alter_table("incoming_mail", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_incoming_mail_waiting",
            sqlite_where=sa.text("handled_at IS NULL"),
            postgresql_where=sa.text("handled_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_incoming_mail_unsettled",
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_incoming_mail_unmarked",
            sqlite_where=sa.text("flagged_at IS NULL"),
            postgresql_where=sa.text("flagged_at IS NULL"),
        )
        batch_op.drop_index("ix_incoming_mail_status")
        batch_op.drop_index("ix_incoming_mail_sender")
        batch_op.drop_index(batch_op.f("ix_incoming_mail_message_id_digest"))
        batch_op.drop_index(
            "ix_incoming_mail_handled",
            sqlite_where=sa.text("handled_at IS NOT NULL"),
            postgresql_where=sa.text("handled_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_incoming_mail_conversation_id"))
        batch_op.drop_index(batch_op.f("ix_incoming_mail_case_id"))

    op.drop_table("incoming_mail")
    op.drop_table("data_key")
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_conversation_waits",
            sqlite_where=sa.text("waits_since IS NOT NULL"),
            postgresql_where=sa.text("waits_since IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_conversation_verified_index"))
        batch_op.drop_index(batch_op.f("ix_conversation_last_activity_at"))
        batch_op.drop_index(
            "ix_conversation_ended",
            sqlite_where=sa.text("ends_at IS NOT NULL"),
            postgresql_where=sa.text("ends_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_conversation_channel")

    op.drop_table("conversation")
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_index("ix_challenge_conversation")
        batch_op.drop_index("ix_challenge_address")

    op.drop_table("challenge")
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_case_tray_unverified",
            sqlite_where=sa.text("closed_at IS NULL AND state IN ('received', 'awaiting_verification')"),
            postgresql_where=sa.text("closed_at IS NULL AND state IN ('received', 'awaiting_verification')"),
        )
        batch_op.drop_index(
            "ix_case_tray_repeats",
            sqlite_where=sa.text("closed_at IS NULL AND repeats_id IS NOT NULL AND repeat_seen_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL AND repeats_id IS NOT NULL AND repeat_seen_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_case_tray_incidents",
            sqlite_where=sa.text("closed_at IS NULL AND kind = 'report.incident'"),
            postgresql_where=sa.text("closed_at IS NULL AND kind = 'report.incident'"),
        )
        batch_op.drop_index(
            "ix_case_tray_human",
            sqlite_where=sa.text("closed_at IS NULL AND kind IN ('question', 'complaint')"),
            postgresql_where=sa.text("closed_at IS NULL AND kind IN ('question', 'complaint')"),
        )
        batch_op.drop_index(
            "ix_case_state_closed",
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_case_sorted",
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_case_repeats_id"))
        batch_op.drop_index("ix_case_received")
        batch_op.drop_index(
            "ix_case_queue", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )
        batch_op.drop_index(
            "ix_case_kind_state_closed",
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_case_kind_closed",
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_case_group_id"))
        batch_op.drop_index(
            "ix_case_due_open", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )
        batch_op.drop_index("ix_case_due")
        batch_op.drop_index(batch_op.f("ix_case_conversation_id"))
        batch_op.drop_index(batch_op.f("ix_case_confirming_turn"))
        batch_op.drop_index(
            "ix_case_closed",
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_case_channel_closed",
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_case_assignee_closed",
            sqlite_where=sa.text("closed_at IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_case_address")

    op.drop_table("case")
    op.drop_table("bot_count")
    with op.batch_alter_table("audit_row", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_row_subject"))
        batch_op.drop_index("ix_audit_row_event")

    op.drop_table("audit_row")
    op.drop_table("audit_head")
    op.drop_table("answer_approval")
    with op.batch_alter_table("address_failure", schema=None) as batch_op:
        batch_op.drop_index("ix_address_failure")

    op.drop_table("address_failure")
