"""What storage can say of the feeds: when each source spoke, and how fresh it is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, text, true, type_coerce

from scoring.feeds import CUSTOMERS_TO_JUDGE, FeedDays
from scoring.figures import EVENTS, FEATURES, INVOICES, SURVEYS, TICKETS
from storage.database import Transaction
from storage.names import numbers
from storage.spoken import owner, speaks
from storage.tables import (
    EVENT_SOURCE,
    FEATURE_SOURCE,
    INVOICE_SOURCE,
    NO_FEATURE,
    SURVEY_SOURCES,
    TICKET_SOURCE,
    activity_day,
    activity_span,
    event,
    feed_day,
    kind,
    survey,
)

# How far back days are listed, and over how many days a feed's customers are counted.
DAYS_LISTED = 90
DAYS_COUNTED = 28
RESERVED = {FEATURE_SOURCE: FEATURES, TICKET_SOURCE: TICKETS, INVOICE_SOURCE: INVOICES}
# No kind has this number: of a source that is not kept nothing is found.
NOBODYS = -99
NUMBERS = {FEATURES: FEATURE_SOURCE, TICKETS: TICKET_SOURCE, INVOICES: INVOICE_SOURCE}


@dataclass(frozen=True, slots=True)
class DailyCount:
    """How many events of one kind a customer had on one UTC day."""

    day: date
    kind: str
    count: int


def feed_days(tx: Transaction, sources: Iterable[str], as_of: date) -> dict[str, FeedDays]:
    """Return when each source spoke, up to `as_of`; one more statement for each that hardly did.

    `customers` is exact where too few customers were active a day to judge the feed by; else it
    is the most of any day, which is enough to judge and spares counting them all.
    """
    return feed_days_on(tx, sources, [as_of])[as_of]


def feed_days_on(
    tx: Transaction, sources: Iterable[str], dates: Collection[date]
) -> dict[date, dict[str, FeedDays]]:
    """Return for each of these dates what `feed_days` says; what they share is read once."""
    wanted = sorted(set(sources))
    kinds = numbers(tx, kind, {source.partition(":")[2] for source in wanted})
    asked = {source.partition(":")[2] for source in wanted if source.startswith(f"{SURVEYS}:")}
    surveys = numbers(tx, survey, asked) if asked else {}
    known = {source: _number(source, kinds, surveys) for source in wanted}
    firsts = _firsts(tx, known.values(), max(dates))
    days = _days(tx, known.values(), min(dates), max(dates))
    return {
        as_of: {
            source: _spoke(tx, source, number, days.get(number, {}), firsts.get(number), as_of)
            for source, number in known.items()
        }
        for as_of in dates
    }


def _spoke(  # noqa: PLR0917 - a source, its days, and the date they are looked at from
    tx: Transaction,
    source: str,
    number: int,
    days: Mapping[date, int],
    first: date | None,
    as_of: date,
) -> FeedDays:
    since = as_of - timedelta(days=DAYS_LISTED)
    listed = {day: customers for day, customers in days.items() if since < day <= as_of}
    begun = first if first is not None and first <= as_of else None
    return FeedDays(source, listed, _customers(tx, number, listed), begun)


def _number(source: str, kinds: Mapping[str, int], surveys: Mapping[str, int]) -> int:
    """Return under which number a source is counted; one that storage does not hold has none."""
    name, _, word = source.partition(":")
    if name == EVENTS:
        return kinds.get(word, NOBODYS) if word else EVENT_SOURCE
    if name == SURVEYS:
        return SURVEY_SOURCES - surveys[word] if word in surveys else NOBODYS
    return NUMBERS.get(source, NOBODYS)


def _firsts(tx: Transaction, numbered: Iterable[int], as_of: date) -> dict[int, date]:
    rows = feed_day.c
    first = type_coerce(func.min(rows.day), rows.day.type)
    said = (rows.source_id.in_(set(numbered)), rows.day <= as_of, rows.customers > 0)
    statement = select(rows.source_id, first).where(*said).group_by(rows.source_id)
    return {number: day for number, day in tx.execute(statement) if day is not None}


def _days(
    tx: Transaction, numbered: Iterable[int], first: date, last: date
) -> dict[int, dict[date, int]]:
    rows, since = feed_day.c, first - timedelta(days=DAYS_LISTED)
    said = (rows.source_id.in_(set(numbered)), rows.day > since, rows.day <= last)
    found: dict[int, dict[date, int]] = {}
    for row in tx.execute(select(feed_day).where(*said, rows.customers > 0).order_by(rows.day)):
        found.setdefault(row.source_id, {})[row.day] = row.customers
    return found


def _customers(tx: Transaction, number: int, days: Mapping[date, int]) -> int:
    """Answer through how many customers the feed spoke in the weeks up to its last day."""
    last = max(days, default=None)
    if last is None:
        return 0
    recent = sorted(day for day in days if day > last - timedelta(days=DAYS_COUNTED))
    most = max(days[day] for day in recent)
    if most >= CUSTOMERS_TO_JUDGE:
        return most
    owners = _owners(number, recent).group_by(text("1")).subquery()
    return tx.execute(select(func.count()).select_from(owners)).scalar() or 0


def _owners(number: int, days: Sequence[date]) -> Select[int]:
    """Select who was active on these days; for events, among those of whom that may be true."""
    spoken = speaks(number)
    if spoken is not None:
        day, own = spoken
        return select(owner(day)).where(day.in_(days), own)
    rows, spans = activity_day.c, activity_span.c
    match number:
        case number if number == FEATURE_SOURCE:
            holds, may = rows.feature_id > NO_FEATURE, spans.kind_id == FEATURE_SOURCE
        case number if number == EVENT_SOURCE:
            holds, may = true(), spans.kind_id > FEATURE_SOURCE
        case _:
            holds, may = rows.kind_id == number, spans.kind_id == number
    spoke = exists().where(rows.customer_id == spans.customer_id, rows.day.in_(days), holds)
    return select(spans.customer_id).where(
        may, spans.last_day >= days[0], spans.first_day <= days[-1], spoke
    )


def freshness(tx: Transaction) -> dict[str, datetime]:
    """Return the instant of each source's newest data, up to a minute behind."""
    found: dict[str, datetime] = {}
    for row in tx.execute(select(kind).where(kind.c.last_at.is_not(None))):
        found[_source(row.id, row.name)] = row.last_at
        if row.id > FEATURE_SOURCE:
            found[EVENTS] = max(row.last_at, found.get(EVENTS, row.last_at))
    for row in tx.execute(select(survey).where(survey.c.last_at.is_not(None))):
        found[f"{SURVEYS}:{row.name}"] = row.last_at
    return found


def _source(number: int, name: str | None) -> str:
    return RESERVED[number] if name is None else f"{EVENTS}:{name}"


def last_touch(tx: Transaction, customer_id: int) -> datetime | None:
    """Return when the customer's newest event happened; its day, once the event is forgotten."""
    newest: ColumnElement[Any] = type_coerce(
        func.max(event.c.occurred_at), event.c.occurred_at.type
    )
    found = tx.execute(select(newest).where(event.c.customer_id == customer_id)).scalar()
    return found or _last_day(tx, customer_id)


def _last_day(tx: Transaction, customer_id: int) -> datetime | None:
    spans = activity_span.c
    newest = select(type_coerce(func.max(spans.last_day), spans.last_day.type))
    day = tx.execute(newest.where(spans.customer_id == customer_id)).scalar()
    return None if day is None else datetime.fromisoformat(f"{day}T00:00:00+00:00")


def daily_counts(
    tx: Transaction, customer_id: int, first: date, last: date
) -> tuple[DailyCount, ...]:
    """Return a customer's events per day and kind; days without any are left out."""
    rows = activity_day.c
    statement = (
        select(rows.day, kind.c.name, func.sum(rows.count))
        .join(kind, kind.c.id == rows.kind_id)
        .where(rows.customer_id == customer_id, rows.day.between(first, last))
        .group_by(rows.day, kind.c.name)
        .order_by(rows.day, kind.c.name)
    )
    return tuple(DailyCount(day, name, int(count)) for day, name, count in tx.execute(statement))
