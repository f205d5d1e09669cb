"""Plays looked over, and ended by hand: nothing more of them leaves, and everybody can see why."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from service import overseeing
from service.act import Acted
from service.errors import DraftInvalid, PlayClosed, UnknownPlay
from service.ports import House
from service.steps import Stale, approve
from storage import audit
from tests.service.stage import Story, acme, alert, approved, mail, member

WAITED = ("the mail “Acme and us: may I call you?”", "the task “Speak with the decision maker”")


@pytest.fixture
def fallen(house: House) -> Story:
    """Let Acme fall into churn-risk, with the alert not delivered yet."""
    story = Story(house, acme(house))
    story.days_at(72)
    story.day_at(41)
    return story


def cancelled(story: Story, reason: str = "All is well") -> tuple[str, ...]:
    now = story.watch.now()
    return overseeing.cancel(story.house, story.play().id, reason=reason, by="olga", now=now)


def test_plays_are_listed_newest_first_and_narrowed_down(fallen: Story) -> None:
    other = Story(fallen.house, acme(fallen.house, "globex"))
    other.days_at(90, 70)
    cancelled(fallen)

    everything = overseeing.plays_listed(fallen.house)
    running = overseeing.plays_listed(fallen.house, only_open=True)
    mine = overseeing.plays_listed(fallen.house, customer_id=fallen.customer.id)

    assert [(one.customer_key, one.play.playbook) for one in everything] == [
        ("globex", "new-at-risk"),
        ("acme", "churn-risk"),
    ]
    assert [one.customer_name for one in running] == ["Globex"]
    assert [one.play.state for one in mine] == ["closed"]


def test_a_play_is_shown_with_its_steps_its_messages_and_what_people_did(fallen: Story) -> None:
    approved(fallen)

    view = overseeing.play_view(fallen.house, fallen.play().id)

    assert view.customer.key == "acme"
    assert [step.name for step in view.steps] == ["alert", "outreach", "call"]
    assert [(each.channel, each.verb) for each in view.messages] == [
        ("slack", "post"),
        ("email", "post"),
        ("slack", "update"),
    ]
    assert [(act.actor, act.action) for act in view.acts] == [
        ("carla@bellwether.example", "approve")
    ]


def test_a_cancelled_play_sends_nothing_more_and_its_thread_says_why(fallen: Story) -> None:
    fallen.deliver()

    waited = cancelled(fallen)
    fallen.deliver()

    assert waited == WAITED
    assert fallen.play().reason == "Cancelled by olga: All is well"
    assert {step.state for name, step in fallen.steps().items() if name != "alert"} == {"cancelled"}
    assert fallen.slack.views() == ["post alert", "update alert", "reply thread_note"]
    note = fallen.slack.sent[-1].body
    assert note["reason"] == "Cancelled by olga: All is well"
    assert tuple(note["cancelled"]) == WAITED


def test_an_approved_mail_that_has_not_left_is_cancelled_with_the_reason(fallen: Story) -> None:
    approved(fallen)

    cancelled(fallen)
    fallen.deliver()

    assert (mail(fallen).state, mail(fallen).error) == (
        "cancelled",
        "Cancelled by olga: All is well",
    )
    assert fallen.email.sent == []


def test_an_alert_that_has_not_left_never_does_and_neither_does_its_note(fallen: Story) -> None:
    cancelled(fallen)

    fallen.deliver()

    assert alert(fallen).state == "cancelled"
    assert fallen.slack.sent == []


def test_a_yes_after_the_cancellation_is_told_so(fallen: Story) -> None:
    cancelled(fallen)

    step, now = fallen.mail_step(), fallen.watch.now()
    outcome = approve(fallen.house, step.id, member(fallen.house), now=now)

    assert outcome == Stale("Cancelled by olga: All is well")


def test_the_cool_down_goes_on_after_a_cancellation(fallen: Story) -> None:
    cancelled(fallen)
    fallen.days_at(90)

    assert fallen.day_at(41) == Acted(skipped=1)


def test_cancelling_is_in_the_audit_log_once(fallen: Story) -> None:
    cancelled(fallen)

    with pytest.raises(PlayClosed, match="is closed already: Cancelled by olga: All is well"):
        cancelled(fallen, "Again")

    with fallen.house.database.reading() as tx:
        (entry,) = audit.recent(tx, subject=f"play/{fallen.play().id}")
    assert (entry.actor, entry.action) == ("olga", "cancel")
    assert entry.details["cancelled"] == ["outreach", "call"]


def test_of_two_who_cancel_at_once_one_wins_and_the_other_is_told(fallen: Story) -> None:
    fallen.deliver()

    def one(name: str) -> str:
        try:
            cancelled(fallen, name)
        except PlayClosed:
            return "told"
        return "won"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(one, ["first", "second"]))
    fallen.deliver()

    assert outcomes == ["told", "won"]
    assert fallen.slack.views().count("reply thread_note") == 1


@pytest.mark.parametrize("reason", ["", "  \n", "\udcff"])
def test_a_cancellation_needs_a_reason(fallen: Story, reason: str) -> None:
    with pytest.raises(DraftInvalid, match="say why"):
        cancelled(fallen, reason)

    assert fallen.play().state == "open"


def test_a_play_nobody_knows_is_refused(fallen: Story) -> None:
    with pytest.raises(UnknownPlay):
        overseeing.play_view(fallen.house, 999)
    with pytest.raises(UnknownPlay):
        overseeing.cancel(fallen.house, 999, reason="x", by="olga", now=fallen.watch.now())
