"""When work is done: where the customer is, without the holidays of the house's region."""

from datetime import date, datetime
from functools import lru_cache

from playbooks.business import Hours
from service.holidays import holidays_between
from service.manners import zone_of
from service.ports import House
from storage.customers import Customer

# The longest wait is a year of working days, which is a year and a half of the calendar.
YEARS = 2


def hours_of(house: House, customer: Customer, now: datetime) -> Hours:
    """Return the working hours where the customer is."""
    region = house.region or house.model.holidays
    return Hours(zone_of(house, customer), _days(region, now.year) if region else frozenset())


def office_hours(house: House, now: datetime) -> Hours:
    """Return the working hours of the house itself."""
    region = house.region or house.model.holidays
    return Hours(house.zone, _days(region, now.year) if region else frozenset())


@lru_cache(maxsize=16)
def _days(region: str, year: int) -> frozenset[date]:
    return frozenset(holidays_between(region, year, year + YEARS))
