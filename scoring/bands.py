"""Which band a score is in, by the numbers alone and with the hold of the band before."""

from decimal import Decimal

from scoring.model import UNKNOWN_BAND, Band, HealthModel


def raw_band(model: HealthModel, value: Decimal) -> Band:
    """Return the band the score falls into; bands are best first and the last begins at 0."""
    return next(band for band in model.bands if value >= band.at_least)


def held_band(model: HealthModel, value: Decimal, previous: str | None) -> Band:
    """Return the band with hysteresis: a worse band is left only well above its upper edge.

    A customer falls the moment a threshold is passed, and rises only to bands whose threshold is
    exceeded by the model's hysteresis. A previous band the model does not know holds nobody.
    """
    raw = raw_band(model, value)
    held = next((band for band in model.bands if band.name == previous), None)
    if held is None or raw.at_least <= held.at_least:
        return raw
    reached = [band for band in model.bands if value >= band.at_least + model.hysteresis]
    return max((held, *reached[:1]), key=lambda band: band.at_least)


def is_worse(model: HealthModel, band: str, than: str) -> bool:
    """Tell whether `band` is worse than the other; False when the model knows not both."""
    floors = {known.name: known.at_least for known in model.bands}
    return band in floors and than in floors and floors[band] < floors[than]


def tone(model: HealthModel, band: str) -> str:
    """Return how a band is to be shown: its tone, or "unknown"."""
    return next((known.tone for known in model.bands if known.name == band), UNKNOWN_BAND)
