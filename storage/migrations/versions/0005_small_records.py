"""Records of scores in a few dozen bytes instead of 1,400: a year of history is a tenth as large.

SQLite's tables are made anew with every record packed, and the scores without a row id, now that
a row is small. PostgreSQL changes the column by itself, as fast as it can; what was written
before is read as it is.
"""

import json
import sqlite3
from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.columns import Day, Exact, Serial, UtcTime, Words
from storage.packing import Packed, pack

revision = "0005"
down_revision = "0004"

TABLES = ("snapshot", "snapshot_revision")


def upgrade() -> None:
    """Turn the records of both tables into bytes."""
    for name in TABLES:
        if op.get_bind().dialect.name == "postgresql":
            op.alter_column(
                name,
                "record",
                type_=Packed(),
                existing_nullable=False,
                postgresql_using="convert_to(record::text, 'UTF8')",
            )
        else:
            _made_anew(name)


def _made_anew(name: str) -> None:
    driver = op.get_bind().connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(name)
    driver.create_function("packed", 1, lambda text: pack(json.loads(text)), deterministic=True)
    op.rename_table(name, f"{name}_before")
    _create(name)
    columns = ", ".join(column.name for column in _columns(name) if column.name != "record")
    op.execute(
        f"INSERT INTO {name} ({columns}, record) SELECT {columns}, packed(record) "  # noqa: S608 - our own names
        f"FROM {name}_before ORDER BY customer_id, model_id, as_of"
    )
    op.drop_table(f"{name}_before")


def _create(name: str) -> None:
    key = ["customer_id", "model_id", "as_of"]
    key += ["revision"] if name == "snapshot_revision" else []
    op.create_table(
        name,
        *_columns(name),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        sqlite_with_rowid=name != "snapshot",
    )


def _columns(name: str) -> list[sa.Column[Any]]:
    counted = name == "snapshot_revision"
    numbered = [sa.Column("revision", sa.Integer(), nullable=False)] if counted else []
    return [
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("as_of", Day(), nullable=False),
        *numbered,
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("score", Exact(2, 5), nullable=False),
        sa.Column("band", Words(), nullable=False),
        sa.Column("coverage", Exact(2, 5), nullable=False),
        sa.Column("trend", Words(), nullable=False),
        sa.Column("change_7", Exact(2, 5), nullable=True),
        sa.Column("change_30", Exact(2, 5), nullable=True),
        sa.Column("computed_at", UtcTime(), nullable=False),
        sa.Column("record", Packed(), nullable=False),
    ]
