"""/health answers whoever asks, alone, and never outside the house."""

from dataclasses import replace

import pytest

from bot.access import SHARED, UNSEEN
from bot.app import build
from bot.http import door
from bot.permissions import refusal
from sandbox.state import Conversation, Message
from tests.bot.stage import BEGIN, COLLEAGUE, CSM, FULL, VIEWER, Inline, Stage, actions, words

HOSTILE = (
    "<!channel>",
    "<@U1>",
    "*x*",
    "`rm`",
    "{{7*7}}",
    "=HYPERLINK(1)",
    "abc\u202edef",
    "🙂 Ünïcode",
    "שלום",
    "x" * 300,
    "100%_off",
)


def ask(stage: Stage, line: str, user: str = CSM, channel: str = "#general") -> Message:
    """Type a command, and return what the asker sees."""
    answer = stage.sandbox.command(user, channel, line)
    assert answer.acknowledged
    return stage.channel(channel, user)[-1]


def test_a_customer_is_shown_as_a_score_card_to_the_asker_alone(stage: Stage) -> None:
    stage.customers("Acme")
    stage.work("c0", BEGIN, FULL)
    stage.score(FULL)

    shown = words(ask(stage, "/health acme"))

    assert "*100.00* of 100" in shown
    assert "Healthy" in shown
    assert "→ stable" in shown
    assert "*7 days*\nno earlier score" in shown
    assert "*CSM*\nAnna" in shown
    assert "*ARR*\n120,000" in shown
    assert "30 Jun 2026" in shown
    assert "▓▓▓▓▓▓▓▓▓▓" in shown
    assert "20 of 20 logins" in shown or "30 of 20 logins" in shown
    assert "tickets: none yet" in shown
    assert "As of 1 Mar 2026" in shown
    assert stage.channel("#general") == []


def test_the_card_is_said_in_words_for_those_who_hear_it(stage: Stage) -> None:
    stage.customers("Acme")
    stage.work("c0", BEGIN, FULL)
    stage.score(FULL)

    assert ask(stage, "/health acme").text.startswith("Acme: 100.00 of 100, Healthy, stable")


def test_a_customer_who_was_never_scored_is_scored_now(stage: Stage) -> None:
    stage.customers("Acme")
    stage.work("c0", BEGIN, FULL)

    assert "computed now" in words(ask(stage, "/health acme"))


def test_a_customer_who_is_not_active_has_no_score_and_the_card_says_why(stage: Stage) -> None:
    stage.customers("Acme", status="churned")

    assert "not scored, because the customer is churned" in words(ask(stage, "/health acme"))


def test_hostile_names_are_shown_literally_and_slack_takes_every_answer(stage: Stage) -> None:
    stage.customers(*HOSTILE, *(f"{name} two" for name in HOSTILE))
    stage.score(FULL)

    for name in HOSTILE:
        exact = ask(stage, f"/health {name}")
        several = ask(stage, f"/health {name[:20]}")

        assert name.replace("\u202e", "")[:70] in words(exact)
        assert not any(mark in exact.text + several.text for mark in ("<!", "<@", "\u202e"))
    assert "<!" not in ask(stage, "/health").text


def test_help_says_how_to_ask(stage: Stage) -> None:
    for line in ("/health help", "/health HELP", "/health ?", "/health --help"):
        assert "`/health NAME`" in words(ask(stage, line))


def test_a_customer_called_help_is_found_in_quotes(stage: Stage) -> None:
    stage.customers("help")
    stage.score(FULL)

    assert "of 100" in words(ask(stage, '/health "help"')) or "coverage" in words(
        ask(stage, '/health "help"')
    )


def test_several_fits_are_offered_and_the_chosen_one_replaces_the_question(stage: Stage) -> None:
    stage.customers("Acme North", "Acme South", "Zeta")
    stage.score(FULL)

    question = ask(stage, "/health acme")
    assert "Which one?" in words(question)
    stage.sandbox.click(CSM, question.ts, "choose_1")

    answers = [words(each) for each in stage.channel("#general", CSM)]
    assert len(answers) == 1
    assert "Acme South" in answers[0]
    assert "CSM" in answers[0]


def test_many_fits_are_offered_in_a_menu(stage: Stage) -> None:
    stage.customers(*(f"Acme number {number}" for number in range(30)))

    question = ask(stage, "/health acme number")

    assert actions(question) == ["choose"]
    assert question.text.startswith("More than 10 customers fit acme number")
    stage.sandbox.click(CSM, question.ts, "choose", "customer:3")
    assert "*CSM*\nAnna" in words(stage.channel("#general", CSM)[-1])


def test_nobody_by_that_name_suggests_or_says_how_to_ask(stage: Stage) -> None:
    stage.customers("Northwind Trading")

    near = ask(stage, "/health norwind trad")
    far = ask(stage, "/health qqqqqqqq")

    assert "Northwind Trading" in words(near)
    assert "No customer fits" in words(far)
    assert "`/health help`" in words(far)


def test_a_customer_who_is_gone_when_chosen_is_said_to_be_gone(stage: Stage) -> None:
    stage.customers("Acme North", "Acme South")
    question = ask(stage, "/health acme")

    stage.sandbox.wire.send_interaction(
        {
            "type": "block_actions",
            "user": {"id": stage.sandbox.ensure_member(CSM, "Anna").id},
            "channel": {"id": question.channel},
            "container": {"message_ts": question.ts},
            "actions": [{"action_id": "choose_0", "block_id": "b", "value": "customer:999"}],
            "response_url": "",
            "trigger_id": "t",
        }
    )

    assert "Which one?" in words(stage.channel("#general", CSM)[-1])


@pytest.mark.parametrize("count", [0, 1, 50, 500])
def test_the_portfolio_is_within_slacks_limits_whatever_the_number(
    stage: Stage, count: int
) -> None:
    if count:
        stage.customers(*(f"Customer <{number}> & sons" for number in range(count)))
        stage.work("c0", BEGIN, FULL)
        stage.score(FULL)

    shown = words(ask(stage, "/health"))

    if count:
        assert f"*{count:,} customer" in shown
        assert "Healthy: *1*" in shown
    else:
        assert "No customer has a score yet" in shown


def test_the_portfolio_names_who_fell_most_and_what_is_at_stake(stage: Stage) -> None:
    stage.customers("Acme")
    stage.fall()

    shown = words(ask(stage, "/health"))

    assert "At risk, most revenue first Acme" in shown
    assert "At risk: *1*" in shown


def test_a_stranger_to_us_who_is_a_full_member_may_look(stage: Stage) -> None:
    stage.customers("Acme")
    stage.sandbox.ensure_member(VIEWER, "Vera")

    assert "Acme" in words(ask(stage, "/health acme", VIEWER))


def test_a_guest_is_shown_nothing_but_help(stage: Stage) -> None:
    stage.customers("Acme")
    stage.sandbox.ensure_member(VIEWER, "Vera", guest=True)

    assert words(ask(stage, "/health acme", VIEWER)) == refusal("see")
    assert "`/health NAME`" in words(ask(stage, "/health help", VIEWER))


def test_a_conversation_shared_with_another_company_is_shown_nothing(stage: Stage) -> None:
    stage.customers("Acme")
    stage.sandbox.ensure_channel("partners", shared=True)

    assert words(ask(stage, "/health acme", channel="#partners")) == SHARED
    assert words(ask(stage, "/health", channel="#partners")) == SHARED


def test_a_card_is_shared_with_the_conversation_on_request_without_its_share_button(
    stage: Stage,
) -> None:
    stage.customers("Acme")
    stage.sandbox.ensure_member(COLLEAGUE, "Ben")
    card = ask(stage, "/health acme")

    stage.sandbox.click(CSM, card.ts, "share")

    seen = stage.channel("#general", COLLEAGUE)
    assert len(seen) == 1
    assert "Acme" in words(seen[0])
    assert "share" not in actions(seen[0])


def test_a_card_is_not_shared_into_a_direct_message_that_a_stranger_may_read(
    stage: Stage,
) -> None:
    stage.customers("Acme")
    anna = stage.sandbox.ensure_member(CSM, "Anna")
    partner = stage.sandbox.ensure_member("pat@partner.example", "Pat", stranger=True)
    between = Conversation("DSTRANGER", "im", "", frozenset({anna.id, partner.id}), shared=True)
    with stage.sandbox.workspace.writing():
        stage.sandbox.workspace.record("conversation", between)
    card = ask(stage, "/health acme", channel=between.id)

    stage.sandbox.click(CSM, card.ts, "share")

    assert "Acme" in words(card)
    assert stage.sandbox.messages(between.id, "pat@partner.example") == []
    assert words(stage.sandbox.messages(between.id, CSM)[-1]) == UNSEEN


def test_a_card_is_shared_in_the_apps_own_direct_message(stage: Stage) -> None:
    stage.customers("Acme")
    card = ask(stage, "/health acme", channel="@")

    stage.sandbox.click(CSM, card.ts, "share")

    shared = [each for each in stage.sandbox.messages("@", CSM) if each.seen_by is None]
    assert ["Acme" in words(each) for each in shared] == [True]


def test_a_command_by_another_name_is_heard_and_the_help_follows_it(stage: Stage) -> None:
    slack = replace(stage.slack, command="/bw")
    app = build(stage.house, stage.clock, slack, executor=Inline())
    stage.sandbox.wire.door = door(app, stage.house, stage.clock, slack)

    assert ask(stage, "/bw help").text == "How to ask: /bw NAME, /bw, or /bw help."
    assert not stage.sandbox.command(CSM, "#general", "/health help").acknowledged
