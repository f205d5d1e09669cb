"""Answers scoring's figures in columns: one pass over the roll-ups for everybody asked about.

What is asked for often has a column of whole numbers; the other figures are answered as in
`storage.answering` and put into columns of Python's answers. Both tell the same.

Features and days are told apart by a bit each on PostgreSQL, where counting distinct ones sorts
and is never parallel; SQLite counts them faster than it groups twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.types import Integer

from scoring.columns.block import MOST_MICROS, Column, Invoices
from scoring.figures import (
    EVENTS,
    FEATURES,
    INVOICES,
    TICKETS,
    ActiveDays,
    EventCount,
    EventTotal,
    Ever,
    FeaturesUsed,
    Figure,
    FirstActivity,
    InvoicesDue,
    LastActivity,
    TicketsOpened,
)
from storage.answering import answers
from storage.columnar import MISSING, Ints, int_columns, ordinal, whole
from storage.names import numbers
from storage.tables import (
    FEATURE_SOURCE,
    NO_FEATURE,
    activity_day,
    activity_span,
    customer,
    feature,
    invoice,
    kind,
    ticket,
)

AnyFigure = Figure[Any]
Rolled = EventCount | EventTotal | FeaturesUsed | ActiveDays
Columns = dict[AnyFigure, Column]
Condition = ColumnElement[bool]

ROLLED: Final = (EventCount, EventTotal, FeaturesUsed, ActiveDays)
SPANNED: Final = (LastActivity, FirstActivity, Ever)
# Bits of a whole number that are safe from its sign.
BITS: Final = 62
# More features, or longer windows, than this many numbers hold are answered the other way.
MOST_NUMBERS: Final = 6
# A pass over everybody keeps a sum for each; what does not fit goes by way of the disk.
ROOM: Final = "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)"


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is asked about, sorted; and the numbers of the words in the figures."""

    tx: Connection
    ids: Ints
    kinds: Mapping[str, int]
    features: Mapping[str, int]

    @property
    def bitwise(self) -> bool:
        return self.tx.dialect.name == "postgresql"

    def concerns(self, owner: ColumnElement[int]) -> Condition:
        """Return the condition that a row is of one of them, or of somebody between them."""
        first, last = int(self.ids[0]), int(self.ids[-1])
        if self.bitwise:
            return owner.between(first, last)
        # Named one by one: for a range SQLite would read every day they ever had.
        return owner.in_(select(customer.c.id).where(customer.c.id.between(first, last)))

    def of_kinds(self, kinds: Sequence[str]) -> Condition:
        return self._of(activity_day.c.kind_id, kinds, self.kinds)

    def of_spans(self, kinds: Sequence[str]) -> Condition:
        return self._of(activity_span.c.kind_id, kinds, self.kinds)

    def of_features(self, features: Sequence[str] | None) -> Condition:
        if features is None:
            return activity_day.c.feature_id > NO_FEATURE
        known = [self.features[word] for word in features if word in self.features]
        return activity_day.c.feature_id.in_(known) if known else false()

    def spread(self, owners: Ints, values: Ints, nothing: int = 0) -> Ints:
        """Return a column with these values at their owners' places; strangers are left out."""
        column = np.full(len(self.ids), nothing, np.int64)
        places, ours = self.places(owners)
        column[places[ours]] = values[ours]
        return column

    def places(self, owners: Ints) -> tuple[Ints, Any]:
        """Return where each owner stands, and which of them were asked about."""
        places = np.minimum(np.searchsorted(self.ids, owners), len(self.ids) - 1)
        return places, self.ids[places] == owners

    @staticmethod
    def _of(
        column: ColumnElement[int], words: Sequence[str], known: Mapping[str, int]
    ) -> Condition:
        if not words:
            return column > FEATURE_SOURCE
        found = [known[word] for word in words if word in known]
        return column.in_(found) if found else false()


def answer_columns(tx: Connection, ids: Ints, figures: frozenset[AnyFigure]) -> Columns:
    """Answer all figures for these customers, given ascending; a row for each of them."""
    if not len(ids) or not figures:
        return {}
    if tx.dialect.name == "postgresql":
        tx.execute(text(ROOM))
    asked = _asked(tx, ids, figures)
    columns: Columns = {}
    rolled = [one for one in _sorted(figures, ROLLED) if _fits(asked, one)]
    columns |= _rolled(asked, rolled) if rolled else {}
    columns |= _spans(asked, _sorted(figures, SPANNED))
    columns |= _tickets(asked, _sorted(figures, (TicketsOpened,)))
    for figure in _sorted(figures, (InvoicesDue,)):
        columns[figure] = _invoices(asked, figure)
    others = frozenset(figures - columns.keys())
    return columns | (_as_python(asked, others) if others else {})


def overflown(columns: Mapping[AnyFigure, Column], size: int) -> Any:  # noqa: ANN401 - a mask
    """Return who has a total so large that it was cut: their columns do not tell the truth."""
    cut = np.zeros(size, np.bool_)
    for figure, column in columns.items():
        if isinstance(figure, EventTotal) and not isinstance(column, Invoices):
            cut |= np.abs(column) >= MOST_MICROS if column.dtype != np.object_ else False
    return cut


def _sorted(figures: Iterable[AnyFigure], kinds: tuple[type, ...]) -> list[Any]:
    return sorted((one for one in figures if isinstance(one, kinds)), key=repr)


def _asked(tx: Connection, ids: Ints, figures: Iterable[AnyFigure]) -> _Asked:
    kinds: set[str] = set()
    features: set[str] = set()
    for figure in figures:
        match figure:
            case EventCount() | EventTotal() | ActiveDays() | LastActivity() | FirstActivity():
                kinds.update(figure.kinds)
            case FeaturesUsed():
                features.update(figure.features or ())
            case Ever():
                kinds.add(figure.source.partition(":")[2])
    return _Asked(
        tx,
        ids,
        numbers(tx, kind, kinds) if kinds else {},
        _features(tx, features, every=any(isinstance(one, FeaturesUsed) for one in figures)),
    )


def _features(tx: Connection, words: set[str], *, every: bool) -> Mapping[str, int]:
    """Answer the features by name, with the largest number of all under the empty one."""
    if not every:
        return {}
    largest = tx.execute(select(func.max(feature.c.id))).scalar() or 0
    return numbers(tx, feature, words) | {"": largest}


def _fits(asked: _Asked, figure: Rolled) -> bool:
    """Tell whether the bits of a figure fit into a few numbers."""
    if not asked.bitwise:
        return True
    match figure:
        case FeaturesUsed():
            return asked.features[""] < BITS * MOST_NUMBERS
        case ActiveDays():
            days = (figure.window.last - figure.window.first).days + 1
            return days <= BITS * MOST_NUMBERS
        case _:
            return True


def _rolled(asked: _Asked, figures: Sequence[Rolled]) -> Columns:
    """Count, add up, tell features and days, in one pass over the roll-ups of all windows."""
    parts = {figure: _parts(asked, figure) for figure in figures}
    named = {
        (figure, place): f"f{n}_{place}"
        for n, figure in enumerate(figures)
        for place in range(len(parts[figure]))
    }
    rows = activity_day.c
    first = min(figure.window.first for figure in figures)
    last = max(figure.window.last for figure in figures)
    found = int_columns(
        asked.tx,
        select(
            whole(rows.customer_id, "owner"),
            *(
                func.coalesce(parts[figure][place], 0).cast(BigInteger).label(name)
                for (figure, place), name in named.items()
            ),
        )
        .where(
            asked.concerns(rows.customer_id),
            rows.day.between(first, last),
            or_(*(_concerns(asked, figure) for figure in figures)),
        )
        .group_by(rows.customer_id),
    )
    return {
        figure: asked.spread(
            found["owner"],
            _told(asked, figure, [found[named[figure, n]] for n in range(len(parts[figure]))]),
        )
        for figure in figures
    }


def _concerns(asked: _Asked, figure: Rolled) -> Condition:
    if isinstance(figure, FeaturesUsed):
        return asked.of_features(figure.features)
    return asked.of_kinds(figure.kinds)


def _parts(asked: _Asked, figure: Rolled) -> list[ColumnElement[Any]]:
    """Return the numbers a figure is told by: one, or several of bits."""
    rows, window = activity_day.c, figure.window
    holds = and_(rows.day.between(window.first, window.last), _concerns(asked, figure))
    match figure:
        case EventCount():
            return [func.sum(rows.count).filter(holds)]
        case EventTotal():
            total = func.sum(rows.total.cast(BigInteger)).filter(holds)
            return [_cut(asked, total)]
        case FeaturesUsed() if asked.bitwise:
            return _bits(rows.feature_id, asked.features[""] + 1, holds)
        case ActiveDays() if asked.bitwise:
            since = rows.day - literal(window.first)
            return _bits(since, (window.last - window.first).days + 1, holds)
        case FeaturesUsed():
            return [func.count(rows.feature_id.distinct()).filter(holds)]
        case ActiveDays():
            return [func.count(rows.day.distinct()).filter(holds)]


def _cut(asked: _Asked, total: ColumnElement[Any]) -> ColumnElement[Any]:
    if not asked.bitwise:
        return total
    known = func.coalesce(total, 0)
    return func.least(func.greatest(known, literal(-MOST_MICROS)), literal(MOST_MICROS))


def _bits(place: ColumnElement[Any], size: int, holds: Condition) -> list[ColumnElement[Any]]:
    one = literal(1).cast(BigInteger)
    return [
        func.bit_or(one.op("<<")((place - begin).cast(Integer))).filter(
            and_(holds, place.between(begin, begin + BITS - 1))
        )
        for begin in range(0, size, BITS)
    ]


def _told(asked: _Asked, figure: Rolled, found: Sequence[Ints]) -> Ints:
    if asked.bitwise and isinstance(figure, FeaturesUsed | ActiveDays):
        counts = [np.bitwise_count(bits.astype(np.uint64)).astype(np.int64) for bits in found]
        return cast("Ints", np.sum(counts, axis=0))
    return found[0]


def _spans(asked: _Asked, figures: Sequence[LastActivity | FirstActivity | Ever]) -> Columns:
    columns: Columns = {}
    spoken: dict[tuple[str, ...], Ints] = {}
    for figure in figures:
        match figure:
            case FirstActivity():
                first = _first(asked, spoken, figure.kinds)
                columns[figure] = np.where(first > _day(figure.by), 0, first)
            case Ever(source=source) if (days := _first_days(asked, spoken, source)) is not None:
                columns[figure] = (days > 0) & (days <= _day(figure.by))
            case LastActivity():
                columns[figure] = _last(asked, figure)
            case _:
                pass  # Surveys are few; they are answered the other way.
    return columns


def _first_days(asked: _Asked, spoken: dict[tuple[str, ...], Ints], source: str) -> Ints | None:
    """Answer the first day each customer had data of a source, 0 for never."""
    name, _, word = source.partition(":")
    match name:
        case _ if name == TICKETS:
            return _earliest(asked, ticket.c.customer_id, ticket.c.opened_on, true())
        case _ if name == INVOICES:
            return _earliest(asked, invoice.c.customer_id, invoice.c.known_on, true())
        case _ if name == FEATURES:
            spans = activity_span.c
            marked = spans.kind_id == FEATURE_SOURCE
            return _earliest(asked, spans.customer_id, spans.first_day, marked)
        case _ if name == EVENTS:
            return _first(asked, spoken, (word,) if word else ())
        case _:
            return None


def _first(asked: _Asked, spoken: dict[tuple[str, ...], Ints], kinds: tuple[str, ...]) -> Ints:
    spans = activity_span.c
    if kinds not in spoken:
        days = _earliest(asked, spans.customer_id, spans.first_day, asked.of_spans(kinds))
        spoken[kinds] = days
    return spoken[kinds]


def _earliest(
    asked: _Asked, owner: ColumnElement[int], day: ColumnElement[date], holds: Condition
) -> Ints:
    found = int_columns(
        asked.tx,
        select(whole(owner, "owner"), whole(func.min(ordinal(asked.tx, day)), "day"))
        .where(asked.concerns(owner), holds)
        .group_by(owner),
    )
    return asked.spread(found["owner"], found["day"])


def _last(asked: _Asked, figure: LastActivity) -> Column:
    """Read last days from the spans; only customers active later too are looked at closer."""
    spans, by = activity_span.c, _day(figure.by)
    found = int_columns(
        asked.tx,
        select(
            whole(spans.customer_id, "owner"),
            whole(func.max(ordinal(asked.tx, spans.last_day)), "day"),
        )
        .where(
            asked.concerns(spans.customer_id),
            asked.of_spans(figure.kinds),
            spans.first_day <= figure.by,
        )
        .group_by(spans.customer_id),
    )
    days = asked.spread(found["owner"], found["day"])
    later = np.flatnonzero(days > by)
    if len(later):
        told = answers(asked.tx, asked.ids[later].tolist(), frozenset([figure]))
        exact = (told[one][figure] for one in asked.ids[later].tolist())
        days[later] = [0 if day is None else _day(day) for day in exact]
    return days


def _tickets(asked: _Asked, figures: Sequence[TicketsOpened]) -> Columns:
    if not figures:
        return {}
    opened, owner = ticket.c.opened_on, ticket.c.customer_id
    counts = [
        func.count().filter(opened.between(one.window.first, one.window.last)) for one in figures
    ]
    windows = [one.window for one in figures]
    found = int_columns(
        asked.tx,
        select(whole(owner, "owner"), *(whole(c, f"f{n}") for n, c in enumerate(counts)))
        .where(
            asked.concerns(owner),
            opened.between(min(w.first for w in windows), max(w.last for w in windows)),
        )
        .group_by(owner),
    )
    return {one: asked.spread(found["owner"], found[f"f{n}"]) for n, one in enumerate(figures)}


def _invoices(asked: _Asked, figure: InvoicesDue) -> Invoices:
    found = int_columns(asked.tx, _newest(asked, figure))
    places, ours = asked.places(found["owner"])
    due = np.zeros((len(asked.ids), figure.last), np.int32)
    paid = np.zeros((len(asked.ids), figure.last), np.int32)
    at = (places[ours], found["newest"][ours] - 1)
    due[at] = found["due"][ours]
    paid[at] = np.where(found["paid"][ours] == MISSING, 0, found["paid"][ours])
    return Invoices(due, paid)


def _newest(asked: _Asked, figure: InvoicesDue) -> Select[*tuple[Any, ...]]:
    """Select the newest invoices of each: on PostgreSQL by a look into the key per customer."""
    tx, rows = asked.tx, invoice.c
    order = (rows.due_on.desc(), rows.invoice_id.desc())
    columns = (
        whole(ordinal(tx, rows.due_on), "due"),
        whole(ordinal(tx, rows.paid_on), "paid"),
    )
    if asked.bitwise:
        place = func.row_number().over(order_by=order)
        mine = (
            select(*columns, place.label("newest"))
            .where(rows.customer_id == customer.c.id, rows.due_on <= figure.by)
            .order_by(*order)
            .limit(figure.last)
            .lateral("mine")
        )
        return (
            select(
                whole(customer.c.id, "owner"),
                mine.c.due,
                mine.c.paid,
                whole(mine.c.newest, "newest"),
            )
            .join(mine, true())
            .where(asked.concerns(customer.c.id))
        )
    place = func.row_number().over(partition_by=rows.customer_id, order_by=order)
    every = (
        select(whole(rows.customer_id, "owner"), *columns, place.label("newest"))
        .where(asked.concerns(rows.customer_id), rows.due_on <= figure.by)
        .subquery()
    )
    return select(every).where(every.c.newest <= figure.last)


def _as_python(asked: _Asked, figures: frozenset[AnyFigure]) -> Columns:
    """Answer what has no column of numbers, customer by customer, in columns of objects."""
    columns: dict[AnyFigure, Any] = {one: np.empty(len(asked.ids), np.object_) for one in figures}
    told = answers(asked.tx, asked.ids.tolist(), figures)
    for place, one in enumerate(asked.ids.tolist()):
        for figure in figures:
            columns[figure][place] = told[one][figure]
    return cast("Columns", columns)


def _day(day: date) -> int:
    return day.toordinal()
