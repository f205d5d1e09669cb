"""The numbers of all customers of a day, for models that compare customers with each other."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Day, Document

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Lay down the table of populations; code of before does not look at it."""
    op.create_table(
        "population",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", Day(), nullable=False),
        sa.Column("record", Document, nullable=False),
        sa.PrimaryKeyConstraint("model_id", "version", "as_of", name="pk_population"),
    )
