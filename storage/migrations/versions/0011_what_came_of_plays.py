"""What people said of alerts, and how plays ended."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Exact, Serial, UtcTime, Words

revision = "0011"
down_revision = "0009"


def upgrade() -> None:
    """Lay down both tables; plays that ended before have no row in the second."""
    op.create_table(
        "feedback",
        sa.Column("play_id", Serial, nullable=False),
        sa.Column("email_folded", Words(), nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("verdict", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("play_id", "email_folded", name="pk_feedback"),
        sa.ForeignKeyConstraint(["play_id"], ["play.id"], name="fk_feedback_play_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_feedback_customer_id"),
        sa.CheckConstraint("verdict IN ('useful', 'false_alarm')", name="ck_feedback_verdict"),
    )
    op.create_table(
        "play_end",
        sa.Column("play_id", Serial, nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("arr", Exact(2), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("play_id", name="pk_play_end"),
        sa.ForeignKeyConstraint(["play_id"], ["play.id"], name="fk_play_end_play_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_play_end_customer_id"),
    )
