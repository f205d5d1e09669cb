"""One customer on one day: the score, and how it compares with the ones before."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import PurePath
from traceback import extract_tb
from typing import Final, Self

from playbooks.triggers import FactorCrosses
from scoring.errors import ScoringError
from scoring.override import Override, overridden
from scoring.score import Plan, Score
from scoring.transition import Transition, transition
from scoring.trend import Trend, trend
from service.past import MONTH, WEEK, change, comparable, outline
from service.ports import House
from service.said import Said, number_of, own_band, own_value, said_on
from service.scored import Scored
from storage.activity import answers
from storage.customers import Customer
from storage.database import Transaction
from storage.snapshots import (
    Current,
    Snapshot,
    first_said,
    latest_before,
    scores_at,
)

# What broken data can raise from a calculation. Lost connections and locks are not among them:
# they are nobody's data, and the run as a whole is tried again.
FAULTS: Final = (ArithmeticError, LookupError, TypeError, ValueError, ScoringError)
# Smaller changes over a week or a month are noise; loading the past for them would be waste.
WORTH_EXPLAINING: Final = Decimal(5)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is to be done with every batch of a run.

    `newest`: no later day is stored yet, so the current scores move. `decide`: playbooks are
    asked. `replace`: a stored snapshot of the day is computed again; it is never decided on again.
    `unasked`: the day was scored before, by a run that asked no playbook.
    """

    house: House
    plan: Plan
    run: str
    now: datetime
    newest: bool
    decide: bool
    replace: bool
    unasked: bool = False

    @property
    def as_of(self) -> date:
        """Answer the day the scores describe."""
        return self.plan.as_of

    @property
    def eve(self) -> date:
        """Answer the day before."""
        return self.as_of - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One customer's day: the score, and how it compares with the ones before.

    `before` is the newest snapshot of an earlier day, where it was read.
    """

    customer: Customer
    score: Score
    transition: Transition
    trend: Trend
    change_7: Decimal | None
    change_30: Decimal | None
    rebanded: tuple[str, str, str] | None = None  # key, band under the old model, band now
    before: Snapshot | None = None

    @property
    def moved(self) -> bool:
        """Tell whether there is a change worth explaining."""
        steps = [abs(step) for step in (self.change_7, self.change_30) if step is not None]
        crossed = self.transition.kind in {"worsened", "improved"}
        return crossed or any(step >= WORTH_EXPLAINING for step in steps)


def verdicts_on(
    tx: Transaction,
    task: Assignment,
    customers: Mapping[int, Customer],
    latest: Mapping[int, Current],
    scored: Scored | None = None,
) -> tuple[list[Verdict], list[tuple[str, str]]]:
    """Judge each customer by itself: whose data breaks the calculation costs nobody else.

    `latest` are their newest scores; who is `scored` already is not scored again.
    """
    ids, model, version = list(customers), task.house.model.name, task.house.model.version
    before = {
        one: snapshot
        for one, snapshot in _before(tx, task, ids, scored).items()
        if not _elsewhere(snapshot, latest.get(one))
    }
    week = scores_at(tx, ids, model, task.as_of - WEEK, version)
    month = scores_at(tx, ids, model, task.as_of - MONTH, version)
    said = _Said.on(tx, ids, task.as_of)
    told = first_said(tx, before)
    known = _known(task, customers, before, scored)
    figures = answers(tx, [one for one in ids if one not in known], task.plan.figures)
    found: list[Verdict] = []
    failures: list[tuple[str, str]] = []
    for one, customer in customers.items():
        previous = before.get(one)
        past = said.like(one, week.get(one), month.get(one))
        try:
            score = known.get(one) or task.plan.score(
                customer.facts, figures[one], _band_before(task, customer, previous)
            )
            own = _verdict(task, customer, score, previous, past, told=told.get(one))
            found.append(_shown(task, own, previous, said.now.get(one)))
        except FAULTS as fault:
            failures.append((customer.key, fault_words(fault)))
    return found, failures


def _before(
    tx: Transaction, task: Assignment, ids: Sequence[int], scored: Scored | None
) -> Mapping[int, Snapshot]:
    """Answer the newest earlier snapshots; their records only where somebody may look at them.

    Of whom columns told the score, no person said anything over the one before.
    """
    looked_at = any(isinstance(each.when, FactorCrosses) for each in task.house.playbooks)
    told = scored.compared(ids) if scored and not looked_at else set()
    name, day = task.house.model.name, task.as_of
    plain = latest_before(tx, sorted(told), name, day, records=False) if told else {}
    found = {one: snapshot for one, snapshot in plain.items() if day - snapshot.as_of <= MONTH}
    others = [one for one in ids if one not in found]
    return found | (latest_before(tx, others, name, day) if others else {})


def _known(
    task: Assignment,
    customers: Mapping[int, Customer],
    before: Mapping[int, Snapshot],
    scored: Scored | None,
) -> Mapping[int, Score]:
    """Answer the scores that were told from the same band before; a word of a person moves it."""
    found: dict[int, Score] = {}
    for one, (band, score) in scored.among(list(customers)).items() if scored else ():
        with suppress(*FAULTS):
            if _band_before(task, customers[one], before.get(one)) == band:
                found[one] = score
    return found


def _band_before(task: Assignment, customer: Customer, previous: Snapshot | None) -> str | None:
    """Answer the band that hysteresis remembers, where the day before compares with today."""
    if previous is None or not comparable(task.house.model, customer, previous):
        return None
    return own_band(previous)


def _elsewhere(snapshot: Snapshot, latest: Current | None) -> bool:
    """Tell whether another model scored the customer since: coming back begins anew (rule 4)."""
    return latest is not None and latest.model != snapshot.model and latest.as_of > snapshot.as_of


def _verdict(
    task: Assignment,
    customer: Customer,
    score: Score,
    previous: Snapshot | None,
    past: tuple[Decimal | None, Decimal | None],
    *,
    told: Snapshot | None,
) -> Verdict:
    """Compare with the score before; `told` is what that one said before it was corrected.

    A correction alarms nobody about a day gone by. But who stands lower today than anybody was
    ever told has fallen today: compared with the correction alone, nobody would hear of it.
    """
    model = task.house.model
    known = outline(previous) if previous and comparable(model, customer, previous) else None
    heard = known
    if known and told and told.version == known.version and number_of(told) is None:
        heard = outline(told)
    week, month = past
    return Verdict(
        customer=customer,
        score=score,
        transition=transition(model, heard, score),
        trend=trend(model, score.value, own_value(previous) if previous and known else None),
        change_7=change(score.value, week if known else None),
        change_30=change(score.value, month if known else None),
        rebanded=_rebanded(customer, previous, score),
        before=previous,
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What people say of the day's scores, and said of those of a week and a month ago."""

    now: Said
    week: Said
    month: Said

    @classmethod
    def on(cls, tx: Transaction, ids: Sequence[int], as_of: date) -> Self:
        return cls(*(said_on(tx, ids, as_of - back) for back in (timedelta(0), WEEK, MONTH)))

    def like(
        self, one: int, week: Decimal | None, month: Decimal | None
    ) -> tuple[Decimal | None, Decimal | None]:
        """Keep of the earlier scores those that were shown under the same word, or under none."""
        now = self.now.get(one)
        return (
            week if self.week.get(one) == now else None,
            month if self.month.get(one) == now else None,
        )


def _shown(
    task: Assignment, own: Verdict, previous: Snapshot | None, said: Override | None
) -> Verdict:
    """Answer the verdict as it is shown: what a person said stands over what was computed.

    Whether somebody began or ceased to say something is nothing the customer did: no transition.
    A word that changed nothing on either day hides nothing either.
    """
    number = said.number if said else None
    if said is None and number_of(previous) is None:
        return own
    model, gained = task.house.model, (own.change_7, own.change_30)
    score = overridden(model, own.score, said)
    if (score.value, score.band) == (own.score.value, own.score.band) and _is_own(previous):
        return replace(own, score=score)
    lift = score.value - own.score.value
    known = outline(previous) if previous and comparable(model, own.customer, previous) else None
    step = transition(model, known, score)
    if number != number_of(previous) and known is not None:
        step = replace(step, kind="baseline")
    week, month = (None if points is None else points + lift for points in gained)
    return replace(own, score=score, transition=step, change_7=week, change_30=month)


def _is_own(snapshot: Snapshot | None) -> bool:
    """Tell whether what was shown is what was computed, whatever anybody said."""
    if snapshot is None:
        return True
    return (snapshot.score, snapshot.band) == (own_value(snapshot), own_band(snapshot))


def _rebanded(
    customer: Customer, previous: Snapshot | None, score: Score
) -> tuple[str, str, str] | None:
    """Answer whom a new version of the model put into another band (rule 4)."""
    if previous is None or previous.version == score.version or previous.band == score.band:
        return None
    return customer.key, previous.band, score.band


def fault_words(fault: BaseException) -> str:
    """Answer what broke and where, in words that hold none of the customer's data (rule 27)."""
    frames = extract_tb(fault.__traceback__)
    if not frames:
        return type(fault).__name__
    path = PurePath(frames[-1].filename)
    return f"{type(fault).__name__} in {path.parent.name}/{path.name}:{frames[-1].lineno}"
