"""What events add to each day: counted and added up in columns, sorted as the roll-up's key is."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from storage.sums import DAY_FULL

Ints = npt.NDArray[np.int64]

# Sums below this cannot overflow, however they are reckoned.
_SAFE: Final = float(2**62)


class Gains(NamedTuple):
    """Rows of the roll-up, as columns; days are ordinals, totals millionths."""

    day: Ints
    customer_id: Ints
    kind_id: Ints
    feature_id: Ints
    number: Ints
    total: Ints


def gains_of(days: Ints, owners: Ints, kinds: Ints, features: Ints, values: Ints) -> Gains:
    """Add the events up by day, customer, kind and feature."""
    order = np.lexsort((features, kinds, owners, days))
    key = [column[order] for column in (days, owners, kinds, features)]
    begins = np.flatnonzero(_differs(key))
    counts = np.diff(np.append(begins, len(order)))
    day, owner, kind, feature = (column[begins] for column in key)
    return Gains(day, owner, kind, feature, counts, _totals(values[order], begins))


def _differs(key: Sequence[Ints]) -> npt.NDArray[np.bool_]:
    """Tell for each row whether it is the first of its key."""
    first = np.ones(len(key[0]), np.bool_)
    first[1:] = np.any([column[1:] != column[:-1] for column in key], axis=0)
    return first


def _totals(values: Ints, begins: Ints) -> Ints:
    if np.abs(values.astype(np.float64)).sum() < _SAFE:
        return np.minimum(np.add.reduceat(values, begins), DAY_FULL)
    parts = np.split(values, begins[1:])
    return np.array([min(sum(part.tolist()), DAY_FULL) for part in parts], np.int64)
