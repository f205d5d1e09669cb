"""Everything a backtest found, in one value; or why there is too little to say anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.proof.alarms import Alerts, BandRow, Lead, alerts, by_band, lead
from scoring.proof.calibration import Tenth, by_tenth
from scoring.proof.cases import Cases, Floats, base_rate, churns
from scoring.proof.ranking import Ranking, Skill, skill

# With fewer churns any interval is as wide as the scale, and every band's precision an anecdote.
FEWEST_CHURNS = 20
CHANCE = 0.5
ALARMING = ("bad", "critical")
RESAMPLES = 400
# The sides of the story need no third decimal of their intervals.
RESAMPLES_BESIDE = 200

Signal = Literal["signal", "no signal", "inverted"]


@dataclass(frozen=True, slots=True)
class Study:
    """What was asked: the days, how far ahead, where the labels came from, how customers are told.

    `customers` and `stints` are those watched on at least one day, `alarming` the bands that
    count as an alarm.
    """

    model: str
    version: int
    first: date
    last: date
    every: int
    horizon: int
    labels: str
    customers: int
    stints: int


@dataclass(frozen=True, slots=True)
class Told:
    """A single figure held against churn: `skill` is None where it had nothing to tell apart."""

    name: str
    title: str
    skill: Skill | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well the score foretold churn. Shares and AUC are 0 to 1, `base` is the base rate.

    `factors` and `rivals` are each figure alone. `curve` is the ROC curve as (share of those who
    stayed, share of those who churned).
    """

    study: Study
    cases: int
    churns: int
    base: float
    unknown: int
    score: Skill
    signal: Signal
    factors: tuple[Told, ...]
    rivals: tuple[Told, ...]
    bands: tuple[BandRow, ...]
    lead: Lead
    alerts: Alerts
    tenths: tuple[Tenth, ...]
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class TooLittle:
    """Why nothing can be said: fewer churns in view than `needed`, or nobody who stayed.

    `per_year` is how many churns a year were in view, 0 when that cannot be told.
    """

    study: Study
    cases: int
    churns: int
    needed: int
    per_year: float


Verdict = Evidence | TooLittle


def evidence(
    study: Study,
    model: HealthModel,
    cases: Cases,
    rivals: Sequence[tuple[str, str]],
    *,
    alarming: Sequence[str] = (),
    times: int = RESAMPLES,
    progress: Callable[[], None] = lambda: None,
) -> Verdict:
    """Return what the cases prove; `rivals` are (name, title) in the order the cases have them.

    `alarming` bands count as alarms, by default those whose tone is bad or critical. `progress` is
    called after each figure that was resampled.
    """
    found = churns(cases)
    owners = Owners(cases)
    ranking = owners.ranking(cases.value, cases)
    known = skill(ranking, times) if found >= FEWEST_CHURNS else None
    progress()
    if known is None:
        return _too_little(study, cases, found)
    beside = min(times, RESAMPLES_BESIDE)
    tell = _Teller(cases, owners, beside, progress)
    named = [(each.name, each.title) for each in model.measured()]
    alarms = tuple(alarming) or alarming_bands(model)
    return Evidence(
        study=study,
        cases=len(cases),
        churns=found,
        base=base_rate(cases),
        unknown=int(cases.among([UNKNOWN_BAND]).sum()),
        score=known,
        signal=_signal(known),
        factors=tell.all(named, cases.factors),
        rivals=tell.all(rivals, cases.rivals),
        bands=by_band(cases, worst_first(model)),
        lead=lead(cases, alarms),
        alerts=alerts(cases, alarms),
        tenths=by_tenth(cases),
        curve=ranking.curve(),
    )


def alarming_bands(model: HealthModel) -> tuple[str, ...]:
    """Return the bands that alarm by their tone, or the worst one where none has such a tone."""
    named = tuple(band.name for band in model.bands if band.tone in ALARMING)
    return named or (model.bands[-1].name,)


def worst_first(model: HealthModel) -> tuple[tuple[str, str], ...]:
    """Return the bands with their tones, worst first, and the unknown one last."""
    bands = [(band.name, band.tone) for band in reversed(model.bands)]
    return (*bands, (UNKNOWN_BAND, UNKNOWN_BAND))


class Owners:
    """The customers of the cases, numbered from 0, so that they can be drawn."""

    def __init__(self, cases: Cases) -> None:
        whose, places = np.unique(cases.customer, return_inverse=True)
        self._places, self._count = places.astype(np.int32), len(whose)

    def ranking(self, figures: Floats, cases: Cases) -> Ranking:
        """Return the cases in order of a figure, those without it (NaN) left out."""
        known = ~np.isnan(figures)
        if known.all():
            return Ranking(figures, cases.churned, self._places, self._count)
        return Ranking(figures[known], cases.churned[known], self._places[known], self._count)


class _Teller:
    """Holds single figures against churn, one after the other."""

    def __init__(
        self, cases: Cases, owners: Owners, times: int, progress: Callable[[], None]
    ) -> None:
        self._cases = cases
        self._owners = owners
        self._times = times
        self._progress = progress

    def all(self, named: Sequence[tuple[str, str]], columns: Sequence[Floats]) -> tuple[Told, ...]:
        return tuple(
            self._one(name, title, figures)
            for (name, title), figures in zip(named, columns, strict=True)
        )

    def _one(self, name: str, title: str, figures: Floats) -> Told:
        found = skill(self._owners.ranking(figures, self._cases), self._times)
        self._progress()
        return Told(name, title, found)


def _signal(found: Skill) -> Signal:
    """Believe a score only when the strict interval leaves chance out.

    Of scores that know nothing one in twenty would pass the usual interval, and people act on it.
    """
    if found.strict.low <= CHANCE <= found.strict.high:
        return "no signal"
    return "signal" if found.auc.value > CHANCE else "inverted"


def _too_little(study: Study, cases: Cases, found: int) -> TooLittle:
    days = (study.last - study.first).days + study.horizon
    return TooLittle(
        study=study,
        cases=len(cases),
        churns=found,
        needed=FEWEST_CHURNS,
        per_year=found * 365 / days if days > 0 else 0.0,
    )
