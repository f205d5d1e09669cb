import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from storage import audit, switches
from storage.activity import (
    Quarantined,
    quarantine,
    quarantined,
    quarantined_count,
    release_quarantined,
)
from storage.customers import CustomerFields, customer_by_key, upsert_customers
from storage.database import Database, Transaction
from storage.errors import NaiveTime, Refused, UnfitJson, UnfitNumber, UnfitText
from storage.views import Filter, current_page
from tests import builders
from tests.builders import NOON, new_event


@pytest.mark.parametrize("text", ["a\x00b", "half \ud800", "\udfff"])
def test_text_that_one_database_cannot_hold_is_refused_by_both(
    database: Database, text: str
) -> None:
    with pytest.raises(UnfitText), database.transaction() as tx:
        upsert_customers(tx, [CustomerFields("acme", name=text)], NOON)


@pytest.mark.parametrize("text", ["a\x00b", "half \ud800"])
def test_unfit_text_is_refused_in_every_place_that_searches(database: Database, text: str) -> None:
    with database.reading() as tx:
        with pytest.raises(UnfitText):
            customer_by_key(tx, text)
        with pytest.raises(UnfitText):
            current_page(tx, Filter(q=text))


@pytest.mark.parametrize(
    "body",
    [
        {"v": math.nan},
        {"v": [math.inf]},
        {"v": "a\x00b"},
        {"a\x00b": 1},
        {"v": ["half \ud800"]},
        {"v": {1, 2}},
        {"v": Decimal(1)},
    ],
)
def test_json_that_one_database_cannot_hold_is_refused_by_both(
    database: Database, body: dict[str, Any]
) -> None:
    with pytest.raises(UnfitJson), database.transaction() as tx:
        audit.append(tx, "a", "b", "c", body, NOON)


def test_a_backslash_before_u0000_is_only_text(database: Database) -> None:
    body = {"path": "C:\\u0000", "emoji": "😀", "rtl": "\u202e"}
    with database.transaction() as tx:
        audit.append(tx, "a", "b", "c", body, NOON)

    with database.reading() as tx:
        assert audit.recent(tx)[0].details == body


def test_a_naive_time_is_refused_and_any_zone_comes_back_as_utc(database: Database) -> None:
    with pytest.raises(NaiveTime), database.transaction() as tx:
        switches.set_switch(tx, "s", "on", "me", NOON.replace(tzinfo=None))
    tokyo = datetime.fromisoformat("2026-03-01T08:30:00.123456+09:00")
    with database.transaction() as tx:
        switches.set_switch(tx, "s", "on", "me", tokyo)

    with database.reading() as tx:
        found = switches.switch(tx, "s")
    assert found is not None
    assert found.at == tokyo
    assert found.at.tzinfo is UTC


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "1E+16", "0.001"])
def test_money_that_does_not_fit_exactly_is_refused_by_both(
    database: Database, amount: str
) -> None:
    with pytest.raises(UnfitNumber), database.transaction() as tx:
        upsert_customers(tx, [CustomerFields("acme", arr=Decimal(amount))], NOON)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+12"])
def test_an_event_value_that_cannot_be_added_up_is_refused(database: Database, value: str) -> None:
    (acme,) = builders.customers(database, "acme")

    with pytest.raises(UnfitNumber):
        builders.events(database, new_event(acme, value=Decimal(value)))


def test_money_is_exact_to_the_cent_up_to_sixteen_digits(database: Database) -> None:
    amount = Decimal("9999999999999999.99")
    with database.transaction() as tx:
        upsert_customers(tx, [CustomerFields("acme", arr=amount)], NOON)

    with database.reading() as tx:
        acme = customer_by_key(tx, "acme")
    assert acme is not None
    assert acme.arr == amount


def test_a_leap_day_is_a_day(database: Database) -> None:
    with database.transaction() as tx:
        upsert_customers(tx, [CustomerFields("acme", created_on=date(2024, 2, 29))], NOON)

    with database.reading() as tx:
        acme = customer_by_key(tx, "acme")
    assert acme is not None
    assert acme.created_on == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("error", "word"),
    [(UnfitText("a NUL character"), "NUL"), (NaiveTime(NOON), "zone"), (UnfitNumber("x"), "x")],
)
def test_a_refusal_is_a_value_error_with_a_sentence(error: Refused, word: str) -> None:
    assert isinstance(error, ValueError)
    assert word in str(error)


def _waiting(key: str) -> Quarantined:
    return Quarantined("api", key, "no customer has this key", {"event": {"type": "login"}}, NOON)


def test_what_is_quarantined_is_listed_and_handed_back_once(database: Database) -> None:
    with database.transaction() as tx:
        quarantine(tx, [_waiting("acme"), _waiting("bolt"), _waiting("acme")])

    with database.transaction() as tx:
        listed = (len(quarantined(tx)), len(quarantined(tx, "acme")), quarantined_count(tx))
        handed = release_quarantined(tx, ["acme", "nobody"])
        again = release_quarantined(tx, ["acme"])

    assert listed == (3, 2, 3)
    assert handed == (_waiting("acme"), _waiting("acme"))
    assert again == ()


def test_several_refusals_leave_the_transaction_usable(database: Database) -> None:
    """A value refused before it reaches the database costs nothing that was done before."""
    attempts: list[Callable[[Transaction], object]] = [
        lambda tx: upsert_customers(tx, [CustomerFields("\x00")], NOON),
        lambda tx: audit.append(tx, "a", "b", "c", {"v": math.nan}, NOON),
    ]

    with database.transaction() as tx:
        upsert_customers(tx, [CustomerFields("acme")], NOON)
        for attempt in attempts:
            with pytest.raises(Refused):
                attempt(tx)

    with database.reading() as tx:
        assert customer_by_key(tx, "acme") is not None
