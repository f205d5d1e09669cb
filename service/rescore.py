"""Score every customer for a day: the daily job's first half, and the backfill of the past."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from scoring.model import HealthModel
from scoring.score import Plan
from service.batch import Tally, score_batch
from service.brake import daily, finish_abandoned, finish_run
from service.chunks import chunks
from service.override import announce_ends
from service.plans import keep, plan_again, plan_on
from service.ports import House
from service.quarantine import sweep
from service.verdict import FAULTS, Assignment, fault_words
from storage.customers import active_ids, customers_by_ids
from storage.database import Transaction
from storage.snapshots import latest_day

# Customers a transaction. More saves little; fewer would pay the fixed statements too often.
BATCH: Final = 500

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RescoreReport:
    """What a run did. `failures` are (key, what broke and where); they were not scored.

    `scored` counts customers computed now, `written` the snapshots that came of it (a finished day
    run again writes none). `baselines` were seen for the first time, after a pause, or under a new
    version of the model: `rebanded` says whom that version moved, as (key, before, after).
    """

    as_of: date
    decided: bool
    scored: int
    written: int
    baselines: int
    transitions: int
    started: int
    rebanded: tuple[tuple[str, str, str], ...]
    failures: tuple[tuple[str, str], ...]


def rescore(
    house: House,
    as_of: date,
    *,
    now: datetime,
    decide: bool,
    replace: bool = False,
    run: str | None = None,
    progress: Progress | None = None,
    batch: int = BATCH,
) -> RescoreReport:
    """Score all active customers as they stood at the end of the UTC day `as_of`.

    One transaction a batch holds snapshots, transitions, plays and messages together. What has a
    snapshot of that day is left alone, so a killed run is resumed by running it again; `replace`
    computes it anew and decides nothing about it. `decide` asks the playbooks, about every
    customer once a day; on a day older than the newest stored one it is ignored, and the current
    scores stay as they are: the past may be corrected, but nobody is alarmed by it. Deciding also
    lets in first what waits in quarantine without need. `run` names the run whose messages the
    brake may hold.
    """
    if decide:
        sweep(house, now=now)
    tasks = _prepared(house, as_of, now=now, decide=decide, replace=replace, run=run)
    total, done, tally = sum(len(ids) for _, ids in tasks), 0, Tally()
    for task, ids in tasks:
        for chosen in chunks(ids, batch):
            tally += _isolated(task, chosen)
            done += len(chosen)
            if progress is not None:
                progress(done, total)
    decided = tasks[0][0].decide
    if decided:
        finish_abandoned(house, tasks[0][0].run, now=now)
        finish_run(house, tasks[0][0].run, as_of=as_of, now=now)
        announce_ends(house, as_of=as_of, now=now)
    return _report(as_of, tally, decided=decided)


def rescore_range(
    house: House,
    first: date,
    last: date,
    *,
    now: datetime,
    replace: bool = False,
    progress: Progress | None = None,
) -> Iterator[RescoreReport]:
    """Backfill the days `first` to `last`, both included, oldest first; never starts a play.

    A generator of one report a day; `progress` counts days.
    """
    days = (last - first).days + 1
    for done in range(days):
        day = first + timedelta(days=done)
        yield rescore(house, day, now=now, decide=False, replace=replace)
        if progress is not None:
            progress(done + 1, days)


def _prepared(
    house: House, as_of: date, *, now: datetime, decide: bool, replace: bool, run: str | None
) -> list[tuple[Assignment, Sequence[int]]]:
    """Answer what is to be done with whom: one assignment for each model that scores anybody."""
    with house.database.reading() as tx:
        newest = latest_day(tx)
        groups = _by_model(tx, house, as_of)
        plans = [_plan(tx, house, model, as_of, replace=replace) for model, _ in groups]
    if any(plan.needs_peers for plan in plans):
        with house.database.transaction() as tx:
            for plan in plans:
                keep(tx, plan)
    leads = newest is None or as_of >= newest
    return [
        (
            Assignment(
                house=house.under(plan.model),
                plan=plan,
                run=run or daily(as_of),
                now=now,
                newest=leads,
                decide=decide and leads,
                replace=replace,
            ),
            ids,
        )
        for plan, (_, ids) in zip(plans, groups, strict=True)
    ]


def _by_model(
    tx: Transaction, house: House, as_of: date
) -> list[tuple[HealthModel, Sequence[int]]]:
    """Answer who is scored by which model: all by the one in use, or as the resolver says."""
    ids = sorted(active_ids(tx))
    if house.resolver is None:
        return [(house.model, ids)]
    groups: dict[str, tuple[HealthModel, list[int]]] = {house.model.identity: (house.model, [])}
    for some in chunks(ids):
        for one, customer in sorted(customers_by_ids(tx, some).items()):
            model = house.model_for(customer.facts, as_of)
            groups.setdefault(model.identity, (model, []))[1].append(one)
    return list(groups.values())


def _plan(tx: Transaction, house: House, model: HealthModel, as_of: date, *, replace: bool) -> Plan:
    """Answer the day's plan; a run taken up again compares with those it began with."""
    if replace:
        return plan_on(tx, house, model, as_of)
    return plan_again(tx, house, model, as_of, days=timedelta(0))


def _isolated(task: Assignment, ids: Sequence[int]) -> Tally:
    """Score a batch; when it breaks as a whole, halve it until the one at fault stands alone."""
    try:
        with task.house.database.transaction() as tx:
            return score_batch(tx, task, ids)
    except FAULTS as fault:
        if len(ids) == 1:
            return Tally(failures=((_key(task.house, ids[0]), fault_words(fault)),))
    middle = len(ids) // 2
    return _isolated(task, ids[:middle]) + _isolated(task, ids[middle:])


def _key(house: House, customer_id: int) -> str:
    with house.database.reading() as tx:
        found = customers_by_ids(tx, [customer_id]).get(customer_id)
    return found.key if found else str(customer_id)


def _report(as_of: date, tally: Tally, *, decided: bool) -> RescoreReport:
    return RescoreReport(
        as_of=as_of,
        decided=decided,
        scored=tally.scored,
        written=tally.written,
        baselines=tally.baselines,
        transitions=tally.transitions,
        started=tally.started,
        rebanded=tally.rebanded,
        failures=tally.failures,
    )
