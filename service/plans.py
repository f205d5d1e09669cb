"""A day's plan for a model: which feeds lived, and, where customers are compared, with whom.

A model that places customers among their peers needs the numbers of all of them before the first
can be scored. They are read in batches and kept as numbers alone, and the day's population is
stored, so that a run taken up again, and health asked for in between, compare with the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from scoring.feeds import FeedState, feed_state
from scoring.figures import Source
from scoring.model import HealthModel
from scoring.score import Plan, prepare
from scoring.standing import from_record, to_record
from service.blocks import surveyed_in
from service.chunks import chunks
from service.holidays import holidays_for
from service.ports import House
from storage.activity import feed_days
from storage.customers import Customer, active_ids, customers_by_ids
from storage.database import Transaction
from storage.populations import keep_population, newest_population

# A population this much older still stands for today's: habits of a whole base move slowly.
STANDS_FOR: Final = timedelta(days=7)

Feeds = Mapping[Source, FeedState]


def bare_plan(model: HealthModel, as_of: date, feeds: Feeds) -> Plan:
    """Answer the plan of a day with the holidays it counts by, and nobody to compare with yet."""
    return prepare(model, as_of, feeds, holidays=holidays_for(model, as_of))


def plan_on(
    tx: Transaction, house: House, model: HealthModel, as_of: date, feeds: Feeds | None = None
) -> Plan:
    """Answer the plan of a day, with everybody surveyed as they stood on that day."""
    plan = _bare(tx, model, as_of, feeds)
    return surveyed_in(tx, plan, _everybody(tx, house, plan)) if plan.needs_peers else plan


def plan_again(
    tx: Transaction,
    house: House,
    model: HealthModel,
    as_of: date,
    *,
    days: timedelta = timedelta(0),
    feeds: Feeds | None = None,
) -> Plan:
    """Answer the plan with the stored population of the day, or of up to `days` before it.

    Where none is stored, everybody is surveyed.
    """
    plan = _bare(tx, model, as_of, feeds)
    if not plan.needs_peers:
        return plan
    kept = newest_population(tx, model.name, model.version, as_of - days, as_of)
    if kept is None:
        return surveyed_in(tx, plan, _everybody(tx, house, plan))
    return plan.among(from_record(kept[1]))


def keep(tx: Transaction, plan: Plan) -> None:
    """Store the population the plan compares with, if there is anybody in it."""
    if any(peers.size for peers in plan.population.values()):
        record = to_record(plan.population)
        keep_population(tx, plan.model.name, plan.model.version, plan.as_of, record)


def _bare(tx: Transaction, model: HealthModel, as_of: date, feeds: Feeds | None) -> Plan:
    if feeds is None:
        days = feed_days(tx, model.sources(), as_of)
        feeds = {source: feed_state(days[source], as_of) for source in days}
    return bare_plan(model, as_of, feeds)


def _everybody(tx: Transaction, house: House, plan: Plan) -> Iterator[Sequence[Customer]]:
    """Yield every customer of that day whom the house scores by this model, in batches."""
    name, as_of = plan.model.name, plan.as_of
    for ids in chunks(sorted(active_ids(tx))):
        yield [
            customer
            for _, customer in sorted(customers_by_ids(tx, ids).items())
            if customer.created_on <= as_of and house.scores_by(customer.facts, as_of, name)
        ]
