"""The digest: who moved, who is still at risk, by value at risk, once a local day."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.digest import post_digest
from service.ports import House
from storage import outbox
from tests.service.stage import FIRST, Story, acme


@pytest.fixture
def told(house: House) -> dict[str, Story]:
    """Four customers on their first day: two fine, one at risk, one near churn."""
    values = {"fine": 90.0, "sunny": 80.0, "shaky": 60.0, "grim": 40.0}
    known: dict[str, Any] = {"fine": 10, "sunny": 90_000, "shaky": None, "grim": 500}
    stories: dict[str, Story] = {}
    for key, value in values.items():
        arr = None if known[key] is None else Decimal(known[key])
        stories[key] = Story(house, acme(house, key, arr=arr))
        stories[key].day_at(value)
    return stories


def body(house: House, day: int = 1) -> dict[str, Any]:
    key = f"digest/{(FIRST + timedelta(days=day)).isoformat()}"
    with house.database.reading() as tx:
        found = outbox.message_by_key(tx, key)
    assert found is not None
    assert found.recipient == "#digest"
    return found.body


def post(told: dict[str, Story], day: int = 1) -> None:
    story = told["fine"]
    local_day = FIRST + timedelta(days=day)
    post_digest(story.house, now=story.watch.now(), local_day=local_day)


def names(lines: list[dict[str, Any]]) -> list[str]:
    return [line["key"] for line in lines]


def test_a_day_on_which_nothing_changed_says_so_and_who_is_still_at_risk(
    told: dict[str, Story],
) -> None:
    post(told)

    said = body(told["fine"].house)

    assert said["changed"] is False
    assert names(said["still"]) == ["grim", "shaky"]
    assert said["still"][0]["days"] == 1


def test_a_digest_without_newer_scores_does_not_claim_that_nothing_changed(
    told: dict[str, Story],
) -> None:
    post(told)
    post(told, day=2)

    first, second = body(told["fine"].house), body(told["fine"].house, day=2)

    assert (first["late"], second["late"]) == (False, True)
    assert second["as_of"] == first["as_of"]


def test_movements_are_told_by_value_at_risk(told: dict[str, Story]) -> None:
    post(told)
    for key, value in {"fine": 70.0, "sunny": 60.0, "shaky": 30.0, "grim": 95.0}.items():
        told[key].day_at(value)

    post(told, 2)

    said = body(told["fine"].house, 2)
    assert said["changed"] is True
    assert names(said["newly"]) == ["sunny", "fine"]
    assert names(said["worse"]) == ["shaky"]
    assert names(said["recovered"]) == ["grim"]
    assert said["still"] == []
    assert said["newly"][0]["band_before"] == "healthy"
    assert said["newly"][0]["score_before"] == "80.00"


def test_a_second_call_for_the_same_local_day_adds_nothing(told: dict[str, Story]) -> None:
    post(told)
    post(told)

    with told["fine"].house.database.reading() as tx:
        assert outbox.counts(tx)["pending"] == 1


def test_rule_7_a_digest_after_three_days_down_tells_of_all_three(told: dict[str, Story]) -> None:
    post(told)
    for value in (70.0, 69.0, 68.0):
        told["fine"].day_at(value)
        told["sunny"].day_at(82)

    post(told, 4)

    assert names(body(told["fine"].house, 4)["newly"]) == ["fine"]


def test_a_fall_that_is_over_before_the_digest_is_no_news(told: dict[str, Story]) -> None:
    post(told)
    told["fine"].day_at(70)
    told["fine"].day_at(90)

    post(told, 3)

    assert body(told["fine"].house, 3)["changed"] is False


def test_before_the_first_score_there_is_nothing_to_tell(house: House) -> None:
    acme(house)

    assert post_digest(house, now=Story(house, acme(house)).watch.now(), local_day=FIRST) is None
