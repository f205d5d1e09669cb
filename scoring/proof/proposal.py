"""A tuned model as a file: weights, scales and bands, and in its header why to believe it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from scoring.load import parse
from scoring.model import HealthModel
from scoring.proof.alarms import quantile
from scoring.proof.candidates import Candidate

# What share of customers stands in each band or a worse one, worst first, by the number of bands:
# few enough to call, many enough to catch.
SHARES: Final[Mapping[int, tuple[float, ...]]] = {
    2: (0.10,),
    3: (0.08, 0.25),
    4: (0.05, 0.12, 0.30),
    5: (0.03, 0.08, 0.20, 0.45),
}
WIDTH: Final = 96


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate that stays, with its scale as a model file says it, and its share of weight."""

    candidate: Candidate
    scale: Mapping[str, Any]
    weight: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A model file's text, and the model it says."""

    text: str
    model: HealthModel


def proposal(
    name: str,
    title: str,
    chosen: Sequence[Chosen],
    bands: Sequence[Mapping[str, Any]],
    evidence: Sequence[str],
) -> Proposal:
    """Return the file; `evidence` goes into its header, line by line."""
    written = {
        "name": name,
        "version": 1,
        "title": title,
        "bands": list(bands),
        "minimum_coverage": 40,
        "factors": [_factor(each) for each in chosen],
    }
    body = yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=WIDTH)
    header = "".join(f"# {line}".rstrip() + "\n" for line in evidence)
    text = f"{header}\n{body}"
    return Proposal(text, parse(text, f"{name}.yaml"))


def bands_for(model: HealthModel, scores: Sequence[float]) -> list[dict[str, Any]]:
    """Return the bands of the model in use, placed so that few customers are in the worst ones.

    `scores` are what the proposed model gives in the past it was fitted on.
    """
    known = list(reversed(model.bands))
    ordered = sorted(scores)
    shares = SHARES.get(len(known)) or tuple(
        (at + 1) / (2 * len(known)) for at in range(len(known) - 1)
    )
    floors = [0, *_floors([quantile(ordered, share) or 0.0 for share in shares])]
    return [
        {"name": band.name, "at_least": floor, "tone": band.tone}
        for band, floor in reversed(list(zip(known, floors, strict=True)))
    ]


def _floors(found: Sequence[float]) -> list[int]:
    """Return whole thresholds that rise, whatever rounding did to them."""
    floors: list[int] = []
    for number in found:
        floors.append(max(round(number), floors[-1] + 1 if floors else 1))
    return floors


def _factor(each: Chosen) -> dict[str, Any]:
    return {
        "name": each.candidate.name,
        "title": each.candidate.title,
        "noun": each.candidate.noun,
        "weight": max(1, round(each.weight)),
        "measure": dict(each.candidate.measure),
        "scale": dict(each.scale),
    }
