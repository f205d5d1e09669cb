"""What people said of a score, and what a snapshot said before it was corrected."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Day, Document, Exact, Serial, UtcTime, Words

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Lay down overrides, pulses, and the revisions of snapshots."""
    _overrides()
    _pulses()
    _revisions()


def _overrides() -> None:
    op.create_table(
        "override",
        sa.Column("id", Serial, nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("value", Exact(2, 5), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("author", Words(), nullable=False),
        sa.Column("author_email", Words(), nullable=True),
        sa.Column("said_at", UtcTime(), nullable=False),
        sa.Column("since", Day(), nullable=False),
        sa.Column("until", Day(), nullable=False),
        sa.Column("withdrawn_on", Day(), nullable=True),
        sa.Column("withdrawn_by", Words(), nullable=True),
        sa.Column("told_at", UtcTime(), nullable=True),
        sa.CheckConstraint("kind IN ('set', 'floor', 'ceiling')", name="ck_override_kind"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_override_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_override"),
    )
    op.create_index("ix_override_customer_id_until", "override", ["customer_id", "until"])


def _pulses() -> None:
    op.create_table(
        "pulse",
        sa.Column("id", Serial, nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("mood", Words(), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.Column("author", Words(), nullable=False),
        sa.Column("author_email", Words(), nullable=True),
        sa.Column("said_at", UtcTime(), nullable=False),
        sa.Column("until", Day(), nullable=False),
        sa.Column("withdrawn_on", Day(), nullable=True),
        sa.Column("told_at", UtcTime(), nullable=True),
        sa.CheckConstraint("mood IN ('good', 'neutral', 'worried')", name="ck_pulse_mood"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_pulse_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pulse"),
    )
    op.create_index("ix_pulse_customer_id_until", "pulse", ["customer_id", "until"])


def _revisions() -> None:
    op.create_table(
        "snapshot_revision",
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("as_of", Day(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("score", Exact(2, 5), nullable=False),
        sa.Column("band", Words(), nullable=False),
        sa.Column("coverage", Exact(2, 5), nullable=False),
        sa.Column("trend", Words(), nullable=False),
        sa.Column("change_7", Exact(2, 5), nullable=True),
        sa.Column("change_30", Exact(2, 5), nullable=True),
        sa.Column("computed_at", UtcTime(), nullable=False),
        sa.Column("record", Document, nullable=False),
        sa.PrimaryKeyConstraint(
            "customer_id", "model_id", "as_of", "revision", name="pk_snapshot_revision"
        ),
    )
