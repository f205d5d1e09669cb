"""Endpoints that are told over HTTP, and reports of mail that came back."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Serial, UtcTime, Words

revision = "0010"
down_revision = "0008"


def upgrade() -> None:
    """Lay down the endpoints and the reports."""
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("nonce", Words(), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("disabled_at", UtcTime(), nullable=True),
        sa.Column("disabled_reason", Words(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
        sa.UniqueConstraint("name", name="uq_webhook_name"),
    )
    op.create_table(
        "bounce",
        sa.Column("digest", Words(), nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("message_id", Serial, nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("status", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_bounce"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_bounce_customer_id"),
        sa.CheckConstraint(
            "kind IN ('hard', 'failed', 'delayed', 'complaint')", name="ck_bounce_kind"
        ),
    )
    op.create_index("ix_bounce_customer_id", "bounce", ["customer_id"])
    op.create_index("ix_bounce_at", "bounce", ["at"])
