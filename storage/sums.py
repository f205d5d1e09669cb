"""Sums of millionths that stop at a limit instead of overflowing, alike on both databases.

Whole numbers of 64 bits end at nine trillion, and somebody's events are bytes. One customer's sum
that is too large must not fail the batch it came in, nor the day's job of everybody else.
"""

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, case, func, literal, true, type_coerce

from scoring.columns.block import MOST_MICROS

# The most a day's sum holds: two of them still add up.
DAY_FULL: Final = MOST_MICROS - 1
MOST_A_DAY: Final = Decimal(DAY_FULL).scaleb(-6)
# SQLite fails where its sum overflows. It adds up the upper bits and the lower ones apart.
_LOWER: Final = 20


def summed(
    tx: Connection,
    micros: ColumnElement[Any],
    holds: ColumnElement[bool] | None = None,
    most: int = MOST_MICROS,
) -> ColumnElement[Any]:
    """Return the sum of millionths where the condition holds, or `most` where it is larger."""
    number, where = type_coerce(micros, BigInteger), true() if holds is None else holds
    if tx.dialect.name == "postgresql":
        return func.least(func.coalesce(_sum(number, where), 0), literal(most, BigInteger))
    upper = _sum(number.op(">>")(_LOWER), where)
    lower = _sum(number.op("&")(2**_LOWER - 1), where)
    both = upper.op("<<")(_LOWER) + lower
    limit = literal(most, BigInteger)
    return case(
        (upper >= most >> _LOWER, limit), (both > most, limit), else_=func.coalesce(both, 0)
    )


def together(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the sum of two days' sums, as a day's sum."""
    both = type_coerce(one, BigInteger) + type_coerce(other, BigInteger)
    full = literal(DAY_FULL, BigInteger)
    return case((both > full, full), else_=both)


def _sum(number: ColumnElement[int], where: ColumnElement[bool]) -> ColumnElement[int]:
    return type_coerce(func.sum(number).filter(where), BigInteger)
