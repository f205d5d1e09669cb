"""Cases written down row by row, as a test thinks of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from scoring.load import shipped
from scoring.model import UNKNOWN_BAND
from scoring.proof.cases import Cases, Floats

BANDS = (*(band.name for band in shipped().bands), UNKNOWN_BAND)


@dataclass(frozen=True, slots=True)
class Case:
    """A row of `Cases`; None where nothing was known, or nobody churned."""

    customer: int
    stint: int
    as_of: date
    value: float
    band: str
    factors: tuple[float | None, ...]
    rivals: tuple[float | None, ...]
    churned_on: date | None
    churned: bool


def cases_of(rows: Sequence[Case]) -> Cases:
    """Return the rows in columns."""
    return Cases(
        bands=BANDS,
        customer=np.array([row.customer for row in rows], np.int32),
        stint=np.array([row.stint for row in rows], np.int32),
        as_of=np.array([row.as_of.toordinal() for row in rows], np.int32),
        value=np.array([row.value for row in rows], np.float64),
        band=np.array([BANDS.index(row.band) for row in rows], np.int8),
        churned_on=np.array(
            [row.churned_on.toordinal() if row.churned_on else 0 for row in rows], np.int32
        ),
        churned=np.array([row.churned for row in rows], np.bool_),
        factors=_columns([row.factors for row in rows]),
        rivals=_columns([row.rivals for row in rows]),
    )


def _columns(rows: Sequence[tuple[float | None, ...]]) -> tuple[Floats, ...]:
    return tuple(
        np.array([np.nan if one is None else one for one in column], np.float64)
        for column in zip(*rows, strict=True)
    )
