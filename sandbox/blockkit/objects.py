"""Composition objects: text, option, option group, confirm."""

import re
from collections.abc import Iterator

from sandbox.blockkit.checks import Check, address, anything, by_type, flag, many, one_of, shape
from sandbox.blockkit.checks import words as characters

ID = characters(255)
URL = address()
MOST_OPTIONS = 100
DATE = re.compile(r"<!date\b[^>]*>?")
SOUND_DATE = re.compile(r"<!date\^\d{1,10}\^[^|^>]+(\^https?://[^|>]+)?\|[^>]+>")


def plain(most: int) -> Check:
    """Give the check for a plain_text object of at most `most` characters."""
    return by_type({"plain_text": _plain(most)}, "text object here")


def text(most: int) -> Check:
    """Give the check for either kind of text object, of at most `most` characters."""
    return by_type({"plain_text": _plain(most), "mrkdwn": _mrkdwn(most)}, "text object")


def _plain(most: int) -> Check:
    return shape({"type": anything, "text": characters(most)}, {"emoji": flag})


def _mrkdwn(most: int) -> Check:
    return shape({"type": anything, "text": marked_up(most)}, {"verbatim": flag})


def marked_up(most: int) -> Check:
    """Give the check for mrkdwn: its length, and that its dates are spelled as Slack reads them."""
    length = characters(most)

    def check(value: object, where: str) -> Iterator[str]:
        yield from length(value, where)
        for found in DATE.findall(value) if isinstance(value, str) else ():
            if not SOUND_DATE.fullmatch(found):
                yield f"{where}: {found} is not <!date^seconds^format^optional link|fallback>"

    return check


def option(label: Check) -> Check:
    """Give the check for one choice of a menu, of checkboxes or radio buttons."""
    return shape({"text": label, "value": characters(150)}, {"description": text(75)})


MENU_OPTION = option(plain(75))
BOX_OPTION = option(text(75))
OVERFLOW_OPTION = shape(
    {"text": plain(75), "value": characters(150)}, {"description": plain(75), "url": URL}
)
OPTIONS = many(MENU_OPTION, 1, MOST_OPTIONS)
GROUP = shape({"label": plain(75), "options": OPTIONS})
GROUPS = many(GROUP, 1, MOST_OPTIONS)

STYLE = one_of("primary", "danger")
CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": STYLE},
)


def distinct_values(options: object, where: str) -> Iterator[str]:
    """Say which option values stand in a list twice: a click could not be told apart."""
    if not isinstance(options, list):
        return
    seen: set[str] = set()
    for index, entry in enumerate(options):
        value = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(value, str):
            continue
        if value in seen:
            yield f"{where}/{index}/value: {value!r} is there twice"
        seen.add(value)
