"""Posting to Slack: once as far as Slack allows, to the right place, and with typed troubles."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.channel import SlackChannel
from bot.digest import digest_posts
from sandbox.state import Message as Shown
from service.errors import Lost, Refused, Suspended, TryLater
from service.notices import operator_note
from storage import outbox
from storage.outbox import Message, NewMessage
from tests.bot.stage import COLLEAGUE, CSM, Stage, words


def note(
    stage: Stage,
    recipient: str = "#operators",
    text: str = "Mend it.",
    key: str = "intent/1",
) -> Message:
    """Enqueue a note and claim it, as the delivery loop does."""
    body = operator_note(stage.house, "test", text, stage.clock.now()).body
    return claimed(stage, recipient, body, key=key)


def claimed(
    stage: Stage,
    recipient: str,
    body: Mapping[str, Any],
    *,
    verb: str = "post",
    key: str = "intent/1",
) -> Message:
    now = stage.clock.now()
    new = NewMessage(
        key=key,
        channel="slack",
        recipient=recipient,
        body=dict(body),
        play_id=None,
        step_id=None,
        customer_id=None,
        due_at=now,
        expires_at=now + timedelta(days=1),
        verb="post",
        root_key=None,
    )
    with stage.house.database.transaction() as tx:
        outbox.enqueue(tx, [new], now=now)
        found = outbox.claim(tx, now, timedelta(minutes=5), 1, ("slack",))[0]
    return replace(found, verb=verb)


def channel(stage: Stage) -> SlackChannel:
    return SlackChannel(stage.house, stage.clock, stage.slack)


def operators(stage: Stage) -> list[Shown]:
    return stage.channel("#operators")


def test_a_message_is_posted_with_its_key_as_metadata(stage: Stage) -> None:
    receipt = channel(stage).send(note(stage), None)

    posted = operators(stage)[0]
    assert receipt.reference == {"channel": posted.channel, "ts": posted.ts}
    assert posted.metadata is not None
    assert posted.metadata["event_payload"]["key"] == "intent/1"


def test_a_conversation_is_found_by_its_name_whatever_the_capitals(stage: Stage) -> None:
    channel(stage).send(note(stage, "#OPERATORS"), None)

    assert len(operators(stage)) == 1


def test_a_conversation_is_found_among_more_than_one_page(stage: Stage) -> None:
    for number in range(250):
        stage.sandbox.ensure_channel(f"room-{number}")

    channel(stage).send(note(stage, "#room-249"), None)

    assert len(stage.channel("#room-249")) == 1


def test_a_member_is_found_by_e_mail_and_remembered(stage: Stage) -> None:
    member = stage.member(COLLEAGUE, "csm")
    assert member.slack_id is None

    channel(stage).send(note(stage, f"member:{COLLEAGUE}"), None)

    assert len(stage.direct(COLLEAGUE)) == 1
    assert stage.member(COLLEAGUE, "csm").slack_id is not None


def test_a_recipient_who_is_not_there_is_refused_for_good(stage: Stage) -> None:
    nowhere = ("member:nobody@ours.example", "#nowhere", "C0NOTHERE", "somewhere", "")
    for number, recipient in enumerate(nowhere):
        message = replace(note(stage, key=f"intent/{number}"), recipient=recipient)

        with pytest.raises(Refused) as refused:
            channel(stage).send(message, None)

        assert refused.value.permanent
        assert "nobody@ours.example" not in str(refused.value)


def test_a_conversation_shared_with_another_company_gets_nothing(stage: Stage) -> None:
    stage.sandbox.ensure_channel("partners", shared=True)

    with pytest.raises(Refused, match="external_conversation"):
        channel(stage).send(note(stage, "#partners"), None)

    assert stage.channel("#partners") == []


def test_a_guest_gets_no_alert_though_a_customer_names_them_as_csm(stage: Stage) -> None:
    stage.sandbox.ensure_member("gus@ours.example", "Gus", guest=True)

    with pytest.raises(Refused, match="external_recipient"):
        channel(stage).send(note(stage, "member:gus@ours.example"), None)

    assert stage.sandbox.messages("@", "gus@ours.example") == []


def test_a_lost_reply_is_unknown_and_the_message_is_found_before_it_is_sent_again(
    stage: Stage,
) -> None:
    stage.sandbox.faults.drop_reply()
    message = note(stage)

    with pytest.raises(Lost):
        channel(stage).send(message, None)
    stage.clock.sleep(60)
    receipt = channel(stage).send(replace(message, attempts=2), None)

    assert [each.ts for each in operators(stage)] == [receipt.reference["ts"]]


def test_a_lost_request_is_sent_at_the_next_attempt(stage: Stage) -> None:
    stage.sandbox.faults.drop_request()
    message = note(stage)

    with pytest.raises(Lost):
        channel(stage).send(message, None)
    assert operators(stage) == []
    channel(stage).send(replace(message, attempts=2), None)

    assert len(operators(stage)) == 1


def test_a_message_is_found_among_hundreds_said_since(stage: Stage) -> None:
    stage.sandbox.faults.drop_reply()
    message = note(stage)
    with pytest.raises(Lost):
        channel(stage).send(message, None)
    for number in range(250):
        stage.sandbox.hands.say(CSM, "#operators", f"chatter {number}")

    channel(stage).send(replace(message, attempts=2), None)

    assert sum(each.metadata is not None for each in operators(stage)) == 1


def test_where_history_may_not_be_read_the_message_goes_again(stage: Stage) -> None:
    stage.sandbox.faults.refuse("conversations.history", "missing_scope")

    channel(stage).send(replace(note(stage), attempts=2), None)

    assert len(operators(stage)) == 1


def test_a_reply_whose_answer_was_lost_is_found_in_its_thread(stage: Stage) -> None:
    root = channel(stage).send(note(stage), None).reference
    stage.clock.sleep(2)
    body = {"view": "thread_note", "note": "recovered", "reason": "Back.", "text": "Thanks."}
    reply = claimed(stage, "#operators", body, verb="reply", key="intent/2")
    stage.sandbox.faults.drop_reply()

    with pytest.raises(Lost):
        channel(stage).send(reply, root)
    stage.clock.sleep(2)
    channel(stage).send(replace(reply, attempts=2), root)

    thread = [each for each in operators(stage) if each.is_reply]
    assert [words(each) for each in thread] == ["✅ Back. \nThanks."]
    assert thread[0].thread_ts == root["ts"]


def test_a_reply_to_nothing_is_refused(stage: Stage) -> None:
    reply = claimed(stage, "#operators", {"view": "thread_note"}, verb="reply")

    with pytest.raises(Refused, match="no_root"):
        channel(stage).send(reply, None)


def test_an_update_writes_the_same_message_anew(stage: Stage) -> None:
    root = channel(stage).send(note(stage, text="First."), None).reference
    later = operator_note(stage.house, "test", "Second.", stage.clock.now()).body
    update = claimed(stage, "#operators", later, verb="update", key="intent/2")

    channel(stage).send(update, root)

    assert [words(each) for each in operators(stage)] == ["For the operator:  Second."]


def test_a_rate_limit_is_waited_for_as_long_as_slack_says(stage: Stage) -> None:
    stage.sandbox.faults.rate_limit(retry_after=17)

    with pytest.raises(TryLater) as later:
        channel(stage).send(note(stage), None)

    assert later.value.after == 17


def test_a_revoked_token_suspends_the_channel_and_nothing_is_lost(stage: Stage) -> None:
    stage.sandbox.faults.token_revoked = True
    with pytest.raises(Suspended):
        channel(stage).send(note(stage), None)


def test_a_body_nobody_draws_is_refused_before_anything_is_sent(stage: Stage) -> None:
    with pytest.raises(Refused, match="NotAView"):
        channel(stage).send(claimed(stage, "#operators", {"view": "poem"}), None)
    with pytest.raises(Refused, match="UnknownPlay"):
        channel(stage).send(
            claimed(stage, "#operators", {"view": "alert", "play_id": 99}, key="k"), None
        )


def long_digest() -> Mapping[str, Any]:
    row = {
        "csm": "Anna",
        "arr": "120000",
        "band": "at-risk",
        "band_before": "healthy",
        "score": "41",
        "score_before": "72",
        "days": 3,
    }
    rows = [{**row, "key": f"c{number}", "name": f"Customer {number}"} for number in range(90)]
    return {
        "view": "digest",
        "day": "2026-03-31",
        "as_of": "2026-03-30",
        "changed": True,
        "customers": 500,
        "newly": rows,
        "worse": [],
        "recovered": [],
        "still": rows,
    }


def test_a_digest_too_long_for_one_message_goes_on_in_its_thread(stage: Stage) -> None:
    receipt = channel(stage).send(claimed(stage, "#digest", long_digest()), None)

    posted = stage.channel("#digest")
    assert len(posted) > 1
    assert [each.is_reply for each in posted] == [False] + [True] * (len(posted) - 1)
    assert posted[0].ts == receipt.reference["ts"]
    said = " ".join(words(each) for each in posted)
    assert all(said.count(f"Customer {number} ") == 2 for number in range(90))


def test_a_digest_that_broke_off_goes_on_where_it_was(stage: Stage) -> None:
    message = claimed(stage, "#digest", long_digest())
    parts = len(digest_posts(long_digest(), stage.house.model, None))
    stage.sandbox.faults.stall(0)
    stage.sandbox.faults.drop_request(times=1)

    with pytest.raises(Lost):
        channel(stage).send(message, None)
    assert len(stage.channel("#digest")) == 1
    stage.clock.sleep(5)
    channel(stage).send(replace(message, attempts=2), None)

    assert len(stage.channel("#digest")) == parts


def test_no_log_at_any_level_holds_a_word_an_address_or_a_secret(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    stage.sandbox.faults.fail(status=500)
    words_nobody_may_log = "the customer's private words"

    message = note(stage, f"member:{CSM}", words_nobody_may_log)
    with pytest.raises(Lost):
        channel(stage).send(message, None)
    channel(stage).send(replace(message, attempts=2), None)
    stage.sandbox.command(CSM, "#general", "/health private name")

    ours = [each for each in caplog.records if each.name.startswith(("bot", "slack", "bellwether"))]
    logged = " ".join(each.getMessage() for each in ours)
    for secret in (words_nobody_may_log, CSM, stage.slack.token, "shh", "private name"):
        assert secret not in logged
