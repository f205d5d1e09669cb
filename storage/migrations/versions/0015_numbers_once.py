"""On SQLite, too, a number is given once: whoever is erased leaves theirs to nobody.

Buttons in Slack, links in mails and the audit log name things by number. SQLite gives the number of
the last row anew once that row is gone, unless its table is made with AUTOINCREMENT; so these are
made anew, row for row. PostgreSQL never did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TABLES = (
    "customer", "contact", "play", "step", "message", "override", "pulse", "quarantine",
)  # fmt: skip
# Where somebody was erased before, nobody knows which numbers they had.
GAP = 1_000


def upgrade() -> None:
    """Copy each table into one that counts on; its indexes are made as they were."""
    if op.get_bind().dialect.name != "sqlite":
        return
    erased = op.get_bind().execute(sa.text("SELECT 1 FROM audit WHERE action = 'erase' LIMIT 1"))
    gap = GAP if erased.scalar() else 0
    for name in TABLES:
        _made_anew(name, gap)


def _made_anew(name: str, gap: int) -> None:
    tx = op.get_bind()
    made = "SELECT sql FROM sqlite_master WHERE tbl_name = :name AND type = :kind AND sql NOT NULL"
    (table,) = tx.execute(sa.text(made), {"name": name, "kind": "table"}).scalars()
    indexes = list(tx.execute(sa.text(made), {"name": name, "kind": "index"}).scalars())
    tx.exec_driver_sql(_counting(table, name))
    tx.exec_driver_sql(f"INSERT INTO {name}_anew SELECT * FROM {name}")  # noqa: S608 - our own names
    tx.exec_driver_sql(f"DROP TABLE {name}")
    tx.exec_driver_sql(f"ALTER TABLE {name}_anew RENAME TO {name}")
    for index in indexes:
        tx.exec_driver_sql(index)
    if gap:
        # A table without rows has no line there yet.
        last = f"SELECT coalesce(max(id), 0) + {gap} FROM {name}"  # noqa: S608 - as above
        tx.exec_driver_sql(f"DELETE FROM sqlite_sequence WHERE name = '{name}'")  # noqa: S608 - as above
        tx.exec_driver_sql(f"INSERT INTO sqlite_sequence VALUES ('{name}', ({last}))")  # noqa: S608 - as above


def _counting(made: str, name: str) -> str:
    """Return the words that make the table, with its key as SQLite wants it for counting on."""
    head, parenthesis, body = made.partition("(")
    key = f"CONSTRAINT pk_{name} PRIMARY KEY"
    plain, counting = "id INTEGER NOT NULL", f"id INTEGER NOT NULL {key} AUTOINCREMENT"
    apart = next((end for end in (f", \n\t{key} (id)", f",\n\t{key} (id)") if end in body), None)
    if not body.lstrip().startswith(plain) or apart is None:
        raise ValueError(head)
    return f"CREATE TABLE {name}_anew {parenthesis}" + body.replace(apart, "").replace(
        plain, counting, 1
    )
