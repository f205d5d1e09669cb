"""Where each table lies when one PostgreSQL is not enough, and the commands that put it there.

Large tables are distributed by the customer's key, all in the same way, so that everything of one
customer lies on one machine, and a statement that joins and groups by that key runs on each machine
alone. Small tables that those are joined with are reference tables: every machine has all of them.
The rest are acts, and what runs them: claimed a row at a time, never joined with large tables, they
stay with the coordinator. A new table must be entered here; a test says so.
"""

from collections.abc import Iterator
from typing import Final, Literal

from sqlalchemy import Connection, Engine, Table, text

from storage.columns import metadata
from storage.engines import writing
from storage.errors import CannotDistribute
from storage.tables_acts import LARGE

Place = Literal["distributed", "reference", "local"]

KEY: Final = "customer_id"
# The first is laid down by itself, the others beside it.
DISTRIBUTED: Final = tuple(table.name for table in LARGE)
REFERENCE: Final = (
    "member", "customer", "alias", "contact", "suppression", "override", "pulse", "snooze",
    "feed", "kind", "feature", "survey", "model", "frame", "population",
)  # fmt: skip
LOCAL: Final = (
    "feed_day", "quarantine", "play", "playbook_body", "step", "message", "delivery", "bounce",
    "mail_seen", "feedback", "play_end", "webhook", "tick", "rescore_run", "rescore_share", "audit",
    "api_key", "switch", "request",
)  # fmt: skip

NOT_POSTGRES: Final = "SQLite is one file on one machine"
NOT_CREATED: Final = (
    "the citus extension is on this server, but not in this database; "
    "an administrator says CREATE EXTENSION citus"
)
NOT_THERE: Final = "this PostgreSQL does not have the citus extension"


def place_of(name: str) -> Place | None:
    """Return where a table lies, None when nobody has said so."""
    if name in DISTRIBUTED:
        return "distributed"
    if name in REFERENCE:
        return "reference"
    return "local" if name in LOCAL else None


def distribute(engine: Engine) -> list[str]:
    """Put every table where it belongs that is not there yet; return the commands that were given.

    Raises CannotDistribute where nothing of the kind can be done.
    """
    with writing(engine).connect() as connection:
        with connection.begin():
            _check(connection)
        return carry_out(connection)


def carry_out(connection: Connection) -> list[str]:
    """Give the commands, each in a transaction of its own: broken off, it goes on where it was.

    Moving a large table takes its time, so none is cut.
    """
    moved = text("SELECT logicalrelid::regclass::text FROM pg_dist_partition")
    with connection.begin():
        there = set(connection.execute(moved).scalars())
    given = [command for name, command in commands() if name not in there]
    for command in given:
        with connection.begin():
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(command))
    return given


def commands() -> Iterator[tuple[str, str]]:
    """Yield table and command: what others refer to first, then the large tables side by side."""
    for table in _known():
        if place_of(table.name) == "reference":
            yield table.name, f"SELECT create_reference_table('{table.name}')"
    first = DISTRIBUTED[0]
    yield first, f"SELECT create_distributed_table('{first}', '{KEY}')"
    for name in DISTRIBUTED[1:]:
        yield (
            name,
            f"SELECT create_distributed_table('{name}', '{KEY}', colocate_with => '{first}')",
        )


def _known() -> list[Table]:
    """Return the tables, those that are referred to before those that refer to them."""
    return list(metadata.sorted_tables)


def _check(tx: Connection) -> None:
    if tx.dialect.name != "postgresql":
        raise CannotDistribute(NOT_POSTGRES)
    if _listed(tx, "pg_extension", "extname"):
        return
    raise CannotDistribute(
        NOT_CREATED if _listed(tx, "pg_available_extensions", "name") else NOT_THERE
    )


def _listed(tx: Connection, catalog: str, column: str) -> bool:
    found = text(f"SELECT 1 FROM {catalog} WHERE {column} = 'citus'")  # noqa: S608 - our own names
    return tx.execute(found).scalar() is not None
