"""What a playbook may look at: one customer on one day, and what has been done for them before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from scoring.figures import CustomerFacts
from scoring.score import Score
from scoring.transition import Transition
from scoring.trend import Trend

if TYPE_CHECKING:
    from playbooks.playbook import Playbook

RecordKind = Literal["invoice_overdue", "nps_detractor", "angry_ticket"]
# Stands for activity of whatever kind.
ANY_KIND: Final = "any"


@dataclass(frozen=True, slots=True)
class OpenPlay:
    """A play that still runs; `band` and `score` are the customer's when it opened.

    `script` is the playbook as it was then: the play is pinned to it.
    """

    id: int
    playbook: str
    band: str
    opened_at: datetime
    score: Decimal = Decimal(0)
    script: "Playbook | None" = None


@dataclass(frozen=True, slots=True)
class LastStart:
    """When a playbook last started for this customer, and where they were then."""

    at: datetime
    band: str
    score: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """The comparable day before: its trend, and the factors that were known, by name."""

    as_of: date
    trend: Trend
    factors: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Silence:
    """For how many days nothing of a kind was heard, and what was usual before.

    Of the eight weeks before: on how many percent of the days they were active, and the most days
    without that stood between two such days.
    """

    days: int
    active_share: int
    longest_gap: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record that still stands (an invoice unpaid), or came lately; `on` is its day."""

    kind: RecordKind
    on: date
    name: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """One customer as a playbook sees them. Changes are points over 7 and 30 days.

    `deferred` names the playbooks that would have started before, but for a cool-down or snooze.
    `day_before` and `band_since` are None where no playbook asks, or there is no such past; so is
    what is empty of `silences` (by kind), `records` and `newcomer` (first seen the day before);
    `records_known` tells nothing found from nothing looked up.
    `csm` is the address of who looks after the customer; `last_touch` the day one of us last wrote
    to them or took one of their alerts.
    """

    facts: CustomerFacts
    current: Score
    transition: Transition
    trend: Trend
    change_7: Decimal | None = None
    change_30: Decimal | None = None
    active: bool = True
    open_plays: tuple[OpenPlay, ...] = ()
    last_started: Mapping[str, LastStart] = field(default_factory=dict)
    deferred: frozenset[str] = frozenset()
    snoozed_until: datetime | None = None
    day_before: Before | None = None
    band_since: date | None = None
    renewal_on: date | None = None
    csm: str | None = None
    silences: Mapping[str, Silence] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    records_known: bool = False
    newcomer: bool = False
    last_touch: date | None = None

    @property
    def renewal_in(self) -> int | None:
        """Return the days until the renewal, negative once it is past; None when it is unknown."""
        if self.renewal_on is None:
            return None
        return (self.renewal_on - self.current.as_of).days

    def factor(self, name: str) -> Decimal | None:
        """Return a factor's value today, 0-100, or None when it is not known."""
        return known_factors(self.current).get(name)


def known_factors(score: Score) -> Mapping[str, Decimal]:
    """Return what is really known of a score's factors: a stopped feed says nothing new."""
    return {one.name: one.value for one in score.factors if one.status == "known"}
