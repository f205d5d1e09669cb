"""Public holidays by region, as scoring is handed them."""

from datetime import date

import pytest

from scoring.load import parse, shipped, shipped_text
from service.holidays import holidays_for, is_region, nearest_region

BAVARIAN = parse("holidays: DE-BY\n" + shipped_text("adaptive"), "bavarian.yaml")


def test_a_region_has_its_own_holidays_beside_the_countrys() -> None:
    german = parse("holidays: DE\n" + shipped_text("adaptive"), "german.yaml")
    epiphany = date(2026, 1, 6)

    bavarian_days = set(holidays_for(BAVARIAN, date(2026, 11, 19))["DE-BY"])
    german_days = set(holidays_for(german, date(2026, 11, 19))["DE"])

    assert german_days < bavarian_days
    assert epiphany in bavarian_days - german_days
    assert date(2022, 12, 25) in german_days


def test_a_model_without_a_region_needs_none() -> None:
    assert holidays_for(shipped(), date(2026, 11, 19)) == {}


@pytest.mark.parametrize("region", ["DE", "DE-BY", "US", "US-CA", "GB-SCT", "FR"])
def test_regions_are_known(region: str) -> None:
    assert is_region(region)


@pytest.mark.parametrize("region", ["XX", "DE-ZZ", "GERMANY"])
def test_others_are_not(region: str) -> None:
    assert not is_region(region)


def test_the_nearest_region_is_offered() -> None:
    assert nearest_region("de-by") == "DE-BY"
    assert nearest_region("BAVARIA") is None
