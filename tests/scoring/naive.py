"""A second implementation of a model's score, as slow and plain as the text of the rules.

It shares nothing with `scoring` but the model as written and the answers: every rule is spelt out
again with fractions, so that the two can only agree if both say what the rules say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from scoring import measures
from scoring.feeds import FeedState
from scoring.figures import Answers, CustomerFacts
from scoring.model import Component, HealthModel, Item, Measured, Neutral, Penalty
from tests.scoring.worlds import TODAY


@dataclass
class Plain:
    """One aspect: its value 0-100, whether it counts and whether it is known."""

    value: Fraction
    counts: bool
    known: bool


@dataclass
class Naive:
    value: Decimal
    coverage: Decimal


def naive_score(
    model: HealthModel, facts: CustomerFacts, answers: Answers, feeds: dict[str, FeedState]
) -> Naive:
    if model.factors:
        return mean(model, facts, answers, feeds)
    groups = [points(part, facts, answers, feeds) for part in model.components]
    every = total(part.max for part in model.components)
    pairs = zip(model.components, groups, strict=True)
    there = total(part.max for part, (got, _) in pairs if got is not None)
    summed = total(got for got, _ in groups if got is not None)
    exact = min(Fraction(100), summed * every / there) if there else Fraction(0)
    covered = total(covered for _, covered in groups)
    return Naive(half_up(exact, model.decimals), half_up(100 * covered / every, 2))


def mean(
    model: HealthModel, facts: CustomerFacts, answers: Answers, feeds: dict[str, FeedState]
) -> Naive:
    full = Fraction(100)
    seen = [
        (Fraction(factor.weight), plain(factor, factor.scale, full, facts, answers, feeds))
        for factor in model.factors
    ]
    counted = total(weight for weight, one in seen if one.counts)
    summed = total(weight * one.value for weight, one in seen if one.counts)
    known = total(weight for weight, one in seen if one.known)
    exact = summed / counted if counted else Fraction(0)
    coverage = 100 * known / total(weight for weight, _ in seen)
    return Naive(half_up(exact, model.decimals), half_up(coverage, 2))


def total(numbers: Iterable[Fraction | Decimal]) -> Fraction:
    return sum((Fraction(number) for number in numbers), Fraction(0))


def points(
    part: Component, facts: CustomerFacts, answers: Answers, feeds: dict[str, FeedState]
) -> tuple[Fraction | None, Fraction]:
    """Return a component's points, None when nothing is known of it, and the maximum covered."""
    full = Fraction(part.max)
    items = [
        (item, plain(item, item.scale, Fraction(item.max), facts, answers, feeds))
        for item in part.items
    ]
    costs = [(cost, plain(cost, cost.cost, full, facts, answers, feeds)) for cost in part.penalties]
    covered = known_maximum(part, items, costs)
    judged = items or costs
    if not any(one.counts for _, one in judged):
        return None, covered
    got = Fraction(part.start)
    if items:
        share = total(one.value / 100 * Fraction(item.max) for item, one in items if one.counts)
        known = total(item.max for item, one in items if one.counts)
        got += share * total(item.max for item, _ in items) / known
    for _, one in costs:
        if one.counts:
            got -= full * (100 - one.value) / 100
    return max(Fraction(0), min(full, got)), covered


def known_maximum(
    part: Component, items: list[tuple[Item, Plain]], costs: list[tuple[Penalty, Plain]]
) -> Fraction:
    full, start = Fraction(part.max), Fraction(part.start)
    for_costs = full if not items else start if costs else Fraction(0)
    covered = Fraction(0)
    for item, one in items:
        if one.known:
            covered += (
                (full - for_costs)
                * Fraction(item.max)
                / sum(Fraction(each.max) for each, _ in items)
            )
    for cost, one in costs:
        if one.known:
            covered += (
                for_costs
                * Fraction(cost.cost.points)
                / sum(Fraction(each.cost.points) for each, _ in costs)
            )
    return covered


def plain(  # noqa: PLR0911, PLR0917 - the rules, one after the other
    measured: Measured,
    scale: Any,
    full: Fraction,
    facts: CustomerFacts,
    answers: Answers,
    feeds: dict[str, FeedState],
) -> Plain:
    own = [feeds[name] for name in measures.sources(measured.measure) if name in feeds]
    own = [state for state in own if state.status != "never"]
    beat = [feeds[name] for name in measured.fed_by if name in feeds]
    beat = [state for state in beat if state.status != "never"]
    pulse = beat or own
    if not own:
        return missing(measured.when.no_data)
    stopped = all(state.status == "stopped" for state in pulse)
    days = [state.last_day for state in pulse if state.last_day]
    if stopped and not days:
        return missing(measured.when.no_data)
    until = max(days) if stopped else TODAY
    figure = against(scale, facts)
    if figure is None:
        return missing(measured.when.no_data)
    number = measure(measured.measure, answers, until)
    since = min(state.first_day or TODAY for state in own + beat)
    if number is None:
        return missing(measured.when.not_applicable)
    if scale.kind == "own_rhythm":
        before = windows_before(measured, scale, answers, until, max(facts.created_on, since))
        if len(before) < 3:
            return missing(measured.when.no_data)
        number = spreads(number, before)
    if (until - max(facts.created_on, since)).days < measured.minimum_age:
        return missing(measured.when.no_data)
    value = worth(scale, number, figure, full)
    if not stopped:
        return Plain(value, counts=True, known=True)
    if measured.when.stale == "freeze":
        return Plain(value, counts=True, known=False)
    return missing(measured.when.stale)


def missing(policy: Any) -> Plain:
    if isinstance(policy, Neutral):
        return Plain(Fraction(policy.neutral), counts=True, known=False)
    return Plain(Fraction(0), counts=policy == "zero", known=False)


def against(scale: Any, facts: CustomerFacts) -> Fraction | None:
    stated = getattr(scale, "target", None) or getattr(scale, "limit", None) or Decimal(1)
    if isinstance(stated, Decimal):
        return Fraction(stated)
    figure = Fraction(
        stated.segments.get(facts.segment, stated.default) if facts.segment else stated.default
    )
    if stated.per_seat:
        return figure * facts.seats if facts.seats else None
    return figure


def measure(  # noqa: C901, PLR0911, PLR0912 - one return a kind
    kind: Any, answers: Answers, until: date
) -> Fraction | None:
    found = [answers[figure] for figure in measures.figures(kind, until)]
    if not found:
        return None
    match kind.kind:
        case "count" | "total" | "active_days" | "features" | "tickets":
            return Fraction(found[0])
        case "change":
            before = total(found[1:]) / int(kind.against)
            if before:
                return Fraction(found[0]) / before - 1
            return Fraction(1) if found[0] else None
        case "ratio":
            part, whole = Fraction(found[0]), Fraction(found[1])
            return part / whole if whole else None
        case "paid_on_time":
            good = [due for due in found[0] if due.paid_on and due.paid_on <= due.due_on]
            return Fraction(len(good), len(found[0])) if found[0] else None
        case "recency":
            last, first, active = found
            if last is None:
                return None
            known = min(kind.days, (until - first).days + 1)
            span = [until - timedelta(days=back) for back in range(known)]
            silent = [until - timedelta(days=back) for back in range((until - last).days)]
            if kind.working_days:
                span, silent = worked(span), worked(silent)
            return Fraction(len(silent) * max(active, 1), max(len(span), 1))
        case "tenure":
            return None if found[0] is None else Fraction((until - found[0]).days)
        case "payment_delay":
            late = [
                min(kind.longest, max(0, (min(due.paid_on or until, until) - due.due_on).days))
                for due in found[0]
            ]
            return Fraction(sum(late), len(late)) if late else None
        case "since_paid":
            paid = [due.paid_on for due in found[0] if due.paid_on and due.paid_on <= until]
            since = max(paid) if paid else min((due.due_on for due in found[0]), default=None)
            return None if since is None else Fraction((until - since).days)
        case "rating":
            times = sum(times for _, times in found[0])
            return total(Fraction(r) * t for r, t in found[0]) / times if times else None
        case _:
            raise AssertionError(kind)


def worth(scale: Any, number: Fraction, figure: Fraction, full: Fraction) -> Fraction:
    match scale.kind:
        case "up_to":
            share = number / figure
        case "inverse":
            share = 1 - number / figure
        case "linear" | "own_rhythm":
            zero, top = Fraction(scale.zero_at), Fraction(scale.full_at)
            share = (number - zero) / (top - zero)
        case "share":
            share = number
        case "steps":
            reached = [step.worth for step in scale.steps if number >= Fraction(step.at_least)]
            share = Fraction(reached[0] if reached else scale.below) / full
        case "each":
            share = 1 - number * Fraction(scale.points) / full
        case "once":
            low = scale.at_least is not None and number >= Fraction(scale.at_least)
            high = scale.at_most is not None and number <= Fraction(scale.at_most)
            share = 1 - Fraction(scale.points) / full * (low or high)
        case _:
            raise AssertionError(scale)
    return 100 * max(Fraction(0), min(Fraction(1), share))


def windows_before(
    measured: Measured, scale: Any, answers: Answers, until: date, since: date
) -> list[Fraction]:
    """Measure the windows before one by one, as far back as the customer was there throughout."""
    days: int = getattr(measured.measure, "days")  # noqa: B009 - only counted measures come here
    step = days
    while scale.same_weekdays and step % 7:
        step += 1
    found = []
    for back in range(1, scale.windows + 1):
        end = until - timedelta(days=step * back)
        if end - timedelta(days=days - 1) >= since:
            was = measure(measured.measure, answers, end) or Fraction(0)
            if scale.per_working_day:
                now, then = (
                    len(worked([last - timedelta(days=n) for n in range(days)]))
                    for last in (until, end)
                )
                was = was * now / then if now and then else was
            found.append(was)
    return found


def worked(days: list[date]) -> list[date]:
    """Keep Mondays to Fridays; generated models name no region, so there are no holidays."""
    return [day for day in days if day.weekday() not in {5, 6}]


def spreads(number: Fraction, before: list[Fraction]) -> Fraction:
    middle = in_the_middle(before)
    apart = in_the_middle([abs(one - middle) for one in before]) * Fraction("1.4826")
    return (number - middle) / max(apart, middle / 4, Fraction(1))


def in_the_middle(numbers: list[Fraction]) -> Fraction:
    """Return the median by striking off the lowest and the highest in turn."""
    rest = sorted(numbers)
    while len(rest) > 2:
        rest = rest[1:-1]
    return sum(rest, Fraction(0)) / len(rest)


def half_up(exact: Fraction, places: int) -> Decimal:
    """Round half up by hand: as many whole units as fit into the number and a half."""
    units = exact * 10**places + Fraction(1, 2)
    return Decimal(units.numerator // units.denominator).scaleb(-places)
