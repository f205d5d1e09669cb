"""Score every customer for a day: the daily job's first half, and the backfill of the past."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from secrets import token_hex
from typing import Final

from scoring.model import HealthModel
from service.ahead import sifting
from service.brake import daily, finish_abandoned, finish_run
from service.chunks import chunks
from service.feeds import feeds_on
from service.override import announce_ends
from service.plans import keep, plan_again, plan_on
from service.ports import House
from service.quarantine import sweep
from service.sharing import Crew, Orders, Worker, assignment, terms
from service.sweeping import seldom_swept
from storage import shares, switches
from storage.customers import active_ids, customers_by_ids
from storage.database import Transaction
from storage.shares import DealtRun
from storage.snapshots import latest_day

# Customers a share: enough shares for several workers, and that what is begun ahead begins soon;
# few enough that the statements of each cost little. A killed worker loses no more than one.
SHARES: Final = 8
LEAST: Final = 5_000
MOST: Final = 12_500
# From so many customers on, the next share is begun in a thread of its own.
MANY: Final = 2 * LEAST

# The newest day that playbooks were asked about, of everybody.
DECIDED: Final = "rescore/decided"

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
    batch: int | None = None,
    crew: Crew | None = None,
    closely: bool = False,
) -> RescoreReport:
    """Score all active customers as they stood at the end of the UTC day `as_of`.

    One transaction a batch holds snapshots, transitions, plays and messages together. What has a
    snapshot of that day is left alone, so a killed run is resumed by running it again; `replace`
    computes it anew and decides nothing about it. `decide` asks the playbooks, about every
    customer once a day; on a day older than the newest stored one it is ignored, and the current
    scores stay as they are: the past may be corrected, but nobody is alarmed by it. Deciding also
    lets in first what waits in quarantine without need. `run` names the run whose messages the
    brake may hold.

    With a `crew`, this worker leads: others share the work. A run of that name that was begun is
    taken up where it stands. With `closely`, everybody is looked at one by one, also where columns
    would do; it is slow, and comes to the same.
    """
    crew = crew or Crew(f"by hand {token_hex(8)}", "alone", lambda: now)
    worker = Worker.joining(house, crew)
    if worker is None:
        if decide:
            sweep(house, now=now)
        wanted = Orders(
            run=run or daily(as_of), decide=decide, newest=True, replace=replace, feeds={},
            terms=terms(house),
        )  # fmt: skip
        worker = _begun(house, crew, as_of, wanted, now=now, batch=batch)
    worker.closely = closely
    _see_through(worker, progress)
    if worker.orders.decide:
        finish_abandoned(house, worker.orders.run, now=now)
        finish_run(house, worker.orders.run, as_of=as_of, now=now)
        announce_ends(house, as_of=as_of, now=now)
        with house.database.transaction() as tx:
            switches.set_switch(tx, DECIDED, as_of.isoformat(), "rescore", now)
    report = _report(worker)
    if not crew.again:
        with house.database.transaction() as tx:
            shares.forget_run(tx, crew.name)
    return report


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


def _see_through(worker: Worker, progress: Progress | None) -> None:
    """Work until every share is done, whoever did it; shares of workers that are gone included.

    `progress` is told between the batches of a share too: whoever leads for a scheduled job keeps
    its lease by that, and a share whose customers are all looked at one by one takes minutes.
    """
    reached = worker.progress()

    def beat(some: int) -> None:
        if progress is not None:
            progress(reached.done + some, reached.total)

    worker.beat = beat
    ahead = reached.total >= MANY and not worker.closely
    with seldom_swept(), sifting(worker, ahead=ahead) as sift:
        while reached.open:
            sifted = sift()
            if sifted is None:
                worker.release(worker.crew.pause())
            else:
                worker.finish(sifted)
            reached = worker.progress()
            if progress is not None:
                progress(reached.done, reached.total)


def _begun(
    house: House,
    crew: Crew,
    as_of: date,
    wanted: Orders,
    *,
    now: datetime,
    batch: int | None,
) -> Worker:
    """Deal the run out: one assignment for each model that scores anybody, in shares of a batch."""
    with house.database.reading() as tx:
        newest, decided = latest_day(tx), switches.switch(tx, DECIDED)
        groups = _by_model(tx, house, as_of)
        feeds = {one.identity: feeds_on(tx, house.under(one), as_of) for one, _ in groups}
        planned = plan_on if wanted.replace else plan_again
        plans = [planned(tx, house, one, as_of, feeds=feeds[one.identity]) for one, _ in groups]
    leads = newest is None or as_of >= newest
    decide = wanted.decide and leads
    unasked = decide and as_of == newest and (not decided or decided.value != as_of.isoformat())
    orders = replace(wanted, newest=leads, decide=decide, feeds=feeds, unasked=unasked)
    dealt = DealtRun(crew.name, as_of, now, orders.written())
    size = batch or _fair(sum(len(ids) for _, ids in groups))
    dealing = [(one.identity, ids) for one, all_ids in groups for ids in chunks(all_ids, size)]
    with house.database.transaction() as tx:
        for plan in plans if any(plan.needs_peers for plan in plans) else ():
            keep(tx, plan)
        shares.forget_run(tx, crew.name)
        shares.deal(tx, dealt, dealing)
    tasks = {plan.model.identity: assignment(house, plan, orders, now=now) for plan in plans}
    return Worker(house, crew, dealt, orders, tasks)


def _fair(customers: int) -> int:
    """Answer how many customers a share of a run over so many has."""
    return min(MOST, max(LEAST, -(-customers // SHARES)))


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


def _report(worker: Worker) -> RescoreReport:
    tally = worker.total()
    return RescoreReport(
        as_of=worker.dealt.as_of,
        decided=worker.orders.decide,
        scored=tally.scored,
        written=tally.written,
        baselines=tally.baselines,
        transitions=tally.transitions,
        started=tally.started,
        rebanded=tally.rebanded,
        failures=tally.failures,
    )
