"""One replica: `bellwether serve` on a clock that a test moves. Run with `python -m`."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bellwether import house as building
from bellwether.clock import SystemClock
from bellwether.serving import serve
from bellwether.settings import Settings


class MovedClock(SystemClock):
    """The machine's time, moved by as many seconds as a file says."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._path.read_text()))

    def move_to(self, moment: datetime) -> None:
        """Let it be `moment` now, in every process that reads the file."""
        seconds = (moment - datetime.now(UTC)).total_seconds()
        beside = self._path.with_suffix(".new")
        beside.write_text(str(seconds))
        beside.replace(self._path)


def main() -> None:
    settings = Settings.read(os.environ)
    with building.opened(settings) as house:
        serve(settings, house, MovedClock(Path(os.environ["CLOCK_FILE"])), announce=lambda: None)


if __name__ == "__main__":
    main()
