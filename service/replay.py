"""A past day lived again: everybody scored as they stood then, and nothing written down.

What had not happened by that day is not asked for, so events that came later, came in another
order or came twice leave a past score as it is. What is known of a customer besides its activity
(segment, plan, seats) has no history: the present stands in for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from scoring.feeds import FeedState, feed_state
from scoring.figures import Answers, CustomerFacts, Figure, Source
from scoring.model import HealthModel
from scoring.score import Plan, Score
from service.chunks import chunks
from service.plans import bare_plan
from service.verdict import FAULTS
from storage.activity import answers, feed_days
from storage.customers import Customer, customers_by_ids
from storage.database import Transaction
from storage.history import everybody, first_days

# So many customers are answered for at once: a fixed number of statements, and bounded memory.
BATCH: Final = 5_000
NOBODY: Final[Mapping[int, str]] = {}


def scored_on(
    tx: Transaction,
    model: HealthModel,
    as_of: date,
    customers: Mapping[int, Customer],
    bands: Mapping[int, str] = NOBODY,
) -> Iterator[tuple[Customer, Score | None]]:
    """Yield each customer with its score on a past day, None where its data breaks the sum.

    `customers` are all who were with us on that day, `bands` the bands they were in before, for
    hysteresis. The number of statements does not grow with customers, but for a few per batch.
    """
    plan = bare_plan(model, as_of, feeds_then(tx, model.sources(), as_of))
    if plan.needs_peers:
        plan = plan.surveyed(_population(tx, plan, customers))
    for ids in chunks(sorted(customers), BATCH):
        found = answers(tx, ids, plan.figures)
        for one in ids:
            try:
                yield customers[one], plan.score(customers[one].facts, found[one], bands.get(one))
            except FAULTS:
                yield customers[one], None


def _population(
    tx: Transaction, plan: Plan, customers: Mapping[int, Customer]
) -> Iterator[tuple[CustomerFacts, Answers]]:
    """Yield everybody of the day, with what peers are compared by."""
    for ids in chunks(sorted(customers), BATCH):
        found = answers(tx, ids, plan.peer_figures)
        yield from ((customers[one].facts, found[one]) for one in ids)


def figures_on(
    tx: Transaction, figure: Figure[date | None], ids: Iterable[int]
) -> Mapping[int, date | None]:
    """Answer one figure for all these customers."""
    asked = frozenset([figure])
    return {
        one: found[figure]
        for batch in chunks(sorted(ids), BATCH)
        for one, found in answers(tx, batch, asked).items()
    }


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
