"""How measured numbers become 0-100, in columns: the same worths as `scoring.scales`, exactly."""

from collections.abc import Sequence
from fractions import Fraction
from typing import assert_never

import numpy as np

from scoring.columns.block import Facts
from scoring.columns.numbers import Aside, Flags, Index, Ints, Ratios
from scoring.scales import (
    AmongPeers,
    Cost,
    Each,
    Inverse,
    Linear,
    Once,
    OwnRhythm,
    Scale,
    Share,
    Steps,
    Target,
    UpTo,
    Who,
    target,
)

HUNDRED = 100


def targets(scale: Scale | Cost, facts: Facts, aside: Aside) -> tuple[Ratios, Flags]:
    """Return the figures customers are held against, and who has none; theirs stands as 1."""
    size = len(facts.created_on)
    stated = scale.target if isinstance(scale, UpTo) else None
    stated = scale.limit if isinstance(scale, Inverse) else stated
    if not isinstance(stated, Target):
        figure = target(scale, Who()) or Fraction(1)
        return _everybodys(figure, size, aside), np.zeros(size, dtype=np.bool_)
    figures = _of_segments(stated, facts, aside)
    if not stated.per_seat:
        return figures, np.zeros(size, dtype=np.bool_)
    seats = np.zeros(size, dtype=np.int64) if facts.seats is None else facts.seats
    nobody = seats <= 0
    return Ratios(aside.times(figures.over, np.where(nobody, 1, seats)), figures.under), nobody


def worths(  # noqa: PLR0911 - one return a kind
    scale: Scale | Cost, value: Ratios, figure: Ratios, full: Fraction, aside: Aside
) -> Ratios:
    """Return what the numbers are worth as 0-100, in lowest terms."""
    match scale:
        case UpTo():
            return _part(value, figure, aside)
        case Inverse():
            return _rest(_part(value, figure, aside))
        case Linear() | OwnRhythm():
            return _linear(value, Fraction(scale.zero_at), Fraction(scale.full_at), aside)
        case Share():
            return _part(value, _ones(value), aside)
        case AmongPeers():
            part = _part(value, _ones(value), aside)
            return part if scale.better == "more" else _rest(part)
        case Steps():
            return _steps(scale, value, full, aside)
        case Each():
            affords = _everybodys(full / Fraction(scale.points), len(value.over), aside)
            return _rest(_part(value, affords, aside))
        case Once():
            return _once(scale, value, full, aside)
        case _:
            assert_never(scale)


def _of_segments(stated: Target, facts: Facts, aside: Aside) -> Ratios:
    words = facts.segment.words if facts.segment else (None,)
    figures = [Fraction(stated.segments.get(word or "", stated.default)) for word in words]
    apart = Aside.of(len(figures))
    ratios = Ratios.of(figures, apart)
    codes = facts.segment.codes if facts.segment else np.zeros(len(facts.created_on), np.int32)
    aside.put(apart.rows[codes])
    return ratios.take(codes)


def _everybodys(figure: Fraction, size: int, aside: Aside) -> Ratios:
    one = Aside.of(1)
    ratios = Ratios.of([figure], one)
    aside.put(np.broadcast_to(one.rows, (size,)))
    return ratios.take(np.zeros(size, dtype=np.intp))


def _ones(value: Ratios) -> Ratios:
    return Ratios.all_of(Fraction(1), len(value.over))


def _part(value: Ratios, of: Ratios, aside: Aside) -> Ratios:
    """Return hundred times the value's part of a figure above 0, cut to 0-100."""
    over = aside.times(value.over, of.under, HUNDRED)
    return _clamped(over, aside.times(value.under, of.over), aside)


def _rest(part: Ratios) -> Ratios:
    return Ratios(HUNDRED * part.under - part.over, part.under)


def _linear(value: Ratios, zero: Fraction, end: Fraction, aside: Aside) -> Ratios:
    length = end - zero
    sign = 1 if length > 0 else -1
    apart = aside.times(value.over, zero.denominator) - aside.times(value.under, zero.numerator)
    over = aside.times(apart, HUNDRED * length.denominator * sign)
    under = aside.times(value.under, zero.denominator * abs(length.numerator))
    return _clamped(over, under, aside)


def _steps(scale: Steps, value: Ratios, full: Fraction, aside: Aside) -> Ratios:
    worth = [HUNDRED * Fraction(step.worth) / full for step in scale.steps]
    worth.append(HUNDRED * Fraction(scale.below) / full)
    place = np.full(len(value.over), len(scale.steps), dtype=np.intp)
    for above in reversed(range(len(scale.steps))):
        reached = _at_least(value, Fraction(scale.steps[above].at_least), aside)
        place[reached] = above
    return _looked_up([min(Fraction(HUNDRED), max(Fraction(0), w)) for w in worth], place, aside)


def _once(scale: Once, value: Ratios, full: Fraction, aside: Aside) -> Ratios:
    lost = HUNDRED * Fraction(scale.points) / full
    if scale.at_least is not None:
        crossed = _at_least(value, Fraction(scale.at_least), aside)
    else:
        crossed = _at_most(value, Fraction(scale.at_most or 0), aside)
    return _looked_up([Fraction(HUNDRED), HUNDRED - lost], crossed.astype(np.intp), aside)


def _looked_up(table: Sequence[Fraction], place: Index, aside: Aside) -> Ratios:
    apart = Aside.of(len(table))
    ratios = Ratios.of(table, apart)
    aside.put(apart.rows[place])
    return ratios.take(place)


def _at_least(value: Ratios, limit: Fraction, aside: Aside) -> Flags:
    reached: Flags = _apart(value, limit, aside) >= 0
    return reached


def _at_most(value: Ratios, limit: Fraction, aside: Aside) -> Flags:
    kept: Flags = _apart(value, limit, aside) <= 0
    return kept


def _apart(value: Ratios, limit: Fraction, aside: Aside) -> Ints:
    """Return a number of the sign of the value less the limit."""
    return aside.times(value.over, limit.denominator) - aside.times(value.under, limit.numerator)


def _clamped(over: Ints, under: Ints, aside: Aside) -> Ratios:
    full = aside.times(under, HUNDRED)
    cut = np.clip(over, 0, full)
    ended = (cut == 0) | (cut == full)
    return Ratios(
        np.where(ended, np.where(cut == 0, 0, HUNDRED), cut), np.where(ended, 1, under)
    ).reduced()
