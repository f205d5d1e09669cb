"""Questions about customers are answered from what is stored, or computed this moment."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from service import answer, catalog
from service.errors import UnknownCustomer
from service.events import EventDraft
from service.find import Found, Nothing, Several, find
from service.ingest import accept_event, accept_events
from service.ports import House
from service.records import accept_invoices
from service.rescore import rescore
from storage.views import Filter

TODAY = date(2026, 5, 20)
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def customers(house: House, *drafts: dict[str, Any]) -> None:
    given = [{"createdOn": "2025-01-01", **draft} for draft in drafts]
    assert all(done.status == "created" for done in catalog.upsert(house, given, now=NOW))


def log_in(house: House, key: str, count: int, last: date = TODAY, features: int = 5) -> None:
    items = [
        (
            key,
            {
                "type": "login",
                "occurredAt": f"{last - timedelta(days=n % 28)}T08:00:00Z",
                "feature": f"f{n % features}",
                "id": f"{key}-{last}-{n}",
            },
        )
        for n in range(count)
    ]
    outcomes = accept_events(house, "api", items, now=NOW + timedelta(hours=12))
    assert {outcome.status for outcome in outcomes} == {"accepted"}


def run(house: House, *days: date) -> None:
    for day in days:
        rescore(house, day, now=NOW, decide=False)


def names(found: Iterable[Any]) -> list[str]:
    return [each.name for each in found]


def test_health_is_computed_now_and_says_what_it_rests_on(house: House) -> None:
    customers(house, {"id": "acme", "name": "Acme"})
    log_in(house, "acme", 10)

    view = answer.health(house, "acme", today=TODAY)

    assert (view.customer.name, view.score.as_of, view.score.model) == (
        "Acme",
        TODAY,
        "saas-five-factor",
    )
    assert [factor.name for factor in view.score.factors] == [
        "login_frequency",
        "feature_adoption",
        "support_load",
        "invoice_timeliness",
        "api_trend",
    ]
    # Only logins and features are known: half of 25 and all of 25, over 50.
    assert (view.score.value, view.score.coverage) == (Decimal("75.00"), Decimal(50))
    assert (view.score.band, view.tone, view.trend) == ("healthy", "good", "stable")
    assert sum(factor.contribution for factor in view.score.factors) == view.score.value


def test_health_is_compared_with_the_stored_scores_before(house: House) -> None:
    customers(house, {"id": "acme"})
    log_in(house, "acme", 20, TODAY - timedelta(days=14))
    run(house, TODAY - timedelta(days=14), TODAY - timedelta(days=7), TODAY - timedelta(days=1))

    view = answer.health(house, "acme", today=TODAY)

    assert view.change_7 is not None
    assert view.change_7 < 0
    assert sum(driver.points for driver in view.drivers) == view.change_7
    assert view.drivers[0].factor == "login_frequency"


def test_an_unknown_key_is_an_error_that_names_it(house: House) -> None:
    with pytest.raises(UnknownCustomer, match="nobody"):
        answer.health(house, "nobody", today=TODAY)
    with pytest.raises(UnknownCustomer, match="nobody"):
        answer.card(house, "nobody", now=NOW)


def test_a_key_no_customer_could_have_is_unknown_too(house: House) -> None:
    for key in ("", "a\0b", "\ud800", "x" * 10_000, "%", "a\nb"):
        with pytest.raises(UnknownCustomer):
            answer.health(house, key, today=TODAY)
        with pytest.raises(UnknownCustomer):
            accept_event(house, key, EventDraft(type="login"), feed="api", now=NOW)


def test_the_card_shows_the_stored_score_with_its_history(house: House) -> None:
    customers(house, {"id": "acme", "name": "Acme", "csm": "ann@example.com", "arr": 1200})
    log_in(house, "acme", 20, TODAY - timedelta(days=14))
    days = [TODAY - timedelta(days=n) for n in range(10, 0, -1)]
    run(house, *days)

    card = answer.card(house, "acme", now=NOW)

    assert card.score is not None
    assert (card.stored, card.as_of) == (True, TODAY - timedelta(days=1))
    assert [day for day, _, _ in card.history] == days
    assert card.history[-1][1:] == (card.score.value, card.score.band)
    assert card.last_touch == datetime(2026, 5, 6, 8, tzinfo=UTC)
    assert {fresh.source: fresh.state.status for fresh in card.fresh}["events:login"] == "live"
    assert card.customer.csm is not None
    assert sum(driver.points for driver in card.drivers) == card.change_7


def test_before_the_first_daily_job_the_card_is_computed_now_and_says_so(house: House) -> None:
    customers(house, {"id": "acme"})
    log_in(house, "acme", 20)

    card = answer.card(house, "acme", now=NOW)

    assert card.score is not None
    assert (card.stored, card.as_of, card.history) == (False, TODAY, ())
    assert card.score.value == Decimal(100)


def test_a_customer_never_scored_and_gone_has_a_card_without_a_score(house: House) -> None:
    customers(house, {"id": "acme", "status": "churned"})

    card = answer.card(house, "acme", now=NOW)

    assert (card.score, card.as_of, card.drivers, card.band_tone) == (None, None, (), "unknown")


def test_the_portfolio_counts_bands_and_names_who_moved(house: House) -> None:
    customers(house, {"id": "up"}, {"id": "down"}, {"id": "flat"}, {"id": "new"})
    log_in(house, "down", 20, TODAY - timedelta(days=20))
    log_in(house, "flat", 20, TODAY - timedelta(days=8))
    log_in(house, "up", 1, TODAY - timedelta(days=8), features=1)
    run(house, TODAY - timedelta(days=8))
    log_in(house, "up", 20, TODAY - timedelta(days=1))
    run(house, TODAY - timedelta(days=1))

    view = answer.portfolio(house)

    assert (view.as_of, view.total) == (TODAY - timedelta(days=1), 4)
    assert [count.band for count in view.counts] == ["healthy", "at-risk", "churn-risk"]
    assert sum(count.customers for count in view.counts) == 4
    assert view.risen[0].key == "up"
    assert view.fallen[0].key == "down"


def test_an_empty_house_has_an_empty_portfolio(house: House) -> None:
    view = answer.portfolio(house)

    assert (view.as_of, view.total, view.fallen, view.risen) == (None, 0, (), ())
    assert [count.customers for count in view.counts] == [0, 0, 0]


def test_the_list_is_filtered_and_paged_and_tells_how_many_fit(house: House) -> None:
    customers(house, *({"id": f"c{n}", "segment": "smb" if n % 2 else "ent"} for n in range(9)))
    run(house, TODAY - timedelta(days=1))

    rows, total = answer.customers(house, Filter(segment="ent", limit=2, offset=2))

    assert (len(rows), total) == (2, 5)
    assert {row.segment for row in rows} == {"ent"}


def test_history_is_given_oldest_first(house: House) -> None:
    customers(house, {"id": "acme"})
    days = [TODAY - timedelta(days=n) for n in (3, 2, 1)]
    run(house, *days)

    points = answer.history_of(house, "acme", first=days[0], last=days[1])

    assert [point.as_of for point in points] == days[:2]


def test_key_name_and_alias_find_a_customer_whatever_their_case(house: House) -> None:
    customers(
        house,
        {"id": "acme-1", "name": "Acme Corporation", "aliases": ["ac"]},
        {"id": "acme-2", "name": "Acme Corporation of Delaware"},
    )

    for words in ("acme-1", "ACME-1", "Acme Corporation", " acme  corporation ", "AC"):
        found = find(house, words)

        assert isinstance(found, Found), words
        assert (found.customer.key, found.exact) == ("acme-1", True)


def test_a_near_miss_that_stands_alone_is_taken_for_meant(house: House) -> None:
    customers(
        house,
        {"id": "acme-1", "name": "Acme Corporation"},
        {"id": "globex", "name": "Globex"},
        {"id": "mueller", "name": "Müller & Söhne"},
        {"id": "initech", "name": "Initech Systems"},
    )
    meant = {
        "acme": "acme-1",
        "Acme Corp": "acme-1",
        "Acme Coporation": "acme-1",
        "globx": "globex",
        "müller": "mueller",
        "initech systems gmbh": "initech",
    }

    for words, key in meant.items():
        found = find(house, words)

        assert isinstance(found, Found), words
        assert (found.customer.key, found.exact) == (key, False)


def test_several_that_fit_are_a_choice_never_the_first(house: House) -> None:
    customers(
        house,
        {"id": "a1", "name": "Acme"},
        {"id": "a2", "name": "ACME"},
        {"id": "b1", "name": "Borealis North"},
        {"id": "b2", "name": "Borealis South"},
    )

    same, alike = find(house, "acme"), find(house, "borealis")

    assert isinstance(same, Several)
    assert isinstance(alike, Several)
    assert names(same.choices) == ["Acme", "ACME"]
    assert names(alike.choices) == ["Borealis North", "Borealis South"]


def test_a_key_that_is_anothers_name_is_a_choice(house: House) -> None:
    customers(house, {"id": "delta", "name": "Omega"}, {"id": "x", "name": "Delta"})

    assert isinstance(find(house, "delta"), Several)


def test_when_nothing_fits_what_comes_nearest_is_suggested(house: House) -> None:
    customers(house, {"id": "acme", "name": "Acme"}, {"id": "wonka", "name": "Wonka Industries"})

    near, far = find(house, "wonder industry"), find(house, "zzzzqqqq")

    assert isinstance(near, Nothing)
    assert names(near.suggestions) == ["Wonka Industries"]
    assert far == Nothing(())


def test_any_text_may_be_asked_for(house: House) -> None:
    customers(house, {"id": "acme", "name": "Acme"})
    texts = ("", "   ", "%", "_", "a\0b", "\ud800", "'; DROP TABLE", "🙂", "x" * 10_000)

    for words in texts:
        rows, total = answer.customers(house, Filter(q=words))

        assert find(house, words) == Nothing(()), words
        assert len(rows) == total
    assert answer.customers(house, Filter(q="%"))[1] == 0


def test_no_feed_is_fresher_than_today_though_an_invoice_falls_due_next_month(house: House) -> None:
    customers(house, {"id": "acme"})
    bills = [("acme", {"id": "r1", "dueOn": "2026-05-10"})]
    ahead = [("acme", {"id": "r2", "dueOn": "2026-06-15"})]
    list(accept_invoices(house, "bank", bills + ahead, now=NOW))

    card = answer.card(house, "acme", now=NOW)

    (invoices,) = (feed for feed in card.fresh if feed.source == "invoices")
    assert invoices.last_at == datetime(2026, 5, 10, tzinfo=UTC)


def test_a_feed_of_nothing_but_the_future_has_not_spoken_yet(house: House) -> None:
    customers(house, {"id": "acme"})
    list(accept_invoices(house, "bank", [("acme", {"id": "r", "dueOn": "2026-06-15"})], now=NOW))

    card = answer.card(house, "acme", now=NOW)

    (invoices,) = (feed for feed in card.fresh if feed.source == "invoices")
    assert invoices.last_at is None
