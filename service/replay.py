"""A past day lived again: everybody scored as they stood then, and nothing written down.

What had not happened by that day is not asked for, so events that came later, came in another
order or came twice leave a past score as it is. What is known of a customer besides its activity
(segment, plan, seats) has no history: the present stands in for it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from scoring.columns.bands import NO_BAND, band_codes
from scoring.columns.scores import ScoreColumns, scores
from scoring.feeds import FeedState, feed_state
from scoring.figures import Source
from scoring.model import HealthModel
from scoring.score import Score
from service.blocks import block_of_customers, surveyed_in
from service.chunks import chunks
from service.plans import bare_plan
from storage.activity import feed_days
from storage.customers import Customer, customers_by_ids
from storage.database import Transaction
from storage.history import everybody, first_days

# So many customers are answered for at once: a fixed number of statements, and bounded memory.
BATCH: Final = 5_000
NOBODY: Final[Mapping[int, str]] = {}


@dataclass(frozen=True, slots=True)
class Scored:
    """Some customers of a past day by ascending id, with their scores in the same order."""

    customers: Sequence[Customer]
    scores: ScoreColumns


def scored_on(
    tx: Transaction,
    model: HealthModel,
    as_of: date,
    customers: Mapping[int, Customer],
    bands: Mapping[int, str] = NOBODY,
) -> Iterator[tuple[Customer, Score | None]]:
    """Yield each customer with its score on a past day, None where its data breaks the sum."""
    for batch in batches_on(tx, model, as_of, customers, bands):
        for row, customer in enumerate(batch.customers):
            yield customer, None if row in batch.scores.faults else batch.scores.at(row)


def batches_on(
    tx: Transaction,
    model: HealthModel,
    as_of: date,
    customers: Mapping[int, Customer],
    bands: Mapping[int, str] = NOBODY,
) -> Iterator[Scored]:
    """Yield everybody's scores on a past day, in batches.

    `customers` are all who were with us on that day, `bands` the bands they were in before, for
    hysteresis. The number of statements does not grow with customers, but for a few per batch.
    """
    plan = bare_plan(model, as_of, feeds_then(tx, model.sources(), as_of))
    if plan.needs_peers:
        plan = surveyed_in(tx, plan, _batches(customers))
    codes = band_codes(model)
    for batch in _batches(customers):
        before = [codes.get(bands.get(customer.id, ""), NO_BAND) for customer in batch]
        block = block_of_customers(tx, batch, plan.figures)
        yield Scored(batch, scores(plan, block, np.array(before, dtype=np.int8)))


def _batches(customers: Mapping[int, Customer]) -> Iterator[Sequence[Customer]]:
    for ids in chunks(sorted(customers), BATCH):
        yield [customers[one] for one in ids]


def feeds_then(
    tx: Transaction, sources: Iterable[Source], as_of: date
) -> Mapping[Source, FeedState]:
    """Answer for each feed whether it lived on that day."""
    days = feed_days(tx, sources, as_of)
    return {source: feed_state(found, as_of) for source, found in days.items()}


def all_customers(tx: Transaction) -> dict[int, Customer]:
    """Answer every customer there ever was, created on the day of its first data at the latest.

    A customer imported after its events would otherwise be too young to be scored in its past.
    """
    firsts = first_days(tx)
    return {
        one: replace(customer, created_on=min(customer.created_on, firsts.get(one, date.max)))
        for one, customer in customers_by_ids(tx, everybody(tx)).items()
    }
