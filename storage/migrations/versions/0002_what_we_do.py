"""What we do: transitions, plays, the outbox, ticks, and who did what."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Day, Document, Exact, Serial, UtcTime, Words

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Lay down the tables of what is done about what is known."""
    _judgements()
    _plays()
    _outbox()
    _running()


def _judgements() -> None:
    op.create_table(
        "transition",
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("as_of", Day(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("from_band", Words(), nullable=True),
        sa.Column("to_band", Words(), nullable=False),
        sa.Column("score_before", Exact(2, 5), nullable=True),
        sa.Column("score_after", Exact(2, 5), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "model_id", "as_of", name="pk_transition"),
    )
    op.create_index("ix_transition_as_of", "transition", ["as_of"], unique=False)
    op.create_table(
        "decision",
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("as_of", Day(), nullable=False),
        sa.Column("playbook", Words(), nullable=False),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "as_of", "playbook", "outcome", name="pk_decision"),
    )


def _plays() -> None:
    op.create_table(
        "snooze",
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_snooze_customer_id"),
        sa.PrimaryKeyConstraint("customer_id", name="pk_snooze"),
    )
    op.create_table(
        "play",
        sa.Column("id", Serial, nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("playbook", Words(), nullable=False),
        sa.Column("version", Words(), nullable=False),
        sa.Column("episode", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("reason", Words(), nullable=True),
        sa.Column("trigger_as_of", Day(), nullable=False),
        sa.Column("band", Words(), nullable=False),
        sa.Column("score", Exact(2, 5), nullable=False),
        sa.Column("root_key", Words(), nullable=True),
        sa.Column("acknowledged_by", Words(), nullable=True),
        sa.Column("acknowledged_at", UtcTime(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed')", name="ck_play_state"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_play_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_play"),
        sa.UniqueConstraint(
            "customer_id", "playbook", "episode", name="uq_play_customer_id_playbook_episode"
        ),
    )
    op.create_index(
        "ix_play_open",
        "play",
        ["customer_id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "step",
        sa.Column("id", Serial, nullable=False),
        sa.Column("play_id", Serial, nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("body", Document, nullable=False),
        sa.Column("decided_by", Words(), nullable=True),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.Column("reason", Words(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting_approval', 'scheduled', 'done', 'cancelled')", name="ck_step_state"
        ),
        sa.ForeignKeyConstraint(["play_id"], ["play.id"], name="fk_step_play_id"),
        sa.PrimaryKeyConstraint("id", name="pk_step"),
        sa.UniqueConstraint(
            "play_id", "name", "occurrence", name="uq_step_play_id_name_occurrence"
        ),
    )
    op.create_index(
        "ix_step_due",
        "step",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'scheduled'"),
        postgresql_where=sa.text("state = 'scheduled'"),
    )


def _outbox() -> None:
    op.create_table(
        "message",
        sa.Column("id", Serial, nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("verb", Words(), nullable=False),
        sa.Column("recipient", Words(), nullable=False),
        sa.Column("body", Document, nullable=False),
        sa.Column("play_id", Serial, nullable=True),
        sa.Column("step_id", Serial, nullable=True),
        sa.Column("customer_id", Serial, nullable=True),
        sa.Column("root_key", Words(), nullable=True),
        sa.Column("held_by", Words(), nullable=True),
        sa.Column("state", Words(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("ready_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.Column("reference", Document, nullable=True),
        sa.Column("error", Words(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'cancelled', 'held')",
            name="ck_message_state",
        ),
        sa.CheckConstraint("verb IN ('post', 'reply', 'update')", name="ck_message_verb"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_message_customer_id"),
        sa.ForeignKeyConstraint(["play_id"], ["play.id"], name="fk_message_play_id"),
        sa.ForeignKeyConstraint(["step_id"], ["step.id"], name="fk_message_step_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("key", name="uq_message_key"),
    )
    op.create_index("ix_message_customer_id", "message", ["customer_id"], unique=False)
    op.create_index("ix_message_held_by", "message", ["held_by"], unique=False)
    op.create_index(
        "ix_message_open",
        "message",
        ["state", "ready_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('pending', 'sending', 'held')"),
        postgresql_where=sa.text("state IN ('pending', 'sending', 'held')"),
    )
    op.create_index("ix_message_play_id", "message", ["play_id"], unique=False)
    op.create_index("ix_message_root_key", "message", ["root_key"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("message_id", Serial, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("error", Words(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_delivery_message_id"),
        sa.PrimaryKeyConstraint("message_id", "attempt", name="pk_delivery"),
    )


def _running() -> None:
    op.create_table(
        "tick",
        sa.Column("job", Words(), nullable=False),
        sa.Column("scheduled_for", UtcTime(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("lease_until", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("progress", Serial, nullable=True),
        sa.Column("detail", Document, nullable=True),
        sa.CheckConstraint("state IN ('running', 'done')", name="ck_tick_state"),
        sa.PrimaryKeyConstraint("job", "scheduled_for", name="pk_tick"),
    )
    op.create_table(
        "audit",
        sa.Column("id", Serial, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", Words(), nullable=False),
        sa.Column("action", Words(), nullable=False),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("details", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_subject", "audit", ["subject"], unique=False)
    op.create_table(
        "api_key",
        sa.Column("id", Serial, nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("prefix", Words(), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("scopes", Document, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("name", name="uq_api_key_name"),
        sa.UniqueConstraint("prefix", name="uq_api_key_prefix"),
    )
    op.create_table(
        "switch",
        sa.Column("name", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_switch"),
    )
    op.create_table(
        "request",
        sa.Column("digest", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_request"),
    )
    op.create_index("ix_request_at", "request", ["at"], unique=False)
