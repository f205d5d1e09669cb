"""How several workers share one run: who is dealt what, and what each does with its share.

One worker leads: it deals the run out, works like the others, waits for them, and ends the run.
The others only take shares. All score by the same orders (which feeds lived, what is decided, the
instant), so that it makes no difference who scored whom. What has come of the run is added up over
its shares, each written down in the transaction of its batch: a killed worker's share is done
anew, or was done, and the sum is that of one undisturbed run.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any, Final

import numpy as np

from scoring.feeds import FeedState
from scoring.score import Plan
from service.batch import Tally, score_batch
from service.chunks import chunks
from service.plans import plan_again
from service.ports import House
from service.quiet import score_quiet
from service.scored import Figures, Scored
from service.verdict import FAULTS, Assignment, fault_words
from storage import shares
from storage.answer_columns import answer_columns
from storage.customers import customers_by_ids
from storage.database import Transaction
from storage.presence import keep_present
from storage.shares import DealtRun, Progress, Share

# Customers a transaction, where they are looked at one by one. More saves little; fewer would pay
# the fixed statements too often.
BATCH: Final = 1_000
# A share whose worker is gone is claimed again after this; one in a transaction is never taken.
LEASE: Final = timedelta(seconds=30)


def _nobody_else() -> Iterable[str]:
    """Wait for nobody: this worker is alone."""
    return ()


def _unheard(_done: int) -> None:
    """Let a beat go by: nobody waits for this worker."""


@dataclass(frozen=True, slots=True)
class Crew:
    """A worker among others. `name` is the run's, `holder` its own, alike in no two workers.

    `now` tells the present instant, for leases. `pause` lets a moment pass and answers which
    holders are known to be gone meanwhile. `again`: the run stays when it is done, until it is
    told, so that whoever takes over from its leader can tell it.
    """

    name: str
    holder: str
    now: Callable[[], datetime]
    pause: Callable[[], Iterable[str]] = _nobody_else
    again: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """What every worker of a run must know alike.

    `terms` names models and playbooks: who has others leaves the run alone. `unasked`: the day was
    scored before, by a run that asked no playbook.
    """

    run: str
    decide: bool
    newest: bool
    replace: bool
    terms: str
    feeds: Mapping[str, Mapping[str, FeedState]]
    unasked: bool = False

    def written(self) -> dict[str, Any]:
        """Return the orders as storage keeps them."""
        feeds = {
            model: [_written(state) for state in states.values()]
            for model, states in self.feeds.items()
        }
        return {name: getattr(self, name) for name in Orders.__slots__} | {"feeds": feeds}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "Orders":
        """Read the orders as storage kept them."""
        feeds = {
            model: {state["source"]: _read(state) for state in states}
            for model, states in written["feeds"].items()
        }
        said = {name: written[name] for name in cls.__slots__ if name in written}
        return cls(**said | {"feeds": feeds})


def _written(state: FeedState) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(state).items()
    }


def _read(state: Mapping[str, Any]) -> FeedState:
    days = {
        name: date.fromisoformat(state[name]) if state[name] else None
        for name in ("last_day", "first_day")
    }
    return FeedState(**{**state, **days})


def terms(house: House) -> str:
    """Answer what a worker must have in common with the others of its run."""
    known = sorted(model.identity for model in house.known_models)
    return " ".join([*known, *sorted(book.identity for book in house.playbooks)])


class Robbed(Exception):  # noqa: N818 - never seen outside; it only ends the transaction
    """Raised to undo a batch of a share that somebody else has by now."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """A share whose quiet customers are done, who is left of it, and what they score."""

    held: Share
    left: Sequence[int]
    scored: Scored


@dataclass(slots=True)
class Worker:
    """A worker at a run; `tasks` are its assignments by model, made when first needed.

    One that looks `closely` looks at every customer one by one, also where columns would do.
    `beat` is told, between two batches of a share, of how many of its customers the day is done.
    """

    house: House
    crew: Crew
    dealt: DealtRun
    orders: Orders
    tasks: dict[str, Assignment] = field(default_factory=dict)
    closely: bool = False
    beat: Callable[[int], None] = _unheard

    @classmethod
    def joining(cls, house: House, crew: Crew) -> "Worker | None":
        """Answer a worker at the run its crew is named for; None when there is none for it."""
        with house.database.reading() as tx:
            dealt = shares.dealt_run(tx, crew.name)
        if dealt is None:
            return None
        orders = Orders.read(dealt.orders)
        return cls(house, crew, dealt, orders) if orders.terms == terms(house) else None

    def claim(self) -> Share | None:
        """Take the next share nobody alive holds."""
        crew = self.crew
        with self.house.database.transaction() as tx:
            return shares.claim_share(tx, crew.name, crew.holder, crew.now(), LEASE)

    def work(self, held: Share) -> Share | None:
        """Score the customers of a share; answer the next one."""
        self.finish(self.sift(held))
        return self.claim()

    def foresee(self, held: Share) -> Figures | None:
        """Read the figures of a share's customers ahead; None where their data breaks it."""
        ids = np.array(sorted(held.customers), np.int64)
        try:
            with self.house.database.reading() as tx:
                return Figures(ids, answer_columns(tx, ids, self._task(held.model).plan.figures))
        except FAULTS:
            return None

    def sift(self, held: Share, figures: Figures | None = None) -> Sifted:
        """Score the quiet customers of a share; the others are left."""
        scored = Scored(figures)
        if self.closely:
            return Sifted(held, held.customers, scored)
        try:
            with self.house.database.transaction() as tx:
                before = _held(tx, held)
                tally, loud = score_quiet(tx, self._task(held.model), held.customers, scored)
                self._settle(tx, held, _added(before, tally), last=not loud)
            return Sifted(held, loud, scored)
        except Robbed:
            return Sifted(held, (), scored)
        except FAULTS:
            return Sifted(held, held.customers, Scored())

    def finish(self, sifted: Sifted) -> None:
        """Score who is left of a share, in batches.

        When a batch breaks as a whole, it is halved until the one at fault stands alone.
        """
        held, scored = sifted.held, sifted.scored
        left: list[Sequence[int]] = [*reversed([*chunks(sifted.left, BATCH)])]
        while left:
            chosen = left.pop()
            try:
                self._batch(held, chosen, scored, last=not left)
            except Robbed:
                return
            except FAULTS as fault:
                if len(chosen) > 1:
                    middle = len(chosen) // 2
                    left += [chosen[middle:], chosen[:middle]]
                else:
                    self._give_up(held, chosen[0], fault, last=not left)
            if left:
                self.beat(len(held.customers) - sum(map(len, left)))

    def progress(self) -> Progress:
        """Answer how far the run is, whoever works at it."""
        with self.house.database.reading() as tx:
            return shares.progress(tx, self.crew.name)

    def release(self, holders: Iterable[str]) -> None:
        """Give back what workers held that are gone."""
        for holder in holders:
            with self.house.database.transaction() as tx:
                shares.release_shares(tx, self.crew.name, holder, self.crew.now())

    def total(self) -> Tally:
        """Answer what came of the whole run."""
        with self.house.database.reading() as tx:
            found = shares.tallies(tx, self.crew.name)
        return reduce(_added, map(_tally, found), Tally())

    def _batch(self, held: Share, ids: Sequence[int], scored: Scored, *, last: bool) -> None:
        """Score some customers of the share and write down what came of it, all in one."""
        with self.house.database.transaction() as tx:
            before = _held(tx, held)
            tally = score_batch(tx, self._task(held.model), ids, scored)
            self._settle(tx, held, _added(before, tally), last=last)

    def _give_up(self, held: Share, customer_id: int, fault: BaseException, *, last: bool) -> None:
        """Write down whose data breaks the calculation; all others go on."""
        lost = Tally(failures=((_key(self.house, customer_id), fault_words(fault)),))
        with suppress(Robbed), self.house.database.transaction() as tx:
            self._settle(tx, held, _added(_held(tx, held), lost), last=last)

    def _settle(self, tx: Transaction, held: Share, tally: Tally, *, last: bool) -> None:
        until = self.crew.now() + LEASE
        shares.settle_share(tx, held, asdict(tally), done=last, until=until)

    def _task(self, identity: str) -> Assignment:
        if identity not in self.tasks:
            house, as_of, feeds = self.house, self.dealt.as_of, self.orders.feeds[identity]
            model = next(one for one in house.known_models if one.identity == identity)
            with house.database.reading() as tx:
                plan = plan_again(tx, house, model, as_of, days=timedelta(0), feeds=feeds)
            self.tasks[identity] = assignment(house, plan, self.orders, now=self.dealt.now)
        return self.tasks[identity]


def assignment(house: House, plan: Plan, orders: Orders, *, now: datetime) -> Assignment:
    """Answer what is to be done with the customers of one model."""
    return Assignment(
        house=house.under(plan.model),
        plan=plan,
        run=orders.run,
        now=now,
        newest=orders.newest,
        decide=orders.decide,
        replace=orders.replace,
        unasked=orders.unasked,
    )


def lend_a_hand(house: House, crew: Crew) -> int:
    """Take shares of a run that somebody else leads, until none is free; answer how many."""
    worker = Worker.joining(house, crew)
    held, done = (worker.claim(), 0) if worker else (None, 0)
    while worker and held:
        held, done = worker.work(held), done + 1
    return done


def _held(tx: Transaction, held: Share) -> Tally:
    """Lock the share, and its customers in; answer what came of it so far. Raises Robbed."""
    keep_present(tx)
    found = shares.hold_share(tx, held)
    if found is None:
        raise Robbed
    return _tally(found)


def _tally(written: Mapping[str, Any]) -> Tally:
    """Read a tally as storage kept it: what were tuples are lists there."""
    return Tally(**{name: _tuples(value) for name, value in written.items()})


def _tuples(value: Any) -> Any:  # noqa: ANN401 - a count, or lists of lists of words
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _added(one: Tally, other: Tally) -> Tally:
    """Add two tallies; who failed twice, because a share was taken up again, is told of once."""
    total = one + other
    return replace(total, failures=tuple(dict.fromkeys(total.failures)))


def _key(house: House, customer_id: int) -> str:
    with house.database.reading() as tx:
        found = customers_by_ids(tx, [customer_id]).get(customer_id)
    return found.key if found else str(customer_id)
