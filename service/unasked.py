"""Who was scored by hand, silently, and has no word of a playbook coming: told in columns.

The day's own scores are stored already, so nothing is scored, and nothing written. Whoever crossed
into another band, and whoever a playbook might speak of, is left to a closer look.
"""

from collections.abc import Sequence

import numpy as np

from playbooks.playbook import Playbook
from playbooks.sieve import UNKNOWN, Quiet, may_fire
from playbooks.triggers import FactorCrosses
from scoring.columns.bands import band_names
from scoring.columns.compare import TRENDS
from service.footing import Footing, Mask
from service.occasions import occasions
from service.open_plays import ending, running
from service.verdict import Assignment
from storage.columnar import MISSING
from storage.database import Transaction
from storage.standings import Standings, changes


def heard_out(tx: Transaction, task: Assignment, standing: Standings, stands: Footing) -> Mask:
    """Return which of these, all with a score of the day, need not be asked about.

    Who began anew with that score was given no word (rules 3 and 4). Of who stayed in their band
    the columns know all but the factors.
    """
    unknown = len(task.house.model.bands)
    own = standing.ours & (standing.as_of == task.as_of.toordinal())
    anew: Mask = ~stands.known | ((stands.band == unknown) & (standing.band != unknown))
    stayed = stands.known & own & (standing.band == stands.band)
    if not _told(task.house.playbooks):
        return anew
    eve = int(stands.on[stayed].max(initial=MISSING))
    chosen = np.flatnonzero(stayed & (stands.on == eve))
    heard = anew.copy()
    if len(chosen):
        heard[chosen] = _uneventful(tx, task, standing.some(chosen), stands.some(chosen))
    return heard


def _told(playbooks: Sequence[Playbook]) -> bool:
    """Tell whether no playbook asks for a factor of the day: those are in the records alone."""
    return not any(isinstance(book.when, FactorCrosses) for book in playbooks)


def _uneventful(tx: Transaction, task: Assignment, standing: Standings, stands: Footing) -> Mask:
    ids, eve = standing.ids.tolist(), stands.eve or task.eve
    found = occasions(tx, task.house.playbooks, ids, task.as_of, eve)
    spoken = set(found.spoken).union(*(who for _, who in found.arrived))
    week, month = changes(tx, standing.ids)
    quiet = Quiet(
        as_of=task.as_of.toordinal(),
        eve=eve.toordinal(),
        value=standing.score,
        before=stands.score,
        change_7=np.where(week == MISSING, UNKNOWN, week),
        change_30=np.where(month == MISSING, UNKNOWN, month),
        band=standing.band,
        bands=band_names(task.house.model),
        trend=standing.trend,
        trend_before=stands.trend,
        trends=TRENDS,
        band_since=standing.band_since,
        renewal_on=standing.renewal_on,
        factors={},
        occasions=np.isin(standing.ids, list(spoken)),
        overdue=None if found.overdue is None else np.isin(standing.ids, list(found.overdue)),
    )
    plays = running(tx, task.house, ids)
    eventful = may_fire(task.house.playbooks, quiet) | ending(plays, standing.ids, quiet)
    uneventful: Mask = ~(eventful | quiet.occasions)
    return uneventful
