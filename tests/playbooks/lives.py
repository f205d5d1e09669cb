"""A customer's life as playbooks see it: scores day by day, and what was decided on each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from playbooks.decide import Close, Decision, Skip, Start, decide
from playbooks.playbook import Playbook
from playbooks.situation import LastStart, OpenPlay, Situation
from playbooks.triggers import LeavesBand
from scoring.bands import held_band, raw_band
from scoring.figures import CustomerFacts
from scoring.load import shipped as model
from scoring.model import UNKNOWN_BAND
from scoring.score import Score
from scoring.transition import transition
from scoring.trend import trend
from tests.classic import classic as playbooks

FIRST = date(2026, 3, 2)


def facts(**changed: Any) -> CustomerFacts:
    known: dict[str, Any] = {"id": 1, "key": "acme", "name": "Acme", "created_on": FIRST}
    return CustomerFacts(**known | changed)


def score(value: float | str, day: int = 0, previous: str | None = None, **changed: Any) -> Score:
    """Return a score of the default model, without factors; `previous` is the band held before."""
    number = Decimal(str(value))
    known: dict[str, Any] = {
        "model": model().name,
        "version": model().version,
        "as_of": FIRST + timedelta(days=day),
        "value": number,
        "coverage": Decimal(100),
        "band": held_band(model(), number, previous).name,
        "raw_band": raw_band(model(), number).name,
        "factors": (),
    }
    return Score(**known | changed)


def situation(before: Score | None, after: Score, **changed: Any) -> Situation:
    known: dict[str, Any] = {
        "facts": facts(),
        "current": after,
        "transition": transition(model(), before, after),
        "trend": trend(model(), after.value, before.value if before else None),
    }
    return Situation(**known | changed)


def morning(day: int) -> datetime:
    """Return the instant the daily job decides about a day: the next morning."""
    return datetime.combine(FIRST + timedelta(days=day + 1), time(5), UTC)


@dataclass
class Life:
    """One customer, the plays they have had, and every decision about them."""

    library: Sequence[Playbook] = field(default_factory=playbooks)
    last: Score | None = None
    day: int = 0
    open: dict[int, OpenPlay] = field(default_factory=dict)
    started: dict[str, LastStart] = field(default_factory=dict)
    history: list[tuple[int, Decision]] = field(default_factory=list)
    opened: list[tuple[int, str]] = field(default_factory=list)  # day and band

    def lives(self, *values: float | str, **changed: Any) -> list[tuple[int, Decision]]:
        """Live one day a score; return every decision so far with its day."""
        for value in values:
            self._live(value, changed)
        return self.history

    def starts(self) -> list[tuple[int, str, str]]:
        """Day, playbook and reason of every play opened."""
        return [
            (day, decision.playbook.name, decision.reason)
            for day, decision in self.history
            if isinstance(decision, Start) and not isinstance(decision.playbook.when, LeavesBand)
        ]

    def skips(self) -> list[tuple[int, str, str]]:
        """Day, playbook and code of every start withheld."""
        return [
            (day, decision.playbook.name, decision.code)
            for day, decision in self.history
            if isinstance(decision, Skip)
        ]

    def closes(self) -> list[tuple[int, str, str]]:
        """Day, playbook and outcome of every play closed."""
        return [
            (day, decision.playbook, decision.outcome)
            for day, decision in self.history
            if isinstance(decision, Close)
        ]

    def _live(self, value: float | str, changed: dict[str, Any]) -> None:
        held = self.last.band if self.last and self.last.band != UNKNOWN_BAND else None
        now = score(value, self.day, held)
        seen = situation(
            self.last,
            now,
            **{
                "open_plays": tuple(self.open.values()),
                "last_started": dict(self.started),
                "deferred": self._deferred(),
            }
            | changed,
        )
        for decision in decide(seen, self.library, model(), morning(self.day)):
            self._apply(decision, now)
        self.last = now
        self.day += 1

    def _deferred(self) -> frozenset[str]:
        newest: dict[str, Decision] = {}
        for _, decision in self.history:
            if not isinstance(decision, Close):
                newest[decision.playbook.name] = decision
        waits = [each for each in newest.values() if isinstance(each, Skip) and each.deferred]
        return frozenset(each.playbook.name for each in waits)

    def _apply(self, decision: Decision, now: Score) -> None:
        self.history.append((self.day, decision))
        at = morning(self.day)
        match decision:
            case Close(play_id=play_id):
                del self.open[play_id]
            case Start(playbook=playbook) if not isinstance(playbook.when, LeavesBand):
                number = len(self.history)
                opened = OpenPlay(number, playbook.name, now.band, at, now.value)
                self.open[number] = opened
                self.started[playbook.name] = LastStart(at, now.band)
                self.opened.append((self.day, now.band))
