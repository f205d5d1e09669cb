"""What if: the whole base scored with another model as well, and nothing written."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.columns.bands import NO_BAND, band_names
from scoring.columns.scores import ScoreColumns, scores
from scoring.explain import drivers
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.score import Plan, Score
from service.blocks import block_of_customers
from service.chunks import chunks
from service.plans import plan_on
from service.ports import House
from service.verdict import fault_words
from storage.customers import Customer, active_ids, customers_by_ids
from storage.database import Transaction

# Reasons given for each customer who would change band.
REASONS: Final = 3
BATCH: Final = 5_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """A customer who would stand in another band; `why` are sentences, the strongest first."""

    key: str
    name: str
    arr: Decimal | None
    band_before: str
    band_after: str
    score_before: Decimal
    score_after: Decimal
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another model would change on a day.

    `before` and `after` count customers by band. `moved` are sorted by how far they fell. Bands are
    what the day's numbers say, without the hold of earlier days, for both models alike.
    """

    as_of: date
    model: str
    scored: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    moved: tuple[Moved, ...]
    failures: tuple[tuple[str, str], ...]


def what_if(
    house: House, model: HealthModel, as_of: date, *, progress: Progress | None = None
) -> WhatIf:
    """Score everybody by the model in use and by this one, and compare. Writes nothing.

    A model of a name in use is tried on the customers that name scores; any other on everybody.
    """
    with house.database.reading() as tx:
        return _Trial(tx, house, model, as_of).run(progress)


class _Trial:
    """One comparison: the plans of the day, made as they are needed, and the counts so far."""

    def __init__(self, tx: Transaction, house: House, model: HealthModel, as_of: date) -> None:
        self.tx, self.house, self.model, self.as_of = tx, house, model, as_of
        self.new = plan_on(tx, house, model, as_of)
        self.used: dict[str, Plan] = {}
        self.before: Counter[str] = Counter()
        self.after: Counter[str] = Counter()
        self.moved: list[Moved] = []
        self.failures: list[tuple[str, str]] = []

    def run(self, progress: Progress | None) -> WhatIf:
        """Compare everybody, a batch at a time."""
        ids, done = sorted(active_ids(self.tx)), 0
        for some in chunks(ids, BATCH):
            for plan, customers in self._groups(some):
                self._compare(plan, customers)
            done += len(some)
            if progress is not None:
                progress(done, len(ids))
        return self._result()

    def _groups(self, ids: Sequence[int]) -> Iterator[tuple[Plan, Sequence[Customer]]]:
        """Yield the customers the model is for, by the model that scores them now."""
        groups: dict[str, list[Customer]] = {}
        for _, customer in sorted(customers_by_ids(self.tx, ids).items()):
            if customer.created_on <= self.as_of:
                used = self.house.model_for(customer.facts, self.as_of)
                if self.model.name in {used.name, *self._strangers()}:
                    groups.setdefault(self._plan(used), []).append(customer)
        for identity, customers in groups.items():
            yield self.used[identity], customers

    def _strangers(self) -> tuple[str, ...]:
        """Return the tried model's name if the house does not use it: then it is for everybody."""
        known = self.house.resolver is not None and self.model.name in self.house.model_names
        return () if known else (self.model.name,)

    def _plan(self, model: HealthModel) -> str:
        if model.identity not in self.used:
            self.used[model.identity] = plan_on(self.tx, self.house, model, self.as_of)
        return model.identity

    def _compare(self, plan: Plan, customers: Sequence[Customer]) -> None:
        """Score some customers, given by ascending id, both ways; tell only of those who moved."""
        block = block_of_customers(self.tx, customers, plan.figures | self.new.figures)
        nobody = np.full(block.size, NO_BAND, dtype=np.int8)
        was, now = scores(plan, block, nobody), scores(self.new, block, nobody)
        broken = {**now.faults, **was.faults}
        self.failures += [(customers[row].key, fault_words(broken[row])) for row in sorted(broken)]
        sound = np.ones(block.size, dtype=np.bool_)
        sound[list(broken)] = False
        before, after = _names(was)[was.band], _names(now)[now.band]
        self.before.update(before[sound].tolist())
        self.after.update(after[sound].tolist())
        for row in (sound & (before != after)).nonzero()[0].tolist():
            self.moved.append(_moved(customers[row], was.at(row), now.at(row)))

    def _result(self) -> WhatIf:
        furthest = sorted(self.moved, key=lambda one: one.score_after - one.score_before)
        return WhatIf(
            as_of=self.as_of,
            model=self.model.identity,
            scored=sum(self.after.values()),
            before=self._ordered(self.before),
            after=self._ordered(self.after),
            moved=tuple(furthest),
            failures=tuple(self.failures),
        )

    def _ordered(self, counted: Counter[str]) -> Mapping[str, int]:
        """Return the counts of every band that held anybody, from the best to the worst."""
        models = (self.model, *self.house.known_models)
        known = [*(band.name for model in models for band in model.bands), UNKNOWN_BAND]
        seen = self.before | self.after
        return {band: counted[band] for band in dict.fromkeys(known) if seen[band]}


def _names(columns: ScoreColumns) -> NDArray[np.str_]:
    return np.array(band_names(columns.model))


def _moved(customer: Customer, was: Score, now: Score) -> Moved:
    # Named as another model, so that a changed file of the same version is told as one.
    other = replace(was, model=f"{was.model} as it is")
    return Moved(
        key=customer.key,
        name=customer.name,
        arr=customer.arr,
        band_before=was.band,
        band_after=now.band,
        score_before=was.value,
        score_after=now.value,
        why=tuple(driver.sentence for driver in drivers(now, other)[:REASONS]),
    )
