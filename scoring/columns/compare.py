"""What happened between two days' scores, in columns: trends and kinds of transition."""

from decimal import ROUND_FLOOR
from typing import Final

import numpy as np

from scoring.columns.bands import NO_BAND
from scoring.columns.numbers import Codes, Flags, Ints
from scoring.model import HealthModel
from scoring.transition import Kind
from scoring.trend import Trend

TRENDS: Final[tuple[Trend, ...]] = ("stable", "improving", "declining")
STABLE, IMPROVING, DECLINING = range(len(TRENDS))
KINDS: Final[tuple[Kind, ...]] = ("unchanged", "baseline", "improved", "worsened")
UNCHANGED, BASELINE, IMPROVED, WORSENED = range(len(KINDS))


def trends(model: HealthModel, value: Ints, before: Ints, known: Flags) -> Codes:
    """Return what `trend.trend` says, scores in hundredths; `known` tells where there is a before.

    A trend is told by its place in `TRENDS`.
    """
    most = int((model.trend_threshold * 100).to_integral_value(ROUND_FLOOR))
    change = value - before
    cases = [~known, change > most, -change > most]
    return np.select(cases, [STABLE, IMPROVING, DECLINING], STABLE).astype(np.int8)


def kinds(model: HealthModel, band: Codes, before: Codes, same: Flags) -> Codes:
    """Return what `transition.transition` calls each step, told by its place in `KINDS`.

    `same` tells where there is a score before, of this model and version; `before` is its band.
    """
    unknown = len(model.bands)
    # Of a band the model does not know nothing is worse.
    worse = (before >= 0) & (band > before)
    cases = [
        ~same | (before == NO_BAND),
        band == unknown,
        before == unknown,
        band == before,
        worse,
    ]
    chosen = [BASELINE, UNCHANGED, BASELINE, UNCHANGED, WORSENED]
    return np.select(cases, chosen, IMPROVED).astype(np.int8)
