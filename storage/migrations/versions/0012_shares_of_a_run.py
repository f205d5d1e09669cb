"""A run dealt out in shares, which several workers claim."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Day, Document, UtcTime, Words

revision = "0012"
down_revision = "0007"


def upgrade() -> None:
    """Lay down the runs under way, and their shares."""
    op.create_table(
        "rescore_run",
        sa.Column("name", Words(), nullable=False),
        sa.Column("as_of", Day(), nullable=False),
        sa.Column("now", UtcTime(), nullable=False),
        sa.Column("orders", Document, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rescore_run"),
    )
    op.create_table(
        "rescore_share",
        sa.Column("run_name", Words(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("model", Words(), nullable=False),
        sa.Column("customers", Document, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("holder", Words(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("tally", Document, nullable=True),
        sa.CheckConstraint("state IN ('open', 'done')", name="ck_rescore_share_state"),
        sa.ForeignKeyConstraint(
            ["run_name"], ["rescore_run.name"], name="fk_rescore_share_run_name"
        ),
        sa.PrimaryKeyConstraint("run_name", "number", name="pk_rescore_share"),
    )
