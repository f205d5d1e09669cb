"""The same fall, with every playbook that ships: nobody is told twice for one fall."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from playbooks.load import SHIPPED
from storage import customers, plays
from tests.bot.stage import words
from tests.journeys.test_fall_and_recovery import DAY_0, FALL, STEADY, day, fall, recover, settle
from tests.journeys.town import NOON, Town, at, town

pytestmark = pytest.mark.slow
BAD = {"new-at-risk", "churn-risk", "critical-save", "fast-drop", "gone-quiet"}


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[Town]:
    library = {"BELLWETHER_LIBRARY": ", ".join(SHIPPED), "BELLWETHER_CAPS": "off"}
    with town(database_url, tmp_path, at(day(-5), NOON), **library) as open_town:
        yield open_town


def begun(here: Town, key: str) -> list[tuple[str, int]]:
    """Return the plays of a customer, oldest first, with the day they are about."""
    with here.house.database.reading() as tx:
        found = customers.customer_by_key(tx, key)
        assert found is not None
        every = plays.plays_of(tx, found.id)
    return [(play.playbook, (play.trigger_as_of - DAY_0).days) for play in reversed(every)]


def test_one_fall_is_told_once_a_band_and_who_thrives_is_asked_for_more(here: Town) -> None:
    settle(here)
    here.morning_after(day(0))
    assert here.told() == []

    fall(here)

    # An early sign may be told before the crossing; the crossing is told once, and nothing after.
    bands = [here.score("acme", day(number))[1] for number in range(FALL + 1)]
    crossing = bands.index("churn-risk")
    acme = [one for one in begun(here, "acme") if one[0] in BAD]
    assert acme[-1] == ("churn-risk", crossing)
    assert max(Counter(name for name, _ in acme).values()) == 1
    assert all(number < crossing for _, number in acme[:-1])
    assert len([each for each in here.alerts() if "Acme" in words(each)]) <= len(
        begun(here, "acme")
    )

    # The renewal is sixty days off, but it waits for the cool-down of the fall.
    assert [number for name, number in begun(here, "acme") if name == "renewal-at-risk"] == []

    # Nobody was written to, for nobody said yes.
    assert here.mails() == []

    recover(here, FALL + 1, FALL + 22)

    # Whoever has been very well for two weeks began to be asked for more, and only they.
    names = {one for key in STEADY for one, _ in begun(here, key)}
    assert names <= {"thriving-growth"}
    assert here.mails() == []
