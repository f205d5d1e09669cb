"""Many events at once, laid straight into the tables: ids, events, and what they add to each day.

They are spelled before, away from the database, and by the column: what PostgreSQL reads by COPY,
what SQLite's driver takes. Whoever spells need not be whoever writes. What is refused elsewhere is
refused here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from storage.columns import Exact, dump_json, fit_texts
from storage.copying import copy_binary, insert_many
from storage.gains import Gains, gains_of
from storage.given import Columns
from storage.instants import EPOCH, in_utc, microseconds, since_epoch, spaced
from storage.tables import NO_FEATURE, event, event_key
from storage.tuples import DAY_NONE, INSTANT_NONE, binary, encoded, worded

Ints = npt.NDArray[np.int64]

_PLACES: Final = 6
_STEP: Final = Decimal(1).scaleb(-_PLACES)
_POSTGRES: Final[Dialect] = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's.
_AMOUNT: Final = Exact(_PLACES, packed=True)
_DAY: Final = 86_400_000_000
_EPOCH_DAY: Final = EPOCH.toordinal()
_KEYS: Final = ("feed_id", "customer_id", "stamp", "occurred_on", "event_id")
_EVENTS: Final = (
    "feed_id", "customer_id", "kind_id", "feature_id", "occurred_at", "received_at", "value",
    "event_id", "user", "properties",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ready:
    """Events spelled for one kind of database.

    Ids are in the order of Python's `sorted`, in which few go in, too: two writers of the same
    ones would else wait crosswise. Events are in the order of their table's key, so that its pages
    are come across one by one. `days` are instants, one of each day.
    """

    ids: Any
    events: Any
    gains: Gains
    newest: Mapping[tuple[int, bool], datetime]
    days: Sequence[datetime]


def ready(dialect: str, given: Columns, received_at: datetime) -> Ready:
    """Spell the events; no two of them have the same id."""
    moments = in_utc(given.occurred_at)
    micros = since_epoch(moments)
    days = micros // _DAY
    numbers = [np.array(column, np.int64) for column in (given.feed_id, *given[2:5])]
    values = np.array(_micros(given.value), np.int64)
    feeds, owners, kinds, features = numbers
    spelled = _Spelled(given, [feeds, owners, kinds, features, micros, values, days])
    spell = spelled.for_postgres if dialect == "postgresql" else spelled.for_sqlite
    ids, rows = spell(received_at)
    return Ready(
        ids,
        rows,
        gains_of(days + _EPOCH_DAY, owners, kinds, features, values),
        _newest(kinds, features != NO_FEATURE, micros, moments),
        [_midnight(int(day)) for day in np.unique(days)],
    )


def lay_ids(tx: Connection, events: Ready) -> bool:
    """Insert the ids; where one of them is taken none is, and it answers False."""
    try:
        with tx.begin_nested():
            _lay(tx, event_key, _KEYS, events.ids)
    except IntegrityError:
        return False
    return True


def lay_events(tx: Connection, events: Ready) -> None:
    """Insert the events, whose ids are ours by now."""
    _lay(tx, event, _EVENTS, events.events)


def _lay(tx: Connection, table: Table, names: Sequence[str], rows: Any) -> None:  # noqa: ANN401 - as spelled for the database
    if tx.dialect.name == "postgresql":
        copy_binary(tx, table.name, names, rows)
    else:
        insert_many(tx, table.name, names, rows)


class _Spelled:
    """Columns, and the same as arrays: feed, customer, kind, feature, instant, value, day."""

    def __init__(self, given: Columns, arrays: Sequence[Ints]) -> None:
        self._given = given
        self._arrays = arrays
        ids = fit_texts(given.event_id)
        feeds, owners, *_, micros, _, _ = arrays
        by_id = sorted(range(len(ids)), key=ids.__getitem__)
        several = len(ids) > 1 and bool((feeds != feeds[0]).any())
        self._by_id = sorted(by_id, key=given.feed_id.__getitem__) if several else by_id
        self._by_owner = np.lexsort((micros, owners))
        self._users = fit_texts([user for user in given.user if user is not None])

    def for_postgres(self, received_at: datetime) -> tuple[Any, Any]:
        """Return ids and events as COPY reads them."""
        texts, places = encoded(self._given.event_id), np.array(self._by_id)
        feeds, owners, _, _, _, _, days = (column[places] for column in self._arrays)
        stamps = np.frombuffer(b"".join(self._given.stamp), "V16")[places]
        occurred = days + _EPOCH_DAY - DAY_NONE
        keys = ((">i4", feeds), (">i8", owners), ("V16", stamps), (">i4", occurred))
        ids = binary(keys, _picked(texts, self._by_id))
        places = self._by_owner
        feeds, owners, kinds, features, micros, values, _ = (one[places] for one in self._arrays)
        numbers = (
            (">i4", feeds), (">i8", owners), (">i4", kinds), (">i4", features),
            (">i8", micros - INSTANT_NONE), (">i8", microseconds(received_at) - INSTANT_NONE),
            (">i8", values),
        )  # fmt: skip
        order = places.tolist()
        more = (worded(self._given.user), worded(self._documents()))
        return ids, binary(numbers, *(_picked(column, order) for column in (texts, *more)))

    def for_sqlite(self, received_at: datetime) -> tuple[Any, Any]:
        """Return ids and events as the driver takes them, row by row."""
        given = self._given
        *_, micros, values, days = self._arrays
        ordinals = (days + _EPOCH_DAY).tolist()
        keys = (given.feed_id, given.customer_id, given.stamp, ordinals, given.event_id)
        columns = (
            given.feed_id, given.customer_id, given.kind_id, given.feature_id, spaced(micros),
            repeat(spaced(since_epoch(in_utc([received_at])))[0], len(values)),
            values.tolist(), given.event_id, given.user, self._documents(),
        )  # fmt: skip
        ids = _picked(list(zip(*keys, strict=True)), self._by_id)
        return ids, _picked(list(zip(*columns, strict=True)), self._by_owner.tolist())

    def _documents(self) -> Sequence[str | None]:
        return [None if one is None else dump_json(one) for one in self._given.properties]


def _picked(column: Sequence[Any], places: Sequence[int]) -> list[Any]:
    return list(map(column.__getitem__, places))


def _midnight(day: int) -> datetime:
    return EPOCH + timedelta(days=day)


def _newest(
    kinds: Ints, featured: npt.NDArray[np.bool_], micros: Ints, moments: Sequence[datetime]
) -> dict[tuple[int, bool], datetime]:
    """Return the newest instant of each kind, with a feature and without."""
    order = np.lexsort((micros, featured, kinds))
    kinds, featured = kinds[order], featured[order]
    last = np.append((kinds[1:] != kinds[:-1]) | (featured[1:] != featured[:-1]), True)
    return {
        (int(kinds[place]), bool(featured[place])): moments[order[place]]
        for place in np.flatnonzero(last)
    }


def _micros(values: Sequence[Decimal]) -> list[Decimal | int | None]:
    """Return the values in millionths; the column's own type refuses what does not fit."""
    known = {value: _micro(value) for value in set(values)}
    return [known[value] for value in values]


def _micro(value: Decimal) -> Decimal | int | None:
    rounded = value.quantize(_STEP, ROUND_HALF_EVEN) if value.is_finite() else value
    return _AMOUNT.process_bind_param(rounded, _POSTGRES)
