"""Which feeds of the house's model live on a day."""

from collections.abc import Mapping
from datetime import date

from scoring.feeds import FeedState, feed_state
from scoring.figures import Source
from service.ports import House
from storage.activity import feed_days
from storage.database import Transaction


def feeds_on(tx: Transaction, house: House, as_of: date) -> Mapping[Source, FeedState]:
    """Answer for every feed of the model whether it lived on that day."""
    days = feed_days(tx, house.model.sources(), as_of)
    return {source: feed_state(days[source], as_of) for source in days}
