"""When work is done: where the customer is, and where our own people are."""

from datetime import date, datetime
from functools import lru_cache

from playbooks.business import Hours
from playbooks.play import Times
from service.holidays import holidays_between
from service.manners import zone_named, zone_of
from service.ports import House
from storage.customers import Customer

# The longest wait is a year of working days, which is a year and a half of the calendar.
YEARS = 2


def times_of(house: House, customer: Customer, now: datetime) -> Times:
    """Return the working hours where the customer is, and where their CSM is."""
    region = house.region or house.model.holidays
    holidays = _days(region, now.year) if region else frozenset()
    csm = customer.csm.timezone if customer.csm is not None else None
    return Times(Hours(zone_of(house, customer), holidays), Hours(zone_named(house, csm), holidays))


@lru_cache(maxsize=16)
def _days(region: str, year: int) -> frozenset[date]:
    return frozenset(holidays_between(region, year, year + YEARS))
