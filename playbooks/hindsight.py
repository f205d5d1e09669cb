"""Playbooks in hindsight: which would have started on past days, and which churns they preceded.

Nothing is done and nothing is remembered but this: a play opens when a playbook starts and closes
as it would have, so that guards and cool-downs hold. Nobody snoozes, overrides or is paused: what
people did then is not known for plays that never were.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from statistics import median

from playbooks.decide import Close, Decision, Skip, Start, decide
from playbooks.playbook import Playbook
from playbooks.situation import Before, LastStart, OpenPlay, Silence, Situation, known_factors
from playbooks.situation import Record as Arrival
from playbooks.triggers import LeavesBand, Schedule, bands_named, looks_back
from scoring.bands import tone
from scoring.figures import CustomerFacts
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.score import Score
from scoring.transition import transition
from scoring.trend import Trend, trend

# What a change is told over, and how much older the score may be that it is told from. Looks are
# weekly as a rule, so that a month is four looks or five.
WEEK, WEEK_BRIDGED = 7, 3
MONTH, MONTH_BRIDGED = 30, 6
GOOD = "good"  # The tone of a band nobody worries about.
# The daily job decides about a day on the next morning.
DECIDES = time(tzinfo=UTC)


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


@dataclass(frozen=True, slots=True)
class Fired:
    """A playbook that would have started; `churned_on` is how that stay with us ended, if it did.

    `stint` numbers the stay, `reason` is what the alert would have said.
    """

    playbook: str
    customer: int
    stint: int
    on: date
    churned_on: date | None
    reason: str = ""

    def days_ahead(self, horizon: int) -> int | None:
        """Return how many days later the churn came, None where none came within the horizon."""
        ahead = (self.churned_on - self.on).days if self.churned_on else horizon + 1
        return ahead if 0 < ahead <= horizon else None


@dataclass(frozen=True, slots=True)
class Record:
    """What a playbook would have been worth: `false` starts were followed by no churn in time.

    `caught` are the churns among the followed: two starts before one churn catch it once. The
    median days ahead are None where nothing was caught.
    """

    playbook: str
    title: str
    started: int
    followed: int
    false: int
    caught: int
    days_ahead: float | None


class Hindsight:
    """Lives through the days of many stays, in any order of stays but days ascending."""

    def __init__(self, playbooks: Sequence[Playbook], model: HealthModel) -> None:
        self._playbooks = playbooks
        self._looks_back = any(looks_back(each.when) for each in playbooks)
        self._model = model
        self._lives: dict[int, _Life] = {}
        self._fired: list[Fired] = []

    @property
    def fired(self) -> tuple[Fired, ...]:
        """Return every start so far, in order."""
        return tuple(self._fired)

    def live(self, stay: Stay, score: Score, heard: Heard = UNHEARD) -> None:
        """Decide about one customer on one day; the first day of a stay is a silent baseline."""
        if not self._playbooks:
            return
        life = self._lives.setdefault(stay.number, _Life(self._looks_back))
        seen = life.situation(self._model, stay, score, heard)
        now = datetime.combine(score.as_of + timedelta(days=1), DECIDES)
        for decision in decide(seen, self._playbooks, self._model, now):
            opened = life.apply(decision, score, now)
            if opened is not None:
                self._fired.append(_fired(opened, stay, score, decision.reason))
        life.remember(score, seen.trend)


def _fired(playbook: str, stay: Stay, score: Score, reason: str) -> Fired:
    return Fired(
        playbook=playbook,
        customer=stay.facts.id,
        stint=stay.number,
        on=score.as_of,
        churned_on=stay.churned_on,
        reason=reason,
    )


def records(
    playbooks: Iterable[Playbook],
    fired: Sequence[Fired],
    horizon: int,
    model: HealthModel | None = None,
) -> tuple[Record, ...]:
    """Return what each playbook that warns would have been worth, in the order given.

    One for good times warns of nothing: it is right when nobody leaves.
    """
    return tuple(
        _record(playbook, [one for one in fired if one.playbook == playbook.name], horizon)
        for playbook in playbooks
        if not isinstance(playbook.when, LeavesBand | Schedule) and not _cheers(playbook, model)
    )


def _cheers(playbook: Playbook, model: HealthModel | None) -> bool:
    """Tell whether a playbook begins with something good, as far as its bands say so."""
    bands = bands_named(playbook.when)
    known = [tone(model, band) for band in bands] if model is not None else []
    return GOOD in known and set(known) <= {GOOD, UNKNOWN_BAND}


def _record(playbook: Playbook, fired: Sequence[Fired], horizon: int) -> Record:
    ahead = [(one, one.days_ahead(horizon)) for one in fired]
    days = [(one.stint, late) for one, late in ahead if late is not None]
    return Record(
        playbook=playbook.name,
        title=playbook.title,
        started=len(fired),
        followed=len(days),
        false=len(fired) - len(days),
        caught=len({stint for stint, _ in days}),
        days_ahead=median(late for _, late in days) if days else None,
    )


@dataclass(slots=True)
class _Life:
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
