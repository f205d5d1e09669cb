"""Event ids in a table of their own, so that events can lie in months, and months be dropped."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Day, Document, Exact, Serial, UtcTime, Words

revision = "0013"
down_revision = "0011"

KEPT = (
    'feed_id, event_id, customer_id, kind_id, feature_id, occurred_at, received_at, value, "user", '
    "properties"
)
# What a moment's day is: SQLite keeps days as ordinals, and moments as text.
DAY = {
    "postgresql": "(occurred_at AT TIME ZONE 'UTC')::date",
    "sqlite": "CAST(julianday(date(occurred_at)) - 1721424.5 AS INTEGER)",
}


def upgrade() -> None:
    """Copy ids and events to where they belong; nothing is lost on the way."""
    name = op.get_bind().dialect.name
    op.create_table(
        "event_key",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("event_id", Words(), nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("stamp", sa.LargeBinary(), nullable=False),
        sa.Column("occurred_on", Day(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "event_id", "customer_id", name="pk_event_key"),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO event_key SELECT feed_id, event_id, customer_id, stamp, {DAY[name]} "  # noqa: S608 - our own names
        "FROM event ORDER BY feed_id, event_id, customer_id"
    )
    op.drop_index("ix_event_customer_id_occurred_at", "event")
    op.rename_table("event", "event_before")
    if name == "postgresql":
        _by_month()
    else:
        _whole()
    op.execute(f"INSERT INTO event ({KEPT}) SELECT {KEPT} FROM event_before")  # noqa: S608 - as above
    op.drop_table("event_before")


def _whole() -> None:
    op.create_table("event", *_columns())


def _by_month() -> None:
    """Lay down the months there are events of; later ones are made when they come."""
    op.execute("ALTER TABLE event_before RENAME CONSTRAINT pk_event TO pk_event_before")
    op.create_table("event", *_columns(), postgresql_partition_by="RANGE (occurred_at)")
    op.execute(
        "CREATE TABLE event_earlier PARTITION OF event "
        "FOR VALUES FROM (MINVALUE) TO ('2000-01-01T00:00Z')"
    )
    op.execute(
        """
        DO $$ DECLARE month timestamp; BEGIN
          FOR month IN
            SELECT DISTINCT date_trunc('month', occurred_at AT TIME ZONE 'UTC')
            FROM event_before WHERE occurred_at >= '2000-01-01T00:00Z'
          LOOP
            EXECUTE format(
              'CREATE TABLE %I PARTITION OF event FOR VALUES FROM (%L) TO (%L)',
              'event_' || to_char(month, 'YYYY_MM'),
              month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
          END LOOP;
        END $$
        """
    )
    # Ids go by month too, and come nearly in that order: this index is a few pages.
    op.execute("CREATE INDEX ix_event_key_occurred_on ON event_key USING brin (occurred_on)")


def _columns() -> tuple[sa.Column[object] | sa.Constraint, ...]:
    return (
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("event_id", Words(), nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("feature_id", sa.Integer(), nullable=False),
        sa.Column("occurred_at", UtcTime(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("value", Exact(6, 18, packed=True), nullable=False),
        sa.Column("user", Words(), nullable=True),
        sa.Column("properties", Document, nullable=True),
        sa.PrimaryKeyConstraint(
            "customer_id", "occurred_at", "feed_id", "event_id", name="pk_event"
        ),
    )
