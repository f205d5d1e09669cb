"""What happened between two scores of a customer: the one thing playbooks react to."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from scoring.bands import is_worse
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.score import Score

Kind = Literal["baseline", "worsened", "improved", "unchanged"]


@dataclass(frozen=True, slots=True)
class Transition:
    """A step from one band to another, or none; a fall over two bands is one transition."""

    kind: Kind
    from_band: str | None
    to_band: str
    score_before: Decimal | None
    score_after: Decimal


def transition(model: HealthModel, previous: Score | None, current: Score) -> Transition:
    """Compare with the stored score before.

    Only scores of the same model and version are compared: anything else, a first sight and a
    band unknown before is a silent baseline. A band unknown now says nothing happened.
    """
    return Transition(
        kind=_kind(model, previous, current),
        from_band=previous.band if previous else None,
        to_band=current.band,
        score_before=previous.value if previous else None,
        score_after=current.value,
    )


def _kind(model: HealthModel, previous: Score | None, current: Score) -> Kind:
    if previous is None or previous.identity != current.identity:
        return "baseline"
    if current.band == UNKNOWN_BAND:
        return "unchanged"
    if previous.band == UNKNOWN_BAND:
        return "baseline"
    if previous.band == current.band:
        return "unchanged"
    return "worsened" if is_worse(model, current.band, previous.band) else "improved"
