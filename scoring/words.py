"""A score in sentences a CSM would say: what was measured, and what became of it.

Built from a factor's raw figures alone, so that a stored snapshot reads as well as a fresh one.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from scoring.factors import FactorScore
from scoring.readings import Raw

MINUS = "−"  # noqa: RUF001 - the minus sign, which does not break the line before a figure
# What a reader sees of a count: these read "12 logins in 30 days", and "fell from 41 to 12".
COUNTS = frozenset(
    {"count", "total", "active_days", "features", "tickets", "late_payments", "rated_count"}
)


def factor_words(factor: FactorScore) -> str:
    """Return what was measured: "12 of 20 logins in 30 days"."""
    match factor.status:
        case "no_data":
            return f"no data yet on {_noun(factor)}"
        case "not_applicable":
            return f"no {_noun(factor)} to measure"
        case "stale":
            return f"{_measured(factor)}, as of {factor.raw.get('until')}: the feed has stopped"
        case _:
            return _measured(factor)


def loss(factor: FactorScore, points: Decimal) -> str:
    """Return what a factor costs: "12 of 20 logins in 30 days: 10 of 25 points lost."."""
    of = f" of {plain(factor.effective_weight)}" if factor.effective_weight else ""
    unit = "point" if not of and points == -1 else "points"
    return f"{_capital(factor_words(factor))}: {plain(-points)}{of} {unit} lost."


def change(
    before: FactorScore | None, after: FactorScore | None, points: Decimal, cause: str
) -> str:
    """Return what moved: "Logins fell from 41 to 12 in 30 days: …", and by how many points."""
    tail = f"{signed(points)} {'point' if abs(points) == 1 else 'points'}."
    if after is None:
        title = before.title if before else ""
        return f"{title} is measured no more, by another model: {tail}"
    if before is None:
        return f"{after.title} is measured now, by another model: {tail}"
    match cause:
        case "model":
            return f"{_remeasured(before, after)}: {tail}"
        case "coverage":
            return f"{_seen_differently(before, after)}: {tail}"
        case "late_data":
            return f"{_corrected(before, after)}: {tail}"
        case _:
            return f"{_moved(before, after)}: {tail}"


def remodelled(before: str, after: str, points: Decimal) -> str:
    """Return what a change of model did to a day's score, whatever the customer did since."""
    tail = f"{signed(points)} {'point' if abs(points) == 1 else 'points'}."
    return f"The same day by {after} instead of {before}: {tail}"


def signed(points: Decimal) -> str:
    """Return points with their sign: "+3", "+11.25", with a true minus sign below zero."""
    return f"{MINUS if points < 0 else '+'}{plain(abs(points))}"


def plain(number: Decimal) -> str:
    """Return a number with at most two decimals and no trailing zeros: "12.5", "1,000"."""
    text = f"{number.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _noun(factor: FactorScore) -> str:
    return str(factor.raw.get("noun") or factor.title)


def _measured(factor: FactorScore) -> str:  # noqa: C901, PLR0911 - one return a kind
    raw, noun = factor.raw, _noun(factor)
    window = f"in {raw.get('days')} days"
    match raw.get("measure"):
        case "start":
            return f"{factor.title} starts full"
        case "paid_on_time":
            paid = f"{raw['on_time']} of the last {raw['count']} {noun} paid on time"
            return f"{paid}{_standing(raw)}"
        case "change":
            return f"{_count(raw)} {noun} {window}, {_count(raw, 'before')} {_earlier(raw)}"
        case "ratio" | "rated_share":
            return f"{_count(raw)} of {_count(raw, 'whole')} {noun} {window}"
        case "days_since" | "since_paid":
            return f"{_days(raw)} since the last {noun}{_standing(raw)}"
        case "recency":
            gap = f"usually every {_days(raw, 'gap')}"
            return f"{_days(raw)} since the last {noun}, {gap}{_standing(raw)}"
        case "tenure":
            return f"{_days(raw)} since the first {noun}{_standing(raw)}"
        case "payment_delay":
            late = f"{_days(raw, 'delay')} late on average"
            return f"last {raw['count']} {noun} {late}{_standing(raw)}"
        case "rating" | "survey_mean":
            return f"{noun} {_count(raw, 'mean')} from {raw['answers']} answers {window}"
        case "nps":
            return f"{noun} {signed(_number(raw, 'nps'))} from {raw['answers']} answers {window}"
        case "survey_change":
            before = f"{_count(raw, 'before')} {raw['ago']} days earlier"
            return f"{noun} {_count(raw, 'mean')} {window}, {before}"
        case _:
            of = f" of {raw['target']}" if raw.get("target") is not None else ""
            limit = f" (limit {raw['limit']})" if raw.get("limit") is not None else ""
            return f"{_count(raw)}{of} {noun} {window}{limit}{_standing(raw)}"


def _standing(raw: Mapping[str, Raw]) -> str:
    """Return what the number was held against, where that is not a figure of the model's."""
    if raw.get("usual") is not None:
        return f", usually {_count(raw, 'usual')}"
    if raw.get("percentile") is not None:
        whom = f"customers in {raw['peers']}" if raw.get("peers") else "customers"
        # Half of the equals are counted as less, so "more than so many" would be said of equals.
        return f", percentile {raw['percentile']} among {whom}"
    return ""


def _earlier(raw: Mapping[str, Raw]) -> str:
    windows = raw.get("windows") or 1
    if windows == 1:
        return f"in the {raw['days']} before"
    return f"on average in the {windows} times {raw['days']} before"


def _moved(before: FactorScore, after: FactorScore) -> str:  # noqa: PLR0911 - one return a kind
    if before.value == after.value:
        return f"{after.title} counts differently within the maximum of its group"
    match after.raw.get("measure"):
        case "paid_on_time":
            return f"{_capital(_measured(after))}, {_of(before.raw, 'on_time', 'count')} before"
        case "ratio" | "rated_share":
            return f"{_capital(_measured(after))}, {_of(before.raw, 'count', 'whole')} before"
        case "nps":
            was = signed(_number(before.raw, "nps"))
            return f"{_capital(_measured(after))}, {was} before"
        case "rating" | "survey_mean":
            return f"{_capital(_measured(after))}, {_count(before.raw, 'mean')} before"
        case measure if measure in COUNTS:
            return _rose_or_fell(before, after)
        case _:
            return _capital(_measured(after))


def _rose_or_fell(before: FactorScore, after: FactorScore) -> str:
    was, now = _number(before.raw), _number(after.raw)
    days = after.raw["days"]
    if was == now:
        return f"{after.title} stood at {plain(now)} in {days} days, held against another figure"
    verb = "fell" if now < was else "rose"
    share = f" ({_percent(was, now)})" if was else ""
    return f"{after.title} {verb} from {plain(was)} to {plain(now)}{share} in {days} days"


def _corrected(before: FactorScore, after: FactorScore) -> str:
    """Return what late data made of a day that was scored already."""
    if (before.value, before.status) == (after.value, after.status):
        return f"The weight of {after.title} changed, because data on other factors arrived late"
    counted = after.raw.get("measure") in COUNTS and before.status == after.status
    was, now = _number(before.raw), _number(after.raw)
    figures = f" from {plain(was)} to {plain(now)}" if counted and was != now else ""
    return f"{after.title}: corrected{figures} by data that arrived late"


def _remeasured(before: FactorScore, after: FactorScore) -> str:
    """Return what another model makes of a factor: its own words, if they differ."""
    was, now = factor_words(before), factor_words(after)
    if was == now:
        return f"{after.title} is weighed by another model"
    return f"{after.title} by another model: {now}, instead of {was}"


def _seen_differently(before: FactorScore, after: FactorScore) -> str:
    if before.status == after.status:
        return f"The weight of {after.title} changed, because other factors became known or unknown"
    return f"{after.title}: {factor_words(after)}; before: {factor_words(before)}"


def _percent(was: Decimal, now: Decimal) -> str:
    share = (100 * (now - was) / was).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{signed(share)} %"


def _number(raw: Mapping[str, Raw], name: str = "count") -> Decimal:
    """Return a raw figure as a number; snapshots of another version may lack it."""
    try:
        return Decimal(raw.get(name) or 0)
    except InvalidOperation:
        return Decimal(0)


def _count(raw: Mapping[str, Raw], name: str = "count") -> str:
    number = _number(raw, name)
    return f"{MINUS if number < 0 else ''}{plain(abs(number))}"


def _days(raw: Mapping[str, Raw], name: str = "count") -> str:
    """Return a figure of days with its unit: "1 day", "2.5 working days"."""
    count, unit = _count(raw, name), str(raw.get("unit") or "days")
    return f"{count} {unit.removesuffix('s') if count == '1' else unit}"


def _of(raw: Mapping[str, Raw], part: str, whole: str) -> str:
    return f"{_count(raw, part)} of {_count(raw, whole)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
