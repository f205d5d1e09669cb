"""What customers are used to: the days they were active on, and the features they leave alone."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy import func, select

from storage.bulk import Ids, among
from storage.database import Transaction
from storage.tables import NO_FEATURE, activity_day, activity_span, feature, kind

QUARTER: Final = timedelta(days=90)
# So many features are looked at when something to recommend is looked for.
POPULAR: Final = 20


def unused_features(tx: Transaction, ids: Ids, today: date) -> dict[int, str]:
    """Return for each customer the feature most others use and they did not, within a quarter."""
    recent = activity_day.c.day > today - QUARTER
    counted = (
        select(activity_day.c.feature_id, func.count().label("days"))
        .where(recent, activity_day.c.feature_id != NO_FEATURE)
        .group_by(activity_day.c.feature_id)
        .order_by(func.count().desc(), activity_day.c.feature_id)
        .limit(POPULAR)
    )
    popular = [row.feature_id for row in tx.execute(counted)]
    used: defaultdict[int, set[int]] = defaultdict(set)
    mine = select(activity_day.c.customer_id, activity_day.c.feature_id).distinct()
    for row in tx.execute(mine.where(recent, among(tx, activity_day.c.customer_id, ids))):
        used[row.customer_id].add(row.feature_id)
    names = _names(tx, popular)
    found = {one: next((each for each in popular if each not in used[one]), None) for one in ids}
    return {one: names[number] for one, number in found.items() if number is not None}


def silent_since(
    tx: Transaction, ids: Ids, what: str | None, first: date, last: date
) -> Mapping[int, date]:
    """Return the last day of activity of those for whom it lies between these two days.

    `what` is the kind of event; None is any. Days before the first are nobody's business here.
    """
    newest = func.max(activity_span.c.last_day)
    statement = (
        select(activity_span.c.customer_id, newest.label("last"))
        .where(among(tx, activity_span.c.customer_id, ids))
        .group_by(activity_span.c.customer_id)
        .having(newest.between(first, last))
    )
    if what is not None:
        statement = statement.join(kind, kind.c.id == activity_span.c.kind_id)
        statement = statement.where(kind.c.name == what)
    return {row.customer_id: row.last for row in tx.execute(statement)}


def active_days(
    tx: Transaction, ids: Ids, what: str | None, first: date, last: date
) -> Mapping[int, tuple[date, ...]]:
    """Return the days between these two on which the customers were active, ascending."""
    statement = (
        select(activity_day.c.customer_id, activity_day.c.day)
        .distinct()
        .where(activity_day.c.day.between(first, last), among(tx, activity_day.c.customer_id, ids))
    )
    if what is not None:
        statement = statement.join(kind, kind.c.id == activity_day.c.kind_id)
        statement = statement.where(kind.c.name == what)
    found: defaultdict[int, list[date]] = defaultdict(list)
    for row in tx.execute(statement):
        found[row.customer_id].append(row.day)
    return {one: tuple(sorted(days)) for one, days in found.items()}


def heard_lately(tx: Transaction, what: str | None, since: date) -> bool:
    """Tell whether anybody at all was heard of since that day: else the feed itself is silent."""
    statement = select(func.max(kind.c.last_at)).where(kind.c.name.is_not(None))
    if what is not None:
        statement = statement.where(kind.c.name == what)
    newest = tx.execute(statement).scalar()
    return newest is not None and newest.date() >= since


def _names(tx: Transaction, numbers: Collection[int]) -> Mapping[int, str]:
    rows = tx.execute(select(feature.c.id, feature.c.name).where(feature.c.id.in_(numbers)))
    return {row.id: row.name for row in rows}
