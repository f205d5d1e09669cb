"""Rules 1 to 8, where a clause had no story of its own on both databases."""

from datetime import timedelta

from bellwether.clock import ReplayClock
from bellwether.tidings import tell_of
from playbooks.playbook import Playbook
from playbooks.steps import Email
from service.ports import House, MailPolicy
from storage import outbox
from storage.records import TicketFields, upsert_tickets
from tests.service.daily import BEGIN, FULL, customers, days, noon, run, work
from tests.service.stage import Story, acme


def unasked(house: House, mode: str = "automatic") -> Story:
    """Tell of Acme in a house of this mode, whose playbooks ask nobody before they mail."""
    old = house.mail
    policy = MailPolicy(old.sender, mode, old.base_url, old.secret)  # type: ignore[arg-type] # from a table
    story = Story(house, acme(house))
    story.live_in(playbooks=tuple(map(eager, house.playbooks)), mail=policy)
    return story


def eager(playbook: Playbook) -> Playbook:
    """Return the playbook with mails that wait for nobody's yes."""
    then = [
        step.model_copy(update={"approval": False}) if isinstance(step, Email) else step
        for step in playbook.then
    ]
    return playbook.model_copy(update={"then": tuple(then)})


def test_rule_5_thirty_days_between_49_9_and_50_1_alert_once(house: House) -> None:
    story = Story(house, acme(house))

    story.days_at(72, *[49.9, 50.1] * 15)

    assert story.slack.views().count("post alert") == 1
    assert story.play().playbook == "churn-risk"


def test_rule_5_a_fall_over_two_bands_opens_one_play_for_the_worse(house: House) -> None:
    story = Story(house, acme(house))

    story.days_at(90, 41)

    assert story.slack.views() == ["post alert"]
    assert story.play("churn-risk").band == "churn-risk"


def test_rule_5_red_green_red_in_the_cool_down_mails_once_where_mail_needs_no_yes(
    house: House,
) -> None:
    story = unasked(house)

    story.days_at(72, 41, 72, 41, 72, 41)

    assert [each.recipient for each in story.email.sent] == ["acme@customer.example"]


def test_rule_8_a_feed_at_half_its_usual_holds_all_and_asks_once(house: House) -> None:
    # Given twelve customers who log in daily, of whom nine do not on the day one falls.
    names = [f"c{number:02}" for number in range(12)]
    bad = FULL + timedelta(days=1)
    customers(house, *names)
    for name in names:
        work(house, name, days(BEGIN, FULL))
    for name in names[:3]:
        work(house, name, [bad])
    run(house, FULL)
    with house.database.transaction() as tx:
        storm = [TicketFields(1, f"T{n}", noon(bad), None, None, None) for n in range(10)]
        upsert_tickets(tx, storm)

    report = run(house, bad)

    with house.database.reading() as tx:
        card = outbox.message_by_key(tx, f"brake/daily:{bad}")
        counts = outbox.counts(tx)
    assert report.transitions == 1
    assert counts == {"held": 1, "pending": 1}
    assert card is not None
    assert {"source": "events:login", "found": 3, "usual": 12.0} in card.body["feeds"]


def test_rule_3_a_baseline_is_one_line_to_the_operator(house: House) -> None:
    customers(house, "acme", "globex", "initech")
    report, clock = run(house, FULL), ReplayClock(noon(FULL))

    for _ in range(2):
        tell_of(house, report, clock)

    with house.database.transaction() as tx:
        told = outbox.claim(tx, noon(FULL), timedelta(minutes=5), 10)
    (line,) = told
    assert line.recipient == "#operators"
    assert "3 customers scored for the first time" in line.body["text"]
