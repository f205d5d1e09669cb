"""Exact numbers in columns: fractions as two columns of whole numbers, and what does not fit.

A 64-bit column holds no number of any size, as Python does. Wherever a product could be too large
its row is put aside, to be worked out by the definition; what stands in the column is then void.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Index = NDArray[np.intp]
Codes = NDArray[np.int8]

# A product below this, judged by floats, is one in truth; two of them can still be added.
FITS = 2.0**60


@dataclass(frozen=True, slots=True)
class Aside:
    """The rows the columns leave to the definition; the flags only ever rise."""

    rows: Flags

    @classmethod
    def of(cls, size: int) -> "Aside":
        """Return a block's flags, none of them risen yet."""
        return cls(np.zeros(size, dtype=np.bool_))

    def put(self, rows: Flags) -> None:
        """Put these rows aside."""
        np.logical_or(self.rows, rows, out=self.rows)

    def times(self, *parts: Ints | int) -> Ints:
        """Multiply; a row whose product does not fit is put aside and becomes 1."""
        size = np.ones(len(self.rows))
        for part in parts:
            size *= np.abs(np.asarray(part, dtype=np.float64))
        large = size >= FITS
        if large.any():
            self.put(large)
        product = np.ones(len(self.rows), dtype=np.int64)
        for part in parts:
            product *= np.where(large, 1, np.asarray(part, dtype=np.int64) if _fits(part) else 1)
        return product


@dataclass(frozen=True, slots=True)
class Ratios:
    """A column of fractions; `under` is above zero everywhere."""

    over: Ints
    under: Ints

    @classmethod
    def of(cls, fractions: Sequence[Fraction], aside: Aside | None = None) -> "Ratios":
        """Return fractions as a column; given `aside`, one that does not fit becomes 0 in it."""
        small = [abs(each.numerator) < FITS and each.denominator < FITS for each in fractions]
        if aside is not None:
            aside.put(~np.array(small, dtype=np.bool_))
        kept = [each if fits else Fraction(0) for each, fits in zip(fractions, small, strict=True)]
        return cls(whole([each.numerator for each in kept]), whole([e.denominator for e in kept]))

    @classmethod
    def all_of(cls, fraction: Fraction, size: int) -> "Ratios":
        """Return the same fraction on every row."""
        return cls(
            np.full(size, fraction.numerator, dtype=np.int64),
            np.full(size, fraction.denominator, dtype=np.int64),
        )

    def take(self, index: NDArray[Any]) -> "Ratios":
        """Return the fractions of these rows."""
        return Ratios(self.over[index], self.under[index])

    def where(self, rows: Flags, other: "Ratios") -> "Ratios":
        """Return these fractions on the rows, and the other ones elsewhere."""
        return Ratios(
            np.where(rows, self.over, other.over), np.where(rows, self.under, other.under)
        )

    def reduced(self) -> "Ratios":
        """Return the fractions in lowest terms."""
        if bool((self.under == 1).all()):
            return self
        common = np.gcd(self.over, self.under)
        return Ratios(self.over // common, self.under // common)

    def floats(self) -> Floats:
        """Return the nearest floats."""
        quotients: Floats = self.over / self.under
        return quotients

    def half_up(self, scale: int, aside: Aside) -> Ints:
        """Return how many of a `scale`th the fractions are, rounded half up."""
        doubled = aside.times(self.over, 2, scale)
        return (doubled + self.under) // aside.times(self.under, 2)


def whole(values: Sequence[int]) -> Ints:
    """Return whole numbers as a column."""
    return np.array(values, dtype=np.int64)


def _fits(part: Ints | int) -> bool:
    return not isinstance(part, int) or abs(part) < FITS
