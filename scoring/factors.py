"""One measured aspect of one customer: what was found, what is known of it, what it is worth.

A `FactorPlan` is the part that is the same for all customers of a day; `assess` is the rest. What
it finds is kept by the answers it was given: most customers share theirs with many others.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

from scoring import measures, scales, split
from scoring.calendar import WEEKENDS_ONLY, Calendar
from scoring.feeds import FeedState
from scoring.figures import Answers, CustomerFacts, Figure, Source
from scoring.model import Measured, Neutral, Policy, StalePolicy
from scoring.readings import Raw, Reading, number, reading
from scoring.scales import ANYBODY, AmongPeers, Cost, OwnRhythm, Scale, Who
from scoring.standing import Peers, Population, Usual

Status = Literal["known", "not_applicable", "no_data", "stale"]
PolicyName = Literal["exclude", "neutral", "zero", "freeze"]
Found = tuple[Any, ...]

NOTHING = Fraction(0)
# Six places never show in two.
KEPT_DECIMALS = 6
WEEK = 7
# Of fewer windows the median is the luck of one of them.
LEAST_WINDOWS = 3
# Enough for the usual figures of a large base, little enough to be nothing beside its answers.
REMEMBERED = 8192


@dataclass(frozen=True, slots=True)
class Assessment:
    """What an aspect is worth, 0-100 and exact; `policy` is None when it was simply measured.

    `shown` is the value for people and charts; `counts` tells whether it takes part in the score.
    """

    value: Fraction
    status: Status
    policy: PolicyName | None
    raw: Mapping[str, Raw]
    shown: Decimal = field(init=False, compare=False)
    counts: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shown", split.rounded(self.value, KEPT_DECIMALS))
        object.__setattr__(self, "counts", self.policy != "exclude")


@dataclass(frozen=True, slots=True)
class FactorScore:
    """One factor's part in a score.

    `value` is 0-100; `weight` as the model states it; `effective_weight` after the excluded
    factors' weight was spread (they sum to 100, an excluded one has 0); `contribution` is in
    points with two decimals, and the contributions sum to the score exactly. `policy` says what
    was done when the factor was not simply known.
    """

    name: str
    title: str
    value: Decimal
    status: Status
    weight: Decimal
    effective_weight: Decimal
    contribution: Decimal
    raw: Mapping[str, Raw]
    policy: PolicyName | None = None


@dataclass(frozen=True, slots=True)
class FactorPlan:
    """A measured aspect on a day: its figures, and what its feeds allow.

    `full` is what a scale's points are points of; `until` is the day the windows end, earlier
    than the day scored when the feed has stopped; `fed_since` is the first day the feed ever
    spoke, None when there is nothing to go by. `figures` are the measure's own, then those of the
    windows before, if the scale looks at them. `peers` are the numbers of everybody on that day,
    None as long as nobody surveyed them.
    """

    measured: Measured
    scale: Scale | Cost
    full: Fraction
    figures: tuple[Figure[Any], ...]
    until: date
    stale: bool
    fed_since: date | None
    peers: Peers | None = field(default=None, compare=False)
    calendar: Calendar = WEEKENDS_ONLY
    personal: bool = field(init=False)
    judged: Callable[[Found, Who, bool, int], Assessment] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        @lru_cache(maxsize=REMEMBERED)
        def judged(found: Found, who: Who, young: bool, seen: int) -> Assessment:  # noqa: FBT001 - only called here
            return _judged(self, found, who, young=young, seen=seen)

        object.__setattr__(self, "personal", scales.is_personal(self.scale))
        object.__setattr__(self, "judged", judged)


def factor_plan(
    measured: Measured,
    scale: Scale | Cost,
    full: Fraction,
    as_of: date,
    feeds: Mapping[Source, FeedState],
    *,
    population: Population | None = None,
    calendar: Calendar = WEEKENDS_ONLY,
) -> FactorPlan:
    """Return how this aspect is measured on that day, given the state of its feeds.

    An aspect nobody ever sent data of has none. One fed by several sources is stale when all
    that ever spoke have stopped.
    """
    own = _spoken(measures.sources(measured.measure), feeds)
    spoken = [*own, *_spoken(measured.fed_by, feeds)] if own else []
    pulse = _spoken(measured.fed_by, feeds) or own
    stale = bool(pulse) and all(state.status == "stopped" for state in pulse)
    last_days = [state.last_day for state in pulse if state.last_day is not None]
    until = max(last_days) if stale and last_days else as_of
    first_days = [state.first_day or as_of for state in spoken]
    return FactorPlan(
        measured=measured,
        scale=scale,
        full=full,
        figures=_figures(measured, scale, until),
        until=until,
        stale=stale,
        fed_since=_fed_since(measured, first_days) if last_days or not stale else None,
        peers=(population or {}).get(measured.name),
        calendar=calendar,
    )


def _fed_since(measured: Measured, first_days: Sequence[date]) -> date | None:
    """Return the first day of the feeds; what needs none was always there."""
    always = date.min if measures.asks_for_beginning(measured.measure) else None
    return min(first_days, default=always)


def _figures(measured: Measured, scale: Scale | Cost, until: date) -> tuple[Figure[Any], ...]:
    days = (until, *_ends(measured, scale, until))
    return tuple(figure for day in days for figure in measures.figures(measured.measure, day))


def _ends(measured: Measured, scale: Scale | Cost, until: date) -> list[date]:
    """Return the last days of the windows before, if the scale looks at any, newest first."""
    if not isinstance(scale, OwnRhythm):
        return []
    step = step_of(measured, scale)
    return [until - timedelta(days=step * back) for back in range(1, scale.windows + 1)]


def step_of(measured: Measured, scale: OwnRhythm) -> int:
    """Return how many days one window begins after the one before it."""
    days = measures.length(measured.measure)
    return -(-days // WEEK) * WEEK if scale.same_weekdays else days


def _spoken(sources: Iterable[Source], feeds: Mapping[Source, FeedState]) -> list[FeedState]:
    """Return the state of the sources that ever spoke."""
    states = [feeds[source] for source in sources if source in feeds]
    return [state for state in states if state.status != "never"]


def assess(plan: FactorPlan, facts: CustomerFacts, answers: Answers) -> Assessment:
    """Return what the aspect is worth for this customer."""
    found = _found(plan, facts, answers)
    return plan.judged(found, _who(plan, facts), _is_young(plan, facts), _seen(plan, facts))


def surveyed(
    plans: Sequence[FactorPlan], people: Iterable[tuple[CustomerFacts, Answers]]
) -> Population:
    """Return the numbers of all these customers, for the plans whose scale places among peers.

    Customers too young, or with nothing to measure, are nobody's peers. Reads `people` once.
    """
    asked = [plan for plan in plans if isinstance(plan.scale, AmongPeers)]
    counted: dict[str, Counter[tuple[str, Found]]] = {
        plan.measured.name: Counter() for plan in asked
    }
    for facts, answers in people:
        for plan in asked:
            if not _is_young(plan, facts):
                found = _found(plan, facts, answers)
                counted[plan.measured.name][_group(plan, _who(plan, facts)), found] += 1
    return {plan.measured.name: _peers(plan, counted[plan.measured.name]) for plan in asked}


def among(plan: FactorPlan, population: Population) -> FactorPlan:
    """Return the plan with the numbers of everybody on that day."""
    return replace(plan, peers=population.get(plan.measured.name))


def _found(plan: FactorPlan, facts: CustomerFacts, answers: Answers) -> Found:
    if not plan.figures and measures.asks_for_beginning(plan.measured.measure):
        return (facts.created_on,)
    return tuple([answers[figure] for figure in plan.figures])


def _peers(plan: FactorPlan, counted: Mapping[tuple[str, Found], int]) -> Peers:
    read = (
        (group, reading(plan.measured.measure, found, plan.until, plan.calendar).value, times)
        for (group, found), times in counted.items()
    )
    return Peers.of((group, value, times) for group, value, times in read if value is not None)


def _group(plan: FactorPlan, who: Who) -> str:
    return who.group(plan.scale) if isinstance(plan.scale, AmongPeers) else ""


def _who(plan: FactorPlan, facts: CustomerFacts) -> Who:
    return Who(facts.segment, facts.seats, facts.plan) if plan.personal else ANYBODY


def _seen(plan: FactorPlan, facts: CustomerFacts) -> int:
    """Return in how many of the windows before the customer was there from beginning to end."""
    if plan.fed_since is None or not isinstance(plan.scale, OwnRhythm):
        return 0
    days = (plan.until - max(facts.created_on, plan.fed_since)).days + 1
    whole = (days - measures.length(plan.measured.measure)) // step_of(plan.measured, plan.scale)
    return min(max(whole, 0), plan.scale.windows)


def _is_young(plan: FactorPlan, facts: CustomerFacts) -> bool:
    if plan.fed_since is None:
        return True
    seen_since = max(facts.created_on, plan.fed_since)
    return (plan.until - seen_since).days < plan.measured.minimum_age


def _judged(plan: FactorPlan, found: Found, who: Who, *, young: bool, seen: int) -> Assessment:
    figure = scales.target(plan.scale, who)
    read = reading(plan.measured.measure, found[: _own(plan)], plan.until, plan.calendar)
    placed = _placed(plan, read, found, who, seen)
    if read.value is not None and placed.value is None:
        figure = None
    status = _status(plan, read, figure, young=young)
    value, raw = _value(plan, read, placed, figure), _shown(plan, placed, figure)
    if status == "known":
        return Assessment(value, status, None, raw)
    return _by_policy(policy_for(plan.measured, status), value, status, raw)


def _own(plan: FactorPlan) -> int:
    """Return how many of the figures are of the window itself; the rest is of those before."""
    windows = plan.scale.windows if isinstance(plan.scale, OwnRhythm) else 0
    return len(plan.figures) // (windows + 1) or 1


def _placed(plan: FactorPlan, read: Reading, found: Found, who: Who, seen: int) -> Reading:
    """Return the number the scale takes, which may be a place among other numbers.

    It is None where there is nothing to compare with.
    """
    if read.value is None:
        return read
    match plan.scale:
        case OwnRhythm():
            return _against_usual(plan, read, read.value, found, seen)
        case AmongPeers():
            return _against_peers(plan, read, read.value, _group(plan, who))
        case _:
            return read


def _against_usual(
    plan: FactorPlan, read: Reading, value: Fraction, found: Found, seen: int
) -> Reading:
    if seen < LEAST_WINDOWS:
        return Reading(None, {**read.raw, "usual": None})
    own = _own(plan)
    before = [
        reading(plan.measured.measure, found[own * back : own * (back + 1)], plan.until).value
        for back in range(1, seen + 1)
    ]
    usual = Usual.of(
        [(was or Fraction(0)) * as_long(plan, back) for back, was in enumerate(before, start=1)]
    )
    return Reading(usual.distance(value), {**read.raw, "usual": number(usual.median)})


def as_long(plan: FactorPlan, back: int) -> Fraction:
    """Return by how much a window before is to be stretched to be as long as the last one.

    A window without a working day, such as a Sunday, is taken as it is.
    """
    scale = plan.scale
    if not isinstance(scale, OwnRhythm) or not scale.per_working_day:
        return Fraction(1)
    step, length = step_of(plan.measured, scale), measures.length(plan.measured.measure)
    ends = (plan.until, plan.until - timedelta(days=step * back))
    now, then = (plan.calendar.working_days(e - timedelta(days=length - 1), e) for e in ends)
    return Fraction(now, then) if now and then else Fraction(1)


def _against_peers(plan: FactorPlan, read: Reading, value: Fraction, group: str) -> Reading:
    share = plan.peers.share(value, group) if plan.peers else None
    shown = None if share is None else int(split.rounded(100 * share, 0))
    return Reading(share, {**read.raw, "percentile": shown, "peers": group or None})


def _status(plan: FactorPlan, read: Reading, figure: Fraction | None, *, young: bool) -> Status:
    if plan.fed_since is None or figure is None:
        return "no_data"
    if read.value is None:
        return "not_applicable"
    if young:
        return "no_data"
    return "stale" if plan.stale else "known"


def _value(plan: FactorPlan, read: Reading, placed: Reading, figure: Fraction | None) -> Fraction:
    """Scale what was measured; what is not applicable shows its neutral score, if it has one."""
    if placed.value is not None and figure is not None:
        return scales.scaled(plan.scale, placed.value, figure, plan.full)
    when = plan.measured.when
    policy = when.not_applicable if read.value is None else when.no_data
    return Fraction(policy.neutral) if isinstance(policy, Neutral) else NOTHING


def policy_for(measured: Measured, status: Status) -> Policy | StalePolicy:
    """Return what the model does with an aspect that is not simply known."""
    match status:
        case "not_applicable":
            return measured.when.not_applicable
        case "stale":
            return measured.when.stale
        case _:
            return measured.when.no_data


def _by_policy(
    policy: Policy | StalePolicy, value: Fraction, status: Status, raw: Mapping[str, Raw]
) -> Assessment:
    """Apply the policy; an excluded aspect keeps its value to be shown, but does not count."""
    match policy:
        case Neutral():
            return Assessment(Fraction(policy.neutral), status, "neutral", raw)
        case "zero":
            return Assessment(NOTHING, status, "zero", raw)
        case _:
            return Assessment(value, status, policy, raw)


def _noun(plan: FactorPlan, read: Reading) -> str:
    """Return what is counted; "1 ticket", but "1 of 20 logins"."""
    single = read.raw.get("count") == 1 and scales.held_against(plan.scale) != "target"
    return (plan.measured.one if single else None) or plan.measured.noun


def _shown(plan: FactorPlan, read: Reading, figure: Fraction | None) -> Mapping[str, Raw]:
    """Return the raw figures a person is shown, and those the sentences are built from."""
    raw: dict[str, Raw] = {
        "measure": plan.measured.measure.kind,
        "noun": _noun(plan, read),
        **read.raw,
    }
    if (held_against := scales.held_against(plan.scale)) is not None:
        raw[held_against] = None if figure is None else number(figure)
    if plan.stale:
        raw["until"] = plan.until.isoformat()
    return raw
