"""Propose a model from history: what to measure, what it is worth, and how much it weighs.

The earlier half of the cases teaches, the later half judges, and the proposal is held against the
model in use on exactly those later cases. Nothing is applied: the answer is a file's text.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isnan
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring import figures as asked
from scoring.proof.candidates import Candidate, candidates, probe
from scoring.proof.cases import Cases, Flags, churns
from scoring.proof.evidence import FEWEST_CHURNS, Owners
from scoring.proof.proposal import Chosen, Proposal, bands_for, proposal
from scoring.proof.ranking import Interval, Ranking, Skill, difference, skill
from scoring.proof.shapes import Family, Shape, among, shape
from service.backtest import Question, Replayed, replay
from service.fitting import fitted
from storage.database import Database, Transaction
from storage.feeds import feed_days
from storage.history import event_kinds

# From hardly believing the data to believing it much; the best is told by a part held back.
STRENGTHS: Final = (0.003, 0.03, 0.3)
FAMILIES: Final[tuple[Family, ...]] = ("steps", "peers")
# Of the part that teaches, the last third chooses between strengths.
TAUGHT: Final = 0.67
HALF: Final = 0.5
RESAMPLES: Final = 400
# Days are ordinals below 2 to this power.
DAY_BITS: Final = 22

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TooFew:
    """Why nothing can be learned: churns in the part that teaches, and in the part that judges."""

    taught: int
    judged: int
    needed: int


@dataclass(frozen=True, slots=True)
class Tuned:
    """A proposal and how it did, beside the model in use, on the later cases neither was fitted to.

    `gain` is how much larger the proposal's AUC is; `better` is False when yours should be kept.
    `split` is the last day that taught, `alone` each chosen factor's own skill there.
    """

    proposal: Proposal
    family: Family
    split: date
    taught: int
    judged: int
    ours: Skill
    yours: Skill
    gain: Interval
    better: bool
    alone: tuple[tuple[str, float], ...]


Outcome = Tuned | TooFew


@dataclass(frozen=True, slots=True)
class _Table:
    """Cases with the number each candidate measured, None where it measured nothing."""

    candidates: tuple[Candidate, ...]
    cases: Cases
    numbers: tuple[tuple[float | None, ...], ...]

    def part(self, keep: Flags) -> "_Table":
        places = np.flatnonzero(keep).tolist()
        return _Table(
            self.candidates,
            self.cases.take(keep),
            tuple(tuple(column[at] for at in places) for column in self.numbers),
        )

    @property
    def churned(self) -> list[bool]:
        churned: list[bool] = self.cases.churned.tolist()
        return churned


@dataclass(frozen=True, slots=True)
class _Fit:
    """What was learned: the columns that stay, how they are scaled, and their shares of weight."""

    family: Family
    shapes: dict[int, Shape]
    means: dict[int, float]
    weights: dict[int, float]
    rises: dict[int, bool]

    def scores(self, table: _Table) -> list[float]:
        """Return the score of each case, the unknown standing at the mean."""
        columns = {at: _worths(self, table, at) for at in self.weights}
        return [
            sum(weight * columns[at][row] for at, weight in self.weights.items())
            for row in range(len(table.cases))
        ]


def tune(
    database: Database,
    question: Question,
    *,
    today: date,
    name: str = "tuned",
    progress: Progress | None = None,
) -> Outcome | None:
    """Answer a proposal that beats `question.model`, or the reason to keep it; None without data.

    Raises NeedsExtra where scikit-learn is not installed.
    """
    stages = _Stages(progress)
    with database.reading() as tx:
        chosen = _candidates(tx, today)
    raw = replay(database, replace(question, model=probe(chosen)), today=today, progress=stages)
    if raw is None:
        return None
    table = _table(chosen, raw)
    split = _split(table.cases, HALF)
    early = table.part(_known_by(table.cases, split, question.horizon))
    late = table.part(table.cases.as_of > split.toordinal())
    if min(churns(early.cases), churns(late.cases)) < FEWEST_CHURNS:
        return TooFew(churns(early.cases), churns(late.cases), FEWEST_CHURNS)
    fit = _best(early, question.horizon)
    made = _proposed(fit, early, question, name, ())
    return _judged(database, question, made, fit, (early, late, split), today, stages, name)


def _candidates(tx: Transaction, today: date) -> tuple[Candidate, ...]:
    """Answer what can be measured of the data there is."""
    wanted = (asked.EVENTS, asked.FEATURES, asked.TICKETS, asked.INVOICES)
    spoken = feed_days(tx, wanted, today)
    sources = [source for source in wanted if spoken[source].first_day is not None]
    return candidates(sources, list(event_kinds(tx)))


def _table(chosen: tuple[Candidate, ...], raw: Replayed) -> _Table:
    numbers = tuple(
        tuple(None if isnan(worth) else each.number(worth) for worth in worths.tolist())
        for each, worths in zip(chosen, raw.cases.factors, strict=True)
    )
    return _Table(chosen, raw.cases, numbers)


def _split(cases: Cases, share: float) -> date:
    """Answer the day up to which that share of the cases lies."""
    days = np.sort(cases.as_of)
    return date.fromordinal(int(days[int(share * (len(days) - 1))])) if len(days) else date.min


def _known_by(cases: Cases, split: date, horizon: int) -> Flags:
    """Tell whose outcome was known on that day: what teaches may not peek ahead."""
    known: Flags = cases.as_of + horizon <= split.toordinal()
    return known


def _best(table: _Table, horizon: int) -> _Fit:
    """Answer the fit whose family and strength did best on the last third of what teaches."""
    split = _split(table.cases, TAUGHT)
    early = table.part(_known_by(table.cases, split, horizon))
    late = table.part(table.cases.as_of > split.toordinal())
    tried = [(family, strength) for family in FAMILIES for strength in STRENGTHS]
    usable = any(early.churned) and any(late.churned)
    best = max(tried, key=lambda one: _auc(_fit(early, *one), late)) if usable else tried[1]
    return _fit(table, *best)


def _fit(table: _Table, family: Family, strength: float) -> _Fit:
    shapes = {at: found for at in range(len(table.candidates)) if (found := _shape(table, at))}
    rises = {at: each.worths[-1] >= each.worths[0] for at, each in shapes.items()}
    blank = _Fit(family, shapes, {}, {}, rises)
    worths = {at: _known(blank, table, at) for at in shapes}
    means = {at: _mean(column) for at, column in worths.items()}
    filled = [[means[at] if w is None else w for w in column] for at, column in worths.items()]
    places = list(worths)
    slopes = fitted(filled, table.churned, strength)
    return replace(blank, means=means, weights={places[at]: w for at, w in slopes.items()})


def _shape(table: _Table, at: int) -> Shape | None:
    known = [
        (number, gone)
        for number, gone in zip(table.numbers[at], table.churned, strict=True)
        if number is not None
    ]
    if not any(gone for _, gone in known):
        return None
    return shape([number for number, _ in known], [gone for _, gone in known])


def _known(fit: _Fit, table: _Table, at: int) -> list[float | None]:
    numbers = table.numbers[at]
    if fit.family == "peers":
        return among(table.cases.as_of.tolist(), numbers, more=fit.rises[at])
    each = fit.shapes[at]
    return [None if number is None else each.worth(number) for number in numbers]


def _worths(fit: _Fit, table: _Table, at: int) -> list[float]:
    return [fit.means[at] if worth is None else worth for worth in _known(fit, table, at)]


def _mean(column: Sequence[float | None]) -> float:
    known = [each for each in column if each is not None]
    return sum(known) / len(known) if known else 0.0


def _auc(fit: _Fit, table: _Table) -> float:
    if not fit.weights:
        return 0.0
    ranking = Owners(table.cases).ranking(np.array(fit.scores(table)), table.cases)
    found = ranking.weighed(bytes([1]) * ranking.customers)
    return found[0] if found else 0.0


def _proposed(
    fit: _Fit, early: _Table, question: Question, name: str, evidence: Sequence[str]
) -> Proposal:
    heaviest = sorted(fit.weights.items(), key=lambda one: -one[1])
    chosen = [Chosen(early.candidates[at], _scale(fit, at), 100 * w) for at, w in heaviest]
    bands = bands_for(question.model, fit.scores(early))
    return proposal(name, f"Tuned on history, {name}"[:120], chosen, bands, evidence)


def _scale(fit: _Fit, at: int) -> dict[str, Any]:
    if fit.family == "steps":
        return fit.shapes[at].scale()
    return {"kind": "among_peers", "better": "more" if fit.rises[at] else "fewer"}


def _judged(  # noqa: PLR0917 - one private step of `tune`, with all it has found
    database: Database,
    question: Question,
    made: Proposal,
    fit: _Fit,
    parts: tuple[_Table, _Table, date],
    today: date,
    stages: "_Stages",
    name: str,
) -> Tuned:
    """Live the later half twice, under either model, through the same door as any backtest."""
    early, late, split = parts
    first = date.fromordinal(int(late.cases.as_of.min()))
    lived = [
        replay(database, replace(question, model=model, first=first), today=today, progress=stages)
        for model in (made.model, question.model)
    ]
    ours, yours = _paired([one.cases for one in lived if one is not None])
    found = [_skill(ours), _skill(yours)]
    gain = difference(_ranking(ours), _ranking(yours), RESAMPLES) or Interval(0.0, 0.0, 0.0)
    tuned = Tuned(
        proposal=made,
        family=fit.family,
        split=split,
        taught=churns(early.cases),
        judged=churns(ours),
        ours=found[0],
        yours=found[1],
        gain=gain,
        better=gain.value >= 0,
        alone=tuple(_alone(made, ours)),
    )
    evidence = tuple(header(tuned, question, today))
    return replace(tuned, proposal=_proposed(fit, early, question, name, evidence))


def _paired(lived: Sequence[Cases]) -> tuple[Cases, Cases]:
    """Answer the cases both models scored, in the same order."""
    ours, yours = lived
    _, mine, other = np.intersect1d(
        _keys(ours), _keys(yours), assume_unique=True, return_indices=True
    )
    return ours.take(mine), yours.take(other)


def _keys(cases: Cases) -> NDArray[np.int64]:
    return cases.customer.astype(np.int64) << DAY_BITS | cases.as_of


def _ranking(cases: Cases) -> Ranking:
    return Owners(cases).ranking(cases.value, cases)


def _skill(cases: Cases) -> Skill:
    found = skill(_ranking(cases), RESAMPLES)
    nothing = Interval(0.5, 0.0, 1.0)
    return found or Skill(nothing, nothing, nothing, len(cases), 0)


def _alone(made: Proposal, cases: Cases) -> Iterator[tuple[str, float]]:
    owners = Owners(cases)
    for factor, figures in zip(made.model.factors, cases.factors, strict=True):
        ranking = owners.ranking(figures, cases)
        found = ranking.weighed(bytes([1]) * ranking.customers)
        yield factor.title, found[0] if found else 0.5


def header(tuned: Tuned, question: Question, today: date) -> Iterator[str]:
    """Yield what stands above a proposed model: where it comes from, and why to believe it."""
    model = question.model
    yield f"Proposed by `bellwether tune` on {today}. Nothing uses it until you say so:"
    yield "point BELLWETHER_MODEL at this file, and read it first."
    yield ""
    yield f"Learned from the days up to {tuned.split} ({tuned.taught} churns), judged on the days"
    yield f"after it ({tuned.judged} churns), churn within {question.horizon} days. There:"
    yield f"  this model         AUC {_told(tuned.ours.auc)}"
    yield f"  {model.identity:<18} AUC {_told(tuned.yours.auc)}"
    yield f"  difference         {_told(tuned.gain, signed=True)}"
    if not tuned.better:
        yield "It is no better than the model in use. Keep yours."
    yield ""
    yield "Each factor alone, there:"
    yield from (f"  {auc:.3f}  {title}" for title, auc in tuned.alone)


def _told(found: Interval, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"{found.value:{sign}.3f} (95 %: {found.low:{sign}.3f} to {found.high:{sign}.3f})"


class _Stages:
    """Adds up three replays of unlike length: the probe's, the proposal's and the one in use."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._past = 0.0
        self._shares = [0.5, 0.25, 0.25]

    def __call__(self, done: int, total: int) -> None:
        if self._progress is not None and self._shares:
            self._progress(round(1000 * (self._past + self._shares[0] * done / total)), 1000)
        if done == total and self._shares:
            self._past += self._shares.pop(0)
