"""Customers with their current score, as lists show them."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from scoring.model import UNKNOWN_BAND
from storage.columns import fit_text
from storage.database import Transaction
from storage.fold import fold
from storage.tables import current, customer, member

Sort = Literal[
    "name", "score", "arr", "renewal", "created", "band", "change", "change_30", "segment", "csm"
]

# Scores have two decimals; a finer bound is the next one that a score can have.
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class CurrentRow:
    """A customer in a list. Everything about the score is None until the first scoring.

    `score`, `coverage` and changes are points; `arr` is money a year.
    """

    id: int
    key: str
    name: str
    segment: str | None
    created_on: date
    arr: Decimal | None
    renewal_on: date | None
    csm_name: str | None
    csm_email: str | None
    status: str
    score: Decimal | None
    band: str | None
    trend: str | None
    as_of: date | None
    change_7: Decimal | None
    change_30: Decimal | None
    coverage: Decimal | None
    band_since: date | None
    previous_band: str | None


@dataclass(frozen=True, slots=True)
class ScoredRow(CurrentRow):
    """A customer in a list of those that have a score."""

    score: Decimal
    band: str
    trend: str
    as_of: date
    coverage: Decimal
    band_since: date


@dataclass(frozen=True, slots=True)
class Filter:
    """Which customers to list, in what order. `q` is part of a name or key, taken literally."""

    q: str | None = None
    segment: str | None = None
    band: str | None = None
    min_score: Decimal | None = None
    max_score: Decimal | None = None
    sort: Sort = "name"
    descending: bool = False
    limit: int = 100
    offset: int = 0


ORDER: dict[Sort, ColumnElement[Any]] = {
    "name": customer.c.name_folded,
    "score": current.c.score,
    "arr": customer.c.arr,
    "renewal": customer.c.renewal_on,
    "created": customer.c.created_on,
    "band": current.c.band,
    "change": current.c.change_7,
    "change_30": current.c.change_30,
    "segment": customer.c.segment,
    "csm": member.c.name,
}


def current_page(tx: Transaction, chosen: Filter) -> tuple[tuple[CurrentRow, ...], int]:
    """Return one page of customers, and how many there are in all; missing values come last."""
    conditions = _conditions(chosen)
    column = ORDER[chosen.sort]
    order = (column.desc() if chosen.descending else column.asc()).nulls_last()
    page = (
        _rows()
        .where(*conditions)
        .order_by(order, customer.c.id)
        .limit(chosen.limit)
        .offset(chosen.offset)
    )
    counted = select(func.count()).select_from(_joined()).where(*conditions)
    rows = tuple(CurrentRow(**_picked(row)) for row in tx.execute(page))
    return rows, tx.execute(counted).scalar() or 0


def band_counts(tx: Transaction) -> dict[str, int]:
    """Return how many active customers are in each band."""
    statement = (
        select(current.c.band, func.count())
        .join(customer, customer.c.id == current.c.customer_id)
        .where(customer.c.status == "active")
        .group_by(current.c.band)
    )
    return dict(tx.execute(statement).all())


def movers(tx: Transaction, n: int) -> tuple[ScoredRow, ...]:
    """Return the `n` active customers that fell most in seven days, then the `n` that rose most."""
    change = current.c.change_7
    fell = _scored().where(change < 0).order_by(change, customer.c.id).limit(n)
    rose = _scored().where(change > 0).order_by(change.desc(), customer.c.id).limit(n)
    return (*_scored_rows(tx, fell), *_scored_rows(tx, rose))


def at_risk(tx: Transaction, bands: tuple[str, ...], limit: int = 500) -> tuple[ScoredRow, ...]:
    """Return the active customers in these bands, the most money first, then the lowest score."""
    order = (customer.c.arr.desc().nulls_last(), current.c.score, customer.c.id)
    return _scored_rows(
        tx, _scored().where(current.c.band.in_(bands)).order_by(*order).limit(limit)
    )


def current_rows(tx: Transaction) -> tuple[ScoredRow, ...]:
    """Return every active customer that has a score."""
    return _scored_rows(tx, _scored().order_by(customer.c.id))


def segments(tx: Transaction) -> tuple[str, ...]:
    """Return the segments customers are in, sorted."""
    statement = select(customer.c.segment).where(customer.c.segment.is_not(None)).distinct()
    return tuple(sorted(tx.execute(statement).scalars()))


def _joined() -> Any:  # noqa: ANN401 - SQLAlchemy's join
    return customer.outerjoin(current, current.c.customer_id == customer.c.id).outerjoin(
        member, member.c.id == customer.c.csm_id
    )


def _rows() -> Select[Any]:
    people = (member.c.name.label("csm_name"), member.c.email.label("csm_email"))
    named = {column.key: column for column in (*current.c, *customer.c)}
    own = [named[name] for name in CurrentRow.__slots__ if name in named]
    return select(*own, *people).select_from(_joined())


def _scored() -> Select[Any]:
    return _rows().where(current.c.customer_id.is_not(None), customer.c.status == "active")


def _scored_rows(tx: Transaction, statement: Select[Any]) -> tuple[ScoredRow, ...]:
    return tuple(ScoredRow(**_picked(row)) for row in tx.execute(statement))


def _picked(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in CurrentRow.__slots__}


def _conditions(chosen: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if chosen.q:
        words = fold(fit_text(chosen.q))
        named = (customer.c.name_folded, customer.c.key_folded)
        conditions.append(or_(*(column.contains(words, autoescape=True) for column in named)))
    if chosen.segment is not None:
        conditions.append(customer.c.segment == chosen.segment)
    if chosen.band is not None:
        conditions.append(_in_band(chosen.band))
    if chosen.min_score is not None:
        conditions.append(current.c.score >= chosen.min_score.quantize(CENT, ROUND_CEILING))
    if chosen.max_score is not None:
        conditions.append(current.c.score <= chosen.max_score.quantize(CENT, ROUND_FLOOR))
    return conditions


def _in_band(band: str) -> ColumnElement[bool]:
    """Whoever was never scored has no band either, and is listed as unknown."""
    unscored = current.c.customer_id.is_(None)
    return or_(current.c.band == band, unscored) if band == UNKNOWN_BAND else current.c.band == band
