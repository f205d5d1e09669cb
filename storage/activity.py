"""Events come in, and what is kept of them: the event, the daily roll-up, first and last days."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal

from sqlalchemy import Table, case, select, update

from storage.answering import answers
from storage.bulk import add_new, among_texts, excluded, put
from storage.database import Transaction
from storage.feeds import daily_counts, feed_days, freshness, last_touch
from storage.names import enrol
from storage.quarantines import (
    Quarantined,
    quarantine,
    quarantined,
    quarantined_count,
    release_quarantined,
)
from storage.spoken import Rolled, note_activity
from storage.tables import (
    FEATURE_SOURCE,
    NO_FEATURE,
    activity_day,
    activity_span,
    event,
    feature,
    feed,
    kind,
)

__all__ = [
    "Appended",
    "NewEvent",
    "Quarantined",
    "answers",
    "append_events",
    "daily_counts",
    "feed_days",
    "freshness",
    "last_touch",
    "quarantine",
    "quarantined",
    "quarantined_count",
    "release_quarantined",
]

Outcome = Literal["accepted", "duplicate", "conflict"]
MICRO = Decimal("0.000001")
# A kind's newest instant is written at most this often, so that writers seldom meet on its row.
FRESHNESS_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to keep. `digest` stands for its body: another digest under the same id conflicts.

    `value` is kept to a millionth and must be below a trillion.
    """

    customer_id: int
    feed: str
    event_id: str
    kind: str
    feature: str | None
    occurred_at: datetime
    value: Decimal
    user: str | None
    properties: dict[str, Any] | None
    digest: str


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of one given event."""

    event_id: str
    outcome: Outcome


Key = tuple[int, str]


def append_events(
    tx: Transaction, events: Sequence[NewEvent], received_at: datetime
) -> tuple[Appended, ...]:
    """Keep the events not kept before; one outcome per given event, in its order.

    Roll-ups grow by what was really inserted, in the same transaction, so an event counts once
    however often and by however many it is sent.
    """
    rows = _rows(tx, events, received_at)
    first: dict[Key, dict[str, Any]] = {}
    for row in rows:
        first.setdefault((row["feed_id"], row["event_id"]), row)
    known = _known(tx, first)
    fresh = [first[key] for key in sorted(first.keys() - known.keys())]
    columns = (event.c.feed_id, event.c.event_id)
    inserted = {(row.feed_id, row.event_id) for row in add_new(tx, event, fresh, *columns)}
    beaten = {key: first[key] for key in first.keys() - known.keys() - inserted}
    known |= _known(tx, beaten)
    _roll_up(tx, [first[key] for key in sorted(inserted)])
    return tuple(_outcomes(rows, first, inserted, known))


def _rows(
    tx: Transaction, events: Sequence[NewEvent], received_at: datetime
) -> list[dict[str, Any]]:
    feeds = enrol(tx, feed, {item.feed for item in events})
    kinds = enrol(tx, kind, {item.kind for item in events})
    features = enrol(tx, feature, {item.feature for item in events if item.feature})
    return [
        {
            "feed_id": feeds[item.feed],
            "event_id": item.event_id,
            "customer_id": item.customer_id,
            "kind_id": kinds[item.kind],
            "feature_id": features[item.feature] if item.feature else NO_FEATURE,
            "occurred_at": item.occurred_at,
            "received_at": received_at,
            "value": item.value.quantize(MICRO, ROUND_HALF_EVEN)
            if item.value.is_finite()
            else item.value,
            "user": item.user,
            "properties": item.properties,
            "stamp": hashlib.blake2b(item.digest.encode(), digest_size=16).digest(),
        }
        for item in events
    ]


def _known(tx: Transaction, wanted: Mapping[Key, object]) -> dict[Key, tuple[int, bytes]]:
    """Return customer and stamp of those events that are kept already, one statement per feed."""
    by_feed: dict[int, list[str]] = defaultdict(list)
    for feed_id, event_id in wanted:
        by_feed[feed_id].append(event_id)
    known: dict[Key, tuple[int, bytes]] = {}
    for feed_id, ids in by_feed.items():
        statement = select(event.c.event_id, event.c.customer_id, event.c.stamp).where(
            event.c.feed_id == feed_id, among_texts(tx, event.c.event_id, ids)
        )
        for row in tx.execute(statement):
            known[feed_id, row.event_id] = (row.customer_id, bytes(row.stamp))
    return known


def _outcomes(
    rows: Iterable[dict[str, Any]],
    first: Mapping[Key, dict[str, Any]],
    inserted: set[Key],
    known: Mapping[Key, tuple[int, bytes]],
) -> Iterable[Appended]:
    for row in rows:
        key = (row["feed_id"], row["event_id"])
        if key in inserted and first[key] is row:
            yield Appended(row["event_id"], "accepted")
            continue
        kept = known.get(key, (first[key]["customer_id"], first[key]["stamp"]))
        same = kept == (row["customer_id"], row["stamp"])
        yield Appended(row["event_id"], "duplicate" if same else "conflict")


def _roll_up(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Add the inserted events to their days. Sorted, so that writers never wait crosswise."""
    days: dict[Rolled, tuple[int, Decimal]] = {}
    for row in rows:
        key = (_day(row), row["customer_id"], row["kind_id"], row["feature_id"])
        count, total = days.get(key, (0, Decimal(0)))
        days[key] = (count + 1, total + row["value"])
    names = ("day", "customer_id", "kind_id", "feature_id")
    new = excluded(tx, activity_day)
    written = put(
        tx,
        activity_day,
        [
            dict(zip(names, key, strict=True)) | {"count": count, "total": total}
            for key, (count, total) in sorted(days.items())
        ],
        key=names,
        change={
            "count": activity_day.c.count + new.count,
            "total": activity_day.c.total + new.total,
        },
        returning=("count",),
    )
    _stretch_spans(tx, days)
    _freshen(tx, rows)
    note_activity(tx, _fresh(written, days))


def _fresh(
    written: Iterable[Sequence[Any]], given: Mapping[Rolled, tuple[int, Decimal]]
) -> Iterator[Rolled]:
    """Yield the keys that were not there before: those whose count is no more than was given."""
    for row in written:  # Its columns by place: a row's `count` is the method of tuples.
        key = (row[0], row[1], row[2], row[3])
        if row[4] == given[key][0]:
            yield key


def _day(row: Mapping[str, Any]) -> date:
    moment: datetime = row["occurred_at"]
    return moment.astimezone(UTC).date()


def _stretch_spans(tx: Transaction, keys: Iterable[Rolled]) -> None:
    spans: dict[tuple[int, int], tuple[date, date]] = {}
    for day, customer_id, kind_id, feature_id in keys:
        for number in (kind_id,) if feature_id == NO_FEATURE else (kind_id, FEATURE_SOURCE):
            low, high = spans.get((customer_id, number), (day, day))
            spans[customer_id, number] = (min(low, day), max(high, day))
    kept, new = activity_span.c, excluded(tx, activity_span)
    put(
        tx,
        activity_span,
        [
            {"customer_id": owner, "kind_id": number, "first_day": low, "last_day": high}
            for (owner, number), (low, high) in sorted(spans.items())
        ],
        key=("customer_id", "kind_id"),
        change={
            "first_day": case(
                (new.first_day < kept.first_day, new.first_day), else_=kept.first_day
            ),
            "last_day": case((new.last_day > kept.last_day, new.last_day), else_=kept.last_day),
        },
        only_if=(new.first_day < kept.first_day) | (new.last_day > kept.last_day),
    )


def _freshen(tx: Transaction, rows: Iterable[dict[str, Any]]) -> None:
    newest: dict[int, datetime] = {}
    for row in rows:
        featured = row["feature_id"] != NO_FEATURE
        for number in (row["kind_id"], FEATURE_SOURCE) if featured else (row["kind_id"],):
            newest[number] = max(newest.get(number, row["occurred_at"]), row["occurred_at"])
    freshen(tx, newest)


def freshen(tx: Transaction, newest: Mapping[int, datetime], sources: Table = kind) -> None:
    """Remember the newest instant of each source, unless that is known to the minute."""
    for number, at in sorted(newest.items()):
        late = sources.c.last_at.is_(None) | (sources.c.last_at < at - FRESHNESS_STEP)
        tx.execute(update(sources).where(sources.c.id == number, late).values(last_at=at))
