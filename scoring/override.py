"""What a person says over a score: set to, at least, at most. The computed score stays inside.

The override stands among the factors as one of no weight whose contribution is what it adds, so
that contributions still sum to the score shown, and a stored score tells both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, Literal, assert_never

from scoring.bands import raw_band
from scoring.factors import FactorScore
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.score import Score

OVERRIDE: Final = "override"
NOTHING: Final = Decimal("0.00")
Kind = Literal["set", "floor", "ceiling"]


@dataclass(frozen=True, slots=True)
class Override:
    """What somebody says the score is, is at least, or is at most, until a day, and why.

    `value` is 0-100 with two decimals; `number` tells one override from the next.
    """

    number: int
    kind: Kind
    value: Decimal
    author: str
    until: date
    reason: str

    def over(self, value: Decimal) -> Decimal:
        """Return what is shown instead of a computed value; it may be the same."""
        match self.kind:
            case "set":
                return self.value
            case "floor":
                return max(self.value, value)
            case "ceiling":
                return min(self.value, value)
            case _:
                assert_never(self.kind)


def overridden(model: HealthModel, score: Score, override: Override | None) -> Score:
    """Return the score as it is shown under the override; one that stood before goes.

    A value somebody said stands in the band of that value, with no hysteresis, for a person moved
    it there. Where too little is known for a band, only a value that was set makes one.
    """
    own = computed(score)
    if override is None:
        return own
    value = override.over(own.value)
    factor = _factor(own, override, value - own.value)
    unknown = own.band == UNKNOWN_BAND and override.kind != "set"
    if unknown or (value == own.value and override.kind != "set"):
        return replace(own, value=value, factors=(*own.factors, factor))
    band = raw_band(model, value).name
    return replace(own, value=value, band=band, raw_band=band, factors=(*own.factors, factor))


def computed(score: Score) -> Score:
    """Return the score as the model computed it, whatever anybody said."""
    said = _standing(score)
    if said is None:
        return score
    return replace(
        score,
        value=Decimal(str(said.raw["computed"])),
        band=str(said.raw["computed_band"]),
        raw_band=str(said.raw["computed_raw_band"]),
        factors=measured(score),
    )


def measured(score: Score) -> tuple[FactorScore, ...]:
    """Return the factors that were measured."""
    return tuple(factor for factor in score.factors if factor.name != OVERRIDE)


def override_in(score: Score) -> Override | None:
    """Return the override a score was shown under."""
    said = _standing(score)
    return None if said is None else _read(said.raw)


def number_in(score: Score | None) -> int | None:
    """Return which override a score was shown under, to tell whether two compare."""
    said = override_in(score) if score else None
    return said.number if said else None


def override_words(override: Override, own: Decimal) -> str:
    """Return it in a sentence: "computed 41.00, set to 60 by Carla until 1 Dec 2026: why"."""
    until = f"{override.until.day} {override.until:%b %Y}"
    verb = {"set": "set to", "floor": "at least", "ceiling": "at most"}[override.kind]
    value = f"{override.value.normalize():f}"
    said = f"{verb} {value} by {override.author} until {until}"
    return f"computed {own:.2f}, {said}: {override.reason}"


def _standing(score: Score) -> FactorScore | None:
    return next((factor for factor in score.factors if factor.name == OVERRIDE), None)


def _factor(own: Score, override: Override, points: Decimal) -> FactorScore:
    return FactorScore(
        name=OVERRIDE,
        title="Override",
        value=override.value,
        status="not_applicable",
        weight=Decimal(0),
        effective_weight=Decimal(0),
        contribution=points + NOTHING,
        raw={
            "measure": OVERRIDE,
            "number": override.number,
            "kind": override.kind,
            "to": str(override.value),
            "author": override.author,
            "until": override.until.isoformat(),
            "reason": override.reason,
            "computed": str(own.value),
            "computed_band": own.band,
            "computed_raw_band": own.raw_band,
        },
        policy=None,
    )


def _read(raw: Mapping[str, object]) -> Override:
    kind = str(raw["kind"])
    return Override(
        number=int(str(raw["number"])),
        kind=kind if kind in {"set", "floor", "ceiling"} else "set",  # type: ignore[arg-type] # mypy does not narrow a text by membership
        value=Decimal(str(raw["to"])),
        author=str(raw["author"]),
        until=date.fromisoformat(str(raw["until"])),
        reason=str(raw["reason"]),
    )
