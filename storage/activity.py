"""Events come in, and what is kept of them: the event, the daily roll-up, first and last days."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal

from sqlalchemy import Table, case, select, update

from storage import copying
from storage.answering import answers
from storage.bulk import add_new, among_texts, excluded, put
from storage.database import Transaction
from storage.feeds import daily_counts, feed_days, feed_days_on, freshness, last_touch
from storage.foreseeing import Foreseen, foresee
from storage.given import Columns, Given, NewEvent, Numbers, features_of, given_by, numbered
from storage.laying import Ready, lay_events, lay_ids, ready
from storage.months import make_months
from storage.names import enrol
from storage.quarantines import (
    Quarantined,
    quarantine,
    quarantined,
    quarantined_count,
    release_quarantined,
)
from storage.rolling import note_staged, roll_up_staged
from storage.spoken import Rolled, note_activity
from storage.staging import stage_days
from storage.sums import MOST_A_DAY, together
from storage.tables import (
    FEATURE_SOURCE,
    NO_FEATURE,
    activity_day,
    activity_span,
    event,
    event_key,
    feature,
    feed,
    kind,
)

__all__ = [
    "Appended",
    "Foreseen",
    "Given",
    "NewEvent",
    "Quarantined",
    "answers",
    "append",
    "append_events",
    "daily_counts",
    "feed_days",
    "feed_days_on",
    "foresee",
    "freshness",
    "given_by",
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
# Of so many ids PostgreSQL looks each up; of five thousand it may read the table whole instead,
# as it does with a million rows of which it has no figures yet.
ASKED_AT_ONCE = 1_000


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
    outcomes = append(tx, given_by(events), received_at)
    return tuple(Appended(one.event_id, what) for one, what in zip(events, outcomes, strict=True))


def append(
    tx: Transaction, events: Given, received_at: datetime, foreseen: Foreseen | None = None
) -> list[Outcome]:
    """Do as `append_events` with events given as columns, and answer the bare outcomes.

    `foreseen` are the same events as `foresee` spelled them; where that still fits it is half done.
    """
    if not events.event_id:
        return []
    if foreseen and not _any_known(tx, foreseen) and _keep(tx, foreseen.ready):
        return ["accepted"] * len(events.event_id)
    given = _columns(tx, events)
    keys = list(zip(given.feed_id, given.event_id, strict=True))
    first = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
    known = _known(tx, first)
    new = {key: place for key, place in first.items() if key not in known} if known else first
    inserted = _insert(tx, given, new, received_at) if new else set[Key]()
    if len(inserted) == len(keys):
        return ["accepted"] * len(keys)
    known |= _known(tx, new.keys() - inserted)
    return list(_outcomes(given, keys, first, inserted, known))


def _columns(tx: Transaction, given: Given) -> Columns:
    kinds = enrol(tx, kind, set(given.kind))
    feeds = enrol(tx, feed, set(given.feed))
    used = features_of(given)
    return numbered(given, Numbers(feeds, kinds, enrol(tx, feature, used) if used else {}))


def _insert(
    tx: Transaction, given: Columns, new: Mapping[Key, int], received_at: datetime
) -> set[Key]:
    """Insert the events at these places and roll them up; return which really were inserted."""
    if len(new) >= copying.WORTH_COPYING:
        return _insert_many(tx, given, new, received_at)
    make_months(tx, [given.occurred_at[place] for place in new.values()])
    rows = {key: _row(given, new[key], received_at) for key in sorted(new)}
    columns = (event_key.c.feed_id, event_key.c.event_id)
    added = add_new(tx, event_key, [_key(row) for row in rows.values()], *columns)
    inserted = {(row.feed_id, row.event_id) for row in added}
    kept = [rows[key] for key in sorted(inserted)]
    bare = [{name: row[name] for name in event.c.keys()} for row in kept]  # noqa: SIM118 - columns are no dict
    add_new(tx, event, bare, event.c.event_id)
    _roll_up(tx, kept)
    return inserted


def _key(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what says no to a second event of this id."""
    names = ("feed_id", "event_id", "customer_id", "stamp")
    return {name: row[name] for name in names} | {"occurred_on": _day(row)}


def _insert_many(
    tx: Transaction, given: Columns, new: Mapping[Key, int], received_at: datetime
) -> set[Key]:
    """Insert all that nobody was faster with; asked again after each time somebody was."""
    while new:
        whole = len(new) == len(given.event_id)
        mine = given if whole else Columns(*(_picked(one, new.values()) for one in given))
        if _keep(tx, ready(tx.dialect.name, mine, received_at)):
            break
        known = _known(tx, new)
        new = {key: place for key, place in new.items() if key not in known}
    return set(new)


def _keep(tx: Transaction, events: Ready) -> bool:
    """Insert events and roll them up, unless one of their ids is taken."""
    make_months(tx, events.days)
    if not lay_ids(tx, events):
        return False
    lay_events(tx, events)
    stage_days(tx, events.gains)
    roll_up_staged(tx)
    newest: dict[int, datetime] = {}
    for (number, featured), at in events.newest.items():
        for source in (number, FEATURE_SOURCE) if featured else (number,):
            newest[source] = max(at, newest.get(source, at))
    freshen(tx, newest)
    note_staged(tx)
    return True


def _picked(column: Sequence[Any], places: Iterable[int]) -> Sequence[Any]:
    return [column[place] for place in places]


def _row(given: Columns, place: int, received_at: datetime) -> dict[str, Any]:
    cells: list[Any] = [column[place] for column in given]
    row = dict(zip(Columns._fields, cells, strict=True))
    value: Decimal = row["value"]
    if value.is_finite():
        row["value"] = value.quantize(MICRO, ROUND_HALF_EVEN)
    return row | {"received_at": received_at}


def _any_known(tx: Transaction, foreseen: Foreseen) -> bool:
    """Tell whether one of the ids is kept already; who sends again is found out by a few of them.

    All are asked for: the table's key, which holds the customer, lets another's same id pass.
    """
    return bool(_kept(tx, foreseen.sample) or _kept(tx, foreseen.ids))


def _known(tx: Transaction, wanted: Collection[Key]) -> dict[Key, tuple[int, bytes]]:
    """Return customer and stamp of those events that are kept already."""
    return _kept(tx, _by_feed(wanted))


def _kept(tx: Transaction, wanted: Mapping[int, Sequence[str]]) -> dict[Key, tuple[int, bytes]]:
    """Return customer and stamp of the ids, by feed, that are kept already.

    So many are asked for at once that the key is always the quickest way to them.
    """
    known: dict[Key, tuple[int, bytes]] = {}
    for feed_id, ids in wanted.items():
        for begin in range(0, len(ids), ASKED_AT_ONCE):
            some = ids[begin : begin + ASKED_AT_ONCE]
            kept = event_key.c
            statement = select(kept.event_id, kept.customer_id, kept.stamp).where(
                kept.feed_id == feed_id, among_texts(tx, kept.event_id, some)
            )
            for event_id, owner, stamp in tx.execute(statement):
                known[feed_id, event_id] = (owner, bytes(stamp))
    return known


def _by_feed(keys: Collection[Key]) -> dict[int, list[str]]:
    feeds = {feed_id for feed_id, _ in keys}
    if len(feeds) == 1:  # As hardly ever otherwise.
        return {feeds.pop(): [event_id for _, event_id in keys]}
    found: dict[int, list[str]] = defaultdict(list)
    for feed_id, event_id in keys:
        found[feed_id].append(event_id)
    return found


def _outcomes(
    given: Columns,
    keys: Sequence[Key],
    first: Mapping[Key, int],
    inserted: set[Key],
    known: Mapping[Key, tuple[int, bytes]],
) -> Iterator[Outcome]:
    bodies = list(zip(given.customer_id, given.stamp, strict=True))
    for place, key in enumerate(keys):
        if key in inserted and first[key] == place:
            yield "accepted"
        else:
            kept = known.get(key, bodies[first[key]])
            yield "duplicate" if kept == bodies[place] else "conflict"


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
            dict(zip(names, key, strict=True)) | {"count": count, "total": min(total, MOST_A_DAY)}
            for key, (count, total) in sorted(days.items())
        ],
        key=names,
        change={
            "count": activity_day.c.count + new.count,
            "total": together(activity_day.c.total, new.total),
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
