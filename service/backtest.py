"""Replay the past, day by day, and hold every score against what followed. Writes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import Final

import numpy as np

from playbooks.hindsight import Fired, Hindsight
from playbooks.life import Stay
from playbooks.many_lives import ManyLives
from playbooks.playbook import Playbook
from playbooks.sieve import UNKNOWN
from scoring.columns.bands import band_names
from scoring.columns.scores import MILLION, ScoreColumns
from scoring.model import HealthModel
from scoring.proof.cases import Cases, Floats, Gathering, Stays, churns_within, days_between
from scoring.proof.evidence import RESAMPLES, Study, Verdict, evidence
from scoring.proof.stints import Stint
from service.labels import Labels, Watched, watched
from service.past_days import Look, Seen, batches, lived, plans_of, surveyed_then, unscored
from service.replay import all_customers
from storage.customers import Customer
from storage.database import Database
from storage.history import has_kind

WEEKLY: Final = 7
HORIZON: Final = 30
LOGIN: Final = "login"
# The two measures anybody can take without a model; a score must beat them to be worth having.
RIVALS: Final = (("silence", "Time since the last {}"), ("tenure", "Tenure"))

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Question:
    """What a backtest asks.

    Days run from `first` to `last` in steps of `every`; unsaid, they are all of history whose
    outcome is known. A churn counts when it comes within `horizon` days. `alarming` bands count as
    alarms, by default those of a bad tone; `times` is the number of resamples for the intervals.
    `playbooks` are replayed along, where any are given.
    """

    model: HealthModel
    labels: Labels
    first: date | None = None
    last: date | None = None
    every: int = WEEKLY
    horizon: int = HORIZON
    alarming: tuple[str, ...] = ()
    times: int = RESAMPLES
    playbooks: tuple[Playbook, ...] = ()


@dataclass(frozen=True, slots=True)
class Replayed:
    """The past under a model: its cases, and what can be said of how they were made.

    `rivals` are (name, title) in the order the cases hold them, `broken` the keys of customers
    whose data broke a calculation, `strangers` those of the list whom we do not know, `unscored`
    how often nothing at all was known of somebody, `fired` which playbooks would have started, and
    for the customer with which key.
    """

    study: Study
    cases: Cases
    rivals: tuple[tuple[str, str], ...]
    broken: tuple[str, ...]
    strangers: tuple[str, ...]
    unscored: int
    fired: tuple[tuple[str, Fired], ...] = ()


@dataclass(frozen=True, slots=True)
class Backtest:
    """A verdict, and what it was read from."""

    verdict: Verdict
    replayed: Replayed


def backtest(
    database: Database, question: Question, *, today: date, progress: Progress | None = None
) -> Backtest | None:
    """Answer how well the model's score would have foretold churn; None without any data.

    `progress` is told how much of the work is done, and how much there is.
    """
    tell = _Teller(progress, 3 + sum(1 for _ in question.model.measured()))
    replayed = replay(database, question, today=today, progress=tell.days)
    if replayed is None:
        return None
    verdict = evidence(
        replayed.study,
        question.model,
        replayed.cases,
        replayed.rivals,
        alarming=question.alarming,
        times=question.times,
        progress=tell.figure,
    )
    return Backtest(verdict, replayed)


def replay(
    database: Database, question: Question, *, today: date, progress: Progress | None = None
) -> Replayed | None:
    """Answer every case of the past days asked about; None without any data."""
    with database.reading() as tx:
        customers = all_customers(tx)
        seen = watched(tx, question.labels, customers, today)
        login = has_kind(tx, LOGIN)
    if seen is None:
        return None
    days = _days(question, seen)
    past = _Past(question, customers, seen.stints, login=login)
    past.live(database, days, progress)
    return past.told(seen, days)


def _days(question: Question, seen: Watched) -> Sequence[date]:
    """Answer the days whose outcome is known, of those asked for."""
    latest = seen.known_until - timedelta(days=question.horizon)
    first = question.first or min((stint.first for stint in seen.stints), default=latest)
    return days_between(first, min(question.last or latest, latest), question.every)


class _Past:
    """Lives through all days, and keeps what became of each customer on each of them."""

    def __init__(
        self,
        question: Question,
        customers: Mapping[int, Customer],
        stints: Sequence[Stint],
        *,
        login: bool,
    ) -> None:
        self._question = question
        self._customers = customers
        self._stints = stints
        self._stays = Stays(stints, {one: known.created_on for one, known in customers.items()})
        self._kinds = (LOGIN,) if login else ()
        self._cases = Gathering(self._nobody(), {})
        self._broken: set[str] = set()
        self._unscored = 0
        self._hindsight = Hindsight(question.playbooks, question.model)
        self._lives = ManyLives(self._hindsight, question.playbooks, len(stints))

    def live(
        self, database: Database, days: Sequence[date], progress: Progress | None = None
    ) -> None:
        """Score everybody watched on those days."""
        with database.reading() as tx:
            plans = plans_of(tx, self._question.model, days)
        looks = [Look(plan, *self._stays.on(plan.as_of)) for plan in plans]
        sizes = {look.plan.as_of: len(look.customers) for look in looks}
        self._cases = Gathering(self._nobody(), sizes)
        compared = bool(plans) and plans[0].needs_peers
        step = _Steps(progress, len(batches(looks)) * len(days) * (1 + compared)).step
        if compared:
            looks = surveyed_then(database, looks, self._customers, step)
        for seen in lived(database, looks, self._customers, self._kinds, step):
            self._take(seen)

    def told(self, seen: Watched, days: Sequence[date]) -> Replayed:
        """Answer what was lived."""
        question = self._question
        silence, tenure = RIVALS
        noun = "login" if self._kinds else "activity"
        cases = self._cases.together()  # As they would be told day by day.
        study = Study(
            model=question.model.name,
            version=question.model.version,
            first=days[0] if days else question.first or seen.known_until,
            last=days[-1] if days else question.last or seen.known_until,
            every=question.every,
            horizon=question.horizon,
            labels=seen.words,
            customers=len(np.unique(cases.customer)),
            stints=len(np.unique(cases.stint)),
        )
        rivals = ((silence[0], silence[1].format(noun)), tenure)
        broken = tuple(sorted(self._broken))
        ordered = sorted(self._hindsight.fired, key=attrgetter("on", "customer"))
        fired = tuple((self._customers[one.customer].key, one) for one in ordered)
        return Replayed(study, cases, rivals, broken, seen.strangers, self._unscored, fired)

    def _take(self, seen: Seen) -> None:
        """Make cases of who has a score; one to which nothing at all contributes is none."""
        broken = seen.scores.faults
        self._broken |= {seen.customers[row].key for row in broken}
        if self._question.playbooks:
            self._look_back(seen)
        nothing = unscored(seen.scores)
        nothing[list(broken)] = False
        self._unscored += int(nothing.sum())
        nothing[list(broken)] = True
        self._cases.add(self._told_cases(seen).take(~nothing))

    def _look_back(self, seen: Seen) -> None:
        renewals = [
            UNKNOWN if one.renewal_on is None else one.renewal_on.toordinal()
            for one in seen.customers
        ]
        self._lives.live(
            seen.stays,
            seen.scores,
            np.array(renewals, np.int64),
            lambda row: self._stay(int(seen.stays[row]), seen.customers[row]),
        )

    def _stay(self, at: int, customer: Customer) -> Stay:
        return Stay(
            number=at,
            facts=customer.facts,
            churned_on=self._stints[at].churned_on,
            renewal_on=customer.renewal_on,
            csm=customer.csm.email if customer.csm is not None else None,
        )

    def _told_cases(self, seen: Seen) -> Cases:
        columns, today = seen.scores, seen.day.toordinal()
        left = self._stays.churned_on(seen.stays)
        return Cases(
            bands=band_names(columns.model),
            customer=np.array([customer.id for customer in seen.customers], np.int32),
            stint=seen.stays.astype(np.int32),
            as_of=np.full(columns.size, today, np.int32),
            value=columns.value / 100,
            band=columns.band,
            churned_on=left,
            churned=churns_within(left, seen.day, self._question.horizon),
            factors=tuple(_factors(columns)),
            rivals=(
                np.where(seen.last > 0, (seen.last - today).astype(np.float64), np.nan),
                (today - self._stays.since(seen.stays)).astype(np.float64),
            ),
        )

    def _nobody(self) -> Cases:
        """Return no case at all, of this model's kind."""
        model, nothing = self._question.model, np.empty(0, np.int32)
        return Cases(
            bands=band_names(model),
            customer=nothing,
            stint=nothing,
            as_of=nothing,
            value=np.empty(0),
            band=nothing.astype(np.int8),
            churned_on=nothing,
            churned=nothing.astype(np.bool_),
            factors=tuple(np.empty(0) for _ in model.measured()),
            rivals=tuple(np.empty(0) for _ in RIVALS),
        )


def _factors(columns: ScoreColumns) -> Iterator[Floats]:
    """Yield each factor's worths in the model's order; NaN where it did not count."""
    for each in columns.factors:
        if each.shown.measured is not None:
            yield np.where(each.left_out, np.nan, each.value / MILLION)


class _Steps:
    """Counts batches of days, and tells of each."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def step(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)


class _Teller:
    """Adds up the two halves of the work: days, and figures to be resampled."""

    def __init__(self, progress: Progress | None, figures: int) -> None:
        self._progress = progress
        self._figures = figures
        self._done = self._days = 0

    def days(self, done: int, total: int) -> None:
        self._days, self._done = total, done
        self._tell()

    def figure(self) -> None:
        self._done += 1
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._done, self._days + self._figures)
