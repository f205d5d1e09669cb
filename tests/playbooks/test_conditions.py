"""Only if: each kind of condition, what it is true of, and how it reads."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter

from playbooks.conditions import Condition, holds, words
from scoring.score import FactorScore
from tests.playbooks.lives import facts, score, situation

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)

BIG = {"kind": "arr", "at_least": 50_000}
SMB = {"kind": "segment", "is": "smb"}


def judged(written: dict[str, Any], **known: Any) -> bool:
    seen = situation(score(90), score(60, 1), facts=facts(**known))
    return holds(CONDITION.validate_python(written), seen)


@pytest.mark.parametrize(
    ("written", "known", "expected"),
    [
        (SMB, {"segment": "smb"}, True),
        (SMB, {}, False),
        ({"kind": "plan", "is": ["pro", "max"]}, {"plan": "max"}, True),
        ({"kind": "lifecycle", "is": "onboarding"}, {"lifecycle": "renewal"}, False),
        ({"kind": "band", "is": "at-risk"}, {}, True),
        ({"kind": "trend", "is": ["declining"]}, {}, True),
        ({"kind": "coverage", "at_least": 80}, {}, True),
        ({"kind": "coverage", "at_most": 80}, {}, False),
        (BIG, {"arr": Decimal(50_000)}, True),
        (BIG, {"arr": Decimal("49999.99")}, False),
        (BIG, {}, False),
        ({"kind": "all", "of": [BIG, SMB]}, {"arr": Decimal(60_000)}, False),
        ({"kind": "any", "of": [BIG, SMB]}, {"arr": Decimal(60_000)}, True),
        ({"kind": "not", "of": SMB}, {"segment": "smb"}, False),
        ({"kind": "tag", "is": ["pilot", "vip"]}, {"tags": ("vip", "eu")}, True),
        ({"kind": "tag", "is": "vip"}, {"tags": ("eu",)}, False),
        ({"kind": "tag", "is": "vip"}, {}, False),
        ({"kind": "always"}, {}, True),
    ],
)
def test_a_condition_is_true_of_whom_it_says(
    written: dict[str, Any], known: dict[str, Any], *, expected: bool
) -> None:
    assert judged(written, **known) is expected


def test_a_condition_reads_as_a_sentence() -> None:
    written = {"kind": "all", "of": [SMB, {"kind": "not", "of": BIG}]}

    said = words(CONDITION.validate_python(written))

    assert said == "segment is smb and not arr is at least 50000"


@pytest.mark.parametrize(
    ("csm", "expected"), [("Carla@Ours.example", True), ("olaf@ours.example", False), (None, True)]
)
def test_a_csm_is_known_by_address_and_nobody_stands_for_none(
    csm: str | None, *, expected: bool
) -> None:
    seen = situation(score(90), score(60, 1), csm=csm)
    written = {"kind": "csm", "is": ["carla@ours.example", "nobody"]}

    assert holds(CONDITION.validate_python(written), seen) is expected


@pytest.mark.parametrize(
    ("status", "expected"), [("known", True), ("stale", False), ("no_data", False)]
)
def test_a_factor_counts_only_where_it_is_known(status: Any, *, expected: bool) -> None:
    low = Decimal(20)
    factor = FactorScore("support_load", "Support", low, status, low, low, low, {})
    seen = situation(score(90), score(60, 1, factors=(factor,)))
    written = CONDITION.validate_python({"kind": "factor", "factor": "support_load", "at_most": 30})

    assert holds(written, seen) is expected
    assert words(written) == "factor support_load is at most 30"
