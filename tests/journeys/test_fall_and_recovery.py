"""The story the product exists for: a customer falls, is noticed, is written to, and recovers."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.bot.stage import actions, words
from tests.journeys.town import CONTACT, CSM, NOON, Happening, Town, at, town

# Day 0 is the last good day; three weeks later the customer stands at 41.
DAY_0 = date(2026, 3, 2)
FALL = 21
STEADY = ("brook", "cedar", "dune", "elm")
FEATURES = ("reports", "export", "alerts", "search")


def day(number: int) -> date:
    return DAY_0 + timedelta(days=number)


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[Town]:
    with town(database_url, tmp_path, at(day(-5), NOON)) as open_town:
        yield open_town


def settle(here: Town) -> None:
    """Give Acme and its neighbours a past: Acme stands at exactly 72, they are well."""
    here.customer(
        "acme",
        day(-400),
        contactEmail=CONTACT,
        contactName="Dora Dahl",
        arr=120_000,
        renewalOn=day(60),
    )
    for neighbour in STEADY:
        here.customer(neighbour, day(-400))
    here.happen(
        *(one for number in range(-70, 1) for one in live(number, "acme")),
        *(one for number in range(-70, 1) for one in live_well(number, *STEADY)),
        *(("acme", day(0), "feature_used", {"feature": feature}) for feature in FEATURES),
    )
    for number in range(4):
        here.ticket("acme", f"T-{number}", day(-40 + number))
    here.ticket("brook", "B-1", day(-3))
    here.invoice("dune", "D-0", due=day(-2), paid=day(-3))


def live(number: int, *keys: str, feature: str = "reports") -> list[Happening]:
    """Return what happens on an ordinary day at these customers'."""
    logins = [(key, day(number), "login", {"feature": feature}) for key in keys]
    calls = [(key, day(number), "api_call", {"value": 100}) for key in keys]
    return [*logins, *calls]


def live_well(number: int, *keys: str) -> list[Happening]:
    """Return an ordinary day of customers who use everything we have, a feature a day."""
    every = (*FEATURES, "calendar")
    return live(number, *keys, feature=every[number % len(every)])


def neighbours_live(here: Town, number: int) -> None:
    """Let the neighbours' lives go on: a ticket now and then, invoices paid before their day."""
    here.happen(*live_well(number, *STEADY))
    if number % 3 == 0:
        here.invoice("dune", f"D-{number}", day(number - 1), day(number - 2))
    if number % 14 == 0:
        here.ticket("cedar", f"C-{number}", day(number))


def fall(here: Town) -> list[int]:
    """Let three weeks pass in which Acme drifts away; return after which days Carla was told."""
    told = []
    for number in range(1, FALL + 1):
        neighbours_live(here, number)
        if number in (5, 12):
            here.ticket("acme", f"T-late-{number}", day(number))
        if number == 14:
            here.invoice("acme", "I-1", due=day(13))
        if number == FALL:
            here.happen(("acme", day(number), "api_call", {"value": 150}))
        before = len(here.alerts())
        here.morning_after(day(number))
        told += [number] * (len(here.alerts()) - before)
    return told


def recover(here: Town, first: int, last: int) -> None:
    """Let Acme pay, come back, and use the product every day again."""
    here.invoice("acme", "I-2", due=day(first), paid=day(first - 1))
    here.invoice("acme", "I-3", due=day(first + 1), paid=day(first))
    for number in range(first, last + 1):
        neighbours_live(here, number)
        here.happen(*live(number, "acme"))
        here.morning_after(day(number))


def test_a_customer_falls_from_72_to_41_is_noticed_once_written_to_after_a_yes_and_recovers(
    here: Town,
) -> None:
    # Acme is seen for the first time at 72, and that is a silent baseline.
    settle(here)
    here.morning_after(day(0))
    assert here.score("acme", day(0)) == (Decimal("72.00"), "at-risk")
    assert here.alerts() == []

    # It falls for three weeks: Carla hears of it on the crossing, not before, and once.
    told = fall(here)
    assert here.score("acme", day(FALL)) == (Decimal("41.00"), "churn-risk")
    bands = [here.score("acme", day(number))[1] for number in range(FALL + 1)]
    assert told == [bands.index("churn-risk")]
    (alert,) = here.alerts()
    assert "Acme" in words(alert)
    assert CONTACT in words(alert)

    # The mail waits for a yes, however long nobody says it.
    assert here.mails() == []
    assert any(action.startswith("approve") for action in actions(alert))

    # Carla takes the alert and says yes: now the mail leaves, once, to Dora alone.
    here.click(alert, "acknowledge")
    (alert,) = here.alerts()
    approve = next(action for action in actions(alert) if action.startswith("approve"))
    here.click(alert, approve)
    (mail,) = here.mails()
    assert mail.recipients == (CONTACT,)
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    here.morning_after(day(FALL + 1))
    assert len(here.mails()) == 1

    # It recovers: the play closes, the thread says so, and no button is left to press.
    recover(here, FALL + 2, FALL + 22)
    score, band = here.score("acme", day(FALL + 22))
    assert band != "churn-risk", score

    # All that time the neighbours were well, and Carla heard of nobody but Acme.
    for neighbour in STEADY:
        assert here.score(neighbour, day(FALL + 22))[1] == "healthy", neighbour
    (alert,) = here.alerts()
    thread = [each for each in here.told() if each.thread_ts == alert.ts and each.ts != alert.ts]
    assert any("recovered" in words(each).casefold() for each in thread), [
        words(each) for each in thread
    ]
    assert not any(action.startswith(("approve", "acknowledge")) for action in actions(alert))
    assert len(here.mails()) == 1


def test_the_digest_comes_every_day_and_says_when_nothing_changed(here: Town) -> None:
    settle(here)
    here.morning_after(day(0))
    here.morning_after(day(1))

    first, second = here.digests()

    assert first.ts != second.ts
    assert "nothing changed" in words(second).casefold()


def test_a_customer_in_the_digest_is_the_one_whose_csm_was_told(here: Town) -> None:
    settle(here)
    here.morning_after(day(0))
    crossing = fall(here)[0]

    digest = here.digests()[crossing]

    assert "Acme" in words(digest)
    assert here.sandbox.messages("@", CSM)
