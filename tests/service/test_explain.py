"""Why a score moved: drivers that add up, late data told apart, and the records behind it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from scoring.load import shipped
from service import records
from service.explain import explain
from service.override import Author, set_override
from service.ports import House
from service.rescore import rescore
from storage.plays import plays_of, steps_of
from storage.snapshots import history
from tests.service.daily import BEGIN, FULL, customers, days, noon, run, work
from tests.service.test_override import acme, morning

DAY = timedelta(days=1)
THEN, NOW = FULL + 5 * DAY, FULL + 20 * DAY


def begin(house: House, silent_from: date = FULL) -> None:
    customers(house, "acme", "globex")
    work(house, "acme", days(BEGIN, silent_from - DAY))
    work(house, "globex", days(BEGIN, NOW + DAY))


def test_a_fall_is_told_with_figures_then_and_now_and_adds_up(house: House) -> None:
    begin(house)
    ticket = {"id": "T-7", "openedAt": noon(NOW - DAY).isoformat(), "subject": "It is slow"}
    assert list(records.accept_tickets(house, "api", [("acme", ticket)], now=noon(NOW)))
    run(house, THEN)
    run(house, NOW)

    found = explain(house, "acme", since=THEN, now=morning(NOW + DAY))

    assert found is not None
    assert found.before is not None
    assert (found.before.as_of, found.after.as_of, found.stored) == (THEN, NOW, True)
    assert sum(driver.points for driver in found.drivers) == found.change
    assert found.drivers[0].cause == "behaviour"
    logins = next(figure for figure in found.figures if figure.factor == "login_frequency")
    assert [raw["count"] for raw in logins.raw] == [24, 9]
    assert "Ticket T-7 opened" in " ".join(found.evidence)


def test_answers_to_surveys_stand_behind_a_fall(house: House) -> None:
    pointed = replace(house, model=shipped("points-and-penalties"))
    begin(pointed)
    given = [
        {"survey": "nps", "score": score, "answeredAt": noon(day).isoformat()}
        for score, day in ((10, THEN), (0, NOW - DAY), (2, NOW))
    ]
    list(records.accept_surveys(pointed, "tool", [("acme", one) for one in given], now=noon(NOW)))
    run(pointed, THEN)
    run(pointed, NOW)

    found = explain(pointed, "acme", since=THEN, now=morning(NOW + DAY))

    assert found is not None
    assert f"Answer to nps on {NOW}: 2" in found.evidence
    assert f"Answer to nps on {NOW - DAY}: 0" in found.evidence
    assert "operator_nps" in {driver.factor for driver in found.drivers}


def test_what_arrived_late_is_not_called_behaviour(house: House) -> None:
    begin(house, silent_from=FULL - 20 * DAY)
    run(house, THEN)
    work(house, "acme", [THEN - n * DAY for n in range(8)])
    run(house, NOW)

    found = explain(house, "acme", since=THEN, now=morning(NOW + DAY))

    assert found is not None
    late = [driver for driver in found.drivers if driver.cause == "late_data"]
    assert [driver.factor for driver in late] == ["login_frequency"]
    assert late[0].points > 0
    assert sum(driver.points for driver in found.drivers) == found.change
    assert "login events" in " ".join(found.evidence)


def test_a_day_never_scored_is_told_from_what_is_known_now(house: House) -> None:
    begin(house)
    run(house, NOW)

    found = explain(house, "acme", since=THEN, now=morning(NOW + DAY))

    assert found is not None
    assert found.before is not None
    assert (found.stored, found.before.as_of) == (False, THEN)
    assert {driver.cause for driver in found.drivers} == {"behaviour"}


def test_a_person_s_word_is_a_cause_of_its_own(house: House) -> None:
    begin(house)
    run(house, THEN)
    run(house, NOW)
    set_override(
        house,
        "acme",
        kind="set",
        value=Decimal(100),
        reason="Renewed",
        until=NOW + 9 * DAY,
        author=Author("Carla"),
        now=morning(NOW + DAY),
    )

    found = explain(house, "acme", since=THEN, now=morning(NOW + DAY))

    assert found is not None
    assert found.override is not None
    assert {driver.cause for driver in found.drivers} == {"behaviour", "override"}
    assert sum(driver.points for driver in found.drivers) == found.change


def test_a_corrected_day_is_named_with_what_stood_there(house: House) -> None:
    begin(house, silent_from=FULL - 20 * DAY)
    run(house, THEN)
    run(house, NOW)
    work(house, "acme", [THEN - n * DAY for n in range(8)])
    rescore(house, THEN, now=noon(NOW), decide=False, replace=True)

    found = explain(house, "acme", since=THEN, now=morning(NOW + DAY))

    assert found is not None
    (revision,) = found.corrections
    with house.database.reading() as tx:
        (stands,) = history(tx, acme(house), house.model.name, THEN, THEN)
    assert revision.as_of == THEN
    assert revision.score < stands.score


def test_a_change_of_model_is_parted_from_what_they_did(house: House) -> None:
    begin(house)
    run(house, THEN)
    other = replace(house, model=shipped("six-signal"))
    run(other, NOW)

    found = explain(other, "acme", since=THEN, now=morning(NOW + DAY))

    assert found is not None
    assert found.before is not None
    assert (found.before.model, found.after.model) == ("saas-five-factor", "six-signal")
    assert {driver.cause for driver in found.drivers} == {"model", "behaviour"}
    assert sum(driver.points for driver in found.drivers) == found.change


def test_an_alert_tells_what_arrived_late_from_what_they_did(house: House) -> None:
    customers(house, "acme", "globex")
    for key in ("acme", "globex"):
        work(house, key, days(BEGIN, FULL + 6 * DAY), features=4)
    old = noon(FULL - 3 * DAY).isoformat()
    usual = [("globex", {"id": "G-1", "openedAt": old})]
    assert list(records.accept_tickets(house, "api", usual, now=noon(FULL)))
    run(house, FULL - DAY)
    run(house, FULL)
    tickets = [("acme", {"id": f"T-{n}", "openedAt": old}) for n in range(10)]
    assert list(records.accept_tickets(house, "api", tickets, now=noon(FULL + 5 * DAY)))

    run(house, FULL + 7 * DAY)

    with house.database.reading() as tx:
        (play,) = plays_of(tx, acme(house))
        alert = next(step for step in steps_of(tx, play.id) if step.kind == "slack_alert")
    (told, *_) = [one["sentence"] for one in alert.body["drivers"]]
    assert told.startswith("Support tickets: corrected from 0 to 10 by data that arrived late: ")
