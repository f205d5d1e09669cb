"""Scores that columns told and nobody stored yet: of those who are looked at one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scoring.columns.bands import band_names
from scoring.columns.scores import ScoreColumns
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


@dataclass(slots=True)
class Scored:
    """The scores of a share, a column each; a score becomes an object when it is asked for."""

    parts: list[_Part] = field(default_factory=list)

    def add(self, ids: Ids, columns: ScoreColumns, previous: NDArray[np.int8], sure: Mask) -> None:
        """Keep the scores of these customers; only who is `sure` will be told of."""
        self.parts.append(_Part(ids, columns, previous, sure))

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
