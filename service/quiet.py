"""Customers about whom there is nothing to say today: scored, stored and done with in columns.

On most days that is nearly everybody: they stand in the band of the day before, no play of theirs
could end, and no playbook could have anything to say. They never become objects of ours. Whoever
might be different is answered to the caller, who looks at them one by one (`service.batch`); both
ways write the same rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from playbooks.decide import unfit
from playbooks.sieve import UNKNOWN, Quiet, holding, may_fire
from scoring.columns.bands import band_names
from scoring.columns.block import Block, wants_people
from scoring.columns.compare import TRENDS, trends
from scoring.columns.packed import Packed, frame_key
from scoring.columns.scores import ScoreColumns, scores
from scoring.columns.worths import STATUSES
from service.batch import Tally
from service.occasions import Occasions, occasions
from service.open_plays import Plays, ending, running
from service.verdict import Assignment
from storage.answer_columns import answer_columns, overflown
from storage.columnar import MISSING, Ints
from storage.database import Transaction
from storage.frames import framed, keep_frame
from storage.plays import Decision, record_decisions
from storage.snapshot_columns import (
    AlreadyScored,
    QuietScores,
    add_quiet,
    move_quiet,
    unless_scored,
)
from storage.standings import Between, Series, Standings, facts, standings, watched

Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

# Customers scored at once: columns of more fit no cache, and their records fill the memory.
AT_ONCE: Final = 10_000
KNOWN: Final = STATUSES.index("known")


@dataclass(frozen=True, slots=True)
class _Work:
    """What every step needs: the transaction, what is to be done, and what is compared.

    `eve` is the day before that was scored last: yesterday, unless nothing ran. `frames` are those
    that the stored records need; `refused` tells whose playbook's condition did not hold.
    """

    tx: Transaction
    task: Assignment
    series: Series
    eve: date
    plays: Plays
    frames: dict[bytes, Mapping[str, Any]] = field(default_factory=dict)
    refused: list[Decision] = field(default_factory=list)


def score_quiet(tx: Transaction, task: Assignment, ids: Sequence[int]) -> tuple[Tally, list[int]]:
    """Score and store the quiet ones of these customers; answer whom to look at one by one.

    Who has a score of the day, and nothing was left to decide about, is in neither.
    """
    if task.replace or not task.newest or not ids:
        return Tally(), list(ids)
    series, ordered = _series(task), sorted(ids)
    standing = standings(tx, ordered, series, task.as_of)
    plays = running(tx, task.house, ordered) if task.decide else ()
    work = _Work(tx, task, series, _eve(task, standing), plays)
    between = Between(work.eve, task.as_of)
    closer = np.isin(standing.ids, watched(tx, ordered, series, between))
    waiting = _comparable(work, standing) & ~closer
    done = _done(task, standing) & ~closer
    try:
        written = _written(work, standing, np.flatnonzero(waiting))
    except AlreadyScored:
        written = np.zeros(len(standing.ids), np.bool_)
    known = set(standing.ids[written | done].tolist())
    count = int(written.sum())
    return Tally(scored=count, written=count), [one for one in ids if one not in known]


def _series(task: Assignment) -> Series:
    model = task.house.model
    return Series(model.name, model.version, band_names(model), TRENDS)


def _eve(task: Assignment, standing: Standings) -> date:
    before = standing.as_of[standing.ours & (standing.as_of < task.as_of.toordinal())]
    return date.fromordinal(int(before.max())) if len(before) else task.eve


def _comparable(work: _Work, standing: Standings) -> Mask:
    """Tell whose newest score is of the eve and comparable with today's (rules 3 and 4)."""
    task, eve = work.task, work.eve.toordinal()
    back = (standing.active_since == MISSING) | (standing.active_since <= eve)
    born = standing.created_on <= task.as_of.toordinal()
    mine: Mask = standing.ours & (standing.as_of == eve) & back & born & (standing.band >= 0)
    return mine


def _done(task: Assignment, standing: Standings) -> Mask:
    asked = not task.unasked
    done: Mask = standing.same_model & (standing.as_of == task.as_of.toordinal()) & asked
    return done


def _written(work: _Work, standing: Standings, chosen: Index) -> Mask:
    """Score these, store the quiet ones among them, and answer who they are."""
    written = np.zeros(len(standing.ids), np.bool_)
    if not len(chosen):
        return written
    block = _block(work, standing.some(chosen))
    found = _occasions(work, standing.ids[chosen])
    with unless_scored(work.tx):
        for begin in range(0, len(chosen), AT_ONCE):
            part = np.arange(begin, min(begin + AT_ONCE, len(chosen)))
            kept = _kept(work, standing.some(chosen[part]), block.take(part), found)
            written[chosen[part][kept]] = True
        if written.any():
            moved = standing.ids[written]
            move_quiet(work.tx, moved, work.series, eve=work.eve, as_of=work.task.as_of)
        record_decisions(work.tx, work.refused)
        # Last, and in one order: other workers with the same new frame wait for our commit.
        for digest, frame in sorted(work.frames.items(), key=itemgetter(0)):
            keep_frame(work.tx, digest, frame)
    return written


def _block(work: _Work, standing: Standings) -> Block:
    """Read what is known of these customers."""
    plan = work.task.plan
    answered = answer_columns(work.tx, standing.ids, plan.figures)
    known = facts(work.tx, standing, people=wants_people(plan))
    return Block(len(standing.ids), known, answered)


def _occasions(work: _Work, ids: Ints) -> Occasions:
    """Tell of whom a silence or a record speaks to a playbook."""
    task = work.task
    playbooks = task.house.playbooks if task.decide else ()
    return occasions(work.tx, playbooks, ids.tolist(), task.as_of, work.eve)


def _kept(work: _Work, standing: Standings, block: Block, found: Occasions) -> Mask:
    """Score some customers and store the quiet ones among them; answer who they are."""
    task = work.task
    columns = scores(task.plan, block, standing.band.astype(np.int8))
    compared = _compared(work, standing, columns, found)
    quiet: Mask = (columns.band == standing.band) & ~overflown(block.answers, block.size)
    quiet[list(columns.faults)] = False
    if task.decide:
        quiet &= ~may_fire(task.house.playbooks, compared)
        quiet &= ~ending(work.plays, standing.ids, compared)
        quiet &= ~_met(found, standing.ids, compared)
    chosen = np.flatnonzero(quiet)
    packed = columns.packed(chosen)
    fits = np.array([record is not None for record in packed.rows], np.bool_)
    quiet[chosen[~fits]] = False
    kept = chosen[fits]
    if len(kept):
        coverage = columns.coverage[kept]
        _store(work, standing.ids[kept], compared.some(kept), coverage, packed)
        work.refused.extend(_refused(task, found, standing.ids[kept].tolist()))
    return quiet


def _met(found: Occasions, ids: Ints, compared: Quiet) -> Mask:
    """Tell for whom a playbook's record arrived and its condition holds: it might begin."""
    met = compared.nobody
    for playbook, who in found.arrived:
        met |= _among(ids, who) & holding(playbook.only_if, compared)
    return met


def _refused(task: Assignment, found: Occasions, ids: Sequence[int]) -> Iterator[Decision]:
    """Yield why nothing began for the quiet ones whose record arrived, as looking closely does."""
    for playbook, who in found.arrived:
        reason = unfit(playbook).reason
        for one in ids:
            if one in who:
                yield Decision(one, task.as_of, playbook.name, "skipped", reason, task.now)


def _among(ids: Ints, who: AbstractSet[int]) -> Mask:
    return np.isin(ids, list(who))


def _store(work: _Work, ids: Ints, compared: Quiet, coverage: Ints, packed: Packed) -> None:
    """Store the scores, and note the frame their records have in common."""
    digest = frame_key(packed.frame)
    work.frames[digest] = packed.frame
    new = QuietScores(
        ids=ids,
        score=compared.value,
        coverage=coverage,
        band=compared.band,
        trend=compared.trend,
        change_7=compared.change_7,
        change_30=compared.change_30,
        records=[framed(digest, record) for record in packed.rows if record is not None],
    )
    add_quiet(work.tx, new, work.series, as_of=work.task.as_of, now=work.task.now)


def _compared(work: _Work, standing: Standings, columns: ScoreColumns, found: Occasions) -> Quiet:
    """Compare with the scores before; nobody said anything over any of them."""
    task = work.task
    known = np.ones(columns.size, np.bool_)
    return Quiet(
        as_of=task.as_of.toordinal(),
        eve=work.eve.toordinal(),
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
        occasions=_among(standing.ids, found.spoken),
        overdue=None if found.overdue is None else _among(standing.ids, found.overdue),
    )


def _change(value: Ints, before: Ints) -> Ints:
    return np.where(before == MISSING, UNKNOWN, value - before)
