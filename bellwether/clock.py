"""The two clocks: the machine's, and one that can be set for replays and tests."""

import threading
import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return this moment, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""
        time.sleep(seconds)


class ReplayClock:
    """A clock that stands still until it is set; sleeping moves it on at once.

    Threads may share one: the sandbox stamps messages while the replay goes on.
    """

    def __init__(self, start: datetime) -> None:
        self._now = _aware(start)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the moment the clock was last set or slept to."""
        with self._lock:
            return self._now

    def set(self, moment: datetime) -> None:
        """Move the clock to `moment` (aware), forwards or backwards."""
        with self._lock:
            self._now = _aware(moment)

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass without waiting for them."""
        with self._lock:
            self._now += timedelta(seconds=max(0.0, seconds))


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a clock is set to an aware time; add a time zone")
    return moment.astimezone(UTC)
