"""The desk where rows wait for what becomes of them, and where refused ones are written down."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bellwether.columns import Columns
from bellwether.files import Line, Page, Rejects
from service.loading import Settled

REFUSED: Final = ("rejected", "conflict")
CONFLICT: Final = "another row used this id with other content"
# So many reasons are shown on the screen; the rejects file holds them all.
_SHOWN: Final = 5


class Outcome(Protocol):
    """What every door answers for an item."""

    @property
    def status(self) -> str:
        """The outcome in one word."""
        ...

    @property
    def reason(self) -> str | None:
        """Why, when it was refused or put aside."""
        ...


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: rows by outcome, the first reasons, columns nobody read."""

    counts: dict[str, int]
    reasons: tuple[tuple[int, str], ...]
    ignored: tuple[str, ...]
    rejects: str | None

    @property
    def refused(self) -> int:
        """How many rows did not get in."""
        return sum(self.counts.get(word, 0) for word in REFUSED)


class Desk:
    """Keeps each row until its outcome comes back; outcomes come in the order of the rows."""

    def __init__(self, columns: Columns, rejects: Rejects, *, rehearse: bool) -> None:
        self.read = 0
        self._columns = columns
        self._rejects = rejects
        self._rehearse = rehearse
        self._waiting: deque[Line] = deque()
        self._counts: Counter[str] = Counter()
        self._reasons: list[tuple[int, str]] = []
        self._ignored: dict[str, None] = {}

    def take(self, line: Line) -> bool:
        """Take a row, and tell whether it can be read; if not it waits to be refused in turn."""
        self._waiting.append(line)
        if line.fault is None:
            self.overlook(line.row)
        return line.fault is None

    def overlook(self, names: Iterable[str]) -> None:
        """Remember which of these columns nobody reads."""
        self._ignored.update(dict.fromkeys(self._columns.ignored(names)))

    def settle(self, outcome: Outcome) -> None:
        """Take down what became of the readable row that has waited longest."""
        self._refuse_unreadable()
        line = self._waiting.popleft()
        self.read = line.read
        if outcome.status in REFUSED:
            self._refuse(line, outcome.status, outcome.reason or CONFLICT)
        else:
            self._counts[outcome.status] += 1

    def settle_page(self, page: Page, places: Sequence[int], settled: Settled) -> None:
        """Take down what became of a page; `places` are those of its readable rows."""
        self.read = page.read
        for status, count in settled.counts.items():
            if status not in REFUSED:
                self._counts[status] += count
        refused = {place: ("rejected", fault) for place, fault in page.faults.items()}
        for place, status, reason in settled.refused:
            refused[places[place]] = (status, reason or CONFLICT)
        for place in sorted(refused):
            self._refuse(page.line(place), *refused[place])

    def report(self) -> Imported:
        """Return the sums."""
        self._refuse_unreadable()
        path = str(self._rejects.path) if self._rejects.count else None
        return Imported(dict(self._counts), tuple(self._reasons), tuple(self._ignored), path)

    def _refuse_unreadable(self) -> None:
        while self._waiting and (fault := self._waiting[0].fault):
            self._refuse(self._waiting.popleft(), "rejected", fault)

    def _refuse(self, line: Line, status: str, reason: str) -> None:
        self._counts[status] += 1
        if len(self._reasons) < _SHOWN:
            self._reasons.append((line.number, reason))
        if not self._rehearse:
            self._rejects.add(line, reason)
