"""What another model would change: everybody compared, the reasons told, nothing written."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from scoring.load import parse, shipped, shipped_text
from scoring.model import HealthModel
from scoring.resolver import parse_resolver
from service import catalog
from service.ingest import accept_events
from service.ports import House
from service.rescore import rescore
from service.whatif import what_if
from storage.history import everybody
from storage.snapshots import latest_before

BEGIN = date(2026, 1, 1)
TODAY = date(2026, 3, 1)
FIVE = shipped_text("saas-five-factor")


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def changed(old: str, new: str) -> HealthModel:
    assert old in FIVE
    return parse(FIVE.replace(old, new, 1), "mine.yaml")


@pytest.fixture
def peopled(house: House) -> House:
    """Give a house with customers of 60, 20, 6 and 2 logins in sixty days."""
    for key, every in {"daily": 1, "often": 3, "weekly": 10, "monthly": 30}.items():
        draft = {"key": key, "createdOn": "2025-01-01", "segment": "smb" if every > 5 else "ent"}
        list(catalog.upsert(house, [draft], now=noon(BEGIN)))
        items = [
            (key, {"type": "login", "occurredAt": noon(BEGIN + timedelta(days=n)).isoformat()})
            for n in range(0, 60, every)
        ]
        list(accept_events(house, "api", items, now=noon(TODAY)))
    return house


def test_the_model_in_use_changes_nothing(peopled: House) -> None:
    found = what_if(peopled, shipped(), TODAY)

    assert found.scored == 4
    assert found.before == found.after
    assert found.moved == ()


def test_who_would_change_band_is_told_with_the_reason(peopled: House) -> None:
    found = what_if(peopled, changed("target: 20", "target: 2"), TODAY)

    moved = {one.key: (one.band_before, one.band_after) for one in found.moved}
    assert set(moved) >= {"weekly"}
    assert all(before != after for before, after in moved.values())
    assert sum(found.before.values()) == sum(found.after.values()) == 4
    (weekly,) = [one for one in found.moved if one.key == "weekly"]
    assert weekly.score_after > weekly.score_before
    assert weekly.why[0].startswith("Logins")
    assert "another model" in weekly.why[0]
    assert "of 2 logins in 30 days, instead of" in weekly.why[0]
    assert "of 20 logins in 30 days" in weekly.why[0]


def test_bands_are_counted_from_the_best_to_the_worst(peopled: House) -> None:
    order = [band.name for band in shipped().bands]

    for target in (2, 20, 60, 900):
        found = what_if(peopled, changed("target: 20", f"target: {target}"), TODAY)

        assert list(found.before) == list(found.after)
        assert list(found.after) == [band for band in order if band in found.after]


def test_the_furthest_fallen_come_first(peopled: House) -> None:
    found = what_if(peopled, changed("target: 20", "target: 900"), TODAY)

    falls = [one.score_after - one.score_before for one in found.moved]
    assert falls == sorted(falls)


def test_nothing_is_written(peopled: House) -> None:
    what_if(peopled, changed("target: 20", "target: 2"), TODAY)
    what_if(peopled, shipped("adaptive"), TODAY)

    with peopled.database.reading() as tx:
        ids = everybody(tx)
        found = [
            latest_before(tx, ids, name, TODAY + timedelta(days=1))
            for name in ("saas-five-factor", "adaptive")
        ]
    assert found == [{}, {}]


def test_what_is_stored_does_not_hold_anybody_in_a_band(peopled: House) -> None:
    rescore(peopled, TODAY, now=noon(TODAY), decide=False)

    found = what_if(peopled, shipped(), TODAY)

    assert found.moved == ()


def test_a_model_a_rule_picks_is_tried_on_those_it_picks(peopled: House) -> None:
    resolver = parse_resolver(
        "rules: [{model: six-signal, segment: smb}]\ndefault: saas-five-factor", "resolver.yaml"
    )
    house = replace(peopled, models=(shipped(), shipped("six-signal")), resolver=resolver)

    assert what_if(house, shipped("six-signal"), TODAY).scored == 2
    assert what_if(house, shipped(), TODAY).scored == 2
    assert what_if(house, shipped("adaptive"), TODAY).scored == 4


def test_progress_ends_at_the_end(peopled: House) -> None:
    seen: list[tuple[int, int]] = []

    what_if(peopled, shipped(), TODAY, progress=lambda done, of: seen.append((done, of)))

    assert seen[-1] == (4, 4)
