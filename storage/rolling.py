"""Roll-ups of many events, all in SQL: a fixed number of statements, however many gains.

It says of many events what `activity` says of few, in the same order, so that writers of both
kinds never wait crosswise.
"""

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    union_all,
)

from storage.bulk import excluded, insert_into
from storage.staging import fresh, gained
from storage.sums import together
from storage.tables import (
    EVENT_SOURCE,
    FEATURE_SOURCE,
    NO_FEATURE,
    activity_day,
    activity_span,
    feed_day,
)

_KEY = ("day", "customer_id", "kind_id", "feature_id")


def roll_up_staged(tx: Connection) -> None:
    """Add the staged gains to their days and spans."""
    _add_days(tx)
    _stretch_spans(tx)


def note_staged(tx: Connection) -> None:
    """Count for the feeds whoever became active by the roll-up's new rows.

    The days' counts are locked before looking who else is there; see `spoken`.
    """
    _find_fresh(tx)
    rows = fresh.c
    days = select(literal(EVENT_SOURCE), rows.day, literal(0)).distinct()
    if _add(tx, days.order_by(rows.day)):
        said = union_all(
            _newly(fresh.c.kind_id, activity_day.c.kind_id),
            _newly(literal(EVENT_SOURCE)),
            _newly(literal(FEATURE_SOURCE), featured=True),
        ).subquery()
        source, day, _ = said.c
        counted = select(source, day, func.count()).group_by(source, day)
        _add(tx, counted.order_by(source, day))


def _add_days(tx: Connection) -> None:
    rows = select(gained).where(true()).order_by(*(gained.c[name] for name in _KEY))
    new, kept = excluded(tx, activity_day), activity_day.c
    statement = insert_into(tx, activity_day).from_select(list(gained.c.keys()), rows)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=_KEY,
            set_={"count": kept["count"] + new["count"], "total": together(kept.total, new.total)},
        )
    )


def _stretch_spans(tx: Connection) -> None:
    """Stretch the spans that the staged days lie outside of; the others are left alone."""
    names = list(activity_span.c.keys())
    spans = union_all(
        select(gained.c.customer_id, gained.c.kind_id, gained.c.day),
        select(gained.c.customer_id, literal(FEATURE_SOURCE), gained.c.day).where(
            gained.c.feature_id != NO_FEATURE
        ),
    ).subquery()
    owner, number, day = spans.c
    first, last = func.min(day).label("low"), func.max(day).label("high")
    wide = select(owner, number, first, last).group_by(owner, number).subquery()
    kept, new = activity_span.c, excluded(tx, activity_span)
    outside = or_(
        kept.customer_id.is_(None), wide.c.low < kept.first_day, wide.c.high > kept.last_day
    )
    known = and_(kept.customer_id == wide.c[0], kept.kind_id == wide.c[1])
    rows = select(wide).outerjoin(activity_span, known).where(outside)
    statement = insert_into(tx, activity_span).from_select(names, rows.order_by(*wide.c[:2]))
    low = case((new.first_day < kept.first_day, new.first_day), else_=kept.first_day)
    high = case((new.last_day > kept.last_day, new.last_day), else_=kept.last_day)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=names[:2], set_={"first_day": low, "last_day": high}
        )
    )


def _find_fresh(tx: Connection) -> None:
    """Keep the rows that were not there before: those whose count is what was added now."""
    kept = activity_day.c
    same = and_(*(kept[name] == gained.c[name] for name in _KEY))
    rows = select(*(gained.c[name] for name in _KEY)).join(
        activity_day, and_(same, kept["count"] == gained.c["count"])
    )
    tx.execute(insert(fresh).from_select(list(fresh.c.keys()), rows))


def _newly(
    source: ColumnElement[int], *more: Column[int], featured: bool = False
) -> Select[tuple[int, object, int]]:
    """Select who had no other rows of a source on a day than the fresh ones."""
    mine = [fresh.c.day, fresh.c.customer_id, *([fresh.c.kind_id] if more else [])]
    counted = select(*mine, source.label("source"), func.count().label("rows"))
    if featured:
        counted = counted.where(fresh.c.feature_id > NO_FEATURE)
    given = counted.group_by(*mine).subquery()
    kept = activity_day.c
    there: list[Column[Any]] = [kept.day, kept.customer_id, *more]
    same = and_(*(column == given.c[column.name] for column in there))
    if featured:
        same = and_(same, kept.feature_id > NO_FEATURE)
    return (
        select(given.c.source, given.c.day, given.c.customer_id)
        .join(activity_day, same)
        .group_by(*given.c)
        .having(func.count() == given.c.rows)
    )


def _add(tx: Connection, rows: Select[tuple[int, object, int]]) -> bool:
    """Add to the counts; tell whether there was anything to add."""
    statement = insert_into(tx, feed_day).from_select(list(feed_day.c.keys()), rows.where(true()))
    more = feed_day.c.customers + excluded(tx, feed_day).customers
    done = tx.execute(
        statement.on_conflict_do_update(
            index_elements=["source_id", "day"], set_={"customers": more}
        )
    )
    return done.rowcount > 0
