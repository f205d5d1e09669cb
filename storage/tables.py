"""The tables of what we know: customers, activity, records, snapshots.

Small tables hold one row a customer or fewer, and foreign keys. Large tables (`LARGE`) carry
`customer_id` in their primary key and no foreign keys: a check per row costs a fifth of the bulk
rate, and on a distributed PostgreSQL the customer's key is what rows are placed by.

What buttons, links and the audit log name by number gives each number once, also on SQLite
(`sqlite_autoincrement`): who is erased leaves theirs to nobody. PostgreSQL does so anyway.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    UniqueConstraint,
)

from storage.columns import Day, Document, Exact, Serial, UtcTime, Words, metadata
from storage.packing import Packed

# Reserved rows of `kind`, without a name: sources of data that are no event kind of their own.
FEATURE_SOURCE = 0
TICKET_SOURCE = -1
INVOICE_SOURCE = -2
# Events of any kind: a source of its own for the counts by day, no row of `kind`.
EVENT_SOURCE = -3
# Below this number each survey is a source of its own, numbered downwards by its `survey` row.
SURVEY_SOURCES = -1000
# The feature of an event that names none; a key column cannot be NULL.
NO_FEATURE = 0

member = Table(
    "member",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("email", Words, nullable=False),
    Column("email_folded", Words, nullable=False, unique=True),
    Column("name", Words, nullable=False),
    Column("slack_id", Words, unique=True),
    Column("role", Words, nullable=False),
    Column("timezone", Words),
    Column("backup_id", ForeignKey("member.id")),
    Column("manager_id", ForeignKey("member.id")),
    CheckConstraint("role IN ('csm', 'manager', 'admin', 'viewer')", name="role"),
)

customer = Table(
    "customer",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("key", Words, nullable=False, unique=True),
    Column("key_folded", Words, nullable=False, index=True),
    Column("name", Words, nullable=False),
    Column("name_folded", Words, nullable=False, index=True),
    Column("segment", Words),
    Column("plan", Words),
    Column("lifecycle", Words),
    Column("status", Words, nullable=False),
    Column("arr", Exact(2)),
    Column("renewal_on", Date),
    Column("created_on", Date, nullable=False),
    Column("seats", Integer),
    Column("tags", Document, nullable=False),
    Column("timezone", Words),
    Column("csm_id", ForeignKey("member.id"), index=True),
    Column("active_since", Date),
    Column("updated_at", UtcTime, nullable=False),
    CheckConstraint("status IN ('active', 'paused', 'churned')", name="status"),
    sqlite_autoincrement=True,
)

alias = Table(
    "alias",
    metadata,
    Column("alias_folded", Words, nullable=False),
    Column("customer_id", ForeignKey("customer.id"), nullable=False, index=True),
    Column("alias", Words, nullable=False),
    PrimaryKeyConstraint("alias_folded", "customer_id"),
)

# Three letters of a name and who bears them: fuzzy search reads a few hundred rows, not all names.
name_gram = Table(
    "name_gram",
    metadata,
    Column("gram", Words, nullable=False),
    Column("customer_id", Serial, nullable=False, index=True),
    PrimaryKeyConstraint("gram", "customer_id"),
    sqlite_with_rowid=False,
)

contact = Table(
    "contact",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("customer_id", ForeignKey("customer.id"), nullable=False),
    Column("email", Words, nullable=False),
    Column("email_folded", Words, nullable=False, index=True),
    Column("name", Words, nullable=False),
    Column("role", Words),
    Column("is_primary", SmallInteger, nullable=False),
    Column("opted_out_at", UtcTime),
    UniqueConstraint("customer_id", "email_folded"),
    sqlite_autoincrement=True,
)

# Survives erasure and re-import: only a keyed hash of the address is kept.
suppression = Table(
    "suppression",
    metadata,
    Column("address_hash", LargeBinary, primary_key=True),
    Column("reason", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
)

feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
)

# `last_at`: the newest data of this kind, up to a minute behind, so that one hot row per kind
# does not make all writers wait for each other.
kind = Table(
    "kind",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, unique=True),
    Column("last_at", UtcTime),
)

feature = Table(
    "feature",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
)

# The id of every event we hold, and what its body was: one row says no to a second. Keyed by feed
# and event id first: that order also finds an id that came for another customer.
event_key = Table(
    "event_key",
    metadata,
    Column("feed_id", Integer, nullable=False),
    Column("event_id", Words, nullable=False),
    Column("customer_id", Serial, nullable=False),
    Column("stamp", LargeBinary, nullable=False),
    Column("occurred_on", Day, nullable=False),
    PrimaryKeyConstraint("feed_id", "event_id", "customer_id"),
    sqlite_with_rowid=False,
)

# On PostgreSQL it lies in months (see `months`). Its ids stand apart: a key over months would have
# to hold the time, and then every month would be asked whether it knows an id.
event = Table(
    "event",
    metadata,
    Column("feed_id", Integer, nullable=False),
    Column("event_id", Words, nullable=False),
    Column("customer_id", Serial, nullable=False),
    Column("kind_id", Integer, nullable=False),
    Column("feature_id", Integer, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("value", Exact(6, packed=True), nullable=False),
    Column("user", Words),
    Column("properties", Document),
    PrimaryKeyConstraint("customer_id", "occurred_at", "feed_id", "event_id"),
    postgresql_partition_by="RANGE (occurred_at)",
)

# The roll-up. PostgreSQL keeps the key as (day, customer_id, …), so that two years cost what 90
# days cost; SQLite as (customer_id, day, …) without a row id. The migration says so. `total` stops
# short of overflowing, see `sums`.
activity_day = Table(
    "activity_day",
    metadata,
    Column("day", Day, nullable=False),
    Column("customer_id", Serial, nullable=False),
    Column("kind_id", Integer, nullable=False),
    Column("feature_id", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("total", Exact(6, 19, packed=True), nullable=False),
    PrimaryKeyConstraint("day", "customer_id", "kind_id", "feature_id"),
    sqlite_with_rowid=False,
)

# First and last day of each kind per customer, so that "ever" and "last" need no history.
activity_span = Table(
    "activity_span",
    metadata,
    Column("customer_id", Serial, nullable=False),
    Column("kind_id", Integer, nullable=False),
    Column("first_day", Day, nullable=False),
    Column("last_day", Day, nullable=False),
    PrimaryKeyConstraint("customer_id", "kind_id"),
    sqlite_with_rowid=False,
)

# How many customers each source heard of a day; `source_id` is a kind or one of those above. It is
# kept with the roll-up, so that judging the feeds reads a few hundred rows.
feed_day = Table(
    "feed_day",
    metadata,
    Column("source_id", Integer, nullable=False),
    Column("day", Day, nullable=False),
    Column("customers", Integer, nullable=False),
    PrimaryKeyConstraint("source_id", "day"),
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("feed", Words, nullable=False),
    Column("customer_key", Words, nullable=False, index=True),
    Column("reason", Words, nullable=False),
    Column("body", Document, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

ticket = Table(
    "ticket",
    metadata,
    Column("customer_id", Serial, nullable=False),
    Column("ticket_id", Words, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("opened_on", Day, nullable=False),
    Column("closed_at", UtcTime),
    Column("rating", Integer),
    Column("subject", Words),
    PrimaryKeyConstraint("customer_id", "ticket_id"),
    Index(None, "customer_id", "opened_on"),
)

# `known_on` is the day the invoice came to be: issued, or due where no issue date was given.
invoice = Table(
    "invoice",
    metadata,
    Column("customer_id", Serial, nullable=False),
    Column("invoice_id", Words, nullable=False),
    Column("due_on", Day, nullable=False),
    Column("paid_on", Day),
    Column("issued_on", Day),
    Column("known_on", Day, nullable=False),
    Column("amount", Exact(2)),
    Column("currency", Words),
    PrimaryKeyConstraint("customer_id", "invoice_id"),
    Index(None, "customer_id", "due_on"),
)

survey = Table(
    "survey",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("last_at", UtcTime),
)

# Two survey tools may number their answers alike, so the feed is part of the key.
survey_answer = Table(
    "survey_answer",
    metadata,
    Column("customer_id", Serial, nullable=False),
    Column("survey_id", Integer, nullable=False),
    Column("feed_id", Integer, nullable=False),
    Column("answer_id", Words, nullable=False),
    Column("answered_at", UtcTime, nullable=False),
    Column("answered_on", Day, nullable=False),
    Column("score", Exact(6), nullable=False),
    PrimaryKeyConstraint("customer_id", "survey_id", "feed_id", "answer_id"),
    Index(None, "customer_id", "answered_on"),
)

model = Table(
    "model",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("customer_id", Serial, nullable=False),
    Column("model_id", Integer, nullable=False),
    Column("as_of", Day, nullable=False),
    Column("version", Integer, nullable=False),
    Column("score", Exact(2, 5), nullable=False),
    Column("band", Words, nullable=False),
    Column("coverage", Exact(2, 5), nullable=False),
    Column("trend", Words, nullable=False),
    Column("change_7", Exact(2, 5)),
    Column("change_30", Exact(2, 5)),
    Column("computed_at", UtcTime, nullable=False),
    Column("record", Packed, nullable=False),
    PrimaryKeyConstraint("customer_id", "model_id", "as_of"),
    sqlite_with_rowid=False,
)

# The newest score of each customer, for lists, digest and search.
current = Table(
    "current_score",
    metadata,
    Column("customer_id", Serial, primary_key=True, autoincrement=False),
    Column("model_id", Integer, nullable=False),
    Column("as_of", Day, nullable=False),
    Column("version", Integer, nullable=False),
    Column("score", Exact(2, 5), nullable=False),
    Column("band", Words, nullable=False, index=True),
    Column("coverage", Exact(2, 5), nullable=False),
    Column("trend", Words, nullable=False),
    Column("change_7", Exact(2, 5)),
    Column("change_30", Exact(2, 5)),
    Column("computed_at", UtcTime, nullable=False),
    Column("band_since", Day, nullable=False),
    Column("previous_band", Words),
)

# What all customers of a day had, for models that compare customers: scores can be told again.
population = Table(
    "population",
    metadata,
    Column("model_id", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("as_of", Day, nullable=False),
    Column("record", Document, nullable=False),
    PrimaryKeyConstraint("model_id", "version", "as_of"),
)
