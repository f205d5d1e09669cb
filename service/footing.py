"""What each customer's score of a day is compared with, and who can be scored in columns at all.

Most days nearly everybody has a score of the eve, and the newest scores tell it. Who has none
that compares, because nobody saw them before, or they were away, or the model is another one,
begins anew (rules 3 and 4). Of these, and of days gone by, the snapshots tell.
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray

from scoring.columns.bands import NO_BAND, band_names
from scoring.columns.compare import TRENDS
from service.verdict import Assignment
from storage.columnar import MISSING, Ints
from storage.database import Transaction
from storage.pasts import pasts
from storage.standings import Series, Standings

Mask = NDArray[np.bool_]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Footing:
    """What customers of a day are compared with: a row each, of the standings they stand beside.

    `due` are those that columns may score, `done` those of whom nothing is to be done, all others
    are to be looked at one by one. `again` have a score of the day already, to be replaced or to
    be asked about. `known` tells whose score before compares; `score`, `band` and `trend` are of
    that one, else they mean nothing. `steady` tells whose newest score is the one compared with.
    `version` and `on` are of the newest score before, whatever its version.
    """

    due: Mask
    done: Mask
    again: Mask
    known: Mask
    steady: Mask
    score: Ints
    band: Ints
    trend: Ints
    version: Ints
    on: Ints

    def some(self, places: Index) -> Self:
        """Return the customers at these places."""
        return type(self)(*(getattr(self, each.name)[places] for each in fields(self)))

    @property
    def eve(self) -> date | None:
        """Return the day that is compared with; None where nobody's score compares."""
        days = self.on[(self.due | self.again) & self.known]
        return date.fromordinal(int(days.max())) if len(days) else None


def series_of(task: Assignment) -> Series:
    """Return which scores compare: those of the same version of the model."""
    model = task.house.model
    return Series(model.name, model.version, band_names(model), TRENDS)


def footing(tx: Transaction, task: Assignment, standing: Standings) -> Footing:
    """Find what these customers are compared with."""
    found = _of_newest(task, standing, _eve(task, standing))
    left = np.flatnonzero(~found.due & ~found.done)
    if len(left):
        _look_back(tx, task, standing, found, left)
    # One day is compared with; whose score is of another one is looked at closely.
    if found.eve is not None:
        found.due[found.known & (found.on != found.eve.toordinal())] = False
    return found


def _of_newest(task: Assignment, standing: Standings, eve: int) -> Footing:
    """Take the newest scores for what is compared with, as far as they go."""
    back = (standing.active_since == MISSING) | (standing.active_since <= eve)
    born = standing.created_on <= task.as_of.toordinal()
    ours = standing.ours & (standing.as_of == eve) & back & born & (standing.band >= 0)
    # Of a day scored before, and of one gone by, only the snapshots tell.
    told = task.newest and not task.replace
    asked = told and not task.unasked
    steady = ours if told else np.zeros(len(ours), np.bool_)
    done = standing.same_model & (standing.as_of == task.as_of.toordinal()) & asked
    return Footing(
        due=steady.copy(),
        done=done,
        again=np.zeros(len(ours), np.bool_),
        known=steady.copy(),
        steady=steady,
        score=np.where(steady, standing.score, MISSING),
        band=np.where(steady, standing.band, NO_BAND),
        trend=np.where(steady, standing.trend, 0),
        version=np.where(steady, task.house.model.version, MISSING),
        on=np.where(steady, standing.as_of, MISSING),
    )


def _eve(task: Assignment, standing: Standings) -> int:
    before = standing.as_of[standing.ours & (standing.as_of < task.as_of.toordinal())]
    return int(before.max()) if len(before) else task.eve.toordinal()


def _look_back(
    tx: Transaction, task: Assignment, standing: Standings, found: Footing, left: Index
) -> None:
    """Find in the snapshots what the newest scores do not tell of those who are left."""
    some, series = standing.some(left), series_of(task)
    past = pasts(tx, some.ids, series, task.as_of)
    # Another model scored them since: coming back begins anew.
    elsewhere = ~some.same_model & (some.as_of > past.as_of)
    there = (past.as_of != MISSING) & ~elsewhere
    back = (some.active_since == MISSING) | (some.active_since <= past.as_of)
    known = there & (past.version == series.version) & back
    scored = past.today != MISSING
    again = scored & (task.replace or task.unasked)
    # Playbooks are asked about who was scored on the eve by way of the newest scores alone.
    fit = (past.band >= 0) & (again | (not task.decide))
    # What another version makes of a past day is a series of its own (`service.batch`).
    apart = again & (past.today != series.version) & (not task.newest)
    born = some.created_on <= task.as_of.toordinal()
    found.again[left] = again
    found.due[left] = born & (~scored | task.replace) & ~apart & (~known | fit)
    found.done[left] = np.where(scored, ~again, ~born)
    found.known[left] = known
    for column, values, nothing in (
        (found.score, past.score, MISSING),
        (found.band, past.band, NO_BAND),
        (found.trend, past.trend, 0),
    ):
        column[left] = np.where(known, values, nothing)
    found.version[left] = np.where(there, past.version, MISSING)
    found.on[left] = np.where(there, past.as_of, MISSING)
