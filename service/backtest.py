"""Replay the past, day by day, and hold every score against what followed. Writes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from playbooks.hindsight import Fired, Hindsight, Stay
from playbooks.playbook import Playbook
from scoring.figures import LastActivity
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.proof.cases import Case, churns_within, days_between
from scoring.proof.cases import watched as watched_on
from scoring.proof.evidence import RESAMPLES, Study, Verdict, evidence
from scoring.proof.stints import Stint
from scoring.score import Score
from service.labels import Labels, Watched, watched
from service.replay import all_customers, figures_on, scored_on
from storage.customers import Customer
from storage.database import Database, Transaction
from storage.history import event_kinds

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
    cases: tuple[Case, ...]
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
        login = LOGIN in event_kinds(tx)
    if seen is None:
        return None
    days = _days(question, seen)
    past = _Past(database, question, customers, seen.stints, login=login)
    for done, day in enumerate(days, start=1):
        past.live(day)
        if progress is not None:
            progress(done, len(days))
    return past.told(seen, days)


def _days(question: Question, seen: Watched) -> Sequence[date]:
    """Answer the days whose outcome is known, of those asked for."""
    latest = seen.known_until - timedelta(days=question.horizon)
    first = question.first or min((stint.first for stint in seen.stints), default=latest)
    return days_between(first, min(question.last or latest, latest), question.every)


class _Past:
    """Lives one day after the other; a band is carried from each day to the next of a stint."""

    def __init__(
        self,
        database: Database,
        question: Question,
        customers: Mapping[int, Customer],
        stints: Sequence[Stint],
        *,
        login: bool,
    ) -> None:
        self._database = database
        self._question = question
        self._customers = customers
        self._stints = stints
        self._kinds = (LOGIN,) if login else ()
        self._bands: dict[int, str] = {}
        self._cases: list[Case] = []
        self._broken: set[str] = set()
        self._unscored = 0
        self._hindsight = Hindsight(question.playbooks, question.model)

    def live(self, day: date) -> None:
        """Score everybody watched on that day."""
        here = watched_on(self._stints, day)
        people = {one: self._customers[one] for one in here if self._was_here(one, day)}
        if not people:
            return
        with self._database.reading() as tx:
            last = figures_on(tx, LastActivity(self._kinds, day), people)
            for customer, score in self._scored(tx, day, people, here):
                case = self._case(customer, here[customer.id], score, last[customer.id])
                self._cases.append(case)

    def told(self, seen: Watched, days: Sequence[date]) -> Replayed:
        """Answer what was lived."""
        question = self._question
        silence, tenure = RIVALS
        noun = "login" if self._kinds else "activity"
        study = Study(
            model=question.model.name,
            version=question.model.version,
            first=days[0] if days else question.first or seen.known_until,
            last=days[-1] if days else question.last or seen.known_until,
            every=question.every,
            horizon=question.horizon,
            labels=seen.words,
            customers=len({case.customer for case in self._cases}),
            stints=len({case.stint for case in self._cases}),
        )
        rivals = ((silence[0], silence[1].format(noun)), tenure)
        broken = tuple(sorted(self._broken))
        cases = tuple(self._cases)
        fired = tuple((self._customers[one.customer].key, one) for one in self._hindsight.fired)
        return Replayed(study, cases, rivals, broken, seen.strangers, self._unscored, fired)

    def _was_here(self, one: int, day: date) -> bool:
        return one in self._customers and self._customers[one].created_on <= day

    def _scored(
        self, tx: Transaction, day: date, people: Mapping[int, Customer], here: Mapping[int, int]
    ) -> Iterator[tuple[Customer, Score]]:
        """Yield who has a score; one to which nothing at all contributes is none."""
        before = {one: self._bands[at] for one, at in here.items() if at in self._bands}
        for customer, score in scored_on(tx, self._question.model, day, people, before):
            if score is None:
                self._broken.add(customer.key)
                continue
            at = here[customer.id]
            self._hindsight.live(self._stay(at, customer), score)
            if all(factor.policy == "exclude" for factor in score.factors):
                self._unscored += 1
            else:
                if score.band != UNKNOWN_BAND:
                    self._bands[at] = score.band
                yield customer, score

    def _stay(self, at: int, customer: Customer) -> Stay:
        return Stay(
            number=at,
            facts=customer.facts,
            churned_on=self._stints[at].churned_on,
            renewal_on=customer.renewal_on,
            csm=customer.csm.email if customer.csm is not None else None,
        )

    def _case(self, customer: Customer, at: int, score: Score, last: date | None) -> Case:
        stint, day = self._stints[at], score.as_of
        silence = None if last is None else -float((day - last).days)
        return Case(
            customer=customer.id,
            stint=at,
            as_of=day,
            value=float(score.value),
            band=score.band,
            factors=_factors(self._question.model, score),
            rivals=(silence, float((day - customer.created_on).days)),
            churned_on=stint.churned_on,
            churned=churns_within(stint, day, self._question.horizon),
        )


def _factors(model: HealthModel, score: Score) -> tuple[float | None, ...]:
    """Answer each factor's worth in the model's order; None where it did not count."""
    found = {each.name: each for each in score.factors}
    return tuple(
        None if found[each.name].policy == "exclude" else float(found[each.name].value)
        for each in model.measured()
    )


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
