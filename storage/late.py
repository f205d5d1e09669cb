"""What arrived after a day was scored, though it happened by then."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select, type_coerce

from storage.columns import UtcTime
from storage.database import Transaction
from storage.tables import event, kind

# A window of the shipped models reaches no further back, and the index is read no further either.
LOOKED_BACK = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Late events of one kind: how many, of which days, and when the last of them came."""

    kind: str
    count: int
    first: date
    last: date
    received_at: datetime


def arrived_late(
    tx: Transaction, customer_id: int, as_of: date, scored_at: datetime
) -> tuple[Arrived, ...]:
    """Return a customer's events up to the end of `as_of` received after `scored_at`, by kind."""
    rows = event.c
    end = datetime.combine(as_of + timedelta(days=1), time(), scored_at.tzinfo)
    moments = (func.min(rows.occurred_at), func.max(rows.occurred_at), func.max(rows.received_at))
    statement = (
        select(kind.c.name, func.count(), *(type_coerce(one, UtcTime()) for one in moments))
        .join(kind, kind.c.id == rows.kind_id)
        .where(
            rows.customer_id == customer_id,
            rows.occurred_at >= end - LOOKED_BACK,
            rows.occurred_at < end,
            rows.received_at > scored_at,
        )
        .group_by(kind.c.name)
        .order_by(kind.c.name)
    )
    return tuple(
        Arrived(name, count, first.date(), last.date(), received)
        for name, count, first, last, received in tx.execute(statement)
    )
