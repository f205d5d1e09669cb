"""Which model a customer is scored by."""

from dataclasses import replace
from datetime import date

import pytest

from scoring.errors import ModelInvalid, NoModel
from scoring.figures import CustomerFacts
from scoring.load import shipped
from scoring.model import HealthModel
from scoring.resolver import Resolver, fits, is_valid, parse_resolver, resolved
from tests.scoring.worlds import TODAY, ago, customer

RESOLVER = parse_resolver(
    """
rules:
  - {model: onboarding, younger_than: 90}
  - {model: six-signal, segment: [enterprise, strategic]}
  - {model: points-and-penalties, plan: support-desk, tag: pilot}
  - {model: six-signal, lifecycle: renewal}
default: saas-five-factor
""",
    "resolver.yaml",
)


def named(name: str, version: int = 1, **changes: date) -> HealthModel:
    return shipped().model_copy(update={"name": name, "version": version, **changes})


MODELS = [named(name) for name in RESOLVER.names()]


def picked(facts: CustomerFacts) -> str:
    return resolved(RESOLVER, MODELS, facts, TODAY).name


def test_the_first_rule_that_fits_decides() -> None:
    young = customer(created_on=ago(89), segment="enterprise")
    older = customer(created_on=ago(90), segment="enterprise")

    assert picked(young) == "onboarding"
    assert picked(older) == "six-signal"


def test_everything_a_rule_says_must_apply() -> None:
    plan_only = replace(customer(), plan="support-desk")

    assert picked(plan_only) == "saas-five-factor"
    assert picked(replace(plan_only, tags=("old", "pilot"))) == "points-and-penalties"
    assert picked(replace(customer(), lifecycle="renewal")) == "six-signal"


def test_a_customer_of_whom_nothing_is_said_has_the_default() -> None:
    assert picked(customer()) == "saas-five-factor"


def test_every_model_that_may_be_picked_is_named_once() -> None:
    assert RESOLVER.names() == (
        "onboarding",
        "six-signal",
        "points-and-penalties",
        "saas-five-factor",
    )


def test_the_newest_version_valid_on_the_day_is_taken() -> None:
    only = Resolver(default="m")
    models = [
        named("m", 1, valid_until=ago(10)),
        named("m", 2, valid_from=ago(9)),
        named("m", 3, valid_from=date(2027, 1, 1)),
    ]

    assert resolved(only, models, customer(), TODAY).version == 2
    assert resolved(only, models, customer(), ago(10)).version == 1
    assert is_valid(models[1], ago(9))


def test_without_a_valid_default_there_is_no_model() -> None:
    with pytest.raises(NoModel, match="default model 'm'"):
        resolved(Resolver(default="m"), [], customer(), TODAY)


def test_a_rule_for_nobody_in_particular_is_refused() -> None:
    with pytest.raises(ModelInvalid, match="a rule with segment"):
        parse_resolver("rules: [{model: m}]\ndefault: m\n", "resolver.yaml")


def test_a_default_is_mandatory_and_words_are_checked() -> None:
    with pytest.raises(ModelInvalid) as caught:
        parse_resolver("rules: [{model: m, segmnt: x}]", "resolver.yaml")

    found = {fault.found: fault for fault in caught.value.faults}

    assert "no 'default'" in found
    assert found["'segmnt'"].nearest == "segment"


def test_one_word_stands_for_a_list_of_one() -> None:
    (rule,) = parse_resolver("rules: [{model: m, plan: gold}]\ndefault: m", "r.yaml").rules

    assert rule.plan == ("gold",)
    assert fits(rule, replace(customer(), plan="gold"), TODAY)
