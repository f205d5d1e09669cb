"""Columns as the driver takes them: on PostgreSQL texts as COPY reads them, else its own values."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import Column, Connection

from storage.columnar import MISSING, Ints
from storage.copying import NOTHING, escaped

# Points are between 0 and 100, and changes between -100 and 100, in hundredths.
_MOST: Final = 10_000


def numbers(tx: Connection, given: Ints) -> list[Any]:
    """Return whole numbers."""
    plain = given.tolist()
    return list(map(str, plain)) if _is_postgres(tx) else plain


def points(tx: Connection, hundredths: Ints) -> list[Any]:
    """Return points, which SQLite keeps as whole hundredths and PostgreSQL as decimals."""
    if not _is_postgres(tx):
        return [None if one == MISSING else one for one in hundredths.tolist()]
    places = np.where(hundredths == MISSING, _MOST + 1, hundredths)
    spelled: list[str] = _SPELLED[places + _MOST].tolist()
    return spelled


def words(tx: Connection, known: Sequence[str], places: Ints) -> list[Any]:
    """Return words by their places among the known ones; a place below 0 is no word."""
    spelled = escaped(known) if _is_postgres(tx) else known
    nothing = NOTHING if _is_postgres(tx) else None
    # What stands last is also what -1 is the place of.
    chosen: list[Any] = np.array([*spelled, nothing], np.object_)[np.maximum(places, -1)].tolist()
    return chosen


def blobs(tx: Connection, records: Sequence[bytes]) -> list[Any]:
    """Return bytes."""
    return ["\\\\x" + one.hex() for one in records] if _is_postgres(tx) else list(records)


def alike(tx: Connection, column: Column[Any], value: object) -> str | int:
    """Return a value that is the same in all rows of a column."""
    fit = column.type.dialect_impl(tx.dialect).bind_processor(tx.dialect)
    fitted = fit(value) if fit else value
    if _is_postgres(tx):
        return escaped([str(fitted)])[0]
    return fitted if isinstance(fitted, int) else str(fitted)


def _is_postgres(tx: Connection) -> bool:
    return tx.dialect.name == "postgresql"


# Every score and change there can be, and last what stands for none.
_SPELLED: Final = np.array(
    [*(f"{one / 100:.2f}" for one in range(-_MOST, _MOST + 1)), NOTHING], np.object_
)
