"""The demo's world: the same rows every time, and stories one can tell apart."""

import hashlib
from collections import Counter
from datetime import date, timedelta

import pytest

from bellwether.seed import World, world
from bellwether.stories import cast

LAST = date(2026, 11, 19)


@pytest.fixture(scope="module")
def demo() -> World:
    return world(LAST)


def fingerprint(made: World) -> str:
    return hashlib.sha256(repr(made).encode()).hexdigest()


def test_the_same_seed_and_last_day_give_the_same_rows(demo: World) -> None:
    again = world(LAST)

    assert fingerprint(again) == fingerprint(demo)


def test_the_rows_are_the_same_on_every_machine() -> None:
    """A change here means that everybody's demo changes: say so in the changelog."""
    small = world(date(2026, 1, 31), customers=3, days=10, seed=42)

    assert fingerprint(small)[:16] == "3882fc4ebaa05382"


def test_another_seed_gives_another_world(demo: World) -> None:
    assert fingerprint(world(LAST, seed=43)) != fingerprint(demo)


def test_eighty_customers_live_ninety_days(demo: World) -> None:
    days = {event.occurred_at.date() for event in demo.events}

    assert len({customer.key for customer in demo.customers}) == 80
    assert (min(days), max(days)) == (LAST - timedelta(days=89), LAST)
    assert (demo.first, demo.last) == (LAST - timedelta(days=89), LAST)


def test_every_row_has_an_id_of_its_own_and_nothing_lies_in_the_future(demo: World) -> None:
    for rows in (demo.events, demo.tickets, demo.invoices):
        assert len({row.id for row in rows}) == len(rows)
    assert all(event.occurred_at.date() <= LAST for event in demo.events)
    assert all(ticket.opened_at.date() <= LAST for ticket in demo.tickets)
    assert all(not one.paid_on or one.paid_on <= LAST for one in demo.invoices)


def test_most_customers_are_well_and_every_story_is_told(demo: World) -> None:
    stories = Counter(customer.story for customer in demo.customers)

    assert stories["steady"] + stories["champion"] > 40
    assert set(stories) == {story.name for story in cast(80)}
    assert demo.customers[0].key == "acme"
    assert demo.customers[0].story == "decliner"


def test_a_smaller_or_a_larger_world_can_be_asked_for() -> None:
    assert len(world(LAST, customers=200, days=20).customers) == 200
    assert len(cast(1)) == 1
