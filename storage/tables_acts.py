"""The tables of what we do: transitions, decisions, plays, outbox, ticks, and who did what."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from storage import tables, tables_said, tables_shares
from storage.columns import Day, Document, Exact, Serial, UtcTime, Words, metadata

transition = Table(
    "transition",
    metadata,
    Column("customer_id", Serial, nullable=False),
    Column("model_id", Integer, nullable=False),
    Column("as_of", Day, nullable=False),
    Column("kind", Words, nullable=False),
    Column("from_band", Words),
    Column("to_band", Words, nullable=False),
    Column("score_before", Exact(2, 5)),
    Column("score_after", Exact(2, 5), nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("customer_id", "model_id", "as_of"),
    Index(None, "as_of"),
)

decision = Table(
    "decision",
    metadata,
    Column("customer_id", Serial, nullable=False),
    Column("as_of", Day, nullable=False),
    Column("playbook", Words, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("customer_id", "as_of", "playbook", "outcome"),
)

snooze = Table(
    "snooze",
    metadata,
    Column("customer_id", ForeignKey("customer.id"), primary_key=True),
    Column("until", UtcTime, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
)

# A playbook as it was when a play of it began: a play is pinned to it, whatever the file says now.
playbook_body = Table(
    "playbook_body",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("identity", Words, nullable=False),
    Column("body", Document, nullable=False),
    Column("at", UtcTime, nullable=False),
)

play = Table(
    "play",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("customer_id", ForeignKey("customer.id"), nullable=False),
    Column("playbook", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("episode", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("reason", Words),
    Column("trigger_as_of", Day, nullable=False),
    Column("band", Words, nullable=False),
    Column("score", Exact(2, 5), nullable=False),
    Column("root_key", Words),
    Column("acknowledged_by", Words),
    Column("acknowledged_at", UtcTime),
    Column("body_digest", Words),
    UniqueConstraint("customer_id", "playbook", "episode"),
    Index(
        "ix_play_open",
        "customer_id",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    CheckConstraint("state IN ('open', 'closed')", name="state"),
    sqlite_autoincrement=True,
)

step = Table(
    "step",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("play_id", ForeignKey("play.id"), nullable=False),
    Column("name", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("state", Words, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("body", Document, nullable=False),
    Column("decided_by", Words),
    Column("decided_at", UtcTime),
    Column("reason", Words),
    Column("answer", Words),
    UniqueConstraint("play_id", "name", "occurrence"),
    Index(
        "ix_step_due",
        "due_at",
        sqlite_where=text("state IN ('scheduled', 'waiting_answer')"),
        postgresql_where=text("state IN ('scheduled', 'waiting_answer')"),
    ),
    CheckConstraint(
        "state IN "
        "('waiting_approval', 'waiting_answer', 'to_do', 'scheduled', 'done', 'cancelled')",
        name="state",
    ),
    sqlite_autoincrement=True,
)

message = Table(
    "message",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("key", Words, nullable=False, unique=True),
    Column("channel", Words, nullable=False),
    Column("verb", Words, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("body", Document, nullable=False),
    Column("play_id", ForeignKey("play.id"), index=True),
    Column("step_id", ForeignKey("step.id"), index=True),
    Column("customer_id", ForeignKey("customer.id"), index=True),
    Column("root_key", Words, index=True),
    Column("held_by", Words, index=True),
    Column("state", Words, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("ready_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("lease_until", UtcTime),
    Column("settled_at", UtcTime),
    Column("reference", Document),
    Column("error", Words),
    Index(
        "ix_message_open",
        "state",
        "ready_at",
        sqlite_where=text("state IN ('pending', 'sending', 'held')"),
        postgresql_where=text("state IN ('pending', 'sending', 'held')"),
    ),
    CheckConstraint(
        "state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'cancelled', 'held')",
        name="state",
    ),
    CheckConstraint("verb IN ('post', 'reply', 'update')", name="verb"),
    sqlite_autoincrement=True,
)

delivery = Table(
    "delivery",
    metadata,
    Column("message_id", ForeignKey("message.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("error", Words),
    PrimaryKeyConstraint("message_id", "attempt"),
)

tick = Table(
    "tick",
    metadata,
    Column("job", Words, nullable=False),
    Column("scheduled_for", UtcTime, nullable=False),
    Column("state", Words, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("lease_until", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("progress", Serial),
    Column("detail", Document),
    PrimaryKeyConstraint("job", "scheduled_for"),
    CheckConstraint("state IN ('running', 'done')", name="state"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("actor", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("subject", Words, nullable=False, index=True),
    Column("details", Document, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("prefix", Words, nullable=False, unique=True),
    Column("digest", Words, nullable=False),
    Column("scopes", Document, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)

switch = Table(
    "switch",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
)

request = Table(
    "request",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
)

# What a distributed PostgreSQL would place by customer; the rest are reference tables.
LARGE = (
    tables.name_gram,
    tables.event,
    tables.event_key,
    tables.activity_day,
    tables.activity_span,
    tables.ticket,
    tables.invoice,
    tables.survey_answer,
    tables.snapshot,
    tables.current,
    tables_said.snapshot_revision,
    transition,
    decision,
)

# What a distributed PostgreSQL leaves with the coordinator: claimed a row at a time, never joined.
LOCAL = (tables_shares.rescore_run, tables_shares.share)
