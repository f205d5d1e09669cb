"""How the parts of a score come together, exactly: as a weighted mean, or as points that add up.

Contributions sum to the score. The weight of a part is what it would contribute if it were
perfect, once the missing parts' weight was spread over the others; weights sum to 100. They depend
only on what counts, so they are worked out once for all customers of whom the same is known.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import TypeVar

from scoring.factors import Assessment
from scoring.model import Component
from scoring.split import Parts

T = TypeVar("T")

ZERO = Fraction(0)
HUNDRED = Fraction(100)


def weighted(weights: Sequence[int], worths: Sequence[Assessment]) -> Parts:
    """Return the parts of the weighted mean; the weights are in any unit, what is out has none."""
    counted = [weight if worth.counts else 0 for weight, worth in zip(weights, worths, strict=True)]
    whole = sum(counted)
    if not whole:
        return Parts([0] * len(counted))
    values = Parts.of([worth.value for worth in worths])
    return Parts(
        [weight * value for weight, value in zip(counted, values.numerators, strict=True)],
        whole * values.denominator,
    )


def whole_numbers(weights: Sequence[Decimal]) -> tuple[int, ...]:
    """Return weights as whole numbers in the same proportion."""
    return tuple(Parts.of([Fraction(weight) for weight in weights]).numerators)


def mean_weights(weights: Sequence[int], counts: Sequence[bool]) -> Parts:
    """Return each weight in a mean of those that count, as parts of 100."""
    counted = [weight if counting else 0 for weight, counting in zip(weights, counts, strict=True)]
    return Parts([100 * weight for weight in counted], sum(counted) or 1)


def added(components: Sequence[Component], worths: Sequence[Assessment]) -> Parts:
    """Return the parts of the sum of all components: for each its start, items and penalties.

    A component of which nothing is known is left out, and the others stand for it in proportion.
    The sum is cut to 100, from everything in proportion.
    """
    groups = list(grouped(components, worths))
    points = [
        _component(component, group)
        if _counts(component, [worth.counts for worth in group])
        else [ZERO] * (bool(component.start) + len(group))
        for component, group in zip(components, groups, strict=True)
    ]
    parts = [part for group in points for part in group]
    return Parts.of(_stretched(components, groups, parts))


def point_weights(components: Sequence[Component], counts: Sequence[bool]) -> Parts:
    """Return what each start, item and penalty can add at most, as parts of 100."""
    weights = [
        weight
        for component, group in zip(components, grouped(components, counts), strict=True)
        for weight in _weights(component, group)
    ]
    whole = sum(weights, ZERO)
    return Parts.of([HUNDRED * weight / whole if whole else ZERO for weight in weights])


def coverage_weights(component: Component) -> list[Fraction]:
    """Return how much of the component's maximum each item and penalty stands for.

    Penalties stand for the points it starts with, by what each costs; items for the rest.
    """
    start = _start(component)
    items = [Fraction(item.max) for item in component.items]
    costs = [Fraction(penalty.cost.points) for penalty in component.penalties]
    return _spread(items, Fraction(component.max) - start) + _spread(costs, start)


def grouped(components: Sequence[Component], parts: Sequence[T]) -> Iterator[list[T]]:
    """Yield each component's share of what was measured, items first."""
    rest = iter(parts)
    for component in components:
        yield list(islice(rest, len(component.items) + len(component.penalties)))


def _stretched(
    components: Sequence[Component], groups: Sequence[Sequence[Assessment]], parts: list[Fraction]
) -> list[Fraction]:
    whole = sum((Fraction(component.max) for component in components), ZERO)
    known = sum(
        (
            Fraction(component.max)
            for component, group in zip(components, groups, strict=True)
            if _counts(component, [worth.counts for worth in group])
        ),
        ZERO,
    )
    points = sum(parts, ZERO)
    if not points:
        return parts
    stretch = min(whole / known, HUNDRED / points)
    return [part * stretch for part in parts]


def _counts(component: Component, counts: Sequence[bool]) -> bool:
    """Tell whether enough is known to speak of the component: of its items, if it has any."""
    return any(counts[: len(component.items)] or counts)


def _component(component: Component, worths: Sequence[Assessment]) -> list[Fraction]:
    """Put one component together, capped at its maximum and never below nothing.

    What the cap takes away is taken from everything earned in proportion, and what the floor
    forgives is forgiven to every penalty in proportion, so that the parts still add up.
    """
    full, start = Fraction(component.max), Fraction(component.start)
    earned = _earned(component, worths)
    costs = [full - _left(full, worth) for worth in worths[len(earned) :]]
    gained, lost = start + sum(earned, ZERO), sum(costs, ZERO)
    kept = (full + lost) / gained if gained - lost > full else Fraction(1)
    due = gained / lost if lost > gained else Fraction(1)
    begun = [start * kept] if start else []
    return [*begun, *(points * kept for points in earned), *(-cost * due for cost in costs)]


def _earned(component: Component, worths: Sequence[Assessment]) -> list[Fraction]:
    """Return what the items earn, those that count standing for those that do not."""
    maxima = [
        Fraction(item.max) if worth.counts else ZERO
        for item, worth in zip(component.items, worths, strict=False)
    ]
    known = sum(maxima, ZERO)
    whole = sum((Fraction(item.max) for item in component.items), ZERO)
    return [
        worth.value / HUNDRED * most * whole / known
        for most, worth in zip(maxima, worths, strict=False)
    ]


def _left(full: Fraction, worth: Assessment) -> Fraction:
    """Return what a penalty leaves of the maximum; one of which nothing is known costs nothing."""
    return full * worth.value / HUNDRED if worth.counts else full


def _weights(component: Component, counts: Sequence[bool]) -> list[Fraction]:
    """Return what the start, each item and each penalty can add; a penalty never adds."""
    if not _counts(component, counts):
        return [ZERO] * (bool(component.start) + len(counts))
    full = Fraction(component.max)
    start = Fraction(component.start) if component.items else full
    maxima = [
        Fraction(item.max) if counting else ZERO
        for item, counting in zip(component.items, counts, strict=False)
    ]
    begun = [start] if component.start else []
    return [*begun, *_spread(maxima, full - start), *([ZERO] * len(component.penalties))]


def _start(component: Component) -> Fraction:
    """Return the share of the maximum that is there without being earned."""
    if not component.items:
        return Fraction(component.max)
    return Fraction(component.start) if component.penalties else ZERO


def _spread(parts: Sequence[Fraction], whole: Fraction) -> list[Fraction]:
    together = sum(parts, ZERO)
    return [whole * part / together for part in parts]
