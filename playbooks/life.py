"""One stay with us as hindsight sees it: its last scores, and the plays that would be open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from playbooks.decide import Close, Decision, Skip, Start
from playbooks.situation import Before, LastStart, OpenPlay, Silence, Situation, known_factors
from playbooks.situation import Record as Arrival
from playbooks.triggers import LeavesBand
from scoring.figures import CustomerFacts
from scoring.model import HealthModel
from scoring.score import Score
from scoring.transition import transition
from scoring.trend import Trend, trend

# What a change is told over, and how much older the score may be that it is told from. Looks are
# weekly as a rule, so that a month is four looks or five.
WEEK, WEEK_BRIDGED = 7, 3
MONTH, MONTH_BRIDGED = 30, 6


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay of a customer, by its number; `churned_on` is how it ended, where it did.

    The renewal and the CSM have no history: the present ones stand in.
    """

    number: int
    facts: CustomerFacts
    churned_on: date | None = None
    renewal_on: date | None = None
    csm: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a customer on a day; `known` tells nothing heard from nobody asked."""

    silences: Mapping[str, Silence] = field(default_factory=dict)
    records: tuple[Arrival, ...] = ()
    known: bool = False


UNHEARD = Heard()


@dataclass(slots=True)
class Life:
    """One stay: the scores of its last weeks, and the plays that would be open."""

    looks_back: bool
    scores: dict[date, Decimal] = field(default_factory=dict)
    last: Score | None = None
    plays: dict[int, OpenPlay] = field(default_factory=dict)
    started: dict[str, LastStart] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()
    opened: int = 0
    before: Before | None = None
    since: tuple[str, date] | None = None
    days: int = 0
    touched: date | None = None

    def situation(self, model: HealthModel, stay: Stay, score: Score, heard: Heard) -> Situation:
        """Return the stay as playbooks see it on a day, compared with the look before."""
        before = self.last.value if self.last else None
        moved = transition(model, self.last, score)
        compared = self.looks_back and moved.kind != "baseline"
        if self.since is None or self.since[0] != score.band or moved.kind == "baseline":
            self.since = (score.band, score.as_of)
        return Situation(
            facts=stay.facts,
            current=score,
            transition=moved,
            trend=trend(model, score.value, before),
            change_7=_change(self.scores, score, WEEK, WEEK_BRIDGED),
            change_30=_change(self.scores, score, MONTH, MONTH_BRIDGED),
            open_plays=tuple(self.plays.values()),
            last_started=dict(self.started),
            deferred=self.waiting if self.looks_back or not self.plays else frozenset(),
            day_before=self.before if compared else None,
            band_since=self.since[1] if self.looks_back else None,
            renewal_on=stay.renewal_on,
            csm=stay.csm,
            silences=heard.silences,
            records=heard.records,
            records_known=heard.known,
            newcomer=self.days == 1 and moved.kind != "baseline",
            last_touch=self.touched,
        )

    def apply(self, decision: Decision, score: Score, now: datetime) -> str | None:
        """Take a decision down; return the playbook of which it opens a play, if it does."""
        match decision:
            case Close(play_id=number):
                del self.plays[number]
            case Skip(playbook=playbook):
                self.waiting -= {playbook.name}
                self.waiting |= {playbook.name} if decision.deferred else set()
            case Start(playbook=playbook) if not isinstance(playbook.when, LeavesBand):
                self.opened += 1
                play = OpenPlay(self.opened, playbook.name, score.band, now, score.value)
                self.plays[self.opened] = play
                self.started[playbook.name] = LastStart(now, score.band, score.value)
                self.waiting -= {playbook.name}
                self.touched = score.as_of
                return playbook.name
            case Start():
                pass  # A recovery opens nothing.
        return None

    def remember(self, score: Score, heading: Trend) -> None:
        """Keep a day's score for the looks to come."""
        oldest = score.as_of - timedelta(days=MONTH + MONTH_BRIDGED)
        kept = {day: value for day, value in self.scores.items() if day >= oldest}
        self.scores = {**kept, score.as_of: score.value}
        self.last = score
        self.days += 1
        if self.looks_back:
            self.before = Before(score.as_of, heading, known_factors(score))


def _change(
    scores: Mapping[date, Decimal], score: Score, days: int, bridged: int
) -> Decimal | None:
    """Return the points gained since about so many days ago, or None without a score of then."""
    newest = score.as_of - timedelta(days=days)
    then = [day for day in scores if newest - timedelta(days=bridged) <= day <= newest]
    return score.value - scores[max(then)] if then else None
