"""How what was assessed becomes a score's value and its factors, rounded once and adding up.

An `Assembly` is the part that is the same for all customers of a model; what depends only on
which aspects are known is worked out once for all customers who share that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

from scoring import split, weigh
from scoring.factors import Assessment, FactorScore
from scoring.model import Component, HealthModel
from scoring.split import Parts

Flags = tuple[bool, ...]

# What a component begins with is shown as a factor of its own, so that contributions sum.
STARTED = Assessment(Fraction(100), "known", None, {"measure": "start"})
NOT_STARTED = Assessment(Fraction(100), "no_data", "exclude", {"measure": "start"})


@dataclass(frozen=True, slots=True)
class Shown:
    """Something a score shows as a factor, and the weight or points the model states for it.

    `measured` is its place among what is measured, None for what a component begins with.
    """

    name: str
    title: str
    weight: Decimal
    measured: int | None


@dataclass(frozen=True, slots=True)
class Assembly:
    """How a model puts a score together: what is shown, and the three things it works out.

    `contributions` of what was assessed, in the order shown; `weights` as shown, given which
    aspects count; `coverage` 0-100, given which are known.
    """

    places: int
    shown: tuple[Shown, ...]
    contributions: Callable[[Sequence[Assessment]], Parts]
    weights: Callable[[Flags], Sequence[Decimal]]
    coverage: Callable[[Flags], Decimal]


def assembly(model: HealthModel) -> Assembly:
    """Return how the model puts a score together."""
    return _mean(model) if model.factors else _points(model)


def together(
    plan: Assembly, worths: Sequence[Assessment]
) -> tuple[Decimal, tuple[FactorScore, ...]]:
    """Return the score, rounded once, and its factors, whose contributions sum to it."""
    value, contributions = split.shares(plan.contributions(worths), plan.places)
    weights = plan.weights(tuple([worth.counts for worth in worths]))
    return value, tuple(
        [
            _factor_score(shown, worths, weight, contribution)
            for shown, weight, contribution in zip(plan.shown, weights, contributions, strict=True)
        ]
    )


def _factor_score(
    shown: Shown, worths: Sequence[Assessment], weight: Decimal, contribution: Decimal
) -> FactorScore:
    if shown.measured is not None:
        worth = worths[shown.measured]
    else:
        worth = STARTED if weight else NOT_STARTED
    return FactorScore(
        shown.name,
        shown.title,
        worth.shown,
        worth.status,
        shown.weight,
        weight,
        contribution,
        worth.raw,
        worth.policy,
    )


def _mean(model: HealthModel) -> Assembly:
    weights = weigh.whole_numbers([factor.weight for factor in model.factors])
    return Assembly(
        places=model.decimals,
        shown=tuple(
            Shown(factor.name, factor.title, factor.weight, place)
            for place, factor in enumerate(model.factors)
        ),
        contributions=lambda worths: weigh.weighted(weights, worths),
        weights=cache(lambda counts: split.shares(weigh.mean_weights(weights, counts))[1]),
        coverage=_coverage([Fraction(weight) for weight in weights]),
    )


def _points(model: HealthModel) -> Assembly:
    parts = model.components
    return Assembly(
        places=model.decimals,
        shown=tuple(_components_shown(parts)),
        contributions=lambda worths: weigh.added(parts, worths),
        weights=cache(lambda counts: split.shares(weigh.point_weights(parts, counts))[1]),
        coverage=_coverage([weight for part in parts for weight in weigh.coverage_weights(part)]),
    )


def _components_shown(components: Sequence[Component]) -> Iterator[Shown]:
    place = 0
    for component in components:
        if component.start:
            yield Shown(component.name, component.title, component.start, None)
        for item in component.items:
            yield Shown(item.name, item.title, item.max, place)
            place += 1
        for penalty in component.penalties:
            yield Shown(penalty.name, penalty.title, penalty.cost.points, place)
            place += 1


def _coverage(weights: Sequence[Fraction]) -> Callable[[Flags], Decimal]:
    whole = sum(weights, Fraction(0))

    @cache
    def coverage(known: Flags) -> Decimal:
        there = [weight for weight, is_known in zip(weights, known, strict=True) if is_known]
        return split.rounded(100 * sum(there, Fraction(0)) / whole)

    return coverage
