"""A share's scores written down in columns: snapshots, steps between bands, and the newest scores.

Everything here raises where one of the rows is there already; see `unless_scored`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from operator import itemgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from playbooks.decide import unfit
from scoring.columns.compare import BASELINE, KINDS, UNCHANGED
from scoring.columns.packed import Packed, frame_key
from service.batch import Tally
from service.footing import Footing
from service.occasions import Occasions
from service.verdict import Assignment
from storage.columnar import MISSING, Ints
from storage.corrections import make_room
from storage.database import Transaction
from storage.frames import framed, keep_frame
from storage.judgement_columns import Skips, Steps, add_skips, add_steps
from storage.pasts import bands_said, keys_of
from storage.plays import Decision, record_decisions
from storage.snapshot_columns import QuietScores, add_quiet, move_quiet, put_newest
from storage.standings import Series

NOBODY: Final = np.zeros(0, np.int64)

Rebanded = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some customers' scores, in columns: points are hundredths, words places.

    `kind` is what happened since the score before; `footing` is what they were compared with.
    """

    ids: Ints
    value: Ints
    coverage: Ints
    band: Ints
    trend: Ints
    change_7: Ints
    change_30: Ints
    kind: Ints
    footing: Footing

    def some(self, places: NDArray[np.intp]) -> "Page":
        """Return the customers at these places."""
        names = [name for name in self.__slots__ if name != "footing"]
        columns = {name: getattr(self, name)[places] for name in names}
        return replace(self, **columns, footing=self.footing.some(places))


@dataclass(slots=True)
class Ledger:
    """What one share's columns write, and what comes of it."""

    tx: Transaction
    task: Assignment
    series: Series
    tally: Tally = field(default_factory=Tally)
    _frames: dict[bytes, Mapping[str, Any]] = field(default_factory=dict)
    _refused: list[Decision] = field(default_factory=list)
    _staying: list[Ints] = field(default_factory=list)
    _moving: list[Ints] = field(default_factory=list)

    def enter(self, page: Page, packed: Packed) -> None:
        """Write the snapshots of these customers, and the steps of those who took one.

        What is corrected is no step, and nothing is told of it.
        """
        digest = frame_key(packed.frame)
        self._frames[digest] = packed.frame
        records = [framed(digest, record) for record in packed.rows if record is not None]
        as_of, now = self.task.as_of, self.task.now
        again = np.flatnonzero(page.footing.again)
        if len(again):
            old = _scores(page.some(again), [records[place] for place in again])
            make_room(self.tx, old, self.series, packed.frame, as_of=as_of)
        add_quiet(self.tx, _scores(page, records), self.series, as_of=as_of, now=now)
        fresh = page.some(np.flatnonzero(~page.footing.again))
        moved = fresh.some(np.flatnonzero(fresh.kind != UNCHANGED))
        if len(moved.ids):
            add_steps(self.tx, _steps(moved), self.series, as_of=as_of, now=now)
        stays = page.footing.steady & (page.kind == UNCHANGED)
        self._staying.append(page.ids[stays & (page.band == page.footing.band)])
        self._moving.append(page.ids[~stays | (page.band != page.footing.band)])
        self.tally += Tally(scored=len(page.ids), written=len(page.ids)) + self._told(fresh)

    def refuse(self, found: Occasions, ids: Sequence[int]) -> None:
        """Note why nothing began for the quiet ones whose record arrived."""
        self._refused.extend(_refusals(self.task, found, ids))

    def skip(self, skips: Skips | None) -> None:
        """Write why playbooks say nothing about who begins anew."""
        if skips is not None:
            add_skips(self.tx, skips, as_of=self.task.as_of, now=self.task.now)

    def close(self, eve: date) -> None:
        """Let the newest scores follow, and write what is left."""
        staying, moving = (
            np.concatenate([NOBODY, *each]) for each in (self._staying, self._moving)
        )
        if self.task.newest:
            # In this order: who moved has today's score then, and is not moved again.
            if len(moving):
                put_newest(self.tx, moving, self.series, as_of=self.task.as_of)
            if len(staying):
                move_quiet(self.tx, staying, self.series, eve=eve, as_of=self.task.as_of)
        record_decisions(self.tx, self._refused)
        # Last, and in one order: other workers with the same new frame wait for our commit.
        for digest, frame in sorted(self._frames.items(), key=itemgetter(0)):
            keep_frame(self.tx, digest, frame)

    def _told(self, page: Page) -> Tally:
        kinds = [KINDS[one] for one in page.kind.tolist() if one != UNCHANGED]
        return Tally(
            baselines=kinds.count(KINDS[BASELINE]),
            transitions=len(kinds) - kinds.count(KINDS[BASELINE]),
            rebanded=tuple(self._rebanded(page)),
        )

    def _rebanded(self, page: Page) -> Iterator[Rebanded]:
        """Yield whom another version of the model put into another band (rule 4)."""
        version = page.footing.version
        other = np.flatnonzero((version != MISSING) & (version != self.series.version))
        if not len(other):
            return
        ids, days = page.ids[other].tolist(), page.footing.on[other].tolist()
        dates = [date.fromordinal(day) for day in set(days)]
        before = bands_said(self.tx, page.ids[other], self.series, dates)
        bands = [self.series.bands[band] for band in page.band[other].tolist()]
        moved = {
            one: (before[one, day], band)
            for one, day, band in zip(ids, days, bands, strict=True)
            if before[one, day] != band
        }
        keys = keys_of(self.tx, list(moved))
        for one, (old, new) in moved.items():
            yield keys[one], old, new


def _scores(page: Page, records: Sequence[bytes]) -> QuietScores:
    return QuietScores(
        ids=page.ids,
        score=page.value,
        coverage=page.coverage,
        band=page.band,
        trend=page.trend,
        change_7=page.change_7,
        change_30=page.change_30,
        records=records,
    )


def _steps(page: Page) -> Steps:
    """Describe the steps; who begins anew comes from nowhere."""
    footing = page.footing
    return Steps(
        ids=page.ids,
        kind=page.kind,
        kinds=KINDS,
        from_band=np.where(footing.known, footing.band, -1),
        to_band=page.band,
        score_before=np.where(footing.known, footing.score, MISSING),
        score_after=page.value,
    )


def _refusals(task: Assignment, found: Occasions, ids: Sequence[int]) -> Iterator[Decision]:
    """Yield why nothing began for the quiet ones whose record arrived, as looking closely does."""
    for playbook, who in found.arrived:
        reason = unfit(playbook).reason
        for one in ids:
            if one in who:
                yield Decision(one, task.as_of, playbook.name, "skipped", reason, task.now)
