from decimal import Decimal
from typing import Any

from storage.customers import CustomerFields, upsert_customers
from storage.database import Database
from storage.snapshots import (
    add_snapshots,
    currents,
    history,
    latest_before,
    latest_day,
    put_current,
    scores_at,
    snapshots_on,
)
from storage.views import (
    Filter,
    at_risk,
    band_counts,
    current_page,
    current_rows,
    movers,
    segments,
)
from tests import builders
from tests.builders import MODEL, NOON, TODAY, current, day, snapshot


def test_a_snapshot_comes_back_as_it_went_in(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    kept = snapshot(acme, change_7=Decimal("-12.34"), record={"factors": [{"name": "ä"}]})

    with database.transaction() as tx:
        written = add_snapshots(tx, [kept])
        found = snapshots_on(tx, [acme], MODEL, [TODAY, day(1)])

    assert written == {acme}
    assert found == {(acme, TODAY): kept}


def test_a_snapshot_that_is_there_stays_unless_it_is_to_be_replaced(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")
    with database.transaction() as tx:
        add_snapshots(tx, [snapshot(acme)])
    other = snapshot(acme, score=Decimal("10.00"))

    with database.transaction() as tx:
        written = add_snapshots(tx, [other, snapshot(bolt)])
        first = snapshots_on(tx, [acme], MODEL, [TODAY])[acme, TODAY].score
        replaced = add_snapshots(tx, [other], replace=True)
        then = snapshots_on(tx, [acme], MODEL, [TODAY])[acme, TODAY].score

    assert (written, replaced) == ({bolt}, {acme})
    assert (first, then) == (Decimal("72.00"), Decimal("10.00"))


def test_two_models_keep_snapshots_of_their_own(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")

    with database.transaction() as tx:
        add_snapshots(tx, [snapshot(acme)])
        written = add_snapshots(tx, [snapshot(acme, model="six-signal")])
        found = latest_before(tx, [acme], "six-signal", day(-1))

    assert written == {acme}
    assert found[acme].model == "six-signal"


def test_the_latest_before_a_day_is_strictly_before_it(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")
    with database.transaction() as tx:
        for back in (9, 4, 0):
            add_snapshots(tx, [snapshot(acme, back)])
        add_snapshots(tx, [snapshot(bolt, 2)])

    with database.reading() as tx:
        found = latest_before(tx, [acme, bolt], MODEL, TODAY)
        none = latest_before(tx, [acme, bolt], MODEL, day(9))

    assert {one: kept.as_of for one, kept in found.items()} == {acme: day(4), bolt: day(2)}
    assert none == {}


def test_a_score_stands_in_for_up_to_three_days_and_one_version_may_be_asked_for(
    database: Database,
) -> None:
    acme, bolt, cube = builders.customers(database, "acme", "bolt", "cube")
    with database.transaction() as tx:
        add_snapshots(tx, [snapshot(acme, 10), snapshot(bolt, 11), snapshot(cube, 9, version=2)])
        add_snapshots(tx, [snapshot(acme, 8, score=Decimal(1))])

    with database.reading() as tx:
        near = scores_at(tx, [acme, bolt, cube], MODEL, day(7))
        first = scores_at(tx, [acme, bolt, cube], MODEL, day(7), version=1)

    assert near == {acme: Decimal(1), cube: Decimal("72.00")}
    assert first == {acme: Decimal(1)}


def test_history_is_oldest_first_and_without_records_unless_asked(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    with database.transaction() as tx:
        for back in (1, 5, 3):
            add_snapshots(tx, [snapshot(acme, back)])

    with database.reading() as tx:
        bare = history(tx, acme, MODEL, day(4), TODAY)
        full = history(tx, acme, MODEL, day(9), TODAY, records=True)

    assert [(one.as_of, one.record) for one in bare] == [(day(3), None), (day(1), None)]
    assert [one.record for one in full] == [{"factors": []}] * 3


def test_the_current_score_never_moves_to_an_earlier_day(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")

    with database.transaction() as tx:
        put_current(tx, [current(acme, 1)])
        put_current(tx, [current(acme, 0, score=Decimal(40))])
        put_current(tx, [current(acme, 5, score=Decimal(90))])
        found = currents(tx, [acme, 999])

    assert found == {acme: current(acme, 0, score=Decimal(40))}


def test_the_latest_day_is_a_models_own(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")

    with database.transaction() as tx:
        put_current(tx, [current(acme, 1), current(bolt, 3)])

        assert latest_day(tx, MODEL) == day(1)
        assert latest_day(tx, "another") is None


def test_snapshots_of_a_batch_cost_the_same_statements_whatever_its_size(
    database: Database, statements: Any
) -> None:
    ids = builders.customers(database, *(f"c{n}" for n in range(200)))
    with database.transaction() as tx:
        add_snapshots(tx, [snapshot(ids[0], 9)])  # The model's name is new once.

    with database.transaction() as tx, statements(database) as few:
        add_snapshots(tx, [snapshot(one, 1) for one in ids[:2]])
        put_current(tx, [current(one, 1) for one in ids[:2]])
        latest_before(tx, ids[:2], MODEL, TODAY)
    with database.transaction() as tx, statements(database) as many:
        add_snapshots(tx, [snapshot(one) for one in ids])
        put_current(tx, [current(one) for one in ids])
        latest_before(tx, ids, MODEL, TODAY)

    assert len(few) == len(many)


def _portfolio(database: Database) -> dict[str, int]:
    fields = [
        CustomerFields("a", name="Älpha 100%", segment="smb", arr=Decimal(100), csm_email="x@y.z"),
        CustomerFields("b", name="beta_1", segment="smb", arr=Decimal(900)),
        CustomerFields("c", name="Gamma", segment="big"),
        CustomerFields("d", name="Delta", status="churned"),
        CustomerFields("e", name="Epsilon"),
    ]
    with database.transaction() as tx:
        ids = {one.key: one.id for one in upsert_customers(tx, fields, NOON)}
        put_current(
            tx,
            [
                current(ids["a"], score=Decimal("80.00"), band="healthy", change_7=Decimal(3)),
                current(ids["b"], score=Decimal("40.00"), band="churn-risk", change_7=Decimal(-30)),
                current(ids["c"], score=Decimal("60.00"), change_7=Decimal(-2)),
                current(ids["d"], score=Decimal("10.00"), band="churn-risk"),
            ],
        )
    return ids


def _keys(database: Database, **chosen: Any) -> list[str]:
    with database.reading() as tx:
        return [row.key for row in current_page(tx, Filter(**chosen))[0]]


def test_the_list_is_sorted_with_missing_values_last_whichever_way(database: Database) -> None:
    _portfolio(database)

    assert _keys(database) == ["b", "d", "e", "c", "a"]
    assert _keys(database, sort="score") == ["d", "b", "c", "a", "e"]
    assert _keys(database, sort="score", descending=True) == ["a", "c", "b", "d", "e"]
    assert _keys(database, sort="arr", descending=True) == ["b", "a", "c", "d", "e"]


def test_the_list_takes_what_is_searched_for_literally(database: Database) -> None:
    _portfolio(database)

    assert _keys(database, q="%") == ["a"]
    assert _keys(database, q="_") == ["b"]
    assert _keys(database, q="äLPHA") == ["a"]
    assert _keys(database, q="\\") == []


def test_the_list_is_filtered_and_paged_and_says_how_many_there_are(database: Database) -> None:
    _portfolio(database)

    assert _keys(database, segment="smb") == ["b", "a"]
    assert _keys(database, band="churn-risk", sort="score") == ["d", "b"]
    assert _keys(database, band="unknown") == ["e"]
    assert _keys(database, min_score=Decimal("39.999"), max_score=Decimal("60.001")) == ["b", "c"]
    with database.reading() as tx:
        page, total = current_page(tx, Filter(limit=2, offset=1))
    assert ([row.key for row in page], total) == (["d", "e"], 5)


def test_counts_movers_and_risk_look_at_active_customers_only(database: Database) -> None:
    _portfolio(database)

    with database.reading() as tx:
        assert band_counts(tx) == {"healthy": 1, "churn-risk": 1, "at-risk": 1}
        assert [row.key for row in movers(tx, 1)] == ["b", "a"]
        assert [row.key for row in at_risk(tx, ("churn-risk", "at-risk"))] == ["b", "c"]
        assert [row.key for row in current_rows(tx)] == ["a", "b", "c"]
        assert segments(tx) == ("big", "smb")


def test_a_customer_without_a_score_is_listed_without_one(database: Database) -> None:
    _portfolio(database)

    with database.reading() as tx:
        (row,), _ = current_page(tx, Filter(q="epsilon"))

    assert (row.score, row.band, row.as_of, row.csm_email) == (None, None, None, None)
