"""Log lines: text for people or JSON for machines, with secrets and addresses taken out.

Nothing of ours logs a message body, an address or a secret (rule 27); this is the second wall,
for libraries and for tracebacks, which quote what they were given.
"""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, TextIO

logger = logging.getLogger(__name__)

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+"), "[slack token]"),
    (re.compile(r"\b(bw_[A-Za-z0-9]+)_[A-Za-z0-9_-]{8,}"), r"\1_[secret]"),
    (re.compile(r"([a-z][a-z0-9+.-]*://)[^/\s:@]*:[^/\s]*@"), r"\1[login]@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 [secret]"),
    (re.compile(r"/(unsubscribe|u)/[\w.~=-]{8,}"), r"/\1/[token]"),
    (re.compile(r"""[^\s@<>()\[\]{}"',;:=]+@[\w\[][^\s@<>(){}"',;]*"""), "[address]"),
)
# Libraries that print bodies or one line per request when they are allowed to.
_CHATTY = (
    "slack_sdk",
    "slack_bolt",
    "httpx",
    "httpcore",
    "apscheduler",
    "alembic",
    "mail.log",
    "asyncio",
)
# Errors of these build their own sentences, without what a stranger or a database said.
_ROOMS = frozenset(
    {"bellwether", "bot", "delivery", "playbooks", "scoring", "service", "storage", "templates",
     "web"}
)  # fmt: skip
# A line break in a value would let a stranger write log lines of their own.
_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


class Redacting(logging.Formatter):
    """Formats a record and takes out whatever looks like a secret or an address."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(secret for secret in secrets if secret)

    def words(self, record: logging.LogRecord) -> str:
        """Return the record's message on one line, redacted."""
        return _BREAKS.sub(" ⏎ ", self.redacted(record.getMessage()))

    def trace(self, record: logging.LogRecord) -> str | None:
        """Return the traceback, redacted: which lines were run, not what they were given."""
        if not record.exc_info:
            return None
        return self.redacted("\n".join(_told(record.exc_info[1])))

    def redacted(self, text: str) -> str:
        """Return the text without secrets and addresses."""
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text


def _told(fault: BaseException | None) -> list[str]:
    """Tell a fault with what led to it: kinds and places, and words only where they are ours.

    The words of others quote what they were given: a body that is no JSON, a value out of range.
    """
    if fault is None:
        return []
    frames = [
        f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        for frame in traceback.extract_tb(fault.__traceback__)
    ]
    earlier = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    inner = [line for one in getattr(fault, "exceptions", ()) for line in _told(one)]
    return [*_told(earlier), *frames, _said(fault), *inner]


def _said(fault: BaseException) -> str:
    kind = type(fault)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if isinstance(fault, OSError):
        return f"{name}: {fault.strerror}" if fault.strerror else name
    ours = kind.__module__.partition(".")[0] in _ROOMS
    return f"{name}: {_BREAKS.sub(' ', str(fault))}" if ours else name


class Text(Redacting):
    """One line a record, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return "time level room: words", then the traceback if there is one."""
        line = f"{_moment(record)} {record.levelname:<7} {record.name}: {self.words(record)}"
        trace = self.trace(record)
        return f"{line}\n{trace}" if trace else line


class Json(Redacting):
    """One JSON object a record, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON on one line."""
        entry = {
            "at": _moment(record),
            "level": record.levelname.lower(),
            "room": record.name,
            "message": self.words(record),
        }
        trace = self.trace(record)
        return json.dumps(entry | ({"trace": trace} if trace else {}), ensure_ascii=False)


def start(
    *,
    form: Literal["text", "json"],
    level: str,
    secrets: Sequence[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send every log line of this process through one redacting handler (standard error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Json(secrets) if form == "json" else Text(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def catch_uncaught() -> None:
    """Log what nobody caught, redacted, instead of letting Python print it as it is."""
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _uncaught(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    if not logging.getLogger().handlers:
        start(form="text", level="warning")
    logger.critical("a fault nobody expected; please report it", exc_info=(kind, fault, trace))


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
