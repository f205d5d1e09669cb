"""What is seen in time, and what alarms nobody: stories told to the whole product."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from storage.plays import transitions_on
from tests.bot.stage import words
from tests.journeys.town import NOON, Happening, Town, at, town

# Months are lived through in each of them.
pytestmark = pytest.mark.slow

DAY_0 = date(2026, 3, 2)
STEADY = ("brook", "cedar", "dune", "elm", "fern", "gale", "hill", "iris")
# An operator's own playbook: whatever the band, ten points in a week are worth a word.
FALLING = """
name: falling
version: 1
title: Falling fast
when: {kind: drops, points: 10, days: 7}
then:
  - {step: alert, kind: slack_alert, to: csm, drivers: 3}
"""


def day(number: int) -> date:
    return DAY_0 + timedelta(days=number)


def logins(number: int, *keys: str, feature: str | None = None) -> list[Happening]:
    more = {"feature": feature} if feature else {}
    return [(key, day(number), "login", more) for key in keys]


@contextmanager
def opened(url: str, home: Path, *, falling: bool = False, **settings: str) -> Iterator[Town]:
    """Open a town with neighbours that are well and feed every kind of data."""
    if falling:
        books = home / "books"
        books.mkdir()
        (books / "falling.yaml").write_text(FALLING)
        settings["BELLWETHER_PLAYBOOKS"] = str(books)
    with town(url, home, at(day(-9), NOON), **settings) as here:
        for key in (*STEADY, "acme"):
            here.customer(key, day(-400), contactEmail=f"dora@{key}.example")
        neighbours(here, *range(-60, -8))
        yield here


def neighbours(here: Town, *days: int) -> None:
    """Let the others live: each at its own pace, so that they are no copies of each other."""
    happened: list[Happening] = []
    for number in days:
        busy = [key for pace, key in enumerate(STEADY, start=1) if number % (pace // 3 + 1) == 0]
        happened += logins(number, *busy, feature=f"f{number % 5}")
        happened += [(key, day(number), "api_call", {"value": 100}) for key in STEADY]
    here.happen(*happened)
    for number in days:
        if number % 3 == 0:
            here.ticket("cedar", f"C-{number}", day(number))
            here.invoice("dune", f"D-{number}", day(number - 1), day(number - 2))


def told_about_acme(here: Town) -> list[str]:
    return [words(each) for each in here.alerts() if "Acme" in words(each)]


def live_on(here: Town, first: int, last: int, *of_acme: Happening) -> list[int]:
    """Let days pass with what happens at Acme on them; return after which days somebody heard."""
    heard = []
    for number in range(first, last + 1):
        neighbours(here, number)
        if todays := [one for one in of_acme if one[1] == day(number)]:
            here.happen(*todays)
        before = len(told_about_acme(here))
        here.morning_after(day(number))
        heard += [number] * (len(told_about_acme(here)) - before)
    return heard


def kinds(here: Town, key: str, first: int, last: int) -> list[str]:
    """Return the transitions of a customer on these days, without the days nothing happened."""
    with here.house.database.reading() as tx:
        from storage.customers import customer_by_key  # noqa: PLC0415 - read here only

        customer = customer_by_key(tx, key)
        assert customer is not None
        rows = transitions_on(tx, here.house.model.name, day(first - 1), day(last))
    return [row.kind for row in rows if row.customer_id == customer.id]


def test_a_customer_who_stops_logging_in_is_flagged_within_seven_days(
    database_url: str, tmp_path: Path
) -> None:
    # Acme logs in every day for two months, and then never again. Fixed targets cannot tell within
    # a week (20 of 30 days would still be full marks); the model that knows Acme's own habits can.
    with opened(database_url, tmp_path, BELLWETHER_MODEL="adaptive") as here:
        here.happen(*(one for n in range(-60, 1) for one in logins(n, "acme", feature=f"f{n % 5}")))
        assert live_on(here, -8, 0) == []

        heard = live_on(here, 1, 7)

        assert heard, [here.score("acme", day(n)) for n in range(8)]
        assert here.score("acme", day(heard[0]))[1] == "at-risk"
        assert "Active days" in told_about_acme(here)[0]


def test_a_slide_from_72_to_41_over_three_weeks_is_seen_fourteen_days_before_its_end(
    database_url: str, tmp_path: Path
) -> None:
    # Twenty logins fall out of the window one a day, and three tickets come: 72 to 41.
    with opened(database_url, tmp_path, falling=True) as here:
        past = [one for n in range(-29, -9) for one in logins(n, "acme", feature=f"f{n % 4}")]
        here.happen(*past)
        for number in range(4):
            here.ticket("acme", f"T-{number}", day(-40 + number))
        assert live_on(here, -8, 0) == []
        assert here.score("acme", day(0)) == (Decimal("72.00"), "at-risk")

        for number in (3, 5, 12):
            here.ticket("acme", f"T-late-{number}", day(number))
        heard = live_on(here, 1, 21)

        assert here.score("acme", day(21)) == (Decimal("41.00"), "churn-risk")
        assert min(heard) <= 7
        assert "Falling fast" in told_about_acme(here)[0]


def test_a_failed_payment_alone_alarms_nobody(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path, falling=True) as here:
        here.happen(*(one for n in range(-60, 1) for one in logins(n, "acme", feature=f"f{n % 5}")))
        for number in (1, 2):
            here.invoice("acme", f"A-{number}", day(-30 * number), day(-30 * number - 1))
        live_on(here, -8, 0)
        well, _ = here.score("acme", day(0))

        here.invoice("acme", "A-3", day(2))
        usual = [one for n in range(1, 31) for one in logins(n, "acme", feature=f"f{n % 5}")]
        heard = live_on(here, 1, 30, *usual)

        late, band = here.score("acme", day(30))
        assert heard == []
        assert (late < well, band) == (True, "healthy")


def test_from_35_to_55_is_a_recovery_that_escalates_nothing(
    database_url: str, tmp_path: Path
) -> None:
    # Without logins and features, what is left is worth exactly 35.
    with opened(database_url, tmp_path) as here:
        live_on(here, -8, 0)
        assert here.score("acme", day(0)) == (Decimal("35.00"), "churn-risk")

        back = [one for n in range(1, 17) for one in logins(n, "acme")]
        heard = live_on(here, 1, 16, *back)

        assert here.score("acme", day(16)) == (Decimal("55.00"), "at-risk")
        assert heard == []
        assert kinds(here, "acme", 1, 16) == ["improved"]


def test_from_80_to_60_is_a_new_risk_that_is_told(database_url: str, tmp_path: Path) -> None:
    # Logins and four of five features: 80. Ten tickets in a day cost twenty points.
    with opened(database_url, tmp_path) as here:
        past = [one for n in range(-29, 1) for one in logins(n, "acme", feature=f"f{n % 4}")]
        here.happen(*past)
        live_on(here, -8, 0)
        assert here.score("acme", day(0)) == (Decimal("80.00"), "healthy")

        for number in range(10):
            here.ticket("acme", f"T-{number}", day(1))
        heard = live_on(here, 1, 3, *(one for n in (1, 2, 3) for one in logins(n, "acme")))

        assert here.score("acme", day(1)) == (Decimal("60.00"), "at-risk")
        assert heard == [1]
        assert kinds(here, "acme", 1, 3) == ["worsened"]
        assert "Support tickets rose from 0 to 10" in told_about_acme(here)[0]
