"""How fast one key may write: a bucket of tokens a key, refilled by the clock.

It keeps a sender that runs wild from taking the database for itself, in this process; files are
what `bellwether import` is for.
"""

import math
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from web.auth import Writer
from web.state import Now

# Ten thousand customers' hourly totals pass in a minute; a loop without a pause does not.
PER_SECOND = 200.0
BURST = 2000.0


@dataclass(slots=True)
class Rate:
    """How many more requests each name may make now. Safe to share between threads."""

    per_second: float = PER_SECOND
    burst: float = BURST
    _left: dict[str, tuple[float, datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, name: str, now: datetime) -> float:
        """Take one token; answer 0, or how many seconds to wait when there is none."""
        with self._lock:
            left, then = self._left.get(name, (self.burst, now))
            refilled = left + max(0.0, (now - then).total_seconds()) * self.per_second
            left = min(self.burst, refilled)
            self._left[name] = (left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) / self.per_second


def _paced(request: Request, writer: Writer, now: Now) -> str:
    """Answer who writes, or 429 with when to come again."""
    rate: Rate = request.app.state.rate
    seconds = rate.wait(writer, now)
    if seconds:
        raise HTTPException(
            429,
            f"More than {rate.per_second:g} requests a second; come again in a moment",
            headers={"Retry-After": str(math.ceil(seconds))},
        )
    return writer


PacedWriter = Annotated[str, Depends(_paced)]
