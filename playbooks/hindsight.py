"""Playbooks in hindsight: which would have started on past days, and which churns they preceded.

Nothing is done and nothing is remembered but this: a play opens when a playbook starts and closes
as it would have, so that guards and cool-downs hold. Nobody snoozes, overrides or is paused: what
people did then is not known for plays that never were.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from playbooks.decide import decide
from playbooks.life import UNHEARD, Heard, Life, Stay
from playbooks.playbook import Playbook
from playbooks.triggers import LeavesBand, Schedule, bands_named, looks_back
from scoring.bands import tone
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.score import Score

GOOD = "good"  # The tone of a band nobody worries about.
# The daily job decides about a day on the next morning.
DECIDES = time(tzinfo=UTC)


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
        self._lives: dict[int, Life] = {}
        self._fired: list[Fired] = []

    @property
    def fired(self) -> tuple[Fired, ...]:
        """Return every start so far, in order."""
        return tuple(self._fired)

    def life(self, number: int) -> Life:
        """Return what is remembered of a stay."""
        return self._lives.setdefault(number, Life(self._looks_back))

    def live(self, stay: Stay, score: Score, heard: Heard = UNHEARD) -> None:
        """Decide about one customer on one day; the first day of a stay is a silent baseline."""
        if not self._playbooks:
            return
        life = self.life(stay.number)
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
