"""Many past days lived again, a batch of customers at a time: history is read once for all days."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from scoring.columns.bands import NO_BAND
from scoring.columns.block import Block
from scoring.columns.scores import ScoreColumns, scores
from scoring.columns.survey import Survey
from scoring.figures import Figure, LastActivity
from scoring.model import HealthModel
from scoring.score import Plan
from service.blocks import Figures, exact_totals, facts_of
from service.chunks import chunks
from service.plans import bare_plan
from service.replay import feeds_then
from storage.customers import Customer
from storage.database import Database, Transaction
from storage.past_columns import PastColumns

# Customers at once: what they did on all days is in memory meanwhile.
BATCH: Final = 1_000

Ints = NDArray[np.int64]
Places = NDArray[np.int32]
# Called once for each batch and day.
Step = Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A past day, and who is looked at: customers by ascending id, with the numbers of their stays.

    Columns: a year of days with everybody in them would fill the memory with less.
    """

    plan: Plan
    customers: Places
    stays: Places


@dataclass(frozen=True, slots=True)
class Seen:
    """Some customers on a past day: their stays, scores, and last days of activity (0: never)."""

    day: date
    customers: Sequence[Customer]
    stays: Ints
    scores: ScoreColumns
    last: Ints


def plans_of(tx: Transaction, model: HealthModel, days: Sequence[date]) -> list[Plan]:
    """Answer the plan of each day, as the feeds were then, with nobody to compare with yet."""
    return [bare_plan(model, day, feeds_then(tx, model.sources(), day)) for day in days]


def batches(looks: Sequence[Look]) -> list[list[int]]:
    """Cut everybody who is looked at on any day into batches, by ascending id."""
    everybody = reduce(np.union1d, (look.customers for look in looks), np.empty(0, np.int32))
    return list(chunks(everybody.tolist(), BATCH))


def surveyed_then(
    database: Database, looks: Sequence[Look], customers: Mapping[int, Customer], step: Step
) -> list[Look]:
    """Answer the looks with everybody of each day as its population."""
    surveys = [Survey(look.plan) for look in looks]
    for ids in batches(looks):
        with database.reading() as tx:
            batch = _Batch(tx, [customers[one] for one in ids], _peer_figures(looks))
            for look, survey in zip(looks, surveys, strict=True):
                rows = batch.rows(look)
                if len(rows):
                    survey.add(batch.block(look.plan.peer_figures, rows))
                step()
    return [
        replace(look, plan=look.plan.among(survey.population()))
        for look, survey in zip(looks, surveys, strict=True)
    ]


def lived(
    database: Database,
    looks: Sequence[Look],
    customers: Mapping[int, Customer],
    kinds: tuple[str, ...],
    step: Step,
) -> Iterator[Seen]:
    """Yield everybody's scores, each batch through all its days, days ascending.

    A band is carried from each day to the next of a stay. `kinds` are the events whose last day is
    told along.
    """
    last = [LastActivity(kinds, look.plan.as_of) for look in looks]
    bands = np.full(_stays(looks), NO_BAND, dtype=np.int8)
    for ids in batches(looks):
        yield from _through(database, looks, [customers[one] for one in ids], last, bands, step)


def _through(  # noqa: PLR0917 - one private step of `lived`, with all it has found
    database: Database,
    looks: Sequence[Look],
    customers: Sequence[Customer],
    last: Sequence[LastActivity],
    bands: NDArray[np.int8],
    step: Step,
) -> Iterator[Seen]:
    """Yield one batch through all its days; what was read of it is gone before the next is."""
    figures: Figures = frozenset(last).union(*(look.plan.figures for look in looks))
    with database.reading() as tx:
        batch = _Batch(tx, customers, figures)
        for look, ever in zip(looks, last, strict=True):
            rows = batch.rows(look)
            if len(rows):
                yield batch.seen(look, rows, ever, bands)
            step()


def unscored(columns: ScoreColumns) -> NDArray[np.bool_]:
    """Tell of whom nothing at all is known: no factor contributes."""
    nothing: NDArray[np.bool_] = np.logical_and.reduce([each.left_out for each in columns.factors])
    return nothing


class _Batch:
    """Some customers, by ascending id, and what they did on all days."""

    def __init__(self, tx: Transaction, customers: Sequence[Customer], figures: Figures) -> None:
        self._tx = tx
        self._customers = customers
        self._ids = [customer.id for customer in customers]
        self._column = np.array(self._ids, dtype=np.int64)
        self._facts = facts_of(customers)
        self._past = PastColumns(tx, self._column, figures)

    def rows(self, look: Look) -> Ints:
        """Answer the places of those who are looked at."""
        return np.flatnonzero(np.isin(self._column, look.customers)).astype(np.int64)

    def block(self, figures: Figures, rows: Ints) -> Block:
        """Answer what was known of some."""
        columns = self._past.columns(figures)
        columns |= exact_totals(self._tx, self._ids, columns)
        return Block(len(self._ids), self._facts, columns).take(rows)

    def seen(self, look: Look, rows: Ints, last: LastActivity, bands: NDArray[np.int8]) -> Seen:
        """Score some, and carry their bands on."""
        block = self.block(look.plan.figures | {last}, rows)
        customers = [self._customers[row] for row in rows.tolist()]
        places = look.customers.searchsorted(self._column[rows])
        stays = look.stays[places].astype(np.int64)
        found = scores(look.plan, block, bands[stays])
        told = (found.band < len(found.model.bands)) & ~unscored(found)
        told[list(found.faults)] = False
        bands[stays[told]] = found.band[told]
        return Seen(look.plan.as_of, customers, stays, found, cast("Ints", block.answers[last]))


def _stays(looks: Sequence[Look]) -> int:
    return 1 + max((int(look.stays.max(initial=0)) for look in looks), default=0)


def _peer_figures(looks: Sequence[Look]) -> Figures:
    nothing: frozenset[Figure[Any]] = frozenset()
    return nothing.union(*(look.plan.peer_figures for look in looks))
