"""Rule 8 at its size: two thousand false reds, held, asked about once, and sifted on release."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from service.brake import finish_run, release
from service.ports import House
from storage import contacts, customers
from storage.customers import CustomerFields
from tests.rules.test_deciding import unasked
from tests.service.stage import FIRST, Story, Watch, commit, morning

MANY = 2_000
# Of them, so many are churned and so many have opted out by the time somebody releases; so many
# are where they were. All others have recovered.
GONE, BARRED, STILL = 60, 60, 60
RUN = "daily:2026-03-03"


def crowd(house: House) -> list[Story]:
    """Return that many customers, each with a CSM of their own, in a house that asks nobody."""
    fields = [
        CustomerFields(
            key=f"c{number:04}",
            name=f"C{number}",
            created_on=FIRST,
            csm_email=f"csm-{number}@ours.example",
            csm_name="Carla",
            contact_email=f"c{number:04}@customer.example",
            contact_name="Pat",
        )
        for number in range(MANY)
    ]
    with house.database.transaction() as tx:
        ids = [one.id for one in customers.upsert_customers(tx, fields, morning(-1))]
        known = customers.customers_by_ids(tx, ids)
    watch = Watch(morning(0))
    told = [Story(house, known[one], watch) for one in ids]
    for story in told:
        story.slack, story.email = told[0].slack, told[0].email
    return told


def day(told: Sequence[Story], to: float) -> None:
    """Score them all; the run is not finished yet."""
    number = told[0].day
    seen = [story.look(to) for story in told]
    told[0].watch.time = morning(number)
    as_of = FIRST + timedelta(days=number)
    commit(told[0].house, seen, now=morning(number), run=f"daily:{as_of}")
    for story, one in zip(told, seen, strict=True):
        story.last, story.day = one.current, number + 1
        story.first = story.first or one.current


def finish(told: Sequence[Story]) -> bool:
    """Finish the day's run; tell whether the brake was pulled."""
    as_of = FIRST + timedelta(days=told[0].day - 1)
    now = told[0].watch.time
    return finish_run(told[0].house, f"daily:{as_of}", as_of=as_of, now=now) is not None


@pytest.mark.slow
def test_rule_8_of_two_thousand_false_reds_release_sends_exactly_what_still_holds_true(
    house: House,
) -> None:
    # Given two thousand who fall in one night, in a house whose playbooks ask nobody.
    told = crowd(unasked(house).house)
    day(told, 72)
    finish(told)
    day(told, 41)

    # When the run ends, nothing leaves but one question.
    assert finish(told)
    told[0].deliver()
    assert told[0].slack.views() == ["post brake"]
    assert told[0].email.sent == []

    # And when it was a mistake for most of them, and then somebody lets go,
    gone, barred, still = told[:GONE], told[GONE:][:BARRED], told[GONE + BARRED :][:STILL]
    day(told[GONE + BARRED + STILL :], 72)
    with house.database.transaction() as tx:
        churned = [CustomerFields(each.customer.key, status="churned") for each in gone]
        customers.upsert_customers(tx, churned, morning(2))
        for each in barred:
            address = f"{each.customer.key}@customer.example"
            contacts.opt_out(tx, address, "unsubscribed", house.mail.secret, morning(2))
    release(told[0].house, RUN, None, now=morning(2))
    told[0].deliver()

    # Then what still holds true leaves, once, and nothing else.
    sent = told[0].slack.sent
    alerts = [
        each.customer_id for each in sent if each.body["view"] == "alert" and each.verb == "post"
    ]
    mails = [each.customer_id for each in told[0].email.sent]
    assert Counter(alerts) == {each.customer.id: 1 for each in (*barred, *still)}
    assert Counter(mails) == {each.customer.id: 1 for each in still}
