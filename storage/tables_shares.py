"""The tables by which several workers share one run: the run, and its customers dealt out.

They hold rows only while a run is under way: a few hundred, claimed one at a time.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
)

from storage.columns import Day, Document, UtcTime, Words, metadata

# `orders` is what every worker must know alike: what to decide, which feeds lived.
rescore_run = Table(
    "rescore_run",
    metadata,
    Column("name", Words, primary_key=True),
    Column("as_of", Day, nullable=False),
    Column("now", UtcTime, nullable=False),
    Column("orders", Document, nullable=False),
)

# `claims` counts how often a share was taken: a worker that was given up for dead, and is not,
# finds another number there and lets go.
share = Table(
    "rescore_share",
    metadata,
    Column("run_name", ForeignKey("rescore_run.name"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("model", Words, nullable=False),
    Column("customers", Document, nullable=False),
    Column("size", Integer, nullable=False),
    Column("state", Words, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("holder", Words),
    Column("lease_until", UtcTime),
    Column("tally", Document),
    PrimaryKeyConstraint("run_name", "number"),
    CheckConstraint("state IN ('open', 'done')", name="state"),
)
