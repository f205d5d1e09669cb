"""The public holidays of a region, looked up for scoring, which reads no files itself."""

from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from holidays import country_holidays, list_supported_countries

from scoring.calendar import Holidays
from scoring.model import HealthModel

# How far back windows reach that anybody compares by working days.
YEARS: Final = 5


def holidays_for(model: HealthModel, as_of: date) -> Holidays:
    """Answer the holidays the model counts by, of the years up to `as_of`; none if by none."""
    if model.holidays is None:
        return {}
    return {model.holidays: _days(model.holidays, as_of.year)}


def holidays_between(region: str, first: int, last: int) -> tuple[date, ...]:
    """Answer the holidays of a region in these years, the last one included."""
    country, _, part = region.partition("-")
    years = range(first, last + 1)
    return tuple(sorted(country_holidays(country, subdiv=part or None, years=years)))


def is_region(region: str) -> bool:
    """Tell whether holidays are known of a region: a country as DE, or a part of one as DE-BY."""
    country, _, part = region.partition("-")
    known = _regions()
    return country in known and (not part or part in known[country])


def nearest_region(region: str) -> str | None:
    """Answer the region somebody may have meant."""
    known = [
        *_regions(),
        *(f"{country}-{part}" for country, parts in _regions().items() for part in parts),
    ]
    return next(iter(get_close_matches(region.upper(), known, n=1)), None)


@lru_cache(maxsize=64)
def _days(region: str, year: int) -> tuple[date, ...]:
    return holidays_between(region, year - YEARS, year)


@lru_cache(maxsize=1)
def _regions() -> dict[str, list[str]]:
    return list_supported_countries(include_aliases=False)
