"""The tables of who is told over HTTP, and of what came back, or was done, of our mail."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
)

from storage.columns import Serial, UtcTime, Words, metadata

# The key to sign with is made of the nonce and the house's secret: a copy of the database alone
# signs nothing. After a rotation the nonce of before signs as well, until `previous_until`.
webhook = Table(
    "webhook",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("url", Words, nullable=False),
    Column("nonce", Words, nullable=False),
    Column("inside", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
    Column("disabled_reason", Words),
    Column("previous_nonce", Words),
    Column("previous_until", UtcTime),
)

# One report, or one part of it, is one row, known by its digest however often it is read. The
# message it speaks of is forgotten with its play; the row goes by its own age.
bounce = Table(
    "bounce",
    metadata,
    Column("digest", Words, nullable=False),
    Column("customer_id", ForeignKey("customer.id"), nullable=False),
    Column("message_id", Serial, nullable=False),
    Column("kind", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("digest"),
    Index(None, "customer_id"),
    Index(None, "at"),
    CheckConstraint("kind IN ('hard', 'failed', 'delayed', 'complaint')", name="kind"),
)

# What readers did with a mail, where that is counted: one row a link, `link` 0 is the picture that
# tells of opening. `doubtful` of the `times` look like a machine's. Neither who they were nor with
# what is kept; scores never look here.
mail_seen = Table(
    "mail_seen",
    metadata,
    Column("message_id", ForeignKey("message.id"), nullable=False),
    Column("link", Integer, nullable=False),
    Column("kind", Words, nullable=False),
    Column("customer_id", ForeignKey("customer.id"), nullable=False),
    Column("target", Words),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("times", Integer, nullable=False),
    Column("doubtful", Integer, nullable=False),
    PrimaryKeyConstraint("message_id", "link", "kind"),
    Index(None, "customer_id"),
    CheckConstraint("kind IN ('open', 'click')", name="kind"),
)
