"""Everything we hold of one customer: to hand it over, and to forget it.

Which tables that is, is read from the tables themselves, so that a new one is never forgotten.
The suppression list is not among them on purpose: it holds keyed hashes only, and must outlive
the customer. The audit log stays as well; it names plays and steps by number.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, or_, select, tuple_

from storage import tables_acts
from storage.columns import metadata
from storage.database import Transaction
from storage.frames import opened
from storage.lifelong import rolled_up_of
from storage.spoken import silence
from storage.tables import customer, event, event_key, quarantine


def everything_of(tx: Transaction, customer_id: int, key: str) -> dict[str, list[dict[str, Any]]]:
    """Return every row of a customer, by table, as JSON-able values; empty tables are left out."""
    found = {
        table.name: [_plain(row._mapping) for row in opened(tx, select(table).where(whose))]  # noqa: SLF001 - public, in SQLAlchemy's documentation
        for table, whose in _owned(tx, customer_id, key)
    }
    return {name: rows for name, rows in found.items() if rows}


def erase_customer(tx: Transaction, customer_id: int, key: str) -> dict[str, int]:
    """Delete every row of a customer; return how many there were, by table."""
    silence(tx, customer_id)
    counts = {
        table.name: tx.execute(delete(table).where(whose)).rowcount
        for table, whose in _owned(tx, customer_id, key)
    }
    return {name: count for name, count in counts.items() if count}


def _owned(tx: Transaction, customer_id: int, key: str) -> list[tuple[Table, ColumnElement[bool]]]:
    """Return the tables and whose rows in them, children before their parents.

    Steps and deliveries carry no customer of their own; they hang on plays and messages.
    """
    message, play = tables_acts.message, tables_acts.play
    plays = select(play.c.id).where(play.c.customer_id == customer_id)
    written = or_(message.c.customer_id == customer_id, message.c.play_id.in_(plays))
    special: dict[str, ColumnElement[bool]] = {
        "message": written,
        "step": tables_acts.step.c.play_id.in_(plays),
        "delivery": tables_acts.delivery.c.message_id.in_(select(message.c.id).where(written)),
        "quarantine": quarantine.c.customer_key == key,
        "event_key": _ids_of(customer_id),
        "activity_day": rolled_up_of(tx, customer_id),
        "customer": customer.c.id == customer_id,
    }
    owned = []
    for table in reversed(metadata.sorted_tables):
        if table.name in special:
            owned.append((table, special[table.name]))
        elif "customer_id" in table.c:
            owned.append((table, table.c.customer_id == customer_id))
    return owned


def _ids_of(customer_id: int) -> ColumnElement[bool]:
    """Find a customer's event ids by the events, which lie together; ids lie by feed and name.

    Looked for by customer, all ids there are would be read.
    """
    own, kept = event.c, event_key.c
    ids = select(own.feed_id, own.event_id).where(own.customer_id == customer_id)
    known = tuple_(kept.feed_id, kept.event_id).in_(ids)
    return and_(kept.customer_id == customer_id, known)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    match value:
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return value
