"""From the outbox to the outside: re-checked, paced, retried, and never twice to a customer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from service.deliver import deliver
from service.errors import Away, Lost, Refused, Suspended, TryLater
from service.notices import operator_note
from service.outcomes import LONGEST_WAIT, PATIENCE, wait
from service.ports import House, MailPolicy
from service.recheck import objection
from service.steps import approve
from storage import customers, outbox
from storage.tables_acts import step
from tests.service.stage import Story, Wire, acme, alert, approved, mail, member


@pytest.fixture
def story(house: House) -> Story:
    """Acme has fallen to 41; nothing has been delivered yet."""
    story = Story(house, acme(house))
    story.days_at(72)
    story.day_at(41)
    return story


def test_an_alert_is_sent_once_and_its_whereabouts_kept(story: Story) -> None:
    reports = [story.deliver(), story.deliver()]

    assert [each.sent for each in reports] == [1, 0]
    assert alert(story).state == "sent"
    assert alert(story).reference == {"channel": "D1", "ts": "1"}


def test_an_approved_mail_is_sent_once_and_the_thread_told(story: Story) -> None:
    approved(story)

    story.deliver()
    story.deliver()

    assert len(story.email.sent) == 1
    assert mail(story).state == "sent"
    assert story.slack.sent[-1].body["note"] == "mail_sent"


# -- rule 10: looked at again before it leaves ------------------------------------------------


def churned(story: Story) -> None:
    acme(story.house, status="churned")


def opted_out(story: Story) -> None:
    with story.house.database.transaction() as tx:
        secret = story.house.mail.secret
        customers.opt_out(tx, "acme@customer.example", "unsubscribed", secret, story.watch.now())


def recovered(story: Story) -> None:
    story.day_at(72)


def a_day_later(story: Story) -> None:
    story.watch.time += timedelta(hours=25)


def another_house(story: Story) -> None:
    story.live_in(mail=_policy(story, "dry-run"))


def _policy(story: Story, mode: str) -> MailPolicy:
    old = story.house.mail
    return MailPolicy(old.sender, mode, old.base_url, old.secret)  # type: ignore[arg-type] # from a test's table


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (churned, "the customer is churned"),
        (opted_out, "Pat Doe has unsubscribed."),
        (recovered, "Back from churn-risk to at-risk, at 72."),
        (a_day_later, "too old"),
        (another_house, "dry-run"),
    ],
)
def test_rule_10_a_mail_that_is_no_longer_right_stays_at_home(
    story: Story, changed: Callable[[Story], None], reason: str
) -> None:
    approved(story)
    changed(story)

    story.deliver()

    assert story.email.sent == []
    assert mail(story).state == "cancelled"
    assert reason in (mail(story).error or "")


@pytest.mark.parametrize("changed", [churned, recovered, a_day_later])
def test_rule_10_so_does_an_alert(story: Story, changed: Callable[[Story], None]) -> None:
    changed(story)

    story.deliver()

    assert story.slack.sent == []
    assert alert(story).state == "cancelled"


def test_rule_10_words_that_are_not_the_approved_ones_do_not_leave(story: Story) -> None:
    approved(story)
    forged = mail(story)
    forged.body["text"] = "Pay here."

    with story.house.database.reading() as tx:
        against = objection(tx, story.house, forged, story.watch.now())

    assert against == "its words are not the ones that were approved"


def test_a_dry_run_says_in_the_thread_that_nothing_was_sent(story: Story) -> None:
    approved(story)
    another_house(story)

    story.deliver()

    assert story.slack.sent[-1].body["note"] == "mail_dry_run"


# -- what a channel answers ---------------------------------------------------------------------


def test_try_later_is_honoured_to_the_second(story: Story) -> None:
    story.slack.troubles = [TryLater(600, "ratelimited")]

    first = story.deliver()
    story.watch.time += timedelta(seconds=590)
    early = story.deliver()
    story.watch.time += timedelta(seconds=20)
    late = story.deliver()

    assert (first.retried, early.sent, late.sent) == (1, 0, 1)


def test_waiting_doubles_with_jitter_up_to_an_hour(story: Story) -> None:
    known = alert(story)

    waits = [wait(replace(known, attempts=attempt)) for attempt in range(12)]

    assert all(timedelta(seconds=15) <= each <= LONGEST_WAIT for each in waits)
    assert waits[5] > 4 * waits[1]


def test_what_cannot_be_delivered_in_a_day_is_dropped_with_the_reason(story: Story) -> None:
    story.slack.troubles = [TryLater(60 * 60 * 25, "ratelimited")]

    report = story.deliver()

    assert report.cancelled == 1
    assert alert(story).error == "could not be delivered in time: ratelimited"


def test_rule_11_a_hard_bounce_is_final_suppresses_the_address_and_tells_the_csm(
    story: Story,
) -> None:
    approved(story)
    story.email.troubles = [Refused("550")]

    story.deliver()
    story.deliver()

    assert mail(story).state == "failed"
    with story.house.database.reading() as tx:
        assert customers.is_suppressed(tx, "acme@customer.example", story.house.mail.secret)
    note = story.slack.sent[-1].body
    assert (note["note"], note["code"]) == ("mail_no_mailbox", "550")
    assert "nobody has this address" in str(note["text"])


def test_rule_11_a_mail_whose_answer_was_lost_is_unknown_and_never_sent_again(
    story: Story,
) -> None:
    approved(story)
    story.email.troubles = [Lost("after-data")]

    story.deliver()
    story.watch.time += timedelta(hours=3)
    story.deliver()

    assert mail(story).state == "unknown"
    assert story.email.sent == []
    assert story.slack.sent[-1].body["note"] == "mail_unknown"


def test_rule_12_a_slack_message_whose_answer_was_lost_is_tried_again(story: Story) -> None:
    story.slack.troubles = [Lost("timeout")]

    story.deliver()
    story.watch.time += timedelta(minutes=2)
    story.deliver()

    assert alert(story).state == "sent"


def test_rule_12_a_csm_who_cannot_be_reached_has_their_alert_in_the_fallback(
    story: Story,
) -> None:
    story.slack.troubles = [Refused("users_not_found")]

    story.deliver()

    assert [each.recipient for each in story.slack.sent] == ["#alerts"]


def test_rule_12_a_dead_fallback_is_told_to_the_operator_once_a_day(house: House) -> None:
    tales = [Story(house, acme(house, key, csm_email=None, csm_name=None)) for key in ("a", "b")]
    for told in tales:
        told.days_at(72)
        told.day_at(41)
    first = tales[0]
    first.slack.troubles = [Refused("channel_not_found"), None, Refused("channel_not_found")]

    first.deliver()

    assert [each.recipient for each in first.slack.sent] == ["#operators"]
    assert first.slack.sent[0].body["trouble"] == "slack/channel_not_found"


def test_rule_12_a_dead_operator_conversation_does_not_breed_notes(house: House) -> None:
    story = Story(house, acme(house))
    note = operator_note(house, "slack/x", "Something.", story.watch.now())
    with house.database.transaction() as tx:
        outbox.enqueue(tx, [note], now=story.watch.now())
    story.slack.troubles = [Refused("channel_not_found")]

    story.deliver()

    with house.database.reading() as tx:
        assert outbox.counts(tx) == {"failed": 1}


def test_rule_12_a_revoked_token_pauses_the_channel_and_the_other_goes_on(story: Story) -> None:
    approved(story)
    story.slack.troubles = [Suspended("token_revoked")]

    report = story.deliver()

    assert report.suspended == {"slack"}
    assert len(story.email.sent) == 1
    story.watch.time += timedelta(minutes=6)
    assert "post operator_note" in (story.deliver(), story.slack.views())[1]


def test_a_fault_nobody_foresaw_costs_a_slack_message_a_few_tries_and_then_fails(
    story: Story,
) -> None:
    story.slack.troubles = [RuntimeError("boom")] * 9

    for _ in range(8):
        story.deliver()
        story.watch.time += LONGEST_WAIT

    assert alert(story).state == "failed"


def test_a_fault_nobody_foresaw_makes_a_mail_unknown(story: Story) -> None:
    approved(story)
    story.email.troubles = [RuntimeError("boom")]

    story.deliver()
    story.deliver()

    assert mail(story).state == "unknown"
    assert story.email.sent == []


def test_rule_27_a_fault_s_own_words_reach_no_log(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    approved(story)
    story.email.troubles = [RuntimeError("acme@customer.example refused")]

    story.deliver()

    assert "RuntimeError" in caplog.text
    assert "acme@customer.example" not in caplog.text


# -- a mail server that is not there ------------------------------------------------------------


def all_approved(house: House, *keys: str) -> list[Story]:
    """Let customers fall and say yes to each mail; the mails wait, the alerts are out."""
    tales = [Story(house, acme(house, key)) for key in keys]
    for told in tales:
        told.days_at(72)
        told.day_at(41)
    tales[0].deliver()
    for told in tales:
        approve(house, told.mail_step().id, member(house), now=tales[0].watch.now())
    return tales


def test_rule_14_one_letter_learns_that_the_mail_server_is_away_and_the_others_lose_nothing(
    house: House,
) -> None:
    tales = all_approved(house, "a", "b", "c")
    first = tales[0]
    first.email.troubles = [Away(60, "smtp-ConnectionRefusedError-connect")]

    report = first.deliver()
    tried = [mail(told).error for told in tales]
    first.watch.time += timedelta(minutes=6)
    again = first.deliver()

    assert report.suspended == {"email"}
    assert tried == ["smtp-ConnectionRefusedError-connect", None, None]
    assert again.suspended == set()
    assert [mail(told).state for told in tales] == ["sent"] * 3


def test_a_mail_server_that_stays_away_is_told_to_the_operator_and_a_blink_is_not(
    story: Story,
) -> None:
    approved(story)
    story.email.troubles = [Away(60, "smtp-421-connect")] * 4

    for _ in range(4):
        story.deliver()
        told = [each.body.get("trouble") for each in story.slack.sent]
        story.watch.time += timedelta(minutes=6)
        if story.watch.now() - mail(story).due_at <= PATIENCE:
            assert "email/away" not in told
    story.deliver()

    assert [each.body.get("trouble") for each in story.slack.sent].count("email/away") == 1


def test_a_mail_that_waited_too_long_for_the_server_is_dropped_with_the_reason(
    story: Story,
) -> None:
    approved(story)
    story.watch.time += timedelta(hours=23, minutes=59, seconds=30)
    story.email.troubles = [Away(60, "smtp-421-connect")]

    report = story.deliver()

    assert report.cancelled == 1
    assert mail(story).error == "could not be delivered in time: smtp-421-connect"


class Lingerer(Wire):
    """A channel with a line to hang up."""

    hung_up = 0

    def hang_up(self) -> None:
        self.hung_up += 1


def test_a_line_is_hung_up_when_nothing_is_due_and_kept_where_a_handful_was_asked_for(
    story: Story,
) -> None:
    line = Lingerer("slack", story.watch)

    deliver(story.house, {"slack": line}, story.watch, limit=1)
    kept = line.hung_up
    deliver(story.house, {"slack": line}, story.watch)

    assert (kept, line.hung_up) == (0, 1)


def test_a_message_that_cannot_be_judged_is_put_off_and_holds_up_no_other(house: House) -> None:
    broken, other = all_approved(house, "acme", "bolt")
    with house.database.transaction() as tx:
        unfit = update(step).where(step.c.id == broken.mail_step().id).values(body=[])
        key = mail(broken).key
        tx.execute(unfit)

    broken.deliver()

    assert [each.customer_id for each in broken.email.sent] == [other.customer.id]
    with house.database.reading() as tx:
        kept = outbox.message_by_key(tx, key)
    assert kept is not None
    assert (kept.state, kept.attempts) == ("pending", 0)
