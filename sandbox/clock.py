"""Time as the sandbox needs it: whatever can say now. The same shape as everywhere."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is; tests and replays pass their own."""

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        ...
