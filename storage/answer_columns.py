"""Answers scoring's figures in columns: one pass over the roll-ups for everybody asked about.

What is asked for often has a column of whole numbers; the other figures are answered as in
`storage.answering` and put into columns of Python's answers. Both tell the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, cast

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    func,
    select,
    text,
    true,
)

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
from storage.asked import Asked, Condition
from storage.columnar import MISSING, Ints, int_columns, ordinal, whole
from storage.names import numbers
from storage.rollup_columns import ROLLED, fits, rolled_columns
from storage.tables import (
    FEATURE_SOURCE,
    activity_span,
    feature,
    invoice,
    kind,
    ticket,
)

AnyFigure = Figure[Any]
Columns = dict[AnyFigure, Column]

SPANNED: Final = (LastActivity, FirstActivity, Ever)
# Most customers were billed as often as is asked for within this time.
LATELY: Final = timedelta(days=200)
# A pass over everybody keeps a sum for each; what does not fit goes by way of the disk.
ROOM: Final = "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)"


def answer_columns(tx: Connection, ids: Ints, figures: frozenset[AnyFigure]) -> Columns:
    """Answer all figures for these customers, given ascending; a row for each of them."""
    if not len(ids) or not figures:
        return {}
    if tx.dialect.name == "postgresql":
        tx.execute(text(ROOM))
    asked = asked_about(tx, ids, figures)
    columns: Columns = {}
    rolled = [one for one in _sorted(figures, ROLLED) if fits(asked, one)]
    columns |= rolled_columns(asked, rolled) if rolled else {}
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


def asked_about(tx: Connection, ids: Ints, figures: Iterable[AnyFigure]) -> Asked:
    """Return whom these figures are asked about, with the numbers of the words in them."""
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
    return Asked(
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


def _spans(asked: Asked, figures: Sequence[LastActivity | FirstActivity | Ever]) -> Columns:
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


def _first_days(asked: Asked, spoken: dict[tuple[str, ...], Ints], source: str) -> Ints | None:
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


def _first(asked: Asked, spoken: dict[tuple[str, ...], Ints], kinds: tuple[str, ...]) -> Ints:
    spans = activity_span.c
    if kinds not in spoken:
        days = _earliest(asked, spans.customer_id, spans.first_day, asked.of_spans(kinds))
        spoken[kinds] = days
    return spoken[kinds]


def _earliest(
    asked: Asked, owner: ColumnElement[int], day: ColumnElement[date], holds: Condition
) -> Ints:
    found = int_columns(
        asked.tx,
        select(whole(owner, "owner"), whole(func.min(ordinal(asked.tx, day)), "day"))
        .where(asked.concerns(owner), holds)
        .group_by(owner),
    )
    return asked.spread(found["owner"], found["day"])


def _last(asked: Asked, figure: LastActivity) -> Column:
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


def _tickets(asked: Asked, figures: Sequence[TicketsOpened]) -> Columns:
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


def _invoices(asked: Asked, figure: InvoicesDue) -> Invoices:
    """Read the newest invoices of each; further back only for those with too few of late."""
    due = np.zeros((len(asked.ids), figure.last), np.int32)
    paid = np.zeros((len(asked.ids), figure.last), np.int32)
    late = figure.by - LATELY
    lately = int_columns(asked.tx, _newest(asked, figure, invoice.c.due_on > late))
    had = _put(asked, (due, paid), lately, np.zeros(len(asked.ids), np.int64))
    few = asked.ids[had < figure.last].tolist()
    if few:
        earlier = (invoice.c.due_on <= late) & invoice.c.customer_id.in_(few)
        _put(asked, (due, paid), int_columns(asked.tx, _newest(asked, figure, earlier)), had)
    return Invoices(due, paid)


def _put(asked: Asked, into: tuple[Any, Any], found: Mapping[str, Ints], after: Ints) -> Ints:
    """Put invoices behind those that are there; return how many of these each customer has."""
    due, paid = into
    places, ours = asked.places(found["owner"])
    at = places[ours], after[places[ours]] + found["newest"][ours] - 1
    there = at[1] < due.shape[1]
    row, place = at[0][there], at[1][there]
    due[row, place] = found["due"][ours][there]
    days = found["paid"][ours][there]
    paid[row, place] = np.where(days == MISSING, 0, days)
    return np.bincount(row, minlength=len(asked.ids)).astype(np.int64)


def _newest(
    asked: Asked, figure: InvoicesDue, when: ColumnElement[bool]
) -> Select[*tuple[Any, ...]]:
    rows = invoice.c
    order = (rows.due_on.desc(), rows.invoice_id.desc())
    every = (
        select(
            whole(rows.customer_id, "owner"),
            whole(ordinal(asked.tx, rows.due_on), "due"),
            whole(ordinal(asked.tx, rows.paid_on), "paid"),
            func.row_number().over(partition_by=rows.customer_id, order_by=order).label("newest"),
        )
        .where(asked.concerns(rows.customer_id), rows.due_on <= figure.by, when)
        .subquery()
    )
    return select(every).where(every.c.newest <= figure.last)


def _as_python(asked: Asked, figures: frozenset[AnyFigure]) -> Columns:
    """Answer what has no column of numbers, customer by customer, in columns of objects."""
    columns: dict[AnyFigure, Any] = {one: np.empty(len(asked.ids), np.object_) for one in figures}
    told = answers(asked.tx, asked.ids.tolist(), figures)
    for place, one in enumerate(asked.ids.tolist()):
        for figure in figures:
            columns[figure][place] = told[one][figure]
    return cast("Columns", columns)


def _day(day: date) -> int:
    return day.toordinal()
