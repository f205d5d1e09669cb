"""When a playbook begins and when it is over: each kind of trigger, day by day."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter

from playbooks.decide import Close, Decision, Skip, Start, decide
from playbooks.errors import PlaybookInvalid
from playbooks.load import check, parse
from playbooks.playbook import Playbook
from playbooks.situation import Before, OpenPlay, Situation
from playbooks.triggers import Trigger, fires, stands
from scoring.load import shipped as model
from scoring.score import FactorScore, Score
from tests.classic import classic as playbooks
from tests.playbooks.lives import FIRST, Life, morning, score, situation

TRIGGER: TypeAdapter[Trigger] = TypeAdapter(Trigger)

UNDER_65 = {"kind": "crosses", "at": 65}
OVER_95 = {"kind": "crosses", "at": 95, "direction": "above"}
LOGINS = {"kind": "factor_crosses", "factor": "login_frequency", "at": 40}
STAYS = {"kind": "stays", "bands": "healthy", "days": 14}
STAYS_AT_RISK = STAYS | {"bands": "at-risk"}
TURNS = {"kind": "trend_turns", "to": "declining"}
RENEWAL = {"kind": "renewal_near", "within": [90, 60, 30], "bands": ["at-risk", "churn-risk"]}


def trigger(written: dict[str, Any]) -> Trigger:
    return TRIGGER.validate_python(written)


def book(written: dict[str, Any], name: str = "mine", **changed: Any) -> Playbook:
    return Playbook.model_validate(
        {
            "name": name,
            "version": 1,
            "title": "Mine",
            "when": written,
            "then": [{"step": "alert", "kind": "slack_alert"}],
            **changed,
        }
    )


def logins(value: float, status: Any = "known") -> FactorScore:
    number = Decimal(str(value))
    weight = Decimal(100)
    return FactorScore("login_frequency", "Logins", number, status, weight, weight, number, {})


def seen(before: float | None, now: float, passed: int = 1, **changed: Any) -> Situation:
    """Return a customer `passed` days after the score before, the factors given by `logins`."""
    earlier = None if before is None else score(before)
    held = earlier.band if earlier else None
    known: dict[str, Any] = {"day_before": None if before is None else Before(FIRST, "stable", {})}
    return situation(earlier, score(now, passed, held), **known | changed)


def with_logins(before: float | None, now: FactorScore, **changed: Any) -> Situation:
    known = {} if before is None else {"login_frequency": Decimal(str(before))}
    current: Score = score(80, 1, "healthy", factors=(now,))
    return situation(score(80), current, day_before=Before(FIRST, "stable", known), **changed)


def renewing(days: int, before: float = 60, now: float = 60, passed: int = 1) -> Situation:
    """Return a customer whose renewal is in so many days from the day looked at."""
    return seen(before, now, passed, renewal_on=FIRST + timedelta(days=passed + days))


@pytest.mark.parametrize(
    ("written", "before", "now", "expected"),
    [
        (UNDER_65, 65, 64.99, True),
        (UNDER_65, 66, 65, False),
        (UNDER_65, 64, 60, False),
        (UNDER_65, 60, 70, False),
        (UNDER_65, None, 60, False),
        (OVER_95, 94.99, 95, True),
        (OVER_95, 95, 96, False),
        (OVER_95, 96, 94, False),
    ],
)
def test_a_number_is_crossed_from_one_day_to_the_next(
    written: dict[str, Any], before: float | None, now: float, *, expected: bool
) -> None:
    assert fires(trigger(written), seen(before, now)) is expected


def test_nothing_is_crossed_while_too_little_is_known() -> None:
    unknown = situation(score(80), score(60, 1, band="unknown", coverage=Decimal(10)))

    assert not fires(trigger(UNDER_65), unknown)
    assert not stands(trigger(UNDER_65), unknown)


def test_nothing_is_crossed_under_another_version_of_the_model() -> None:
    changed = situation(score(80, version=99), score(60, 1))

    assert not fires(trigger(UNDER_65), changed)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (50, logins(39), True),
        (40, logins(39), True),
        (39, logins(30), False),
        (50, logins(45), False),
        (None, logins(10), False),
        (50, logins(10, "stale"), False),
        (50, logins(10, "no_data"), False),
    ],
)
def test_a_factor_crosses_a_number_only_where_it_is_known_on_both_days(
    before: float | None, now: FactorScore, *, expected: bool
) -> None:
    assert fires(trigger(LOGINS), with_logins(before, now)) is expected


@pytest.mark.parametrize(
    ("since", "passed", "expected"),
    [(13, 1, False), (14, 1, True), (15, 1, False), (16, 3, True), (17, 3, False), (400, 1, False)],
)
def test_a_stay_fires_on_the_day_its_number_is_reached_also_after_days_without_a_run(
    since: int, passed: int, *, expected: bool
) -> None:
    today = FIRST + timedelta(days=passed)

    there = seen(90, 90, passed, band_since=today - timedelta(days=since))

    assert fires(trigger(STAYS), there) is expected


def test_a_stay_in_another_band_or_of_unknown_length_fires_nothing() -> None:
    long_ago = FIRST - timedelta(days=13)

    assert not fires(trigger(STAYS), seen(60, 60, band_since=long_ago))
    assert not fires(trigger(STAYS), seen(90, 90))
    assert not fires(trigger(STAYS), seen(None, 90, band_since=long_ago))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("stable", 70, True),
        ("improving", 70, True),
        ("declining", 70, False),
        ("stable", 79, False),
    ],
)
def test_a_trend_turns_when_it_was_another_the_day_before(
    before: Any, now: float, *, expected: bool
) -> None:
    assert fires(trigger(TURNS), seen(80, now, day_before=Before(FIRST, before))) is expected


@pytest.mark.parametrize(
    ("days", "passed", "expected"),
    [(91, 1, False), (90, 1, True), (89, 1, False), (60, 1, True), (29, 3, True), (27, 3, False)],
)
def test_a_renewal_comes_near_at_each_of_its_distances(
    days: int, passed: int, *, expected: bool
) -> None:
    assert fires(trigger(RENEWAL), renewing(days, passed=passed)) is expected


def test_a_renewal_near_looks_at_the_band_and_at_falls_inside_the_window() -> None:
    near = trigger(RENEWAL)

    assert not fires(near, renewing(90, 90, 90))
    assert fires(near, renewing(45, 90, 60))
    assert not fires(near, renewing(45, 60, 40))
    assert not fires(near, renewing(-1, 90, 60))
    assert not fires(near, seen(90, 60))


@pytest.mark.parametrize(
    ("written", "there", "reason"),
    [
        (UNDER_65, seen(70, 60), "The score fell under 65, at 60."),
        (OVER_95, seen(90, 96), "The score reached 95, at 96."),
        (LOGINS, with_logins(50, logins(30)), "login_frequency fell under 40, at 30."),
        (
            STAYS,
            seen(90, 90, band_since=FIRST - timedelta(days=13)),
            "In healthy for 14 days, at 90.",
        ),
        (TURNS, seen(90, 80), "The trend is declining; now at 80."),
        (
            RENEWAL,
            renewing(90),
            "The renewal is on 1 Jun 2026, within 90 days; at-risk at 60.",
        ),
    ],
)
def test_each_kind_says_why_it_began(
    written: dict[str, Any], there: Situation, reason: str
) -> None:
    (decision,) = decide(there, [book(written)], model(), morning(1))

    assert isinstance(decision, Start)
    assert decision.reason == reason


def ending(written: dict[str, Any], there: Situation, band: str = "at-risk") -> Decision | None:
    """Return what becomes of a play of this trigger that opened in the band some days ago."""
    play = OpenPlay(7, "mine", band, morning(-9), Decimal(60))
    known = {name: getattr(there, name) for name in Situation.__slots__}
    found = decide(
        Situation(**known | {"open_plays": (play,)}), [book(written)], model(), morning(1)
    )
    return next((each for each in found if isinstance(each, Close)), None)


@pytest.mark.parametrize(
    ("written", "there", "outcome", "reason"),
    [
        (UNDER_65, seen(60, 68), "recovered", "The score is back over 65, at 68."),
        (OVER_95, seen(96, 91.9), "over", "The score is under 95 again, at 91.9."),
        (
            LOGINS,
            with_logins(30, logins(43)),
            "recovered",
            "login_frequency is back over 40, at 43.",
        ),
        (STAYS_AT_RISK, seen(60, 45), "over", "No longer in at-risk: in churn-risk, at 45."),
        (TURNS, seen(60, 70), "recovered", "The trend is improving, at 70."),
        (RENEWAL, renewing(40, 60, 90), "recovered", "Back from at-risk to healthy, at 90."),
        (RENEWAL, renewing(-1), "over", "The renewal date, 2026-03-02, is past."),
        (RENEWAL, renewing(400), "over", "The renewal was moved to 2027-04-07."),
        (RENEWAL, seen(60, 60), "over", "The renewal date is not known any more."),
    ],
)
def test_each_kind_ends_in_its_own_way(
    written: dict[str, Any], there: Situation, outcome: str, reason: str
) -> None:
    closed = ending(written, there)

    assert closed == Close(7, "mine", outcome, reason)  # type: ignore[arg-type] # a word of them


@pytest.mark.parametrize(
    ("written", "there"),
    [
        (UNDER_65, seen(60, 67.99)),
        (OVER_95, seen(96, 92)),
        (LOGINS, with_logins(30, logins(42))),
        (LOGINS, with_logins(30, logins(99, "stale"))),
        (TURNS, seen(60, 60)),
        (RENEWAL, renewing(0)),
    ],
)
def test_dancing_on_the_number_ends_nothing(written: dict[str, Any], there: Situation) -> None:
    assert ending(written, there) is None


def test_a_renewal_near_goes_on_in_another_of_its_bands() -> None:
    risen = renewing(40, 45, 60)

    assert ending(RENEWAL, risen, "churn-risk") is None


def test_rule_5_a_score_dancing_on_a_crossed_number_alerts_once() -> None:
    life = Life(library=[book(UNDER_65, guards={"cool_down_days": 0})])

    life.lives(70, *[64.9, 65.1] * 15)

    assert [day for day, _, _ in life.starts()] == [1]
    assert life.closes() == []


def test_rule_3_a_first_sight_beyond_the_number_is_a_silent_baseline() -> None:
    life = Life(library=[book(UNDER_65)])

    life.lives(40, 39)

    assert life.starts() == []
    assert life.skips() == [(0, "mine", "first_sight")]


def test_one_fall_is_answered_once_and_by_the_band_entered() -> None:
    life = Life(library=[*playbooks(), book(UNDER_65)])

    life.lives(80, 60)

    assert [name for _, name, _ in life.starts()] == ["new-at-risk"]
    assert life.skips() == [(1, "mine", "answered")]


def test_a_recovery_answers_no_crossing() -> None:
    life = Life(library=[*playbooks(), book(OVER_95)])

    life.lives(80, 60, 96)

    assert [code for _, name, code in life.skips() if name == "mine"] == ["cool_down"]


def test_a_renewal_waits_for_the_cool_down_of_the_fall_that_came_the_same_day() -> None:
    falls = renewing(45, 90, 60)

    found = decide(falls, [*playbooks(), book(RENEWAL)], model(), morning(1))

    assert [each.playbook.name for each in found if isinstance(each, Start)] == ["new-at-risk"]
    (waits,) = [each for each in found if isinstance(each, Skip)]
    assert (waits.deferred, waits.reason) == (
        True,
        "new-at-risk starts today; this waits for its cool-down.",
    )


def test_what_was_put_off_starts_later_and_says_that_it_still_stands() -> None:
    later = seen(60, 59, deferred=frozenset({"mine"}))

    (decision,) = decide(later, [book(UNDER_65)], model(), morning(1))

    assert isinstance(decision, Start)
    assert decision.reason == "The score is still under 65, at 59."


def written_as(when: str, only_if: str = "{kind: always}") -> Playbook:
    text = (
        f"name: mine\nversion: 1\ntitle: Mine\nwhen: {when}\nonly_if: {only_if}\n"
        "then: [{step: alert, kind: slack_alert}]\n"
    )
    return parse(text, "mine.yaml")


def test_a_renewal_may_name_one_distance_without_a_list() -> None:
    near = written_as("{kind: renewal_near, within: 60, bands: at-risk}")

    assert fires(near.when, renewing(60))


@pytest.mark.parametrize(
    ("when", "only_if", "words"),
    [
        (
            "{kind: factor_crosses, factor: login_freqency, at: 40}",
            "{kind: always}",
            "did you mean 'login_frequency'?",
        ),
        (
            "{kind: crosses, at: 40}",
            "{kind: not, of: {kind: any, of: [{kind: factor, factor: usage, at_least: 3}]}}",
            "only_if.factor: found 'usage'",
        ),
        ("{kind: stays, bands: helthy, days: 14}", "{kind: always}", "did you mean 'healthy'?"),
    ],
)
def test_a_factor_or_band_the_model_does_not_have_is_refused(
    when: str, only_if: str, words: str
) -> None:
    with pytest.raises(PlaybookInvalid) as refused:
        check(written_as(when, only_if), model(), "mine.yaml")

    assert words in str(refused.value)


@pytest.mark.parametrize(
    "when",
    [
        "{kind: crosses, at: 0}",
        "{kind: crosses, at: 40, direction: down}",
        "{kind: stays, bands: healthy, days: 0}",
        "{kind: renewal_near, within: [], bands: at-risk}",
        "{kind: trend_turns, to: stable}",
    ],
)
def test_a_trigger_that_makes_no_sense_is_refused(when: str) -> None:
    with pytest.raises(PlaybookInvalid, match=r"mine\.yaml: line 4"):
        written_as(when)


def test_days_until_the_renewal_are_counted_from_the_day_described() -> None:
    assert renewing(40).renewal_in == 40
    assert seen(60, 60).renewal_in is None
    assert renewing(0).renewal_on == date(2026, 3, 3)
