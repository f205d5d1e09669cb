"""What was done with a mail's links, where that is counted; and the secret before a rotation."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Serial, UtcTime, Words

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Lay down the counts, and room for an endpoint's secret of before."""
    op.create_table(
        "mail_seen",
        sa.Column("message_id", Serial, nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("target", Words(), nullable=True),
        sa.Column("first_at", UtcTime(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("doubtful", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "link", "kind", name="pk_mail_seen"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_mail_seen_message_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_mail_seen_customer_id"),
        sa.CheckConstraint("kind IN ('open', 'click')", name="ck_mail_seen_kind"),
    )
    op.create_index("ix_mail_seen_customer_id", "mail_seen", ["customer_id"])
    op.add_column("webhook", sa.Column("previous_nonce", Words(), nullable=True))
    op.add_column("webhook", sa.Column("previous_until", UtcTime(), nullable=True))
