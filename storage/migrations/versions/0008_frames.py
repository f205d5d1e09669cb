"""What many records of a day have in common, kept once; and room for scores to move in place."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Document

revision = "0008"
down_revision = "0012"

# A customer's newest score is written anew every day, and grows by nothing: with half a page free
# it stays where it is, and no index hears of it. Pages that are full get there by themselves.
ROOM = "ALTER TABLE current_score SET (fillfactor = 50)"


def upgrade() -> None:
    """Lay down the frames of records, and make room in the newest scores."""
    op.create_table(
        "frame",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_frame"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(ROOM)
