"""What a play asks in Slack: answers as buttons, what was answered, tasks, and who is told next."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bot.alerts import alert_card, rung_card
from bot.charts import POINTS, drawn, sparkline, without_charts
from bot.connection import client
from bot.targets import Target
from sandbox.blockkit import message_problems
from sandbox.state import Message
from service.alert import AlertView, AskView, RungView, TaskView, alert_view
from storage import plays
from storage.plays import Step
from tests.bot.stage import COLLEAGUE, Stage, actions, words
from tests.bot.test_commands import HOSTILE

TODAY = date(2026, 11, 20)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def view(stage: Stage) -> AlertView:
    stage.customers("Acme")
    stage.fall()
    with stage.house.database.reading() as tx:
        play = plays.open_plays(tx, [1])[1][0]
    found = alert_view(stage.house, play.id, now=stage.clock.now())
    return replace(found, mails=(), tasks=())


def shown(stage: Stage, view: AlertView) -> Message:
    """Draw it, look at it as strictly as Slack does, and return it."""
    post = alert_card(view, stage.house.model, page="https://bw.example/x", today=TODAY)
    assert message_problems({"text": post.text, "blocks": list(post.blocks)}) == []
    return Message("C1", "1.0", "U1", post.text, post.blocks)


def step(kind: str, state: str, **changes: object) -> Step:
    fields = {"decided_by": None, "decided_at": None, "reason": None, "body": {}} | changes
    return Step(
        id=7, play_id=1, name="why", kind=kind, occurrence=1, state=state, due_at=AT, **fields  # type: ignore[arg-type]  # a test's own states
    )  # fmt: skip


def ask(kind: str, state: str, many: int = 2, **changes: object) -> AskView:
    names = (
        ("price", "Price"),
        ("features", "Features"),
        *((f"w{n}", f"Way {n}") for n in range(9)),
    )
    answers = (("yes", "Yes"), ("no", "No")) if kind == "offer" else names[:many]
    said = changes.pop("said", None)
    words = "Why do they leave? Ask them first."
    return AskView(step(kind, state, **changes), words, answers, AT, said)  # type: ignore[arg-type]  # as above


def elements(message: Message) -> list[dict[str, object]]:
    return [
        element
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def test_a_question_waits_with_an_answer_a_button_and_says_until_when(
    stage: Stage, view: AlertView
) -> None:
    message = shown(stage, replace(view, asks=(ask("question", "waiting_answer"),)))

    assert "Question, until 24 Nov 2026" in words(message)
    assert actions(message)[:2] == ["answer_000", "answer_001"]
    target = Target.read(str(elements(message)[0]["value"]))
    assert (target.kind, target.number, target.detail) == ("step", 7, "price")
    assert "1 question to answer." in message.text


def test_more_answers_than_a_phone_shows_become_a_menu(stage: Stage, view: AlertView) -> None:
    message = shown(stage, replace(view, asks=(ask("question", "waiting_answer", 8),)))

    (menu, *_) = elements(message)
    assert menu["type"] == "static_select"
    assert len(menu["options"]) == 8  # type: ignore[arg-type]  # a list, as the strict look has seen


def test_several_questions_have_action_ids_of_their_own(stage: Stage, view: AlertView) -> None:
    several = tuple(ask("question", "waiting_answer", many) for many in (2, 5, 8))

    ids = actions(shown(stage, replace(view, asks=several)))

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind", ["offer", "choose"])
def test_what_others_rely_on_is_asked_once_more(stage: Stage, view: AlertView, kind: str) -> None:
    message = shown(stage, replace(view, asks=(ask(kind, "waiting_answer"),)))

    assert "confirm" in elements(message)[0]


def test_what_was_answered_and_by_whom_stands_in_the_place_of_the_buttons(
    stage: Stage, view: AlertView
) -> None:
    given = ask("question", "done", said="Price", decided_by="Ben <@U1>")

    message = shown(stage, replace(view, asks=(given,)))

    assert "Price, said Ben <@U1>" in words(message)
    assert "Why do they leave?" in words(message)
    assert "Ask them first." not in words(message)
    assert not any(name.startswith("answer") for name in actions(message))


def test_a_question_that_lapsed_says_so(stage: Stage, view: AlertView) -> None:
    lapsed = ask("question", "cancelled", reason="Nobody answered in time.")

    message = shown(stage, replace(view, asks=(lapsed,)))

    assert "Nobody answered in time." in words(message)


def test_a_closed_play_asks_nothing_any_more(stage: Stage, view: AlertView) -> None:
    closed = replace(view.play, state="closed", reason="Back to healthy.")
    open_ask = ask("question", "waiting_answer")

    message = shown(stage, replace(view, play=closed, asks=(open_ask,)))

    assert "Not answered." in words(message)
    assert actions(message) == ["open", "useful", "false_alarm"]


def test_a_task_shows_its_parts_and_who_did_it(stage: Stage, view: AlertView) -> None:
    parts = tuple(f"Part {n}" for n in range(12))
    to_do = TaskView(step("task", "to_do"), "Prepare <offboarding>", AT, parts)
    done = TaskView(step("task", "done", decided_by="Ben"), "Call them", AT)

    message = shown(stage, replace(view, tasks=(to_do, done)))

    said = words(message)
    assert "Prepare <offboarding>, by  24 Nov 2026" in said
    assert "Part 9 and 2 more" in said
    assert "Task done:  Call them, by Ben" in said
    assert actions(message)[0] == "done_0"


def test_who_is_told_next_is_said_until_somebody_acknowledges(
    stage: Stage, view: AlertView
) -> None:
    rungs = (
        RungView(step("escalate", "done", reason="Nobody took it in time: told the backup."), AT),
        RungView(step("escalate", "scheduled"), AT),
    )

    waiting = words(shown(stage, replace(view, rungs=rungs)))
    taken = words(shown(stage, replace(view, rungs=rungs, acknowledged_by="Ben")))

    assert "told the backup, <!date^" in waiting
    assert "Unless somebody acknowledges it, others are told <!date^" in waiting
    assert "Unless somebody" not in taken


def test_of_a_resting_alert_nobody_is_told_and_nothing_begins_anew_once_somebody_answered(
    stage: Stage, view: AlertView
) -> None:
    rungs = (RungView(step("escalate", "scheduled"), AT),)
    resting = replace(view, rungs=rungs, steps=(), rests_until=AT)

    waiting = words(shown(stage, resting))
    taken = words(shown(stage, replace(resting, steps=(step("task", "done", decided_by="Ben"),))))

    assert "While it rests nobody else is told" in waiting
    assert "While it rests" not in taken


def test_whoever_stands_in_is_told_why_and_may_take_it(stage: Stage, view: AlertView) -> None:
    body = {"text": "Nobody has answered for *Acme*.", "to": ["backup", "manager"]}
    told = replace(view, rungs=(RungView(step("escalate", "done", body=body), AT),))

    post = rung_card(told, stage.house.model, page=None, today=TODAY)
    taken = rung_card(
        replace(told, acknowledged_by="Ben"), stage.house.model, page=None, today=TODAY
    )

    for each in (post, taken):
        assert message_problems({"text": each.text, "blocks": list(each.blocks)}) == []
    message = Message("D1", "1.0", "U1", post.text, post.blocks)
    assert "Nobody has answered for *Acme*." in words(message)
    assert Target.read(str(elements(message)[0]["value"])).kind == "rung"
    assert "Acknowledged by Ben" in words(Message("D1", "1.0", "U1", taken.text, taken.blocks))


def test_taking_it_from_the_stand_ins_message_redraws_that_message(stage: Stage) -> None:
    from service import words as kinds  # noqa: PLC0415 - the one test that sends it
    from service.intents import _message  # noqa: PLC0415 - a message as the engine makes it
    from storage import outbox  # noqa: PLC0415 - as above

    stage.member(COLLEAGUE, "csm", "Ben")
    stage.customers("Acme")
    stage.fall()
    with stage.house.database.transaction() as tx:
        play = plays.open_plays(tx, [1])[1][0]
        body = {"view": kinds.ESCALATION, "play_id": play.id}
        row = _message(play, "rung/1", f"member:{COLLEAGUE}", body, stage.clock.now(), verb="post")
        outbox.enqueue(tx, [row], now=stage.clock.now())
    stage.deliver()
    (told,) = stage.direct(COLLEAGUE)

    stage.sandbox.click(COLLEAGUE, told.ts, "acknowledge")

    assert "Acknowledged by Ben" in words(stage.direct(COLLEAGUE)[0])
    assert actions(stage.direct(COLLEAGUE)[0]) == ["open"]


def test_a_fast_fall_is_drawn_and_a_slack_without_charts_gets_a_row_of_bars(
    stage: Stage, view: AlertView
) -> None:
    path = tuple((TODAY - timedelta(days=30 - n), Decimal(90 - 2 * n)) for n in range(31))

    message = shown(stage, replace(view, path=path))

    (chart,) = [block for block in message.blocks if block["type"] == "data_visualization"]
    data = chart["chart"]["series"][0]["data"]
    assert len(data) == POINTS
    assert (data[0]["value"], data[-1]["value"]) == (90.0, 30.0)
    plainer = without_charts(message.blocks)
    assert message_problems({"text": message.text, "blocks": plainer}) == []
    assert "90 to 30" in str(plainer)


def test_a_chart_that_slack_refuses_is_sent_again_without(stage: Stage, view: AlertView) -> None:
    path = ((TODAY, Decimal(90)), (TODAY, Decimal(30)))
    message = shown(stage, replace(view, path=path))
    web = client(stage.slack)
    stage.sandbox.faults.refuse("chat.postMessage", "invalid_blocks")

    drawn(
        message.blocks,
        lambda parts: web.chat_postMessage(channel="#general", text=message.text, blocks=parts),
    )

    (sent,) = stage.channel("#general")
    assert "Score of the last 30 days" in words(sent)
    assert not any(block["type"] == "data_visualization" for block in sent.blocks)


@pytest.mark.parametrize("text", HOSTILE)
def test_strangers_words_in_questions_and_tasks_are_harmless(
    stage: Stage, view: AlertView, text: str
) -> None:
    asked = replace(ask("question", "waiting_answer"), text=text)
    to_do = TaskView(step("task", "to_do"), text, AT, (text,))

    message = shown(stage, replace(view, asks=(asked,), tasks=(to_do,)))

    assert "<!channel" not in message.text


def test_a_row_of_bars_shows_low_and_high() -> None:
    assert sparkline([0, 50, 100, 200]) == "▁▅██"
