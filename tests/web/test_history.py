"""The past as people were shown it, other models' versions of it, and what people said."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from scoring.load import shipped
from service.override import Author, set_override, set_pulse
from service.ports import House
from service.rescore import rescore
from storage.plays import open_plays
from storage.snapshots import add_snapshots
from tests.builders import MODEL, NOON, TODAY, customers, day, events, new_event, snapshot
from tests.web.conftest import Client
from web.charts import WIDE, Point, Series, history_chart

HISTORY = "/api/customers/acme/history"


@pytest.fixture
def acme(house: House) -> int:
    (found,) = customers(house.database, "acme", created_on=day(400))
    events(house.database, *(new_event(found, back=back) for back in range(1, 28)))
    return found


def second(house: House) -> House:
    """Return the house after its model was changed: another version of it."""
    return replace(house, model=house.model.model_copy(update={"version": 2}))


def asked(client: Client, **query: str) -> list[dict[str, Any]]:
    answer = client.get(HISTORY, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.usefixtures("acme")
def test_the_history_is_what_people_were_shown_each_day(
    client: Client, scored: Callable[..., None]
) -> None:
    scored(3, 2, 1)

    found = asked(client)

    assert [one["asOf"] for one in found] == [day(back).isoformat() for back in (3, 2, 1)]
    assert found[0].keys() >= {"healthScore", "band", "coverage", "model", "version", "trend"}
    assert {(one["model"], one["version"], one["recomputed"]) for one in found} == {
        (MODEL, 1, False)
    }
    assert asked(client, **{"from": day(2).isoformat(), "to": day(2).isoformat()}) == [found[1]]
    assert client.get("/api/customers/nobody/history").status_code == 404
    assert client.get(HISTORY, params={"to": "0001-01-01"}).status_code == 422


def test_a_past_recomputed_by_a_new_version_is_a_series_of_its_own(
    client: Client, house: House, acme: int, scored: Callable[..., None]
) -> None:
    scored(3, 2)
    changed = second(house)
    rescore(changed, day(1), now=NOON, decide=True)

    report = rescore(changed, day(3), now=NOON, decide=True, replace=True)

    assert (report.written, report.decided) == (1, False)
    assert [one["version"] for one in asked(client)] == [1, 1, 2]
    recomputed = [one for one in asked(client, model=f"{MODEL}@2") if one["recomputed"]]
    assert [one["asOf"] for one in recomputed] == [day(3).isoformat()]
    with house.database.reading() as tx:
        assert open_plays(tx, [acme]).get(acme, ()) == ()


@pytest.mark.usefixtures("acme")
def test_another_model_s_version_of_days_scored_before_is_not_what_was_shown(
    client: Client, house: House, scored: Callable[..., None]
) -> None:
    scored(2, 1)
    other = replace(house, model=shipped("six-signal"))
    later = NOON.replace(hour=20)
    for back in (2, 1):
        rescore(other, day(back), now=later, decide=False)

    assert {one["model"] for one in asked(client)} == {MODEL}
    six = asked(client, model="six-signal")
    assert [(one["model"], one["recomputed"]) for one in six] == [("six-signal", True)] * 2


@pytest.mark.usefixtures("acme")
def test_the_page_marks_the_change_of_model_and_draws_the_recomputed_series(
    client: Client, house: House, scored: Callable[..., None]
) -> None:
    scored(4, 3, 2)
    changed = second(house)
    rescore(changed, day(1), now=NOON, decide=False)
    for back in (4, 3):
        rescore(changed, day(back), now=NOON, decide=False, replace=True)

    page = client.get("/api/dashboard/customers/acme").text

    assert 'class="model"' in page
    assert f"{MODEL}@2" in page
    assert '<g class="second">' in page
    assert "(recomputed)" in page


@pytest.mark.usefixtures("acme")
def test_the_page_and_the_health_answer_say_what_people_say(
    client: Client, house: House, scored: Callable[..., None]
) -> None:
    scored(1)
    computed = client.get("/api/customers/acme/health").json()["healthScore"]
    carla = Author("Carla <b>", "carla@ours.example")
    set_override(
        house,
        "acme",
        kind="set",
        value=Decimal(61),
        reason="Renewed & happy",
        until=TODAY,
        author=carla,
        now=NOON,
    )
    set_pulse(house, "acme", mood="worried", note="Champion left", author=carla, now=NOON)

    health = client.get("/api/customers/acme/health").json()
    page = client.get("/api/dashboard/customers/acme").text

    assert (health["healthScore"], health["computedScore"]) == (61, computed)
    assert health["override"] == {
        "kind": "set",
        "value": 61.0,
        "author": "Carla <b>",
        "until": TODAY.isoformat(),
        "reason": "Renewed & happy",
    }
    assert health["pulse"]["mood"] == "worried"
    assert "override" not in health["factors"]
    assert "set to 61 by Carla &lt;b&gt; until" in page
    assert "Renewed &amp; happy" in page
    assert "Champion left" in page
    assert "A person said so: computed" in page


def test_a_shown_and_a_computed_score_both_stand_in_the_history(
    client: Client, house: House, acme: int
) -> None:
    with house.database.transaction() as tx:
        add_snapshots(tx, [snapshot(acme, 3)])

    (found,) = asked(client)

    assert (found["healthScore"], found["computedScore"]) == (72.0, 72.0)


def test_a_second_series_is_drawn_on_the_same_axes() -> None:
    lived = [Point(day(back), Decimal(50), "at-risk", f"{MODEL}@1") for back in (3, 2, 1)]
    other = Series(f"{MODEL}@2", tuple(replace(one, score=Decimal(100)) for one in lived[:2]))

    chart = history_chart(lived, shipped(), WIDE, [other])

    assert chart is not None
    (drawn,) = chart.seconds
    assert (drawn.name, len(drawn.lines)) == (f"{MODEL}@2", 1)
    assert drawn.lines[0].split(" ")[0].split(",")[0] == chart.lines[0].split(" ")[0].split(",")[0]
    assert drawn.last.y < chart.last.y
