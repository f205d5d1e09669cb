"""Earlier scores: what a score is compared with, and which past day a change is explained by."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from scoring.model import HealthModel
from scoring.record import from_record
from scoring.score import Score
from service.plans import STANDS_FOR, Feeds, plan_again
from service.ports import House
from storage.activity import answers
from storage.customers import Customer
from storage.database import Transaction
from storage.snapshots import Snapshot, snapshots_on

WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)
# A day without a run is bridged: the newest snapshot of up to three days before stands for it.
BRIDGED: Final = 3


def outline(snapshot: Snapshot) -> Score:
    """Answer the stored score without its factors: all that a comparison looks at, and cheap."""
    return Score(
        model=snapshot.model,
        version=snapshot.version,
        as_of=snapshot.as_of,
        value=snapshot.score,
        coverage=snapshot.coverage,
        band=snapshot.band,
        raw_band=snapshot.band,
        factors=(),
    )


def whole(snapshot: Snapshot) -> Score:
    """Answer the stored score with its factors; of a snapshot read with its record."""
    return from_record(snapshot.record or {})


def earlier_scores(tx: Transaction, currents: Mapping[int, Score]) -> Mapping[int, Score]:
    """Answer per customer the past score that explains the current one best.

    That is the one of a week or a month ago, whichever lies further from the current value: a slow
    slide is told by its month, a fast fall by its week. Only scores of the same model and version
    are comparable. All `currents` describe the same day; customers without a past are left out.
    """
    if not currents:
        return {}
    any_current = next(iter(currents.values()))
    days = [_bridge(any_current.as_of - back) for back in (MONTH, WEEK)]
    wanted = {day for bridge in days for day in bridge}
    found = snapshots_on(tx, list(currents), any_current.model, wanted)
    return {
        customer_id: whole(furthest)
        for customer_id, current in currents.items()
        if (furthest := _furthest(current, customer_id, days, found)) is not None
    }


def told_again(
    tx: Transaction,
    house: House,
    customers: Mapping[int, Customer],
    earlier: Mapping[int, Score],
    feeds: Mapping[date, Feeds] | None = None,
) -> Mapping[int, Score]:
    """Answer the earlier scores as they come out now: where they differ, data arrived late.

    Scores of another model or version than the house's are left out: they cannot be told again.
    `feeds` are those of the earlier days, where the caller has judged them already.
    """
    by_day: defaultdict[date, list[int]] = defaultdict(list)
    for one, score in earlier.items():
        if score.identity == house.model.identity and one in customers:
            by_day[score.as_of].append(one)
    found: dict[int, Score] = {}
    for day, ids in by_day.items():
        known = (feeds or {}).get(day)
        plan = plan_again(tx, house, house.model, day, days=STANDS_FOR, feeds=known)
        figures = answers(tx, sorted(ids), plan.figures)
        found |= {
            one: plan.score(customers[one].facts, figures[one], earlier[one].band) for one in ids
        }
    return found


def _bridge(day: date) -> list[date]:
    return [day - timedelta(days=back) for back in range(BRIDGED + 1)]


def _furthest(
    current: Score,
    customer_id: int,
    days: Iterable[list[date]],
    found: Mapping[tuple[int, date], Snapshot],
) -> Snapshot | None:
    nearest = [_first(customer_id, bridge, found, current.version) for bridge in days]
    known = [snapshot for snapshot in nearest if snapshot is not None]
    return max(known, key=lambda snapshot: abs(current.value - snapshot.score), default=None)


def _first(
    customer_id: int,
    bridge: Iterable[date],
    found: Mapping[tuple[int, date], Snapshot],
    version: int,
) -> Snapshot | None:
    snapshots = (found.get((customer_id, day)) for day in bridge)
    return next((s for s in snapshots if s is not None and s.version == version), None)


def comparable(model: HealthModel, customer: Customer, previous: Snapshot) -> bool:
    """Tell whether a change since `previous` is a change of the customer's (rules 3 and 4).

    It is not when the model's version changed between, or when the customer was away between.
    """
    back = customer.active_since
    return previous.version == model.version and (back is None or back <= previous.as_of)


def change(current: Decimal, before: Decimal | None) -> Decimal | None:
    """Answer the points gained since, or None when there was nothing to compare with."""
    return None if before is None else current - before
