"""Hindsight over everybody at once: who has nothing to hear on a past day is not asked about alone.

What a stay was like is kept in columns, an entry a stay. Quiet is who stands in the band of the
look before, with no start put off and no play that might end (`playbooks.lasting`); of them only
those are asked about, one by one, whom the sieve lets through (`playbooks.sieve`). It comes to the
same starts as asking about all.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from playbooks.hindsight import Hindsight
from playbooks.lasting import Lasting, may_end
from playbooks.life import MONTH, MONTH_BRIDGED, WEEK, WEEK_BRIDGED, Life, Stay
from playbooks.playbook import Playbook
from playbooks.sieve import UNKNOWN, Ints, Mask, Quiet, holding, hundredths, may_fire, tells
from playbooks.situation import Before, known_factors
from scoring.columns.bands import band_codes, band_names
from scoring.columns.compare import TRENDS, trends
from scoring.columns.scores import ScoreColumns, decimal
from scoring.columns.worths import STATUSES

Index = NDArray[np.intp]

NEVER: Final = 0
NO_SCORE: Final = -1
NO_PLAY: Final = -9
ZERO: Final = Decimal(0)
KNOWN: Final = STATUSES.index("known")


class ManyLives:
    """Lives through the looks at many stays: all days of some customers, then those of others."""

    def __init__(self, hindsight: Hindsight, playbooks: Sequence[Playbook], stays: int) -> None:
        self._hindsight = hindsight
        self._playbooks = playbooks
        self._values: dict[int, NDArray[np.int32]] = {}
        self._count = stays
        self._seen_on, self._days, self._since, self._value, self._row = (
            np.full(stays, NEVER, np.int64) for _ in range(5)
        )
        self._band, self._trend = (np.full(stays, NO_SCORE, np.int64) for _ in range(2))
        # The plays that are open, by playbook: the band they opened in, and the score.
        self._opened_in, self._opened_at = (
            np.full((len(playbooks), stays), NO_PLAY, np.int64) for _ in range(2)
        )
        # Whose start was put off, or who is too special; and who is asked about alone for good.
        self._busy, self._alone = (np.zeros(stays, np.bool_) for _ in range(2))
        self._before: tuple[ScoreColumns, Ints] | None = None

    def live(
        self,
        stays: Ints,
        columns: ScoreColumns,
        renewal_on: Ints,
        stay_of: Callable[[int], Stay],
    ) -> None:
        """Live through a day: the scores of some, with their stays, each a row.

        `renewal_on` are ordinals, UNKNOWN where nobody set one; `stay_of` answers a row's stay.
        """
        scored = np.ones(columns.size, np.bool_)
        scored[list(columns.faults)] = False
        rows = np.flatnonzero(scored)
        here = stays[rows]
        self._part_from(columns.as_of, here)
        compared = self._compared(columns, rows, here, renewal_on[rows])
        first = (self._seen_on[here] == NEVER) & ~self._alone[here]
        heard = ~self._quiet(compared, here) | self._may_begin(compared)
        asked = heard & ~first
        for place in np.flatnonzero(asked).tolist():
            self._ask(int(here[place]), columns, int(rows[place]), stay_of)
        self._remember(compared, columns, rows, here)

    def _part_from(self, today: date, here: Ints) -> None:
        """Let those who are not looked at today, or are others, go on alone if they come again."""
        if self._before is None:
            return
        eve, before = self._before
        if eve.as_of < today:
            missing = before[~np.isin(before, here) & ~self._alone[before]]
            for one in missing.tolist():
                self._recalled(one)
                self._alone[one] = True
        else:
            self._before = None
            self._values.clear()

    def _quiet(self, compared: Quiet, here: Ints) -> Mask:
        same: Mask = compared.band == self._band[here]
        return same & ~self._busy[here] & ~self._alone[here] & ~self._ending(compared, here)

    def _may_begin(self, compared: Quiet) -> Mask:
        """Tell for whom something might begin: a "no" of a condition is no news in hindsight."""
        found = compared.nobody
        for playbook in self._playbooks:
            called = may_fire([playbook], compared)
            if called.any() and tells(playbook.only_if):
                called &= holding(playbook.only_if, compared)
            found |= called
        return found

    def _ending(self, compared: Quiet, here: Ints) -> Mask:
        """Tell whose plays might end today."""
        found = compared.nobody
        for place, playbook in enumerate(self._playbooks):
            band = self._opened_in[place][here]
            owners = np.flatnonzero(band != NO_PLAY)
            score = self._opened_at[place][here]
            ending = may_end(Lasting(playbook, owners, band[owners], score[owners]), compared)
            found[owners[ending]] = True
        return found

    def _compared(self, columns: ScoreColumns, rows: Index, here: Ints, renewal_on: Ints) -> Quiet:
        today, value = columns.as_of.toordinal(), columns.value[rows]
        known = self._seen_on[here] != NEVER
        return Quiet(
            as_of=today,
            eve=self._before[0].as_of.toordinal() if self._before else today,
            value=value,
            before=self._value[here],
            change_7=self._change(value, here, today - WEEK, WEEK_BRIDGED),
            change_30=self._change(value, here, today - MONTH, MONTH_BRIDGED),
            band=columns.band[rows].astype(np.int64),
            bands=band_names(columns.model),
            trend=trends(columns.model, value, self._value[here], known).astype(np.int64),
            trend_before=self._trend[here],
            trends=TRENDS,
            band_since=self._since[here],
            renewal_on=renewal_on,
            factors={
                one.shown.name: np.where(one.status == KNOWN, one.value, UNKNOWN)[rows]
                for one in columns.factors
            },
            occasions=np.zeros(len(rows), np.bool_),
        )

    def _change(self, value: Ints, here: Ints, newest: int, bridged: int) -> Ints:
        """Return the points gained since the newest score of so many days up to that one."""
        then = np.full(len(here), NO_SCORE, np.int64)
        for day in range(newest - bridged, newest + 1):
            if day in self._values:
                seen = self._values[day][here]
                then = np.where(seen == NO_SCORE, then, seen)
        return np.where(then == NO_SCORE, UNKNOWN, value - then)

    def _ask(
        self, one: int, columns: ScoreColumns, row: int, stay_of: Callable[[int], Stay]
    ) -> None:
        """Ask about one alone, as hindsight does."""
        if not self._alone[one]:
            self._recalled(one)
        self._hindsight.live(stay_of(row), columns.at(row))
        self._keep_plays(one, columns)

    def _keep_plays(self, one: int, columns: ScoreColumns) -> None:
        life = self._hindsight.life(one)
        codes, names = band_codes(columns.model), [each.name for each in self._playbooks]
        self._opened_in[:, one] = NO_PLAY
        for play in life.plays.values():
            place = names.index(play.playbook)
            self._opened_in[place, one] = codes[play.band]
            self._opened_at[place, one] = hundredths(play.score or ZERO)
        kept = int((self._opened_in[:, one] != NO_PLAY).sum())
        self._busy[one] = bool(life.waiting) or kept < len(life.plays)

    def _recalled(self, one: int) -> Life:
        """Return a stay's life as of the look before; only its plays are kept there meanwhile."""
        life = self._hindsight.life(one)
        if self._before is None or self._seen_on[one] == NEVER:
            return life
        score = self._before[0].at(int(self._row[one]))
        life.scores = self._scores(one, score.as_of, self._before[0].model.decimals)
        life.last, life.days = score, int(self._days[one])
        life.since = (score.band, date.fromordinal(int(self._since[one])))
        if life.looks_back:
            heading = TRENDS[self._trend[one]]
            life.before = Before(score.as_of, heading, known_factors(score))
        return life

    def _scores(self, one: int, last: date, places: int) -> dict[date, Decimal]:
        return {
            date.fromordinal(day): decimal(int(values[one]), places)
            for day, values in self._values.items()
            if day <= last.toordinal() and values[one] != NO_SCORE
        }

    def _remember(self, compared: Quiet, columns: ScoreColumns, rows: Index, here: Ints) -> None:
        today = compared.as_of
        moved = compared.band != self._band[here]
        self._since[here] = np.where(moved, today, self._since[here])
        self._band[here], self._value[here] = compared.band, compared.value
        self._trend[here], self._seen_on[here], self._row[here] = compared.trend, today, rows
        self._days[here] += 1
        oldest = today - MONTH - MONTH_BRIDGED
        self._values = {day: seen for day, seen in self._values.items() if day >= oldest}
        values = np.full(self._count, NO_SCORE, np.int32)
        values[here] = compared.value
        self._values[today] = values
        self._before = (columns, here)
