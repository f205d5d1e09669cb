"""Figures as people read them in Slack: bands, bars, changes, money and days."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from scoring.trend import Trend
from scoring.words import signed

# The sign stands beside the band's word, never in its place.
_SIGNS: Final = {
    "good": "\N{LARGE GREEN CIRCLE}",
    "warning": "\N{LARGE YELLOW CIRCLE}",
    "bad": "\N{LARGE ORANGE CIRCLE}",
    "critical": "\N{LARGE RED CIRCLE}",
}
_UNKNOWN_SIGN: Final = "\N{MEDIUM WHITE CIRCLE}"
_TRENDS: Final[dict[Trend, str]] = {
    "improving": "\N{NORTH EAST ARROW} improving",
    "declining": "\N{SOUTH EAST ARROW} declining",
    "stable": "\N{RIGHTWARDS ARROW} stable",
}
_CELLS: Final = 10


def sign(tone: str) -> str:
    """Return the coloured mark of a band's tone; white for unknown."""
    return _SIGNS.get(tone, _UNKNOWN_SIGN)


def band_words(band: str) -> str:
    """Return "At risk" for "at-risk"."""
    return band.replace("-", " ").replace("_", " ").capitalize()


def trend_words(trend: Trend) -> str:
    """Return the trend with its arrow."""
    return _TRENDS[trend]


def points(score: Decimal) -> str:
    """Return a score with its two decimals, so that one reads alike wherever it stands."""
    return f"{score.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP)}"


def change(value: Decimal | None) -> str:
    """Return a change in points, or that there is nothing to compare with."""
    return f"{signed(value)} points" if value is not None else "no earlier score"


def bar(value: Decimal) -> str:
    """Return 0 to 100 as ten cells; a value above nought always shows one."""
    full = int((value / (100 // _CELLS)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    full = min(_CELLS, max(full, 1 if value > 0 else 0))
    return "\N{DARK SHADE}" * full + "\N{LIGHT SHADE}" * (_CELLS - full)


def money(amount: Decimal | None) -> str:
    """Return yearly revenue in whole units, or that it is not known."""
    if amount is None:
        return "not known"
    return f"{amount.quantize(Decimal(1), rounding=ROUND_HALF_UP):,}"


def day(of: date | None) -> str:
    """Return a date nobody can read two ways: 1 Mar 2027."""
    return f"{of.day} {of:%b %Y}" if of is not None else "not known"


def away(of: date, today: date) -> str:
    """Return a date and how far off it is."""
    days = (of - today) // timedelta(days=1)
    match days:
        case 0:
            far = "today"
        case 1:
            far = "tomorrow"
        case -1:
            far = "yesterday"
        case _:
            far = f"in {days:,} days" if days > 0 else f"{-days:,} days ago"
    return f"{day(of)} ({far})"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: 1 customer, 2 customers."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def source_words(source: str) -> str:
    """Return a feed's name for people: "login events" for "events:login"."""
    kind, _, of = source.partition(":")
    return f"{of.replace('_', ' ')} {kind}" if of else kind
