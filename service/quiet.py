"""Customers about whom there is nothing to say today: scored, stored and done with in columns.

On most days that is nearly everybody: they stand in the band of the day before, no play of theirs
could end, and no playbook could have anything to say. So is whoever begins anew and has no play
open (rules 3 and 4), and, on a day about which nothing is decided, everybody. They never become
objects of ours. Whoever might be different is answered to the caller, who looks at them one by one
(`service.batch`); both ways write the same rows.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from playbooks.sieve import UNKNOWN, Quiet, holding, may_fire
from scoring.columns.bands import band_names
from scoring.columns.block import Block, wants_people
from scoring.columns.compare import BASELINE, TRENDS, kinds, trends
from scoring.columns.scores import ScoreColumns, scores
from scoring.columns.worths import STATUSES
from service.batch import Tally
from service.first_sights import Told, judged, skips, told_of
from service.footing import Footing, footing, series_of
from service.ledger import Ledger, Page
from service.occasions import Occasions, occasions
from service.open_plays import Plays, ending, players, running
from service.scored import Scored
from service.unasked import heard_out
from service.verdict import Assignment
from storage.answer_columns import answer_columns, overflown
from storage.columnar import MISSING, Ints
from storage.database import Transaction
from storage.snapshot_columns import AlreadyScored, unless_scored
from storage.standings import Between, Series, Standings, facts, standings, watched

Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

# Customers scored at once: columns of more fit no cache, and their records fill the memory.
AT_ONCE: Final = 10_000
KNOWN: Final = STATUSES.index("known")


@dataclass(frozen=True, slots=True)
class _Work:
    """What every step needs: the transaction, what is to be done, and what is compared.

    `eve` is the day before that was scored last: yesterday, unless nothing ran. `found` and `told`
    are what playbooks may speak of: for who is compared, and for who begins anew. `scored` is told
    the scores.
    """

    tx: Transaction
    task: Assignment
    series: Series
    eve: date
    plays: Plays
    found: Occasions
    told: Told
    scored: Scored


@dataclass(frozen=True, slots=True)
class _People:
    """Some customers: how they stand, what they are compared with, and what is known of them."""

    standing: Standings
    footing: Footing
    block: Block

    def some(self, places: Index) -> "_People":
        """Return the customers at these places."""
        return _People(
            self.standing.some(places), self.footing.some(places), self.block.take(places)
        )


def score_quiet(
    tx: Transaction, task: Assignment, ids: Sequence[int], scored: Scored
) -> tuple[Tally, list[int]]:
    """Score and store the quiet ones of these customers; answer whom to look at one by one.

    Who has a score of the day, and nothing was left to decide about, is in neither; nor is who was
    no customer yet. `scored` is told all scores, so that nobody has to be scored again.
    """
    if not ids:
        return Tally(), list(ids)
    series, ordered = series_of(task), sorted(ids)
    standing = standings(tx, ordered, series, task.as_of)
    stands = footing(tx, task, standing)
    between = Between(stands.eve or task.eve, task.as_of)
    closer = np.isin(standing.ids, watched(tx, ordered, series, between))
    chosen = np.flatnonzero(stands.due & ~closer)
    tally, written = Tally(), np.zeros(len(standing.ids), np.bool_)
    if len(chosen):
        work = _work(tx, task, series, standing.ids[chosen], stands.some(chosen), scored)
        people = _people(work, standing.some(chosen), stands.some(chosen))
        # Where somebody else was quicker, looking closely finds out about whom.
        with suppress(AlreadyScored):
            tally, written[chosen] = _written(work, people)
    done = stands.done | (_heard_out(tx, task, standing, stands) if task.unasked else False)
    known = set(standing.ids[written | (done & ~closer)].tolist())
    return tally, [one for one in ids if one not in known]


def _heard_out(tx: Transaction, task: Assignment, standing: Standings, stands: Footing) -> Mask:
    """Tell who was scored by hand before, and has no word of a playbook coming."""
    heard, chosen = np.zeros(len(standing.ids), np.bool_), np.flatnonzero(stands.again)
    if len(chosen) and not task.replace:
        some = standing.some(chosen), stands.some(chosen)
        heard[chosen] = heard_out(tx, task, *some)
    return heard


def _work(  # noqa: PLR0917 - what `_Work` is made of
    tx: Transaction, task: Assignment, series: Series, ids: Ints, stands: Footing, scored: Scored
) -> _Work:
    """Look up what may be said of these customers: of a silence or a record, and in open plays."""
    eve, books = stands.eve or task.eve, task.house.playbooks if task.decide else ()
    compared = ids[stands.known].tolist()
    # Who comes out of an unknown band, the last of all, begins anew as well.
    anew = ids[~stands.known | (stands.band == len(series.bands) - 1)].tolist()
    found = occasions(tx, books, compared, task.as_of, eve) if compared else Occasions()
    plays = running(tx, task.house, ids.tolist()) if task.decide else ()
    return _Work(tx, task, series, eve, plays, found, told_of(tx, task, anew), scored)


def _people(work: _Work, standing: Standings, stands: Footing) -> _People:
    """Read what is known of these customers."""
    plan = work.task.plan
    answered = work.scored.answered(standing.ids)
    if answered is None:
        answered = answer_columns(work.tx, standing.ids, plan.figures)
    known = facts(work.tx, standing, people=wants_people(plan))
    return _People(standing, stands, Block(len(standing.ids), known, answered))


def _written(work: _Work, people: _People) -> tuple[Tally, Mask]:
    """Score these, store the quiet ones among them, and answer who they are."""
    ids = people.standing.ids
    written = np.zeros(len(ids), np.bool_)
    ledger = Ledger(work.tx, work.task, work.series)
    with unless_scored(work.tx):
        for begin in range(0, len(ids), AT_ONCE):
            part = np.arange(begin, min(begin + AT_ONCE, len(ids)))
            written[part[_kept(work, people.some(part), ledger)]] = True
        ledger.close(work.eve)
    return ledger.tally, written


def _kept(work: _Work, people: _People, ledger: Ledger) -> Mask:
    """Score some customers and store the quiet ones among them; answer who they are."""
    task, stands, ids = work.task, people.footing, people.standing.ids
    columns = scores(task.plan, people.block, stands.band.astype(np.int8))
    compared = _compared(work, people, columns)
    kind = kinds(task.house.model, columns.band, stands.band.astype(np.int8), stands.known)
    anew: Mask = kind == BASELINE
    quiet: Mask = ~overflown(people.block.answers, people.block.size)
    quiet[list(columns.faults)] = False
    work.scored.add(ids, columns, stands.band.astype(np.int8), quiet.copy())
    if task.decide:
        uneventful = _uneventful(work, stands, ids, compared)
        quiet &= stands.again | np.where(anew, _silent(work, ids), uneventful)
    chosen = np.flatnonzero(quiet)
    packed = columns.packed(chosen)
    fits = np.array([record is not None for record in packed.rows], np.bool_)
    quiet[chosen[~fits]] = False
    kept = chosen[fits]
    if len(kept):
        page = _page(people, columns, compared, kind.astype(np.int64)).some(kept)
        ledger.enter(page, packed)
        _note(work, ledger, page, compared.some(kept))
    return quiet


def _silent(work: _Work, ids: Ints) -> Mask:
    """Tell of whom, beginning anew, nothing but the reasons is to be written."""
    if not judged(work.task.house.playbooks):
        return np.zeros(len(ids), np.bool_)
    return ~np.isin(ids, players(work.plays))


def _uneventful(work: _Work, stands: Footing, ids: Ints, compared: Quiet) -> Mask:
    """Tell of whom, compared with the eve, no playbook has anything to say."""
    quiet: Mask = compared.band == stands.band
    quiet &= ~may_fire(work.task.house.playbooks, compared)
    quiet &= ~ending(work.plays, ids, compared)
    return quiet & ~_met(work.found, ids, compared)


def _note(work: _Work, ledger: Ledger, page: Page, compared: Quiet) -> None:
    """Write down why nothing began for those whose record arrived, and for who begins anew."""
    if not work.task.decide:
        return
    again, anew = page.footing.again, page.kind == BASELINE
    ledger.refuse(work.found, page.ids[~anew & ~again].tolist())
    chosen = np.flatnonzero(anew & ~again)
    if len(chosen):
        books, some = work.task.house.playbooks, compared.some(chosen)
        known = page.footing.known[chosen]
        ledger.skip(skips(books, work.told, page.ids[chosen], some, known))


def _page(people: _People, columns: ScoreColumns, compared: Quiet, kind: Ints) -> Page:
    return Page(
        ids=people.standing.ids,
        value=compared.value,
        coverage=columns.coverage,
        band=compared.band,
        trend=compared.trend,
        change_7=compared.change_7,
        change_30=compared.change_30,
        kind=kind,
        footing=people.footing,
    )


def _met(found: Occasions, ids: Ints, compared: Quiet) -> Mask:
    """Tell for whom a playbook's record arrived and its condition holds: it might begin."""
    met = compared.nobody
    for playbook, who in found.arrived:
        met |= _among(ids, who) & holding(playbook.only_if, compared)
    return met


def _among(ids: Ints, who: AbstractSet[int]) -> Mask:
    return np.isin(ids, list(who))


def _compared(work: _Work, people: _People, columns: ScoreColumns) -> Quiet:
    """Compare with the scores before; nobody said anything over any of them."""
    task, standing, stands = work.task, people.standing, people.footing
    model, found = task.house.model, work.found
    band = columns.band.astype(np.int64)
    stays = standing.ours & (standing.band == band)
    return Quiet(
        as_of=task.as_of.toordinal(),
        eve=work.eve.toordinal(),
        value=columns.value,
        before=stands.score,
        change_7=_change(columns.value, standing.score_7, stands.known),
        change_30=_change(columns.value, standing.score_30, stands.known),
        band=band,
        bands=band_names(model),
        trend=trends(model, columns.value, stands.score, stands.known).astype(np.int64),
        trend_before=stands.trend,
        trends=TRENDS,
        band_since=np.where(stays, standing.band_since, task.as_of.toordinal()),
        renewal_on=standing.renewal_on,
        factors={
            one.shown.name: np.where(one.status == KNOWN, one.value, UNKNOWN)
            for one in columns.factors
        },
        occasions=_among(standing.ids, found.spoken),
        overdue=None if found.overdue is None else _among(standing.ids, found.overdue),
    )


def _change(value: Ints, before: Ints, known: Mask) -> Ints:
    return np.where(known & (before != MISSING), value - before, UNKNOWN)
