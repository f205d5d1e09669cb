"""Bands in columns: which one a score is in, with the hold of the band before.

A band is told by its place in the model, best first; the place after the last is "unknown".
Scores are hundredths, so a limit is the first hundredth that reaches it.
"""

from decimal import ROUND_CEILING, Decimal
from typing import Final

import numpy as np

from scoring.columns.numbers import Codes, Ints
from scoring.model import UNKNOWN_BAND, HealthModel

# No band before, and one whose name the model does not know: both hold nobody.
NO_BAND: Final = -1
OTHER_BAND: Final = -2


def band_names(model: HealthModel) -> tuple[str, ...]:
    """Return the names bands are told by places of."""
    return (*(band.name for band in model.bands), UNKNOWN_BAND)


def band_codes(model: HealthModel) -> dict[str, int]:
    """Return the place of each band's name."""
    return {name: place for place, name in enumerate(band_names(model))}


def raw_bands(model: HealthModel, value: Ints) -> Codes:
    """Return the bands the scores fall into."""
    return _reached(model, value, Decimal(0))


def held_bands(model: HealthModel, value: Ints, coverage: Ints, previous: Codes) -> Codes:
    """Return the bands with hysteresis, and "unknown" where too little is known."""
    last = len(model.bands)
    raw = raw_bands(model, value)
    reached = _reached(model, value, model.hysteresis)
    worse = (previous >= 0) & (previous < last) & (raw < previous)
    held = np.where(worse, np.minimum(previous, reached), raw)
    unknown = (coverage == 0) | (coverage < hundredths(model.minimum_coverage))
    return np.where(unknown, last, held).astype(np.int8)


def hundredths(limit: Decimal) -> int:
    """Return the first whole hundredth that reaches the limit."""
    return int((limit * 100).to_integral_value(ROUND_CEILING))


def _reached(model: HealthModel, value: Ints, more: Decimal) -> Codes:
    """Return the best band whose limit is exceeded by so much; the place after the last if none."""
    limits = np.array([-hundredths(band.at_least + more) for band in model.bands], dtype=np.int64)
    return limits.searchsorted(-value, side="left").astype(np.int8)
