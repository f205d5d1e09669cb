"""Answers to surveys come in as records and make the factors known that ask for them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from scoring.load import shipped
from scoring.score import FactorScore
from service import answer, catalog, quarantine
from service.ports import House
from service.records import RecordOutcome, accept_surveys
from service.replay import all_customers, scored_on

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def pointed(house: House) -> House:
    """Return a house that scores by points, with one old customer."""
    scoring = replace(house, model=shipped("points-and-penalties"))
    list(catalog.upsert(scoring, [{"key": "acme", "createdOn": "2025-01-01"}], now=NOW))
    return scoring


def given(survey: str, score: object, back: int, **more: object) -> tuple[str, dict[str, object]]:
    when = NOW - timedelta(days=back)
    return "acme", {"survey": survey, "score": score, "answeredAt": when.isoformat(), **more}


def send(house: House, *items: tuple[str, dict[str, Any]]) -> list[RecordOutcome]:
    return list(accept_surveys(house, "tool", items, now=NOW))


def factors(house: House, as_of: date = TODAY) -> dict[str, FactorScore]:
    found = answer.health(house, "acme", today=as_of).score
    return {factor.name: factor for factor in found.factors}


def test_nps_and_csat_become_known_from_the_answers(pointed: House) -> None:
    before = factors(pointed)
    nps = [given("nps", score, n) for n, score in enumerate([10, 9, 9, 8, 10, 7, 2, 9, 9, 9])]
    csat = [given("csat", 4.5, 3), given("csat", 4.7, 4), given("csat", 4.3, 95)]

    outcomes = send(pointed, *nps, *csat)

    after = factors(pointed)
    assert {outcome.status for outcome in outcomes} == {"created"}
    assert [before[name].status for name in ("operator_nps", "csat_change")] == ["no_data"] * 2
    assert [after[name].status for name in ("operator_nps", "csat_change")] == ["known"] * 2
    # Seven promoters and one detractor of ten make +60; 4.6 against 4.3 is +0.3.
    assert (after["operator_nps"].raw["nps"], after["operator_nps"].value) == (60, Decimal(100))
    assert after["csat_change"].value == Decimal(90)


def test_an_answer_counts_from_the_day_it_was_given_and_not_before(pointed: House) -> None:
    send(pointed, given("nps", 10, 40), given("nps", 2, 5))

    def on(back: int) -> tuple[str, object]:
        day = TODAY - timedelta(days=back)
        with pointed.database.reading() as tx:
            people = all_customers(tx)
            ((_, score),) = scored_on(tx, pointed.model, day, people)
        assert score is not None
        found = next(one for one in score.factors if one.name == "operator_nps")
        return found.status, found.raw.get("nps")

    assert on(41)[0] == "no_data"
    assert on(40) == ("known", 100)
    assert on(6) == on(7)
    assert on(5) == ("known", -100)


def test_a_survey_feed_is_quiet_between_two_waves_and_has_not_stopped(pointed: House) -> None:
    list(catalog.upsert(pointed, [{"key": "b"}, {"key": "c"}], now=NOW))
    body = given("nps", 9, 25)[1]

    send(pointed, ("acme", body), ("b", body), ("c", body))

    assert factors(pointed)["operator_nps"].status == "known"


def test_sending_again_changes_nothing_and_a_corrected_answer_replaces_the_first(
    pointed: House,
) -> None:
    first, corrected = given("nps", 9, 2, id="r1"), given("nps", 3, 2, id="r1")
    nameless = given("nps", 9, 2)

    sent = [send(pointed, one)[0].status for one in (first, first, corrected, nameless, nameless)]

    assert sent == ["created", "unchanged", "updated", "created", "unchanged"]
    assert factors(pointed)["operator_nps"].raw["answers"] == 2


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"score": True}, "not a boolean"),
        ({"score": "NaN"}, "finite"),
        ({"score": "9\0"}, "score"),
        ({"answeredAt": "2026-05-01T12:00:00"}, "offset"),
        ({"survey": ""}, "survey"),
        ({"mood": "good"}, "known fields"),
    ],
)
def test_one_bad_answer_is_refused_with_the_reason_and_costs_no_other(
    pointed: House, broken: dict[str, object], words: str
) -> None:
    key, body = given("nps", 9, 2)

    bad, good = send(pointed, (key, body | broken), (key, body))

    assert (bad.status, good.status) == ("rejected", "created")
    assert words in (bad.reason or "")


def test_answers_of_the_unknown_and_of_the_future_wait_and_enter_in_time(pointed: House) -> None:
    stranger = ("late", given("nps", 9, 2)[1])
    early = given("nps", 9, -1)

    outcomes = send(pointed, stranger, early)
    (created,) = catalog.upsert(pointed, [{"key": "late", "createdOn": "2025-01-01"}], now=NOW)
    too_early = quarantine.sweep(pointed, now=NOW)
    in_time = quarantine.sweep(pointed, now=NOW + timedelta(days=1))

    assert [outcome.status for outcome in outcomes] == ["quarantined"] * 2
    assert (created.replayed, too_early, in_time) == (1, 0, 1)
    assert quarantine.waiting(pointed) == ()
