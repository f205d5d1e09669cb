"""Which feeds of the house's model live on a day."""

from collections.abc import Collection, Mapping
from datetime import date

from scoring.feeds import FeedState, feed_state
from scoring.figures import Source
from service.ports import House
from storage.activity import feed_days_on
from storage.database import Transaction


def feeds_on(tx: Transaction, house: House, as_of: date) -> Mapping[Source, FeedState]:
    """Answer for every feed of the model whether it lived on that day."""
    return feeds_on_days(tx, house, {as_of})[as_of]


def feeds_on_days(
    tx: Transaction, house: House, dates: Collection[date]
) -> Mapping[date, Mapping[Source, FeedState]]:
    """Answer the same for several days at once."""
    found = feed_days_on(tx, house.model.sources(), dates)
    return {
        as_of: {source: feed_state(days[source], as_of) for source in days}
        for as_of, days in found.items()
    }
