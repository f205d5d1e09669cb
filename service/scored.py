"""What is known of a share before its customers are looked at: their figures, their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.columns.bands import band_names
from scoring.columns.block import Column, taken
from scoring.columns.scores import ScoreColumns
from scoring.figures import Figure
from scoring.score import Score

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Part:
    """Columns of some customers, ascending by id, with the places of the bands they came from."""

    ids: Ids
    columns: ScoreColumns
    previous: NDArray[np.int8]
    sure: Mask


@dataclass(frozen=True, slots=True)
class Figures:
    """What all figures of a model were answered for customers, ascending by id."""

    ids: Ids
    columns: Mapping[Figure[Any], Column]


@dataclass(slots=True)
class Scored:
    """The scores of a share, a column each; a score becomes an object when it is asked for.

    `figures` were read ahead, where somebody did.
    """

    figures: Figures | None = None
    parts: list[_Part] = field(default_factory=list)

    def answered(self, ids: Ids) -> Mapping[Figure[Any], Column] | None:
        """Return the answers for these customers, given ascending; None where one is missing."""
        if self.figures is None or not np.isin(ids, self.figures.ids).all():
            return None
        return taken(self.figures.columns, np.searchsorted(self.figures.ids, ids))

    def add(self, ids: Ids, columns: ScoreColumns, previous: NDArray[np.int8], sure: Mask) -> None:
        """Keep the scores of these customers; only who is `sure` will be told of."""
        self.parts.append(_Part(ids, columns, previous, sure))

    def compared(self, ids: Sequence[int]) -> set[int]:
        """Return whose score here was told from a band before, over which nobody said a word."""
        parts = [each.ids[each.sure & (each.previous >= 0)] for each in self.parts]
        return set(ids).intersection(np.concatenate(parts).tolist()) if parts else set()

    def among(self, ids: Sequence[int]) -> dict[int, tuple[str | None, Score]]:
        """Return the scores of those of these customers who have one, and the bands before."""
        found: dict[int, tuple[str | None, Score]] = {}
        asked = np.array(ids, np.int64)
        for part in self.parts:
            names = (*band_names(part.columns.model), None)
            for row in np.flatnonzero(np.isin(part.ids, asked) & part.sure).tolist():
                before = names[max(int(part.previous[row]), -1)]
                found[int(part.ids[row])] = before, part.columns.at(row)
        return found
