"""The answers of many past days, in columns: history read once, and cut to every day asked about.

The windows of all days cut history into spans in which no window begins or ends. Each span is added
up by the database, once; a window is the sum of its spans. A year of weekly looks thus reads every
roll-up once instead of a dozen times. Both tell what `answer_columns` tells for one day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, column, func, literal, or_, select, text, values
from sqlalchemy.types import Integer

from scoring.columns.block import MOST_MICROS, Column, Invoices
from scoring.figures import (
    ActiveDays,
    EventCount,
    EventTotal,
    FeaturesUsed,
    Figure,
    InvoicesDue,
    LastActivity,
    TicketsOpened,
)
from storage.answer_columns import ROOM, answer_columns, asked_about
from storage.asked import Asked
from storage.columnar import MISSING, Ints, int_columns, ordinal, whole
from storage.database import Transaction
from storage.rollup_columns import BITS, MOST_NUMBERS, bits_of
from storage.sums import summed
from storage.tables import activity_day, invoice, ticket

AnyFigure = Figure[Any]
Counted = EventCount | EventTotal | ActiveDays | FeaturesUsed
# What is added up of a span: which kind of figure, and the words it is about.
Base = tuple[type[AnyFigure], tuple[str, ...] | None]

DAY: Final = timedelta(days=1)
# Larger than any day's ordinal: a customer's place and a day make one number in order.
FAR: Final = 2**32


@dataclass(frozen=True, slots=True)
class Spans:
    """The spans between the cuts, numbered from 0; `places` is where each cut begins one."""

    cuts: Sequence[date]
    places: Mapping[date, int]

    @classmethod
    def of(cls, figures: Iterable[AnyFigure]) -> "Spans":
        """Cut history at the ends of all windows."""
        cuts: set[date] = set()
        for figure in figures:
            if isinstance(figure, EventCount | EventTotal | ActiveDays | FeaturesUsed):
                cuts |= {figure.window.first, figure.window.last + DAY}
            elif isinstance(figure, LastActivity):
                cuts |= {figure.by, figure.by + DAY}
        ordered = sorted(cuts)
        return cls(ordered, {day: place for place, day in enumerate(ordered)})

    @property
    def longest(self) -> int:
        """Return the days of the longest span."""
        return max(((after - begin).days for begin, after in pairwise(self.cuts)), default=0)

    def days(self) -> list[tuple[date, int, int]]:
        """Return every day with its span, and its place in the span."""
        return [
            (begin + timedelta(days=day), place, day)
            for place, (begin, after) in enumerate(pairwise(self.cuts))
            for day in range((after - begin).days)
        ]


class PastColumns:
    """What some customers did, read once, for the figures of many days."""

    def __init__(self, tx: Transaction, ids: Ints, figures: frozenset[AnyFigure]) -> None:
        if tx.dialect.name == "postgresql":
            tx.execute(text(ROOM))
        self._tx, self._ids = tx, ids
        self._asked = asked_about(tx, ids, figures)
        known = frozenset(figure for figure in figures if _is_added_up(self._asked, figure))
        self._spans = Spans.of(known)
        if self._spans.longest > BITS:
            known = frozenset()
        self._sums = _sums(self._asked, self._spans, known) if known else {}
        self._before = _before(tx, ids, self._spans, known)
        self._tickets = _tickets(self._asked) if _any(figures, TicketsOpened) else None
        self._invoices = _billed(self._asked) if _any(figures, InvoicesDue) else None

    def columns(self, figures: frozenset[AnyFigure]) -> dict[AnyFigure, Column]:
        """Answer some of the figures, as `answer_columns` does."""
        found = {figure: self._column(figure) for figure in figures}
        told = {figure: known for figure, known in found.items() if known is not None}
        rest = figures - told.keys()
        return told | (answer_columns(self._tx, self._ids, rest) if rest else {})

    def _column(self, figure: AnyFigure) -> Column | None:
        match figure:
            case TicketsOpened() if self._tickets is not None:
                return _opened(self._tickets, len(self._ids), figure)
            case InvoicesDue() if self._invoices is not None:
                return _newest(self._invoices, len(self._ids), figure)
            case EventCount() | EventTotal() | ActiveDays() | FeaturesUsed() | LastActivity():
                sums = self._sums.get(_base(figure))
                return None if sums is None else self._within(figure, sums)
            case _:
                return None

    def _within(self, figure: Counted | LastActivity, sums: Ints) -> Ints:
        """Put the spans of a window together; `sums` has a row a number, customer and span."""
        places = self._spans.places
        if isinstance(figure, LastActivity):
            days = sums[0][:, : places[figure.by + DAY]].max(axis=1, initial=0)
            last: Ints = np.where(days > 0, days, self._before[figure.kinds])
            return last
        begin, end = places[figure.window.first], places[figure.window.last + DAY]
        if isinstance(figure, FeaturesUsed):
            used = np.bitwise_or.reduce(sums[:, :, begin:end].astype(np.uint64), axis=2)
            different: Ints = np.bitwise_count(used).sum(axis=0, dtype=np.int64)
            return different
        parts = sums[0][:, begin:end]
        together: Ints = parts.sum(axis=1)
        if isinstance(figure, EventTotal):
            # Told as too large by `overflown`, before the sum of columns would go round.
            large = np.abs(parts).sum(axis=1, dtype=np.float64) >= MOST_MICROS
            return np.where(large, MOST_MICROS, together)
        return together


def _any(figures: Iterable[AnyFigure], kind: type[AnyFigure]) -> bool:
    return any(isinstance(figure, kind) for figure in figures)


def _is_added_up(asked: Asked, figure: AnyFigure) -> bool:
    if isinstance(figure, FeaturesUsed):
        return bool(asked.features[""] < BITS * MOST_NUMBERS)
    return isinstance(figure, EventCount | EventTotal | ActiveDays | LastActivity)


def _base(figure: Counted | LastActivity) -> Base:
    words = figure.features if isinstance(figure, FeaturesUsed) else figure.kinds
    return type(figure), words


def _sums(asked: Asked, spans: Spans, figures: frozenset[AnyFigure]) -> Mapping[Base, NDArray[Any]]:
    """Add up every span of every customer, in one pass over the roll-ups."""
    bases = sorted({_base(figure) for figure in figures}, key=repr)  # type: ignore[arg-type] # Only such are added up.
    days = _days(spans)
    parts = {base: _parts(asked, base, days.c.place) for base in bases}
    named = {
        (base, place): f"f{number}_{place}"
        for number, base in enumerate(bases)
        for place in range(len(parts[base]))
    }
    rows = activity_day.c
    found = int_columns(
        asked.tx,
        select(
            whole(rows.customer_id, "owner"),
            whole(days.c.span, "span"),
            *(whole(parts[base][place], name) for (base, place), name in named.items()),
        )
        .join_from(activity_day, days, rows.day == days.c.day.cast(rows.day.type))
        .where(asked.concerns(rows.customer_id), or_(*(_holds(asked, base) for base in bases)))
        .group_by(rows.customer_id, days.c.span),
        endless=True,
    )
    tables = {
        base: np.zeros((len(parts[base]), len(asked.ids), len(spans.cuts)), np.int64)
        for base in bases
    }
    places, ours = asked.places(found["owner"])
    for (base, place), name in named.items():
        kept = found[name][ours]
        tables[base][place, places[ours], found["span"][ours]] = np.where(kept == MISSING, 0, kept)
    return {base: _told(base, table) for base, table in tables.items()}


def _days(spans: Spans) -> Any:  # noqa: ANN401 - SQLAlchemy gives such tables no public type
    """Return a table of every day, its span, and its place in it."""
    shape = (
        column("day", activity_day.c.day.type),
        column("span", Integer),
        column("place", Integer),
    )
    return values(*shape, name="spans", literal_binds=True).data(spans.days()).cte("spans")


def _told(base: Base, table: Ints) -> Ints:
    """Return what can be put together: of days that were told apart, how many there were."""
    if base[0] is ActiveDays:
        return np.bitwise_count(table.astype(np.uint64)).astype(np.int64)
    return table


def _holds(asked: Asked, base: Base) -> ColumnElement[bool]:
    kind, words = base
    return asked.of_features(words) if kind is FeaturesUsed else asked.of_kinds(words or ())


def _parts(asked: Asked, base: Base, place: ColumnElement[int]) -> list[ColumnElement[Any]]:
    """Return the numbers a span is told by: one, or several of bits."""
    rows, holds = activity_day.c, _holds(asked, base)
    kind, _ = base
    if kind is EventCount:
        return [func.sum(rows.count).filter(holds)]
    if kind is EventTotal:
        return [summed(asked.tx, rows.total, holds)]
    if kind is LastActivity:
        return [func.max(ordinal(asked.tx, rows.day)).filter(holds)]
    if kind is ActiveDays:
        return _bits(asked, place, BITS, holds)
    return _bits(asked, rows.feature_id, asked.features[""] + 1, holds)


def _bits(
    asked: Asked, place: ColumnElement[int], size: int, holds: ColumnElement[bool]
) -> list[ColumnElement[Any]]:
    if asked.bitwise:
        return bits_of(place, size, holds)
    # The sum of different powers of two is what their bits come to together.
    return [
        func.sum(literal(1).op("<<")(place - begin).distinct()).filter(
            and_(holds, place.between(begin, begin + BITS - 1))
        )
        for begin in range(0, size, BITS)
    ]


def _before(
    tx: Transaction, ids: Ints, spans: Spans, figures: frozenset[AnyFigure]
) -> Mapping[tuple[str, ...], Any]:
    """Answer the last days before the first cut, by kinds."""
    kinds = {figure.kinds for figure in figures if isinstance(figure, LastActivity)}
    asked = {each: LastActivity(each, spans.cuts[0] - DAY) for each in kinds}
    told = answer_columns(tx, ids, frozenset(asked.values())) if asked else {}
    return {each: told[figure] for each, figure in asked.items()}


def _tickets(asked: Asked) -> Ints:
    """Read when tickets were opened: customers' places and days as one number, ascending."""
    owner, opened = ticket.c.customer_id, ordinal(asked.tx, ticket.c.opened_on)
    found = int_columns(
        asked.tx,
        select(whole(owner, "owner"), whole(opened, "day")).where(asked.concerns(owner)),
        endless=True,
    )
    places, ours = asked.places(found["owner"])
    return np.sort(places[ours] * FAR + found["day"][ours])


def _opened(tickets: Ints, size: int, figure: TicketsOpened) -> Ints:
    rows = np.arange(size, dtype=np.int64) * FAR
    last = tickets.searchsorted(rows + figure.window.last.toordinal(), side="right")
    first = tickets.searchsorted(rows + figure.window.first.toordinal(), side="left")
    return (last - first).astype(np.int64)


def _billed(asked: Asked) -> tuple[Ints, Ints, Ints]:
    """Read all invoices, oldest first: customers' places and due days, due days, days paid."""
    rows = invoice.c
    found = int_columns(
        asked.tx,
        select(
            whole(rows.customer_id, "owner"),
            whole(ordinal(asked.tx, rows.due_on), "due"),
            whole(ordinal(asked.tx, rows.paid_on), "paid"),
        )
        .where(asked.concerns(rows.customer_id))
        .order_by(rows.customer_id, rows.due_on, rows.invoice_id),
        endless=True,
    )
    places, ours = asked.places(found["owner"])
    due, paid = found["due"][ours], found["paid"][ours]
    return places[ours] * FAR + due, due, np.where(paid == MISSING, 0, paid)


def _newest(billed: tuple[Ints, Ints, Ints], size: int, figure: InvoicesDue) -> Invoices:
    keys, due, paid = billed
    rows = np.arange(size, dtype=np.int64) * FAR
    begin = keys.searchsorted(rows, side="left")
    end = keys.searchsorted(rows + figure.by.toordinal(), side="right")
    at = end[:, None] - 1 - np.arange(figure.last)[None, :]
    there = at >= begin[:, None]
    at = np.where(there, at, 0)
    if not len(keys):
        nothing = np.zeros(at.shape, np.int32)
        return Invoices(nothing, nothing)
    return Invoices(
        np.where(there, due[at], 0).astype(np.int32),
        np.where(there, paid[at], 0).astype(np.int32),
    )
