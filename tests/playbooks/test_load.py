"""A playbook file is understood as a whole, or refused with every fault and its line."""

import pytest

from playbooks.errors import PlaybookInvalid
from playbooks.load import SHIPPED, check, parse, shipped
from playbooks.playbook import Playbook
from playbooks.steps import Email, Survey, every
from playbooks.triggers import bands_named
from scoring.load import shipped as model
from scoring.load import shipped_names
from scoring.model import HealthModel

GOOD = """
name: quiet
version: 1
title: Gone quiet
when: {kind: drops, points: 15, days: 7}
only_if:
  kind: all
  of:
    - {kind: segment, is: [enterprise, smb]}
    - {kind: not, of: {kind: arr, at_most: 1000}}
then:
  - {step: alert, kind: slack_alert}
  - {step: outreach, kind: email, template: outreach_at_risk}
"""


def refusal(text: str) -> PlaybookInvalid:
    with pytest.raises(PlaybookInvalid) as caught:
        parse(text, "quiet.yaml")
    return caught.value


def test_a_playbook_says_when_only_if_and_then() -> None:
    playbook = parse(GOOD, "quiet.yaml")

    assert playbook.identity == "quiet@1"
    assert [step.step for step in playbook.then] == ["alert", "outreach"]


def test_guards_have_safe_defaults_and_mail_waits_for_a_yes() -> None:
    playbook = parse(GOOD, "quiet.yaml")

    guards = playbook.guards
    assert (guards.once_per_episode, guards.cool_down_days) == (True, 14)
    assert (guards.worse_band_passes, guards.exit_on_recovery) == (True, True)
    mail = playbook.then[1]
    assert isinstance(mail, Email)
    assert mail.approval


def test_one_band_may_be_written_without_a_list() -> None:
    text = GOOD.replace("{kind: drops, points: 15, days: 7}", "{kind: enters_band, bands: at-risk}")

    assert bands_named(parse(text, "quiet.yaml").when) == ("at-risk",)


@pytest.mark.parametrize(
    ("good", "bad", "line", "words"),
    [
        ("kind: drops", "kind: drop", 5, "found 'drop', allowed: enters_band, leaves_band, drops"),
        ("kind: drops", "kind: drop", 5, "did you mean 'drops'?"),
        ("points: 15", "points: much", 5, "found 'much'"),
        ("days: 7", "days: 8", 5, "found 8, allowed: 7, 30"),
        ("title: Gone quiet", "titel: Gone quiet", 4, "did you mean 'title'?"),
        ("kind: segment", "kind: segmnt", 9, "did you mean 'segment'?"),
        ("kind: slack_alert", "kind: slack_alarm", 12, "did you mean 'slack_alert'?"),
        ("template: outreach", "tempalte: outreach", 13, "did you mean 'template'?"),
        ("step: outreach,", "step: alert,", 2, "two steps are called alert"),
        ("  - {step: alert, kind: slack_alert}\n", "", 2, "needs a slack_alert step"),
        ("kind: arr, at_most: 1000", "kind: arr", 10, "at_least, at_most or both"),
        ("version: 1", "version: 1\nversion: 2", 4, "'version' a second time"),
        ("version: 1", "version: [", 5, "no YAML"),
    ],
)
def test_a_fault_names_line_found_and_allowed(good: str, bad: str, line: int, words: str) -> None:
    text = GOOD.replace(good, bad, 1)

    error = refusal(text)

    assert str(error).startswith("quiet.yaml: line ")
    assert [fault.line for fault in error.faults if words in str(fault)] == [line]


def test_every_fault_of_a_file_is_told_at_once() -> None:
    text = GOOD.replace("days: 7", "days: 8").replace("version: 1", "version: 0")

    assert len(refusal(text).faults) == 2


@pytest.mark.parametrize("text", ["", "just words", "- a list", "a: &x 1\nb: *x"])
def test_what_is_no_playbook_at_all_is_refused(text: str) -> None:
    assert refusal(text).faults


def test_a_band_the_model_does_not_have_is_refused_with_the_nearest_one() -> None:
    text = GOOD.replace("{kind: drops, points: 15, days: 7}", "{kind: enters_band, bands: atrisk}")

    with pytest.raises(PlaybookInvalid, match="did you mean 'at-risk'"):
        check(parse(text, "quiet.yaml"), model(), "quiet.yaml")


@pytest.mark.parametrize("name", shipped_names())
def test_most_shipped_playbooks_fit_each_shipped_model(name: str) -> None:
    known = model(name)

    unfit = [playbook.name for playbook in shipped() if not _fits(playbook, known)]

    assert set(unfit) <= {"churn-risk", "critical-save", "new-at-risk", "payment-and-usage"}


def test_the_ten_playbooks_ship_and_fit_the_default_model_but_for_bands_it_lacks() -> None:
    unfit = [playbook.name for playbook in shipped() if not _fits(playbook, model())]

    assert [playbook.name for playbook in shipped()] == list(SHIPPED)
    assert len(SHIPPED) == 10
    assert unfit == ["critical-save"]


def test_a_factor_in_an_any_may_be_another_models_but_not_all_of_them() -> None:
    one = "{kind: factor, factor: login_frequency, at_most: 50}"
    strange = "{kind: factor, factor: api_trnd, at_most: 50}"
    mixed = parse(_only_if(f"{{kind: any, of: [{one}, {strange}]}}"), "quiet.yaml")
    wrong = parse(_only_if(f"{{kind: any, of: [{strange}]}}"), "quiet.yaml")

    check(mixed, model(), "quiet.yaml")
    with pytest.raises(PlaybookInvalid, match="did you mean 'api_trend'"):
        check(wrong, model(), "quiet.yaml")


@pytest.mark.parametrize(
    ("when", "ends"),
    [
        ("{kind: schedule, every: quarter}", False),
        ("{kind: record_arrives, record: nps_detractor}", False),
        ("{kind: record_arrives, record: angry_ticket}", False),
        ("{kind: record_arrives, record: invoice_overdue}", True),
    ],
)
def test_a_playbook_whose_plays_nothing_would_end_is_refused(when: str, ends: bool) -> None:  # noqa: FBT001 - a table
    text = GOOD.replace("{kind: drops, points: 15, days: 7}", when)
    stopping = f"{text.rstrip()}\n  - {{step: end, kind: stop}}\n"

    check(parse(stopping, "quiet.yaml"), model(), "quiet.yaml")
    if ends:
        check(parse(text, "quiet.yaml"), model(), "quiet.yaml")
    else:
        with pytest.raises(PlaybookInvalid, match="then: found no stop"):
            check(parse(text, "quiet.yaml"), model(), "quiet.yaml")


def test_no_shipped_playbook_mails_a_customer_without_a_yes() -> None:
    mails = [
        step for each in shipped() for step in every(each.then) if isinstance(step, Email | Survey)
    ]

    assert len(mails) == 12
    assert all(mail.approval for mail in mails)


def _only_if(condition: str) -> str:
    head, _, rest = GOOD.partition("only_if:")
    return f"{head}only_if: {condition}\nthen:{rest.partition('then:')[2]}"


def _fits(playbook: Playbook, known: HealthModel) -> bool:
    try:
        check(playbook, known, playbook.name)
    except PlaybookInvalid:
        return False
    return True
