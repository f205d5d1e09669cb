"""What is decided about a customer, and the reason given when nothing is."""

from datetime import timedelta
from decimal import Decimal

import pytest

from playbooks.decide import Close, Skip, Start, decide
from playbooks.load import parse
from playbooks.playbook import Playbook
from playbooks.situation import LastStart, OpenPlay, Situation
from scoring.load import shipped as model
from tests.classic import classic as playbooks
from tests.playbooks.lives import Life, facts, morning, score, situation

DROP = """
name: fast-drop
version: 1
title: Fast drop
when: {kind: drops, points: 15, days: 7}
then: [{step: alert, kind: slack_alert}]
"""


def only_skip(seen: Situation, *library: Playbook) -> Skip:
    (decision,) = decide(seen, library or playbooks(), model(), morning(0))
    assert isinstance(decision, Skip)
    return decision


def test_a_fall_into_at_risk_starts_new_at_risk_and_says_why() -> None:
    life = Life()

    life.lives(80, 74)

    assert life.starts() == [(1, "new-at-risk", "From healthy to at-risk: 80 to 74.")]


def test_a_customer_falling_from_72_to_41_is_alerted_once_at_the_crossing_under_50() -> None:
    life = Life()

    life.lives(72, 68, 63, 58, 54, 51, 50, 49, 46, 44, 41)

    assert [(day, name) for day, name, _ in life.starts()] == [(7, "churn-risk")]


def test_a_play_closes_when_the_customer_is_above_its_band_past_the_hysteresis() -> None:
    life = Life()

    life.lives(72, 41, 51, 52.99, 53, 72)

    assert life.closes() == [(4, "churn-risk", "recovered")]
    recovered = [each for _, each in life.history if isinstance(each, Start)][-1]
    assert recovered.playbook.name == "recovered"


def test_rule_5_a_fall_over_two_bands_is_one_transition_handled_as_the_worse() -> None:
    life = Life()

    life.lives(90, 30)

    assert [name for _, name, _ in life.starts()] == ["churn-risk"]


def test_rule_5_dancing_on_the_threshold_for_thirty_days_alerts_once() -> None:
    life = Life()

    life.lives(60, *[49.9, 50.1] * 15)

    assert [(day, name) for day, name, _ in life.starts()] == [(1, "churn-risk")]
    assert life.closes() == []


def test_rule_5_red_green_red_inside_the_cool_down_starts_nothing_twice() -> None:
    life = Life()

    life.lives(90, 40, 90, 40)

    assert [day for day, _, _ in life.starts()] == [1]
    assert life.skips() == [(3, "churn-risk", "cool_down")]


def test_rule_5_nor_does_a_milder_playbook_write_to_them_on_the_way_back_down() -> None:
    life = Life()

    life.lives(90, 40, 90, 60, 40)

    assert [day for day, _, _ in life.starts()] == [1]
    assert life.skips() == [(3, "new-at-risk", "cool_down"), (4, "churn-risk", "cool_down")]


def test_a_fall_inside_the_cool_down_is_told_when_it_ends_if_they_are_still_down() -> None:
    life = Life()

    life.lives(90, 40, 90, *[40] * 20)

    assert [(day, reason) for day, _, reason in life.starts()][1:] == [
        (15, "Still in churn-risk, at 40.")
    ]


def test_nor_does_a_fall_inside_the_cool_down_that_is_over_when_it_ends_come_back() -> None:
    life = Life()

    life.lives(90, 40, 90, 40, *[90] * 20)

    assert [day for day, _, _ in life.starts()] == [1]


def test_after_the_cool_down_a_new_fall_is_a_new_play() -> None:
    life = Life()

    life.lives(90, 40, *[90] * 14, 40)

    assert [day for day, _, _ in life.starts()] == [1, 16]


def test_a_worse_band_passes_the_cool_down_and_takes_over_the_open_play() -> None:
    life = Life()

    life.lives(90, 60, 40)

    assert [name for _, name, _ in life.starts()] == ["new-at-risk", "churn-risk"]
    assert life.closes() == [(2, "new-at-risk", "superseded")]


def test_a_guard_may_keep_a_worse_band_waiting_too() -> None:
    strict = [
        each.model_copy(
            update={"guards": each.guards.model_copy(update={"worse_band_passes": False})}
        )
        for each in playbooks()
    ]
    life = Life(library=strict)

    life.lives(90, 60, 40)

    assert life.skips() == [(2, "churn-risk", "cool_down")]


def test_rule_3_the_first_sight_of_a_customer_is_silent_and_says_so() -> None:
    skip = only_skip(situation(None, score(40)))

    assert (skip.playbook.name, skip.code) == ("churn-risk", "first_sight")


def test_rule_4_a_change_of_model_is_silent_and_says_so() -> None:
    before = score(90, version=7)

    skip = only_skip(situation(before, score(40, 1)))

    assert skip.code == "rebaselined"


def test_rule_4_what_another_model_calls_better_is_no_recovery() -> None:
    play = OpenPlay(1, "churn-risk", "churn-risk", morning(0), Decimal(40))
    seen = situation(score(40, version=7), score(90, 1), open_plays=(play,))

    decisions = decide(seen, playbooks(), model(), morning(1))
    (close,) = [each for each in decisions if isinstance(each, Close)]

    assert close.outcome == "over"
    assert close.reason == "A new baseline: saas-five-factor@1 puts the customer in healthy, at 90."


def test_too_little_known_is_no_reason_to_act() -> None:
    unknown = score(10, 1, band="unknown", coverage=Decimal(20))

    decisions = decide(situation(score(90), unknown), playbooks(), model(), morning(1))

    assert {each.code for each in decisions if isinstance(each, Skip)} == {"coverage"}
    assert "20 % is known" in decisions[0].reason


def test_an_unknown_band_closes_nothing() -> None:
    play = OpenPlay(1, "churn-risk", "churn-risk", morning(0), Decimal(40))
    unknown = score(90, 2, band="unknown", coverage=Decimal(20))

    decisions = decide(
        situation(score(40, 1), unknown, open_plays=(play,)), playbooks(), model(), morning(2)
    )

    assert not [each for each in decisions if isinstance(each, Close)]


def test_a_quiet_day_leaves_no_decisions() -> None:
    seen = situation(score(90), score(88, 1))

    assert decide(seen, playbooks(), model(), morning(1)) == ()


def test_a_paused_customer_is_left_alone() -> None:
    assert only_skip(situation(score(90), score(40, 1), active=False)).code == "inactive"


def test_a_condition_that_does_not_hold_is_named() -> None:
    text = DROP.replace("then:", "only_if: {kind: segment, is: [smb, mid]}\nthen:")
    seen = situation(score(90), score(70, 7), change_7=Decimal(-20), facts=facts(segment="tiny"))

    skip = only_skip(seen, parse(text, "drop.yaml"))

    assert skip.reason == "The condition does not hold: segment is smb or mid."


def test_a_snooze_holds_until_it_ends_and_a_worse_band_passes_it() -> None:
    snoozed = morning(1) + timedelta(days=7)
    last = {"new-at-risk": LastStart(morning(-30), "at-risk")}
    again = situation(score(90), score(60, 1), snoozed_until=snoozed, last_started=last)
    worse = situation(score(90), score(40, 1), snoozed_until=snoozed, last_started=last)

    decisions = decide(worse, playbooks(), model(), morning(1))

    assert only_skip(again).code == "snoozed"
    assert [each.playbook.name for each in decisions if isinstance(each, Start)] == ["churn-risk"]


def test_an_improvement_without_an_open_play_closes_nothing_and_says_so() -> None:
    skip = only_skip(situation(score(40), score(90, 1)))

    assert (skip.playbook.name, skip.code) == ("recovered", "nothing_open")


def test_a_drop_inside_the_best_band_is_caught() -> None:
    seen = situation(score(98), score(80, 7), change_7=Decimal(-18))

    (decision,) = decide(seen, [parse(DROP, "drop.yaml")], model(), morning(7))

    assert isinstance(decision, Start)


def test_a_drop_play_closes_when_the_points_are_back() -> None:
    play = OpenPlay(1, "fast-drop", "healthy", morning(0), Decimal(80))
    library = [parse(DROP, "drop.yaml")]

    still = decide(
        situation(score(80), score(94, 1), open_plays=(play,)), library, model(), morning(1)
    )
    back = decide(
        situation(score(80), score(95, 1), open_plays=(play,)), library, model(), morning(1)
    )

    assert still == ()
    assert [each for each in back if isinstance(each, Close)]


def test_one_fall_is_answered_once_though_two_playbooks_see_it() -> None:
    seen = situation(score(90), score(40, 1), change_7=Decimal(-50))

    decisions = decide(seen, [parse(DROP, "drop.yaml"), *playbooks()], model(), morning(1))

    assert [each.playbook.name for each in decisions if isinstance(each, Start)] == ["churn-risk"]
    assert [each.code for each in decisions if isinstance(each, Skip)] == ["answered"]


@pytest.mark.parametrize("guard", [True, False])
def test_exit_on_recovery_is_a_guard_that_can_be_turned_off(*, guard: bool) -> None:
    library = [
        each.model_copy(
            update={"guards": each.guards.model_copy(update={"exit_on_recovery": guard})}
        )
        for each in playbooks()
    ]
    life = Life(library=library)

    life.lives(90, 40, 90)

    assert bool(life.closes()) is guard
