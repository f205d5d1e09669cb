"""The tables of what people said of a score or an alert, how plays ended, and old scores."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
)

from storage.columns import Day, Exact, Serial, UtcTime, Words, metadata
from storage.packing import Packed

# An override speaks of the scores of the days `since` to `until`, both included, unless it was
# withdrawn: then of those before `withdrawn_on`. Rows are never deleted, only ended.
override = Table(
    "override",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("customer_id", ForeignKey("customer.id"), nullable=False),
    Column("kind", Words, nullable=False),
    Column("value", Exact(2, 5), nullable=False),
    Column("reason", Words, nullable=False),
    Column("author", Words, nullable=False),
    Column("author_email", Words),
    Column("said_at", UtcTime, nullable=False),
    Column("since", Day, nullable=False),
    Column("until", Day, nullable=False),
    Column("withdrawn_on", Day),
    Column("withdrawn_by", Words),
    Column("told_at", UtcTime),
    Index(None, "customer_id", "until"),
    CheckConstraint("kind IN ('set', 'floor', 'ceiling')", name="kind"),
    sqlite_autoincrement=True,
)

pulse = Table(
    "pulse",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("customer_id", ForeignKey("customer.id"), nullable=False),
    Column("mood", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("author", Words, nullable=False),
    Column("author_email", Words),
    Column("said_at", UtcTime, nullable=False),
    Column("until", Day, nullable=False),
    Column("withdrawn_on", Day),
    Column("told_at", UtcTime),
    Index(None, "customer_id", "until"),
    CheckConstraint("mood IN ('good', 'neutral', 'worried')", name="mood"),
    sqlite_autoincrement=True,
)

# Whether an alert was worth its interruption: one word a person, which may be changed. The play's
# end stands apart from the play, with what the customer was worth then.
feedback = Table(
    "feedback",
    metadata,
    Column("play_id", ForeignKey("play.id"), nullable=False),
    Column("email_folded", Words, nullable=False),
    Column("customer_id", ForeignKey("customer.id"), nullable=False),
    Column("by", Words, nullable=False),
    Column("verdict", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("play_id", "email_folded"),
    CheckConstraint("verdict IN ('useful', 'false_alarm')", name="verdict"),
)

play_end = Table(
    "play_end",
    metadata,
    Column("play_id", ForeignKey("play.id"), primary_key=True),
    Column("customer_id", ForeignKey("customer.id"), nullable=False),
    Column("outcome", Words, nullable=False),
    Column("arr", Exact(2)),
    Column("at", UtcTime, nullable=False),
)

# What a snapshot said before a correction replaced it; `revision` counts from 1, the oldest.
snapshot_revision = Table(
    "snapshot_revision",
    metadata,
    Column("customer_id", Serial, nullable=False),
    Column("model_id", Integer, nullable=False),
    Column("as_of", Day, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("score", Exact(2, 5), nullable=False),
    Column("band", Words, nullable=False),
    Column("coverage", Exact(2, 5), nullable=False),
    Column("trend", Words, nullable=False),
    Column("change_7", Exact(2, 5)),
    Column("change_30", Exact(2, 5)),
    Column("computed_at", UtcTime, nullable=False),
    Column("record", Packed, nullable=False),
    PrimaryKeyConstraint("customer_id", "model_id", "as_of", "revision"),
)
