"""How the text of each setting becomes a value; what cannot be read raises ValueError."""

import re
from collections.abc import Callable
from datetime import time, timedelta
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

Reader = Callable[[str], object]
# What a cap for a day may be set for.
CAPPED = {"csm", "mails", "playbook"}


def one_of(*words: str) -> Reader:
    """Take one of these words, written in any case."""

    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError
        return text.lower()

    return read


def port(text: str) -> int:
    """Read the number of a TCP port."""
    number = int(text)
    if not 1 <= number <= 65535:  # noqa: PLR2004  # the range of TCP ports
        raise ValueError
    return number


def workers(text: str) -> int:
    """Read how many processes work together."""
    number = int(text)
    if not 1 <= number <= 64:  # noqa: PLR2004  # more would wait for the database
        raise ValueError
    return number


def time_of_day(text: str) -> time:
    """Read a time as HH:MM."""
    if not re.fullmatch(r"\d\d:\d\d", text):
        raise ValueError
    return time.fromisoformat(text)


def quiet_hours(text: str) -> tuple[time, time] | None:
    """Read two times with a hyphen between them; None for off."""
    if text.lower() == "off":
        return None
    start, _, end = (part.strip() for part in text.partition("-"))
    hours = time_of_day(start), time_of_day(end)
    if hours[0] == hours[1]:
        raise ValueError
    return hours


def region(text: str) -> str:
    """Take a region whose holidays are known."""
    from service.holidays import is_region  # noqa: PLC0415 - a help page need not wait for it

    if not is_region(text):
        raise ValueError
    return text


def names(text: str) -> tuple[str, ...] | None:
    """Read names of shipped playbooks with commas between; None for all."""
    if text.lower() == "all":
        return None
    if text.lower() == "none":
        return ()
    from playbooks.load import SHIPPED  # noqa: PLC0415 - a help page need not wait for it

    found = tuple(name.strip() for name in text.split(",") if name.strip())
    if not found or not set(found) <= set(SHIPPED):
        raise ValueError
    return found


def caps(text: str) -> dict[str, int]:
    """Read numbers with names, as csm=50, mails=500; what is not named, or off, has no cap."""
    if text.lower() == "off":
        return {}
    pairs = [part.partition("=") for part in text.split(",")]
    found = {name.strip(): int(number) for name, _, number in pairs}
    if not set(found) <= CAPPED or min(found.values()) < 1:
        raise ValueError
    return found


def zone(text: str) -> ZoneInfo:
    """Read the name of a time zone."""
    try:
        return ZoneInfo(text)
    except (KeyError, OSError) as error:
        raise ValueError from error


def url(*schemes: str) -> Reader:
    """Take an address of one of these schemes."""

    def read(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError
        return text

    return read


def starting(*prefixes: str) -> Reader:
    """Take ASCII text that begins with one of these."""

    def read(text: str) -> str:
        if not text.startswith(prefixes) or not text.isascii():
            raise ValueError
        return text

    return read


def conversation(text: str) -> str:
    """Take a Slack conversation or member, however named."""
    if not re.fullmatch(r"#[^\s#]{1,80}|[CGUW][A-Z0-9]{5,}|member:\S+@\S+", text):
        raise ValueError
    return text


def command(text: str) -> str:
    """Take the name of a slash command."""
    if not re.fullmatch(r"/[a-z0-9_-]{1,31}", text):
        raise ValueError
    return text


def sender(text: str) -> str:
    """Take one mail address, with or without a name."""
    address = parseaddr(text)[1]
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address) or not text.isprintable():
        raise ValueError
    return text


def secret(text: str) -> bytes:
    """Take text too long to be guessed."""
    if len(text) < 16:  # noqa: PLR2004  # shorter ones can be guessed
        raise ValueError
    return text.encode()


def folder(text: str) -> Path:
    """Take a folder that is there."""
    # A folder that is misspelt would quietly send the shipped words instead.
    if not Path(text).is_dir():
        raise ValueError
    return Path(text)


def mail_place(text: str) -> Path:
    """Take a Maildir, or a file that may still be to come."""
    path = Path(text)
    if path.is_dir() and not (path / "new").is_dir():
        raise ValueError
    return path


def word(text: str) -> str:
    """Take any text on one line."""
    if not text.isprintable():
        raise ValueError
    return text


def web_address(text: str) -> str:
    """Take a web address, without the slash at its end."""
    return str(url("http", "https")(text)).rstrip("/")


def days_kept(text: str) -> timedelta | None:
    """Read for how many days something is kept; 0 is for ever, and a month is the least."""
    days = int(text)
    if days != 0 and not 30 <= days <= 36_500:  # noqa: PLR2004  # a month to a century
        raise ValueError
    return timedelta(days=days) if days else None


def days_waited(text: str) -> timedelta:
    """Read for how many days a question stands: a quarter at most, for words grow old."""
    days = int(text)
    if not 1 <= days <= 90:  # noqa: PLR2004  # a day to a quarter
        raise ValueError
    return timedelta(days=days)
