"""How many customers each feed heard of a day: a few hundred rows instead of all roll-ups."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Day

revision = "0006"
down_revision = "0005"

COUNT = "INSERT INTO feed_day (source_id, day, customers) "
# Sources are the kinds' numbers; 0 features, -1 tickets, -2 invoices, -3 events of any kind.
# Grouped twice: counting distinct customers in one pass sorts, and is never parallel.
BACKFILL = (
    (
        "SELECT kind_id, day, count(*) FROM (SELECT kind_id, day, customer_id FROM activity_day "
        "GROUP BY kind_id, day, customer_id) AS pairs GROUP BY kind_id, day"
    ),
    (
        "SELECT -3, day, count(*) FROM (SELECT day, customer_id FROM activity_day "
        "GROUP BY day, customer_id) AS pairs GROUP BY day"
    ),
    (
        "SELECT 0, day, count(*) FROM (SELECT day, customer_id FROM activity_day "
        "WHERE feature_id > 0 GROUP BY day, customer_id) AS pairs GROUP BY day"
    ),
    "SELECT -1, opened_on, count(DISTINCT customer_id) FROM ticket GROUP BY opened_on",
    "SELECT -2, known_on, count(DISTINCT customer_id) FROM invoice GROUP BY known_on",
)


def upgrade() -> None:
    """Lay down the counts and fill them from what is there."""
    op.create_table(
        "feed_day",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("day", Day(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "day", name="pk_feed_day"),
        sqlite_with_rowid=False,
    )
    for counts in BACKFILL:
        op.execute(COUNT + counts)
