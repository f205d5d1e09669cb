"""The small checks a Block Kit schema is put together from.

A check takes a value and the JSON pointer to it, and yields one sentence per fault.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import urlsplit

Check = Callable[[object, str], Iterable[str]]
Fields = Mapping[str, Check]


def words(most: int, least: int = 1) -> Check:
    """Text of `least` to `most` characters, and valid Unicode."""

    def check(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{where}: must be a string"
        elif not least <= len(value) <= most:
            yield f"{where}: {len(value):,} characters, allowed are {least} to {most:,}"
        elif any("\ud800" <= letter <= "\udfff" for letter in value):
            yield f"{where}: holds half a surrogate pair"

    return check


def address(most: int = 3000) -> Check:
    """Give the check for an http(s) URL of at most `most` characters."""
    length = words(most)

    def check(value: object, where: str) -> Iterator[str]:
        yield from length(value, where)
        if isinstance(value, str) and not _is_web_address(value):
            yield f"{where}: must be an http or https URL"

    return check


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def number(least: int, most: int) -> Check:
    """Give the check for a whole number from `least` to `most`."""

    def check(value: object, where: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield f"{where}: must be a whole number"
        elif not least <= value <= most:
            yield f"{where}: {value} is not between {least} and {most}"

    return check


def flag(value: object, where: str) -> Iterator[str]:
    """Check for true or false."""
    if not isinstance(value, bool):
        yield f"{where}: must be true or false"


def figure(value: object, where: str) -> Iterator[str]:
    """Check for a number, whole or not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{where}: must be a number"


def one_of(*allowed: str) -> Check:
    """Give the check for one of some fixed words."""

    def check(value: object, where: str) -> Iterator[str]:
        if value not in allowed:
            yield f"{where}: {value!r} is not one of {', '.join(allowed)}"

    return check


def pattern(expression: str, example: str) -> Check:
    """Give the check for text of one form, e.g. a date."""
    compiled = re.compile(expression)

    def check(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            yield f"{where}: must look like {example}"

    return check


def many(inner: Check, least: int, most: int) -> Check:
    """Give the check for a list of `least` to `most` entries that each pass `inner`."""

    def check(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where}: must be a list"
            return
        if not least <= len(value) <= most:
            yield f"{where}: {len(value)} entries, allowed are {least} to {most}"
        for index, entry in enumerate(value):
            yield from inner(entry, f"{where}/{index}")

    return check


def shape(required: Fields, optional: Fields | None = None, rules: tuple[Check, ...] = ()) -> Check:
    """Give the check for an object with just these properties; `rules` then see it whole."""
    known = {**required, **(optional or {})}

    def check(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: must be an object"
            return
        yield from (f"{where}/{name}: is missing" for name in required if name not in value)
        for name, entry in value.items():
            if name in known:
                yield from known[name](entry, f"{where}/{name}")
            else:
                yield f"{where}/{name}: unknown property"
        for rule in rules:
            yield from rule(value, where)

    return check


def by_type(kinds: Mapping[str, Check], what: str) -> Check:
    """Give the check for an object whose `type` says which of `kinds` it is."""

    def check(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: must be an object"
            return
        kind = value.get("type")
        if isinstance(kind, str) and kind in kinds:
            yield from kinds[kind](value, where)
        else:
            yield f"{where}/type: {kind!r} is no {what}; allowed are {', '.join(kinds)}"

    return check


def anything(_value: object, _where: str) -> Iterator[str]:
    """Accept every value; another check looks at it."""
    return iter(())
