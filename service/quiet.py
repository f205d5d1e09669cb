"""Customers about whom there is nothing to say today: scored, stored and done with in columns.

On most days that is nearly everybody: they stand in the band of the day before, no play is open,
and no playbook could have anything to say. They never become objects of ours. Whoever might be
different is answered to the caller, who looks at them one by one (`service.batch`); both ways
write the same rows.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from playbooks.sieve import UNKNOWN, Quiet, may_fire
from scoring.columns.bands import band_names
from scoring.columns.block import Block, wants_people
from scoring.columns.compare import TRENDS, trends
from scoring.columns.packed import frame_key
from scoring.columns.scores import ScoreColumns, scores
from scoring.columns.worths import STATUSES
from service.batch import Tally
from service.verdict import Assignment
from storage.answer_columns import answer_columns, overflown
from storage.columnar import MISSING, Ints
from storage.database import Transaction
from storage.frames import framed, keep_frame
from storage.snapshot_columns import (
    AlreadyScored,
    QuietScores,
    add_quiet,
    move_quiet,
    unless_scored,
)
from storage.standings import Series, Standings, facts, standings, watched

Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

# Customers scored at once: columns of more fit no cache, and their records fill the memory.
AT_ONCE: Final = 5_000
KNOWN: Final = STATUSES.index("known")


def score_quiet(tx: Transaction, task: Assignment, ids: Sequence[int]) -> tuple[Tally, list[int]]:
    """Score and store the quiet ones of these customers; answer whom to look at one by one.

    Who has a score of the day, and nothing was left to decide about, is in neither.
    """
    if task.replace or not task.newest or not ids:
        return Tally(), list(ids)
    series = _series(task)
    ordered = sorted(ids)
    standing = standings(tx, ordered, series, task.as_of)
    closer = np.isin(standing.ids, watched(tx, ordered, series, task.as_of))
    waiting = _comparable(task, standing) & ~closer
    done = _done(task, standing) & ~closer
    try:
        written = _written(tx, task, series, standing, np.flatnonzero(waiting))
    except AlreadyScored:
        written = np.zeros(len(standing.ids), np.bool_)
    known = set(standing.ids[written | done].tolist())
    count = int(written.sum())
    return Tally(scored=count, written=count), [one for one in ids if one not in known]


def _series(task: Assignment) -> Series:
    model = task.house.model
    return Series(model.name, model.version, band_names(model), TRENDS)


def _comparable(task: Assignment, standing: Standings) -> Mask:
    """Tell whose newest score is of the eve and comparable with today's (rules 3 and 4)."""
    eve = task.eve.toordinal()
    back = (standing.active_since == MISSING) | (standing.active_since <= eve)
    born = standing.created_on <= task.as_of.toordinal()
    mine: Mask = standing.ours & (standing.as_of == eve) & back & born & (standing.band >= 0)
    return mine


def _done(task: Assignment, standing: Standings) -> Mask:
    done: Mask = standing.same_model & (standing.as_of == task.as_of.toordinal())
    return done


def _written(
    tx: Transaction, task: Assignment, series: Series, standing: Standings, chosen: Index
) -> Mask:
    """Score these, store the quiet ones among them, and answer who they are."""
    written = np.zeros(len(standing.ids), np.bool_)
    if not len(chosen):
        return written
    block = _block(tx, task, standing, chosen)
    with unless_scored(tx):
        for begin in range(0, len(chosen), AT_ONCE):
            part = np.arange(begin, min(begin + AT_ONCE, len(chosen)))
            places = chosen[part]
            kept = _kept(tx, task, series, standing.some(places), block.take(part))
            written[places[kept]] = True
        ids = standing.ids[written]
        if len(ids):
            move_quiet(tx, ids, series, eve=task.eve, as_of=task.as_of)
    return written


def _block(tx: Transaction, task: Assignment, standing: Standings, chosen: Index) -> Block:
    """Read what is known of these customers."""
    asked = standing.some(chosen)
    answered = answer_columns(tx, asked.ids, task.plan.figures)
    known = facts(tx, asked, people=wants_people(task.plan))
    return Block(len(chosen), known, answered)


def _kept(
    tx: Transaction, task: Assignment, series: Series, standing: Standings, block: Block
) -> Mask:
    """Score some customers and store the quiet ones among them; answer who they are."""
    columns = scores(task.plan, block, standing.band.astype(np.int8))
    compared = _compared(task, standing, columns)
    quiet: Mask = (columns.band == standing.band) & ~overflown(block.answers, block.size)
    quiet[list(columns.faults)] = False
    if task.decide:
        quiet &= ~may_fire(task.house.playbooks, compared)
    kept = np.flatnonzero(quiet)
    packed = columns.packed(kept)
    fits = np.array([record is not None for record in packed.rows], np.bool_)
    quiet[kept[~fits]] = False
    kept = kept[fits]
    if len(kept):
        digest = frame_key(packed.frame)
        keep_frame(tx, digest, packed.frame)
        records = [framed(digest, record) for record in packed.rows if record is not None]
        new = QuietScores(
            ids=standing.ids[kept],
            score=columns.value[kept],
            coverage=columns.coverage[kept],
            band=compared.band[kept],
            trend=compared.trend[kept],
            change_7=compared.change_7[kept],
            change_30=compared.change_30[kept],
            records=records,
        )
        add_quiet(tx, new, series, as_of=task.as_of, now=task.now)
    return quiet


def _compared(task: Assignment, standing: Standings, columns: ScoreColumns) -> Quiet:
    """Compare with the scores before; nobody said anything over any of them."""
    known = np.ones(columns.size, np.bool_)
    return Quiet(
        as_of=task.as_of.toordinal(),
        eve=task.eve.toordinal(),
        value=columns.value,
        before=standing.score,
        change_7=_change(columns.value, standing.score_7),
        change_30=_change(columns.value, standing.score_30),
        band=columns.band.astype(np.int64),
        bands=band_names(task.house.model),
        trend=trends(task.house.model, columns.value, standing.score, known).astype(np.int64),
        trend_before=standing.trend,
        trends=TRENDS,
        band_since=standing.band_since,
        renewal_on=standing.renewal_on,
        factors={
            one.shown.name: np.where(one.status == KNOWN, one.value, UNKNOWN)
            for one in columns.factors
        },
    )


def _change(value: Ints, before: Ints) -> Ints:
    return np.where(before == MISSING, UNKNOWN, value - before)
