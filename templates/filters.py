"""How figures, days and names are written, the same in every mail and on every page."""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MINUS = "\u2212"
DASH = "\u2013"
Figure = Decimal | int | float

# Marks that turn the reading direction of all that follows; shown as nothing, for a customer
# could otherwise write a name that reads as another one.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_SPACES = frozenset("\n\r\t\v\f\x85\u2028\u2029")


def plain(text: str, longest: int = 200) -> str:
    """Make a stranger's text one harmless line: no control or direction marks, cut when endless."""
    head = text[: 4 * longest]
    shown = head if head.isprintable() else _shown(head)  # What is printable has no such mark.
    line = " ".join(shown.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _shown(text: str) -> str:
    spaced = (" " if mark in _SPACES else mark for mark in text)
    return "".join(mark for mark in spaced if _shows(mark))


def _shows(mark: str) -> bool:
    return mark not in TURNING and unicodedata.category(mark) not in {"Cc", "Cs"}


def day(value: date | None) -> str:
    """Write a day as people write it: 20 Nov 2026."""
    return DASH if value is None else f"{value.day} {value:%b %Y}"


def moment(value: datetime | None) -> str:
    """Write an instant in UTC, to the minute: 20 Nov 2026, 09:05 UTC."""
    if value is None:
        return DASH
    there = value.astimezone(UTC)
    return f"{there.day} {there:%b %Y, %H:%M} UTC"


def number(value: Figure | None, places: int = 0) -> str:
    """Write a figure with grouped thousands and a true minus; places are cut when they are zero."""
    text = fixed(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def fixed(value: Figure | None, places: int = 2) -> str:
    """Write a figure with all its places, so that a column of them lines up: 72.00."""
    if value is None:
        return DASH
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{abs(exact):,f}"
    return f"{MINUS}{text}" if exact < 0 else text


def signed(value: Figure | None, places: int = 1) -> str:
    """Write a change with its sign always said, and all its places: +3.2, ±0.0."""
    if value is None:
        return DASH
    text = fixed(value, places)
    if not text.strip("0."):
        return f"±{text}"
    return text if text.startswith(MINUS) else f"+{text}"


def direction(value: Figure | None, places: int = 1) -> str:
    """Tell where a change goes as it is written: "up", "down", or "" for what rounds to nothing."""
    shown = signed(value, places)
    return {"+": "up", MINUS: "down"}.get(shown[:1], "")


def percent(value: Figure | None, places: int = 0) -> str:
    """Write a share given as 0 to 100, with its sign: 42 %."""
    return DASH if value is None else f"{number(value, places)}\u202f%"


def money(value: Figure | None) -> str:
    """Write an amount in whole units; the company's currency is the reader's own."""
    return number(value)


def initials(name: str) -> str:
    """Take the first letters of a name, for a small round badge."""
    words = plain(name).split()
    return "".join(word[0] for word in words[:2]).upper() or "?"


def words(name: str) -> str:
    """Read a name of the house as words: at-risk becomes At risk."""
    spaced = plain(name).replace("-", " ").replace("_", " ")
    said = " ".join("API" if word == "api" else word for word in spaced.split())
    return said[:1].upper() + said[1:]


FILTERS: Mapping[str, Callable[..., Any]] = {
    "plain": plain,
    "day": day,
    "moment": moment,
    "number": number,
    "fixed": fixed,
    "signed": signed,
    "direction": direction,
    "percent": percent,
    "money": money,
    "initials": initials,
    "words": words,
}
