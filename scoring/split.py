"""Rounding that adds up: half up for one number, largest remainder for parts of a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm

DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Parts:
    """Exact parts of a whole, as whole numbers over one denominator: sums need no fractions."""

    numerators: Sequence[int]
    denominator: int = 1

    @classmethod
    def of(cls, fractions: Sequence[Fraction]) -> "Parts":
        """Bring fractions to their common denominator."""
        together = lcm(*(part.denominator for part in fractions))
        return cls(
            [part.numerator * (together // part.denominator) for part in fractions], together
        )


def rounded(value: Fraction, decimals: int = DECIMALS) -> Decimal:
    """Return the exact value rounded half up (towards plus infinity) to `decimals` places."""
    return Decimal(_half_up(value.numerator, value.denominator, 10**decimals)).scaleb(-decimals)


def shares(parts: Parts, decimals: int = DECIMALS) -> tuple[Decimal, list[Decimal]]:
    """Return the whole, rounded half up, and the parts rounded so that they sum to it exactly.

    Every part is rounded down, then the units still missing go to the parts that lost most, the
    earlier one first when two lost the same.
    """
    scale, under = 10**decimals, parts.denominator
    whole = _half_up(sum(parts.numerators), under, scale)
    cut = [divmod(numerator * scale, under) for numerator in parts.numerators]
    units = [unit for unit, _ in cut]
    missing = whole - sum(units)
    if missing:
        losers = sorted(range(len(cut)), key=lambda index: -cut[index][1])
        for index in losers[:missing]:
            units[index] += 1
    return Decimal(whole).scaleb(-decimals), [Decimal(unit).scaleb(-decimals) for unit in units]


def _half_up(numerator: int, denominator: int, scale: int) -> int:
    return (2 * numerator * scale + denominator) // (2 * denominator)
