"""All that was rolled up of one customer, found without reading everybody's."""

from datetime import timedelta

from sqlalchemy import ARRAY, ColumnElement, Date, bindparam, func, select

from storage.database import Transaction
from storage.tables import activity_day


def rolled_up_of(tx: Transaction, customer_id: int) -> ColumnElement[bool]:
    """Return the condition that a roll-up is this customer's, whatever day it is of.

    On PostgreSQL the key begins with the day, and before version 18 a customer alone is looked for
    in the whole table: half a second in eight million rows. Told every day there is, from the first
    of anybody to the last, it goes to the customer's rows of each.
    """
    mine = activity_day.c.customer_id == customer_id
    if tx.dialect.name != "postgresql":
        return mine
    day = activity_day.c.day
    first, last = tx.execute(select(func.min(day), func.max(day))).one()
    if first is None:
        return mine
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return mine & (day == func.any(bindparam(None, days, type_=ARRAY(Date))))
