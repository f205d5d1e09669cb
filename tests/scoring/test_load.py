"""A model file is checked as a whole, and every fault says where, what and what instead."""

from decimal import Decimal

import pytest

from scoring.errors import Fault, ModelInvalid, UnknownModel
from scoring.load import parse, shipped, shipped_names

GOOD = """\
name: mine
version: 3
title: Ours
bands:
  - {name: good, at_least: 60, tone: good}
  - {name: bad, at_least: 0, tone: critical}
factors:
  - name: logins
    title: Logins
    noun: logins
    weight: 12.5
    measure:
      kind: count
      events: [login, sign_in]
      days: 30
    scale: {kind: up_to, target: {default: 20, segments: {enterprise: 60}}}
"""


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(ModelInvalid) as caught:
        parse(text, "mine.yaml")
    return caught.value.faults


def changed(old: str, new: str) -> tuple[Fault, ...]:
    assert old in GOOD
    return faults_of(GOOD.replace(old, new))


def test_a_good_file_becomes_a_model_with_exact_numbers() -> None:
    model = parse(GOOD, "mine.yaml")

    assert model.identity == "mine@3"
    assert model.factors[0].weight == Decimal("12.5")
    assert model.sources() == {"events:login", "events:sign_in"}
    assert model.hysteresis == 3
    assert model.trend_threshold == 5


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_model_loads_under_its_own_name(name: str) -> None:
    assert shipped(name).name == name


def test_an_unknown_shipped_model_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownModel, match="saas-five-factor"):
        shipped("saas-six-factor")


def test_a_misspelt_word_says_its_line_and_the_nearest_right_word() -> None:
    (fault,) = changed("    title: Logins", "    title: Logins\n    minimum_ag: 7")

    assert fault.line == 10
    assert fault.where == "factors[0].minimum_ag"
    assert fault.found == "'minimum_ag'"
    assert fault.nearest == "minimum_age"
    assert "measure" in fault.allowed


@pytest.mark.parametrize(
    ("old", "new", "line", "where", "nearest"),
    [
        ("kind: count", "kind: coutn", 13, "factors[0].measure.kind", "count"),
        ("kind: up_to", "kind: upto", 16, "factors[0].scale.kind", "up_to"),
        ("tone: critical", "tone: critcal", 6, "bands[1].tone", "critical"),
        ("events:", "event:", 14, "factors[0].measure.event", "events"),
        ("segments:", "segment:", 16, "factors[0].scale.target.segment", "segments"),
    ],
)
def test_misspelt_kinds_and_fields_are_found_where_they_stand(
    old: str, new: str, line: int, where: str, nearest: str
) -> None:
    faults = {fault.where: fault for fault in changed(old, new)}

    assert faults[where].line == line
    assert faults[where].nearest == nearest


@pytest.mark.parametrize(
    ("old", "new", "found", "allowed"),
    [
        ("weight: 12.5", "weight: 0", "0", "a number above 0"),
        ("weight: 12.5", "weight: '12.5'", "'12.5'", "a number without quotes"),
        ("weight: 12.5", "weight: true", "true", "a number without quotes"),
        ("weight: 12.5", "weight: .nan", "'.nan'", "a number without quotes"),
        ("version: 3", "version: 3.5", "3.5", "a whole number"),
        ("days: 30", "days: 0", "0", "a number of at least 1"),
        ("at_least: 0", "at_least: 1", "a list of 2", "bands of which the last begins at 0"),
        ("name: bad", "name: good", "a list of 2", "band names that differ"),
        ("name: bad", "name: unknown", "a list of 2", "band names other than 'unknown'"),
        ("at_least: 60", "at_least: 0", "a list of 2", "bands from the best to the worst"),
        ("name: mine", "name: Mine!", "'Mine!'", "lower-case words"),
        ("events: [login, sign_in]", "events: []", "a list of 0", "at least 1 of them"),
        ("title: Ours", "title: ''", "''", "some text"),
        ("target: {default: 20, segments: {enterprise: 60}}", "target: [1]", "a list of 1", "or"),
    ],
)
def test_a_wrong_value_says_what_was_found_and_what_is_allowed(
    old: str, new: str, found: str, allowed: str
) -> None:
    (fault,) = changed(old, new)

    assert fault.found == found
    assert allowed in fault.allowed


def test_what_is_missing_is_named() -> None:
    (fault,) = changed("    weight: 12.5\n", "")

    assert fault.found == "no 'weight'"
    assert fault.line == 8


def test_all_faults_are_reported_together_in_the_order_of_their_lines() -> None:
    text = GOOD.replace("version: 3", "version: no").replace("weight: 12.5", "weight: -1")
    text = text.replace("kind: up_to", "kind: down_to").replace("tone: good", "tone: happy")

    faults = faults_of(text)

    assert [fault.line for fault in faults] == [2, 5, 11, 16]


def test_the_message_reads_file_line_place_found_and_allowed() -> None:
    with pytest.raises(ModelInvalid) as caught:
        parse(GOOD.replace("kind: count", "kind: coutn"), "mine.yaml")

    first = str(caught.value).splitlines()[0]

    assert first.startswith("mine.yaml: line 13: factors[0].measure.kind: found 'coutn', allowed: ")
    assert first.endswith("(did you mean 'count'?)")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "an empty file"),
        ("name: [", "no YAML"),
        ("name: a\nname: b", "'name' a second time"),
        ("a: &x 1\nb: *x", "an anchor or alias"),
        ("a: 1\n---\nb: 2", "a second document"),
        ("[" * 5000, "more than 20 levels"),
        ("x" * 300_000, "300,000 characters"),
        ("name: \0", "no YAML"),
        ("- just\n- a list", "a list of 2"),
        ("only text", "'only text'"),
        ("? [1, 2]\n: 3", "'?'"),
    ],
)
def test_what_is_no_model_at_all_is_refused_in_words(text: str, found: str) -> None:
    faults = faults_of(text)

    assert any(found in fault.found for fault in faults)


def test_two_factors_of_one_name_are_refused() -> None:
    factor = GOOD[GOOD.index("  - name: logins") :]

    faults = faults_of(GOOD + factor)

    assert "'logins' stands twice" in faults[0].allowed


def test_words_that_only_old_yaml_takes_for_more_are_text() -> None:
    model = parse(GOOD.replace("title: Ours", "title: on"), "mine.yaml")

    assert model.title == "on"
