"""A score as JSON-able data and back, without losing a digit: what a snapshot keeps."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from scoring.score import FactorScore, Score

FACTOR_NUMBERS = ("value", "weight", "effective_weight", "contribution")


def to_record(score: Score) -> dict[str, Any]:
    """Return the score as plain data; decimals and the day are text."""
    return {
        "model": score.model,
        "version": score.version,
        "as_of": score.as_of.isoformat(),
        "value": str(score.value),
        "coverage": str(score.coverage),
        "band": score.band,
        "raw_band": score.raw_band,
        "factors": [_factor_record(factor) for factor in score.factors],
    }


def from_record(record: Mapping[str, Any]) -> Score:
    """Return the score `to_record` was given; raises KeyError or ValueError on anything else."""
    return Score(
        model=record["model"],
        version=record["version"],
        as_of=date.fromisoformat(record["as_of"]),
        value=Decimal(record["value"]),
        coverage=Decimal(record["coverage"]),
        band=record["band"],
        raw_band=record["raw_band"],
        factors=tuple(_factor(item) for item in record["factors"]),
    )


def _factor_record(factor: FactorScore) -> dict[str, Any]:
    return {
        "name": factor.name,
        "title": factor.title,
        "status": factor.status,
        "policy": factor.policy,
        "raw": dict(factor.raw),
        **{name: str(getattr(factor, name)) for name in FACTOR_NUMBERS},
    }


def _factor(record: Mapping[str, Any]) -> FactorScore:
    numbers = {name: Decimal(record[name]) for name in FACTOR_NUMBERS}
    return FactorScore(**{**record, **numbers})
