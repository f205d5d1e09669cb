"""The pages about models are true: the reference is the code's, and the tutorial's model scores."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from scoring.load import parse, shipped_names
from scoring.manual import json_schema, markdown
from scoring.resolver import parse_resolver
from tests.scoring.worlds import World, ago, customer, scored, value_of

DOCS = Path(__file__).parents[1] / "docs"
REFERENCE = (DOCS / "models.md").read_text(encoding="utf-8")
TUTORIAL = (DOCS / "write-your-own-model.md").read_text(encoding="utf-8")


def yaml_in(page: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)


def test_the_reference_is_what_the_kinds_say_of_themselves() -> None:
    assert REFERENCE.endswith(markdown())


def test_the_reference_names_every_model_that_ships() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \|", REFERENCE, flags=re.MULTILINE)

    assert sorted(listed) == sorted(shipped_names())


def test_the_published_schema_is_the_models_own() -> None:
    published = json.loads((DOCS / "schemas" / "model.schema.json").read_text(encoding="utf-8"))

    assert published == json_schema()


def test_the_references_resolver_is_one() -> None:
    (text,) = yaml_in(REFERENCE)

    resolver = parse_resolver(text, "models.md")

    assert set(resolver.names()) <= set(shipped_names())


def test_the_tutorials_model_passes_the_check_and_the_schema() -> None:
    (text,) = yaml_in(TUTORIAL)

    model = parse(text, "mine.yaml")

    assert list(Draft202012Validator(json_schema()).iter_errors(yaml.safe_load(text))) == []
    assert sum(factor.weight for factor in model.factors) == 100


def test_the_tutorials_model_scores_as_the_tutorial_says() -> None:
    (text,) = yaml_in(TUTORIAL)
    world = World().event("export", *[ago(30 * month + 1) for month in range(7)])
    world.event("sso_login", *[ago(back) for back in range(9)] * 2).invoice(ago(9), ago(10))
    facts = replace(customer(), segment="enterprise", seats=9)

    score = scored(world, model=parse(text, "mine.yaml"), facts=facts)

    # 9 of 18 days; 18 sessions of 2 x 9; exports as usual; the one invoice paid in time.
    assert [value_of(score, name) for name in ("working_days", "sessions")] == [50, 100]
    assert [value_of(score, name) for name in ("exports", "invoices")] == [100, 100]
    assert (score.value, score.band) == (Decimal("80.00"), "healthy")
