"""Caps put off, they drop nothing: those of most value first, the others on the next day."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from playbooks.load import parse
from service.ports import Caps, House
from storage import plays
from storage.plays import Decision, Play
from tests.service.stage import Story, acme, approved, commit, mail, morning

FEW = """
name: churn-risk
version: 1
title: A few a day
when: {kind: enters_band, bands: [churn-risk]}
then: [{step: alert, kind: slack_alert}]
guards: {starts_a_day: 2}
"""


def begun(story: Story) -> int:
    with story.house.database.reading() as tx:
        return len(plays.plays_of(tx, story.customer.id))


def decided(story: Story) -> list[Decision]:
    with story.house.database.reading() as tx:
        return list(plays.decisions_of(tx, story.customer.id, morning(-1).date()))


def test_no_more_plays_of_a_playbook_begin_on_a_day_than_it_says_and_the_rest_on_the_next(
    house: House,
) -> None:
    few = replace(house, playbooks=(parse(FEW, "few.yaml"),))
    worth = {"small": 1_000, "large": 90_000, "middle": 20_000}
    town = {key: Story(few, acme(few, key, arr=Decimal(arr))) for key, arr in worth.items()}
    for story in town.values():
        story.day_at(72)

    commit(few, [story.look(41) for story in town.values()], now=morning(1), run="daily:1")

    assert {key: begun(story) for key, story in town.items()} == {
        "small": 0,
        "large": 1,
        "middle": 1,
    }
    (waits,) = decided(town["small"])
    assert (waits.outcome, waits.reason) == (
        "deferred",
        "churn-risk began 2 times today; it waits for tomorrow.",
    )

    small = town["small"]
    small.last, small.day = small.look(41).current, 2
    commit(few, [small.look(41)], now=morning(2), run="daily:2")

    assert begun(small) == 1


def test_a_play_stays_open_while_what_would_take_its_place_waits_for_tomorrow(
    house: House,
) -> None:
    first = parse(FEW.replace("churn-risk", "at-risk").replace("_a_day: 2", "_a_day: 9"), "a.yaml")
    one_a_day = parse(FEW.replace("_a_day: 2", "_a_day: 1"), "one.yaml")
    few = replace(house, playbooks=(first, one_a_day))
    town = [Story(few, acme(few, key, arr=Decimal(arr))) for key, arr in (("a", 9), ("b", 1))]
    for story in town:
        story.day_at(90)
        story.day_at(62)

    commit(few, [story.look(41) for story in town], now=morning(2), run="daily:2")
    states = [[play.state for play in _plays(story)] for story in town]
    for story in town:
        story.last, story.day = story.look(41).current, 3
    commit(few, [story.look(41) for story in town], now=morning(3), run="daily:3")

    # Newest first: of the second, what is open goes on until the other begins.
    assert states == [["open", "closed"], ["open"]]
    assert [play.state for play in _plays(town[1])] == ["open", "closed"]


def _plays(story: Story) -> tuple[Play, ...]:
    with story.house.database.reading() as tx:
        return plays.plays_of(tx, story.customer.id)


def test_the_houses_mails_of_a_day_are_bounded_and_the_rest_leaves_tomorrow(house: House) -> None:
    capped = replace(house, caps=Caps(mails_a_day=1))
    first, second = (Story(capped, acme(capped, key)) for key in ("acme", "bolt"))
    for story in (first, second):
        story.days_at(72, 41)
        approved(story)
        story.deliver()
    assert (len(first.email.sent), len(second.email.sent)) == (1, 0)
    assert mail(second).state == "pending"

    second.watch.time = morning(2)
    second.deliver()

    assert len(second.email.sent) == 1


def test_so_are_the_mails_of_one_playbook(house: House) -> None:
    capped = replace(house, caps=Caps(playbook_a_day=1))
    first, second = (Story(capped, acme(capped, key)) for key in ("acme", "bolt"))
    for story in (first, second):
        story.days_at(72, 41)
        approved(story)
        story.deliver()

    assert (len(first.email.sent), len(second.email.sent)) == (1, 0)


def test_nobody_reads_more_than_two_of_our_mails_a_week_whichever_customer_they_are_at(
    house: House,
) -> None:
    shared = replace(house, mail=replace(house.mail, weekly=1))
    first, second = (
        Story(shared, acme(shared, key, contact_email="both@customers.example"))
        for key in ("acme", "bolt")
    )
    for story in (first, second):
        story.days_at(72, 41)
        approved(story)
        story.deliver()

    assert (len(first.email.sent), len(second.email.sent)) == (1, 0)
    assert mail(second).error == "enough: this reader got 1 mail within seven days"
    assert mail(second).due_at < morning(1) + timedelta(days=1)
