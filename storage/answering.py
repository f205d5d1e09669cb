"""Answers scoring's figures for a whole batch of customers, in a fixed number of statements.

Each kind of figure has one branch in `BRANCHES`; a branch sees all figures of its kinds at once.
Counts, totals and features share one grouped pass over the roll-ups: counts and sums add up over
features, so grouping by feature first costs no second pass, and no count(DISTINCT …).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, or_, select, type_coerce

from scoring.figures import (
    EVENTS,
    FEATURES,
    INVOICES,
    SURVEYS,
    TICKETS,
    ActiveDays,
    Answers,
    EventCount,
    EventTotal,
    Ever,
    FeaturesUsed,
    Figure,
    FirstActivity,
    InvoiceDue,
    InvoicesDue,
    LastActivity,
    SurveyScores,
    TicketRatings,
    TicketsOpened,
    Window,
)
from storage.bulk import Ids, among, among_days
from storage.errors import UnknownFigure
from storage.names import numbers
from storage.sums import summed
from storage.tables import (
    FEATURE_SOURCE,
    NO_FEATURE,
    activity_day,
    activity_span,
    feature,
    invoice,
    kind,
    survey,
    survey_answer,
    ticket,
)
from storage.tallies import ratings, survey_scores

AnyFigure = Figure[Any]
Found = Iterator[tuple[int, AnyFigure, object]]
Condition = ColumnElement[bool]
Activity = EventCount | EventTotal | FeaturesUsed


@dataclass(frozen=True, slots=True)
class _Batch:
    """What every branch needs: whom it is about, and the numbers of the words in the figures."""

    tx: Connection
    ids: Ids
    kinds: Mapping[str, int]
    features: Mapping[str, int]

    def of_kinds(self, column: ColumnElement[int], kinds: Sequence[str]) -> Condition:
        """Return the condition that a row is of one of these kinds; none means any."""
        if not kinds:
            return column > FEATURE_SOURCE
        known = [self.kinds[word] for word in kinds if word in self.kinds]
        return column.in_(known) if known else false()


def answers(tx: Connection, customer_ids: Ids, figures: frozenset[AnyFigure]) -> dict[int, Answers]:
    """Answer all figures for all these customers; every id given has an entry."""
    values: dict[int, dict[AnyFigure, object]] = {number: {} for number in customer_ids}
    batch = _Batch(tx, customer_ids, *_words(tx, figures)) if values and figures else None
    for branch, asked in _by_branch(figures).items():
        for number, figure, value in branch(batch, asked) if batch else ():
            values[number][figure] = value
    return {number: Answers(found) for number, found in values.items()}


def _words(
    tx: Connection, figures: Iterable[AnyFigure]
) -> tuple[Mapping[str, int], Mapping[str, int]]:
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
    return (
        numbers(tx, kind, kinds) if kinds else {},
        numbers(tx, feature, features) if features else {},
    )


def _by_branch(figures: Iterable[AnyFigure]) -> dict["Branch", list[AnyFigure]]:
    chosen: dict[Branch, list[AnyFigure]] = {}
    for figure in sorted(figures, key=repr):
        branch = BRANCHES.get(type(figure))
        if branch is None:
            raise UnknownFigure(type(figure).__name__)
        chosen.setdefault(branch, []).append(figure)
    return chosen


def _activity(batch: _Batch, figures: Sequence[AnyFigure]) -> Found:
    """Count, add up and tell features, in one pass over the roll-ups of all their windows."""
    asked = cast("Sequence[Activity]", figures)
    rows = activity_day.c
    parts = [_part(batch, figure).label(f"f{n}") for n, figure in enumerate(asked)]
    by_feature = (
        select(rows.customer_id, *parts)
        .where(
            among(batch.tx, rows.customer_id, batch.ids),
            among_days(batch.tx, rows.day, *_stretch(figure.window for figure in asked)),
            or_(*(_concerns(batch, figure) for figure in asked)),
        )
        .group_by(rows.customer_id, rows.feature_id)
        .subquery()
    )
    sums = [
        type_coerce(_sum(batch, figure, by_feature.c[f"f{n}"]), parts[n].type).label(f"f{n}")
        for n, figure in enumerate(asked)
    ]
    owner = by_feature.c.customer_id
    for row in batch.tx.execute(select(owner, *sums).group_by(owner)):
        for figure, value in zip(asked, row[1:], strict=True):
            if value:
                exact = isinstance(figure, EventTotal)
                yield row[0], figure, _plain(value) if exact else int(value)


def _sum(batch: _Batch, figure: Activity, part: ColumnElement[Any]) -> ColumnElement[Any]:
    return summed(batch.tx, part) if isinstance(figure, EventTotal) else func.sum(part)


def _part(batch: _Batch, figure: Activity) -> ColumnElement[Any]:
    """Return what one figure adds up within one feature of one customer."""
    rows = activity_day.c
    holds = and_(_inside(figure.window), _concerns(batch, figure))
    match figure:
        case EventCount():
            return func.sum(case((holds, rows.count), else_=0))
        case EventTotal():
            return type_coerce(summed(batch.tx, rows.total, holds), rows.total.type)
        case FeaturesUsed():
            return func.max(case((holds, 1), else_=0))


def _concerns(batch: _Batch, figure: Activity) -> Condition:
    """Return the condition that a roll-up row is about what the figure asks for."""
    if not isinstance(figure, FeaturesUsed):
        return batch.of_kinds(activity_day.c.kind_id, figure.kinds)
    if figure.features is None:
        return activity_day.c.feature_id > NO_FEATURE
    known = [batch.features[word] for word in figure.features if word in batch.features]
    return activity_day.c.feature_id.in_(known) if known else false()


def _inside(window: Window) -> Condition:
    return activity_day.c.day.between(window.first, window.last)


def _stretch(windows: Iterable[Window]) -> tuple[date, date]:
    all_windows = list(windows)
    return min(w.first for w in all_windows), max(w.last for w in all_windows)


def _plain(value: Decimal) -> Decimal:
    """Return the number without trailing zeros, and without an exponent."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def _active_days(batch: _Batch, figures: Sequence[AnyFigure]) -> Found:
    """Count distinct days: the same two-step grouping, by day instead of by feature."""
    asked = cast("Sequence[ActiveDays]", figures)
    rows = activity_day.c
    parts = [
        func.max(
            case((and_(_inside(f.window), batch.of_kinds(rows.kind_id, f.kinds)), 1), else_=0)
        ).label(f"f{n}")
        for n, f in enumerate(asked)
    ]
    by_day = (
        select(rows.customer_id, *parts)
        .where(
            among(batch.tx, rows.customer_id, batch.ids),
            among_days(batch.tx, rows.day, *_stretch(figure.window for figure in asked)),
        )
        .group_by(rows.customer_id, rows.day)
        .subquery()
    )
    owner = by_day.c.customer_id
    sums = [func.sum(by_day.c[f"f{n}"]) for n in range(len(asked))]
    for row in batch.tx.execute(select(owner, *sums).group_by(owner)):
        for figure, value in zip(asked, row[1:], strict=True):
            if value:
                yield row[0], figure, int(value)


def _last_activity(batch: _Batch, figures: Sequence[AnyFigure]) -> Found:
    for figure in cast("Sequence[LastActivity]", figures):
        yield from ((owner, figure, day) for owner, day in _last_days(batch, figure).items())


def _last_days(batch: _Batch, figure: LastActivity) -> dict[int, date]:
    """Read last days from the spans; only customers active later too need the roll-ups."""
    spans = activity_span.c
    begun = select(spans.customer_id, spans.last_day).where(
        among(batch.tx, spans.customer_id, batch.ids),
        batch.of_kinds(spans.kind_id, figure.kinds),
        spans.first_day <= figure.by,
    )
    last: dict[int, date] = {}
    later: set[int] = set()
    for owner, day in batch.tx.execute(begun):
        if day > figure.by:
            later.add(owner)
        else:
            last[owner] = max(day, last.get(owner, day))
    return last | _last_days_before(batch, figure, sorted(later))


def _last_days_before(batch: _Batch, figure: LastActivity, ids: list[int]) -> dict[int, date]:
    rows = activity_day.c
    statement = (
        select(rows.customer_id, type_coerce(func.max(rows.day), rows.day.type))
        .where(
            among(batch.tx, rows.customer_id, ids),
            batch.of_kinds(rows.kind_id, figure.kinds),
            rows.day <= figure.by,
        )
        .group_by(rows.customer_id)
    )
    return dict(batch.tx.execute(statement).all())


def _first_activity(batch: _Batch, figures: Sequence[AnyFigure]) -> Found:
    """Read first days once for each set of kinds: the figures differ in their day only."""
    asked = cast("Sequence[FirstActivity]", figures)
    spans = activity_span.c
    for kinds in sorted({figure.kinds for figure in asked}):
        statement = (
            select(spans.customer_id, type_coerce(func.min(spans.first_day), spans.first_day.type))
            .where(
                among(batch.tx, spans.customer_id, batch.ids),
                batch.of_kinds(spans.kind_id, kinds),
            )
            .group_by(spans.customer_id)
        )
        for owner, first in batch.tx.execute(statement):
            yield from ((owner, f, first) for f in asked if f.kinds == kinds and first <= f.by)


def _tickets(batch: _Batch, figures: Sequence[AnyFigure]) -> Found:
    asked = cast("Sequence[TicketsOpened]", figures)
    opened = ticket.c.opened_on
    sums = [
        func.sum(case((opened.between(f.window.first, f.window.last), 1), else_=0)) for f in asked
    ]
    statement = (
        select(ticket.c.customer_id, *sums)
        .where(
            among(batch.tx, ticket.c.customer_id, batch.ids),
            opened.between(*_stretch(figure.window for figure in asked)),
        )
        .group_by(ticket.c.customer_id)
    )
    for row in batch.tx.execute(statement):
        yield from ((row[0], f, int(n)) for f, n in zip(asked, row[1:], strict=True) if n)


def _ratings(batch: _Batch, figures: Sequence[AnyFigure]) -> Found:
    yield from ratings(batch.tx, batch.ids, cast("Sequence[TicketRatings]", figures))


def _surveys(batch: _Batch, figures: Sequence[AnyFigure]) -> Found:
    yield from survey_scores(batch.tx, batch.ids, cast("Sequence[SurveyScores]", figures))


def _invoices(batch: _Batch, figures: Sequence[AnyFigure]) -> Found:
    for figure in cast("Sequence[InvoicesDue]", figures):
        newest = (
            func.row_number()
            .over(
                partition_by=invoice.c.customer_id,
                order_by=(invoice.c.due_on.desc(), invoice.c.invoice_id.desc()),
            )
            .label("newest")
        )
        due = (
            select(invoice.c.customer_id, invoice.c.due_on, invoice.c.paid_on, newest)
            .where(among(batch.tx, invoice.c.customer_id, batch.ids), invoice.c.due_on <= figure.by)
            .subquery()
        )
        statement = (
            select(due).where(due.c.newest <= figure.last).order_by(due.c.customer_id, due.c.newest)
        )
        found: dict[int, tuple[InvoiceDue, ...]] = {}
        for row in batch.tx.execute(statement):
            one = InvoiceDue(row.due_on, row.paid_on)
            found[row.customer_id] = (*found.get(row.customer_id, ()), one)
        yield from ((owner, figure, invoices) for owner, invoices in found.items())


def _ever(batch: _Batch, figures: Sequence[AnyFigure]) -> Found:
    """Read first days by source and compare here: the figures differ in their day only."""
    asked = cast("Sequence[Ever]", figures)
    for source in sorted({figure.source for figure in asked}):
        for owner, first in _first_days(batch, source):
            for figure in asked:
                if figure.source == source and first <= figure.by:
                    yield owner, figure, True


def _first_days(batch: _Batch, source: str) -> Sequence[tuple[int, date]]:
    spans, name, word = activity_span.c, *source.partition(":")[::2]
    match name:
        case _ if name == TICKETS:
            owner, day, holds = ticket.c.customer_id, ticket.c.opened_on, None
        case _ if name == INVOICES:
            owner, day, holds = invoice.c.customer_id, invoice.c.known_on, None
        case _ if name == FEATURES:
            owner, day = spans.customer_id, spans.first_day
            holds = spans.kind_id == FEATURE_SOURCE
        case _ if name == EVENTS:
            owner, day = spans.customer_id, spans.first_day
            holds = batch.of_kinds(spans.kind_id, (word,) if word else ())
        case _ if name == SURVEYS:
            owner, day = survey_answer.c.customer_id, survey_answer.c.answered_on
            named = select(survey.c.id).where(survey.c.name == word).scalar_subquery()
            holds = survey_answer.c.survey_id == named
        case _:
            return ()
    statement = select(owner, type_coerce(func.min(day), day.type)).where(
        among(batch.tx, owner, batch.ids), *(() if holds is None else (holds,))
    )
    return list(batch.tx.execute(statement.group_by(owner)))


Branch = Callable[[_Batch, Sequence[AnyFigure]], Found]

BRANCHES: Mapping[type[AnyFigure], Branch] = {
    EventCount: _activity,
    EventTotal: _activity,
    FeaturesUsed: _activity,
    ActiveDays: _active_days,
    LastActivity: _last_activity,
    FirstActivity: _first_activity,
    TicketsOpened: _tickets,
    TicketRatings: _ratings,
    SurveyScores: _surveys,
    InvoicesDue: _invoices,
    Ever: _ever,
}
