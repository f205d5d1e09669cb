"""An alert fits into one message, says everything that happened to its mails, and harms nobody."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product

import pytest

from bot.alerts import alert_card
from bot.mails import COUNTED, SEEN_AT_MOST
from sandbox.blockkit import message_problems, view_problems
from sandbox.state import Message
from service.alert import AlertView, Cause, MailView, alert_view
from storage import plays
from storage.mail_seen import Seen
from tests.bot.stage import CSM, OPINIONS, ROW, Stage, actions, words
from tests.bot.test_commands import HOSTILE
from tests.builders import NOON

TODAY = date(2026, 11, 20)


@pytest.fixture
def view(stage: Stage) -> AlertView:
    stage.customers("Acme")
    stage.fall()
    with stage.house.database.reading() as tx:
        play = plays.open_plays(tx, [1])[1][0]
    return alert_view(stage.house, play.id, now=stage.clock.now())


def shown(stage: Stage, view: AlertView) -> Message:
    """Draw it, look at it as strictly as Slack does, and return it."""
    post = alert_card(view, stage.house.model, page="https://bw.example/x", today=TODAY)
    assert message_problems({"text": post.text, "blocks": list(post.blocks)}) == []
    return Message("C1", "1.0", "U1", post.text, post.blocks)


def mail(view: AlertView, **changes: object) -> MailView:
    return replace(view.mails[0], **changes)  # type: ignore[arg-type] # whatever a test changes


def test_slack_takes_an_alert_with_many_and_long_mails(stage: Stage, view: AlertView) -> None:
    for mails, length in product((1, 2, 8), (100, 20_000)):
        long = mail(view, text="All work & no play < makes\n" * (length // 26))

        message = shown(stage, replace(view, mails=(long,) * mails))

        assert "approve" in actions(message)
        assert "read" in actions(message) or length == 100
    assert "and 5 more mails" in words(message)


def test_a_mail_that_fits_has_no_button_to_read_it(stage: Stage, view: AlertView) -> None:
    assert actions(shown(stage, view)) == [*ROW, *OPINIONS]


def test_an_alert_says_that_links_will_be_counted_and_then_what_was(
    stage: Stage, view: AlertView
) -> None:
    followed = Seen(1, 1, "click", "https://a.example/*x*?a=1&b=<2>", NOON, NOON, 2, 0)
    sent = replace(view.mails[0].step, state="done")

    before = words(shown(stage, replace(view, mails=(mail(view, tracking="all"),))))
    seen = (followed, *(replace(followed, link=number) for number in range(2, 30)))
    after = words(shown(stage, replace(view, mails=(mail(view, step=sent, seen=seen),))))

    assert COUNTED["all"] in before
    assert COUNTED["all"] not in words(shown(stage, view))
    assert after.count("Mail link followed 2 times") == SEEN_AT_MOST
    assert "<2>" not in after


def test_mails_of_many_long_links_leave_room_for_the_rest(stage: Stage, view: AlertView) -> None:
    sent = replace(view.mails[0].step, state="done")
    longest = f"https://acme.example/?{'a_' * 480}"
    seen = tuple(Seen(7, link, "click", longest, NOON, NOON, 1, 0) for link in range(1, 7))

    message = shown(stage, replace(view, mails=(mail(view, step=sent, seen=seen),) * 3))

    assert words(message).count("Mail link followed once") == 3


def test_ten_long_reasons_fit_too(stage: Stage, view: AlertView) -> None:
    assert view.raised is not None
    causes = (Cause("Logins", Decimal(-5), "word " * 100),) * 10

    message = shown(stage, replace(view, raised=replace(view.raised, causes=causes)))

    assert "approve" in actions(message)


FATES = (
    ("done", "pending", "Mail on its way, approved by Ben"),
    ("done", "sending", "Mail on its way, approved by Ben"),
    ("done", "sent", "Mail sent, approved by Ben"),
    ("done", "came_back", "Mail came back, approved by Ben: 5.1.1"),
    ("done", "complaint", "Mail sent, and called spam by its reader, approved by Ben"),
    ("done", "unknown", "perhaps sent; its answer was lost, so it is not sent again"),
    ("done", "failed", "Mail could not be sent, approved by Ben: smtp-550-rcpt"),
    ("done", "cancelled", "Mail could not be sent, approved by Ben: smtp-550-rcpt"),
    ("cancelled", None, "Mail not sent, rejected by Ben: too early"),
)


def test_what_became_of_a_mail_is_said(stage: Stage, view: AlertView) -> None:
    for state, delivery, said in FATES:
        fate = {"state": state, "decided_by": "Ben", "reason": "too early"}
        step = replace(view.mails[0].step, **fate)  # type: ignore[arg-type] # a test's own states
        troubles = dict.fromkeys(("failed", "cancelled"), "smtp-550-rcpt") | {"came_back": "5.1.1"}
        trouble = troubles.get(delivery or "")
        decided = mail(view, step=step, delivery=delivery, trouble=trouble)

        message = shown(stage, replace(view, mails=(decided,)))

        assert said in words(message).replace(" ,", ",").replace(" :", ":")
        assert "approve" not in actions(message)


def test_a_mail_that_could_not_be_drafted_says_why(stage: Stage, view: AlertView) -> None:
    blocked = mail(view, text=None, blocked="The customer has no contact with an address.")

    message = shown(stage, replace(view, mails=(blocked,)))

    assert "No mail:  The customer has no contact with an address." in words(message)


def test_a_closed_play_has_no_button_but_the_link(stage: Stage, view: AlertView) -> None:
    closed = replace(view.play, state="closed", reason="Back to <healthy>.")

    message = shown(stage, replace(view, play=closed))

    assert actions(message) == ["open", *OPINIONS]
    assert "Closed: Back to &lt;healthy&gt;." in words(message).replace("\u200b", "")


def test_whoever_took_it_and_until_when_it_rests_is_said(stage: Stage, view: AlertView) -> None:
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)

    message = shown(
        stage,
        replace(view, acknowledged_by="*Ben*", acknowledged_at=at, snoozed_until=at),
    )

    said = words(message).replace("\u200b", "")
    assert "Acknowledged by *Ben* <!date^1795165200^" in said
    assert "Snoozed until <!date^1795165200^" in said


def test_hostile_names_are_harmless_in_an_alert(stage: Stage, view: AlertView) -> None:
    for name in HOSTILE:
        card = replace(view.card, customer=replace(view.card.customer, name=name))

        message = shown(stage, replace(view, card=card, title=name))

        assert not any(mark in message.text for mark in ("<!channel", "<@U1", "\u202e"))
        header = message.blocks[0]["text"]
        assert header["type"] == "plain_text"
        assert name.replace("\u202e", "")[:90] in header["text"]


def test_a_mail_too_long_for_the_alert_is_read_in_a_modal(stage: Stage) -> None:
    stage.member(CSM, "csm", "Anna")
    stage.customers("Acme")
    stage.fall()
    stage.deliver()
    alert = stage.direct()[0]

    stage.sandbox.wire.send_interaction(
        {
            "type": "block_actions",
            "user": {"id": stage.sandbox.ensure_member(CSM, "Anna").id},
            "channel": {"id": alert.channel},
            "container": {"message_ts": alert.ts},
            "actions": [{"action_id": "read", "block_id": "b", "value": step_of(alert)}],
            "response_url": "",
            "trigger_id": trigger(stage),
        }
    )

    modal = stage.sandbox.modals(CSM)[0].payload
    assert view_problems({**modal}) == []
    assert "A free training session for Acme?" in str(modal)
    assert "what is the one thing we should improve?" in str(modal)


def step_of(alert: Message) -> str:
    return next(
        str(element["value"])
        for block in alert.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "approve"
    )


def trigger(stage: Stage) -> str:
    """Return the right to open a modal, as a click gives it."""
    hands = stage.sandbox.hands
    with stage.sandbox.workspace.writing():
        member = stage.sandbox.workspace.find_member(CSM)
        assert member is not None
        return hands._trigger(member)  # noqa: SLF001 - as a click makes it
