"""Cases: customers on past days, what was said of them then and what came of it, in columns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.proof.stints import Stint

Places = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Column = NDArray[Any]

NEVER: Final = date.max.toordinal()


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Scores of the past held against what followed, a row each: there are millions.

    Every figure is higher the healthier it claims the customer to be, NaN where nothing was known:
    `value` the score, `factors` its factors in the model's order, `rivals` the naive measures.
    `band` is a place in `bands`. Days are ordinals: `churned_on` is the churn that ended this
    stint, whenever that was, 0 where none did; `churned` tells whether it came within the horizon.
    """

    bands: tuple[str, ...]
    customer: Places
    stint: Places
    as_of: Places
    value: Floats
    band: NDArray[np.int8]
    churned_on: Places
    churned: Flags
    factors: tuple[Floats, ...]
    rivals: tuple[Floats, ...]

    def __len__(self) -> int:
        """Return how many cases there are."""
        return len(self.value)

    def take(self, rows: Column) -> "Cases":
        """Return some of the cases."""
        return self.with_columns([column[rows] for column in self.columns])

    def among(self, bands: Collection[str]) -> Flags:
        """Tell which cases are in one of these bands."""
        places = [place for place, name in enumerate(self.bands) if name in bands]
        found: Flags = np.isin(self.band, places)
        return found

    @property
    def columns(self) -> list[Column]:
        """Return all columns, one after the other."""
        own = (self.customer, self.stint, self.as_of, self.value, self.band)
        return [*own, self.churned_on, self.churned, *self.factors, *self.rivals]

    def with_columns(self, columns: Sequence[Column]) -> "Cases":
        """Return other rows of the same kind."""
        customer, stint, as_of, value, band, churned_on, churned, *figures = columns
        count = len(self.factors)
        return Cases(
            bands=self.bands,
            customer=customer,
            stint=stint,
            as_of=as_of,
            value=value,
            band=band,
            churned_on=churned_on,
            churned=churned,
            factors=tuple(figures[:count]),
            rivals=tuple(figures[count:]),
        )


class Gathering:
    """Takes cases in, those of a day in their order, into columns made for all of them at once.

    `kind` is no case at all, of the kind to come; `sizes` tells of each day how many there may be.
    """

    def __init__(self, kind: Cases, sizes: Mapping[date, int]) -> None:
        ends = np.cumsum([0, *sizes.values()]).tolist()
        self._kind = kind
        self._next = {day.toordinal(): begin for day, begin in zip(sizes, ends, strict=False)}
        self._filled = np.zeros(ends[-1], np.bool_)
        self._columns = [np.empty(ends[-1], column.dtype) for column in kind.columns]

    def add(self, cases: Cases) -> None:
        """Take some cases of one day in."""
        if not len(cases):
            return
        day = int(cases.as_of[0])
        place = slice(self._next[day], self._next[day] + len(cases))
        for whole, part in zip(self._columns, cases.columns, strict=True):
            whole[place] = part
        self._filled[place], self._next[day] = True, place.stop

    def together(self) -> Cases:
        """Return all that came, day by day."""
        if not self._filled.all():
            for place, column in enumerate(self._columns):
                self._columns[place] = column[self._filled]
        return self._kind.with_columns(self._columns)


class Stays:
    """All stays in columns, to tell whom a past day is asked about.

    `born` is the day on which each customer was created; others are nobody we know.
    """

    def __init__(self, stints: Sequence[Stint], born: Mapping[int, date]) -> None:
        self._customer = _places(stint.customer for stint in stints)
        self._born = _places(_ordinal(born.get(stint.customer)) for stint in stints)
        self._first = _places(stint.first.toordinal() for stint in stints)
        self._until = _places(_ordinal(stint.until) for stint in stints)
        self._churned_on = _places(_ordinal(stint.churned_on) for stint in stints)

    def on(self, day: date) -> tuple[Places, Places]:
        """Return who is watched on that day, ascending, and each with the place of its stint.

        Of stints that overlap the later in the list counts.
        """
        today = day.toordinal()
        begun = (self._first <= today) & (self._born <= today)
        found = np.flatnonzero(begun & (today < np.minimum(self._until, self._churned_on)))
        found = found[np.argsort(self._customer[found], kind="stable")]
        customers = self._customer[found]
        last = np.append(customers[1:] != customers[:-1], np.ones(min(len(customers), 1), np.bool_))
        return customers[last], found[last].astype(np.int32)

    def churned_on(self, stays: Column) -> Places:
        """Return the days on which these stays ended by churn, 0 where they did not."""
        ends = self._churned_on[stays]
        return np.where(ends == NEVER, 0, ends).astype(np.int32)

    def since(self, stays: Column) -> Places:
        """Return the days on which the customers of these stays were created."""
        return self._born[stays]


def _places(numbers: Iterable[int]) -> Places:
    return np.fromiter(numbers, np.int32)


def _ordinal(day: date | None) -> int:
    return NEVER if day is None else day.toordinal()


def churns_within(churned_on: Column, day: date, horizon: int) -> Flags:
    """Tell which churns came after that day and within the next `horizon` days."""
    today = day.toordinal()
    found: Flags = (churned_on > today) & (churned_on <= today + horizon)
    return found


def days_between(first: date, last: date, every: int) -> tuple[date, ...]:
    """Return every so many days from the first to the last, both included where they fall."""
    return tuple(first + timedelta(days=n) for n in range(0, (last - first).days + 1, every))


def churns(cases: Cases) -> int:
    """Count the churns in view: a churn seen from several days counts once."""
    return len(np.unique(cases.stint[cases.churned]))


def base_rate(cases: Cases) -> float:
    """Return the share of cases that were followed by churn, 0 to 1."""
    return int(cases.churned.sum()) / len(cases) if len(cases) else 0.0
