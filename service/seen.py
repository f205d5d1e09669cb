"""What a rescoring run hands to the playbooks: one customer, as one run saw them."""

from dataclasses import dataclass
from decimal import Decimal

from scoring.explain import Driver, drivers
from scoring.override import computed
from scoring.score import Score
from scoring.transition import Transition
from scoring.trend import Trend
from storage.customers import Customer
from storage.snapshots import Current, Snapshot


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run saw of one customer.

    `earlier` is the score the drivers compare with, `again` the same day's score as it comes out
    now: what differs between the two is data that arrived late. `before` is the newest snapshot of
    an earlier day and `stands` the newest score, where the run knows them.
    """

    customer: Customer
    current: Score
    transition: Transition
    trend: Trend
    change_7: Decimal | None
    change_30: Decimal | None
    earlier: Score | None
    again: Score | None = None
    before: Snapshot | None = None
    stands: Current | None = None

    @property
    def drivers(self) -> tuple[Driver, ...]:
        """Return what moved the score, strongest first."""
        return drivers(self.current, self.earlier, self.again)

    @property
    def scores(self) -> tuple[Score, Score | None]:
        """Return now and before, as computed, with nothing between them but what they did."""
        return computed(self.current), self.again or self.earlier
