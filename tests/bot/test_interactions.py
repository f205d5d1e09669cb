"""Buttons: the first click wins, the second is told, rights and state are read at the click."""

from datetime import timedelta

from bot.permissions import refusal
from sandbox.state import Message
from tests.bot.stage import (
    COLLEAGUE,
    CSM,
    FALLEN,
    OPINIONS,
    ROW,
    VIEWER,
    Stage,
    actions,
    second_click,
    words,
)


def recover(stage: Stage) -> None:
    """Let Acme work again for a month, and be seen to."""
    stage.clock.moment += timedelta(days=30)
    stage.work("c0", FALLEN, FALLEN + timedelta(days=29))
    stage.score(FALLEN + timedelta(days=29))


def test_the_alert_says_why_shows_the_very_mail_and_has_its_buttons(alert: Message) -> None:
    said = words(alert)

    assert "*Healthy to At risk, 100.00 to 52.50*" in said
    assert "logins in 30 days" in said
    assert "Mail waiting for a yes" in said
    assert "Carla (c0@theirs.example)" in said
    assert "A free training session for Acme?" in said
    assert "unsubscribe" in said
    assert "Call the customer and ask what has changed, by " in said
    assert actions(alert) == [*ROW, *OPINIONS]


def test_the_first_to_acknowledge_is_shown_and_the_second_told_who_it_was(
    stage: Stage, alert: Message
) -> None:
    stage.sandbox.click(CSM, alert.ts, "acknowledge")
    assert "Acknowledged by Anna" in words(stage.shown())
    assert "acknowledge" not in actions(stage.shown())

    second_click(stage, alert, COLLEAGUE, "acknowledge")

    assert [each.split(" <!date")[0] for each in stage.told(COLLEAGUE)] == [
        "Anna was first and acknowledged this"
    ]
    assert stage.told(CSM) == []


def test_somebody_who_may_only_look_changes_nothing_and_is_told_the_way_out(
    stage: Stage, alert: Message
) -> None:
    for action, deed in (("acknowledge", "act"), ("approve", "approve")):
        second_click(stage, alert, VIEWER, action)
        assert stage.told(VIEWER)[-1] == refusal(deed)  # type: ignore[arg-type] # two of the deeds

    assert actions(stage.shown()) == actions(alert)
    assert stage.mails() == []


def test_somebody_we_do_not_know_may_not_act(stage: Stage, alert: Message) -> None:
    stage.sandbox.ensure_member("nobody@ours.example", "Nobody")

    second_click(stage, alert, "nobody@ours.example", "acknowledge")

    assert stage.told("nobody@ours.example") == [refusal("act")]
    assert "acknowledge" in actions(stage.shown())


def test_whoever_runs_the_workspace_may_act_without_being_enrolled(
    stage: Stage, alert: Message
) -> None:
    stage.sandbox.ensure_member("olga@ours.example", "Olga", admin=True)

    second_click(stage, alert, "olga@ours.example", "acknowledge")

    assert "Acknowledged by Olga" in words(stage.shown())


def test_a_yes_puts_the_very_mail_into_the_outbox_once(stage: Stage, alert: Message) -> None:
    stage.sandbox.click(CSM, alert.ts, "approve")
    second_click(stage, alert, COLLEAGUE, "approve")

    sent = stage.mails()
    assert [each.recipient for each in sent] == ["c0@theirs.example"]
    assert str(sent[0].body["text"]).strip() in words(alert)
    assert "Mail on its way, approved by Anna" in words(stage.shown()).replace(" ,", ",")
    assert stage.told(COLLEAGUE)[0].startswith("Anna was first and approved this")
    assert "approve" not in actions(stage.shown())


def test_a_yes_to_words_that_are_no_longer_the_draft_is_refused(
    stage: Stage, alert: Message
) -> None:
    stale = next(
        element
        for block in alert.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "approve"
    )
    stale["value"] = stale["value"][:-1] + ("0" if stale["value"][-1] != "0" else "1")

    second_click(stage, alert, CSM, "approve")

    assert stage.mails() == []
    assert "written anew" in stage.told(CSM)[0]
    assert "approve" in actions(stage.shown())


def test_a_no_asks_for_the_reason_and_shows_it(stage: Stage, alert: Message) -> None:
    stage.sandbox.click(CSM, alert.ts, "reject")
    stage.sandbox.submit(CSM, {"reason": "I call *them* today <!channel>"})

    said = words(stage.shown())
    assert "Mail not sent" in said
    assert "rejected by Anna: I call *them* today <!channel>" in said
    assert stage.mails() == []
    assert "reject" not in actions(stage.shown())


def test_a_no_needs_no_reason(stage: Stage, alert: Message) -> None:
    stage.sandbox.click(CSM, alert.ts, "reject")
    stage.sandbox.submit(CSM, {})

    assert "Mail not sent" in words(stage.shown())


def test_a_snooze_rests_as_long_as_was_chosen(stage: Stage, alert: Message) -> None:
    for length, until in (("1h", "2026-03-31 08"), ("1d", "2026-04-01"), ("1w", "2026-04-07")):
        stage.sandbox.click(CSM, alert.ts, "snooze", snooze_option(alert, length))

        said = words(stage.shown())
        assert "Snoozed until" in said
        assert until in said


def snooze_option(alert: Message, length: str) -> str:
    return next(
        str(option["value"])
        for block in alert.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "snooze"
        for option in element["options"]
        if option["value"].endswith(f":{length}")
    )


def test_a_snooze_to_a_time_asks_for_it_and_refuses_the_past(stage: Stage, alert: Message) -> None:
    stage.sandbox.click(CSM, alert.ts, "snooze", snooze_option(alert, "at"))
    assert len(stage.sandbox.modals(CSM)) == 1

    past = int((stage.clock.now() - timedelta(hours=1)).timestamp())
    stage.sandbox.submit(CSM, {"until": str(past)})
    assert stage.sandbox.modals(CSM)[0].errors == {"until": "Choose a time in the future."}

    future = int((stage.clock.now() + timedelta(days=3)).timestamp())
    stage.sandbox.submit(CSM, {"until": str(future)})
    assert stage.sandbox.modals(CSM) == []
    assert "Snoozed until" in words(stage.shown())


def test_a_button_of_a_play_that_has_closed_is_refused_and_the_message_says_why(
    stage: Stage, alert: Message
) -> None:
    recover(stage)

    second_click(stage, alert, CSM, "acknowledge")

    assert "Closed:" in words(stage.shown())
    assert actions(stage.shown()) == ["read", "open", *OPINIONS]
    assert stage.told(CSM)[0].startswith("This play is closed")


def test_recovery_closes_the_alert_and_says_so_in_its_thread(stage: Stage, alert: Message) -> None:
    recover(stage)
    stage.deliver()

    thread = [each for each in stage.channel("#alerts") if each.is_reply]
    assert [each.thread_ts for each in thread] == [alert.ts]
    assert "Cancelled, because it still waited: the mail “" in words(thread[0])
    assert "Mail not sent" in words(stage.shown())
    assert "Task:" not in words(stage.shown())


def test_a_button_that_names_nothing_is_harmless(stage: Stage, alert: Message) -> None:
    for value in ("customer:999999", "step:9e9:x", "nonsense", "play:", "step:-1:x"):
        forged = alert.blocks[-2]["elements"][0]
        forged["value"] = value
        second_click(stage, alert, CSM, "acknowledge")

    assert actions(stage.shown()) == [*ROW, *OPINIONS]


def test_a_click_slack_cannot_show_leaves_the_deed_done(stage: Stage, alert: Message) -> None:
    stage.sandbox.faults.fail("chat.update", times=1)

    stage.sandbox.click(CSM, alert.ts, "acknowledge")
    assert "Acknowledged" not in words(stage.shown())
    stage.deliver()

    assert "Acknowledged by Anna" in words(stage.shown())


def test_every_act_is_in_the_audit_log(stage: Stage, alert: Message) -> None:
    from storage import audit  # noqa: PLC0415 - the one test that reads it

    stage.sandbox.click(CSM, alert.ts, "acknowledge")
    stage.sandbox.click(CSM, alert.ts, "approve")

    with stage.house.database.reading() as tx:
        acts = [(each.actor, each.action) for each in audit.recent(tx, 10)]
    assert (CSM, "acknowledge") in acts
    assert (CSM, "approve") in acts
