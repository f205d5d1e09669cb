"""What all customers of a day had: one row for a model's version and day, replaced when redone."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from storage.bulk import put
from storage.database import Transaction
from storage.names import enrol
from storage.tables import model, population

KEY = ("model_id", "version", "as_of")


def keep_population(
    tx: Transaction, name: str, version: int, as_of: date, record: Mapping[str, Any]
) -> None:
    """Remember a day's population under the model's name and version."""
    numbers = enrol(tx, model, {name})
    row = {"model_id": numbers[name], "version": version, "as_of": as_of, "record": dict(record)}
    put(tx, population, [row], key=KEY)


def newest_population(
    tx: Transaction, name: str, version: int, first: date, last: date
) -> tuple[date, dict[str, Any]] | None:
    """Return the newest population of these days with its day, or None when there is none."""
    kept = population.c
    statement = (
        select(kept.as_of, kept.record)
        .join(model, model.c.id == kept.model_id)
        .where(model.c.name == name, kept.version == version, kept.as_of.between(first, last))
        .order_by(kept.as_of.desc())
        .limit(1)
    )
    row = tx.execute(statement).one_or_none()
    return None if row is None else (row.as_of, row.record)
