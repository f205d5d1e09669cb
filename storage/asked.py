"""Whom a pass over a table is about, and how what it finds is spread over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, false, select

from storage.columnar import Ints
from storage.tables import FEATURE_SOURCE, NO_FEATURE, activity_day, activity_span, customer

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked about, sorted; and the numbers of the words in the figures."""

    tx: Connection
    ids: Ints
    kinds: Mapping[str, int]
    features: Mapping[str, int]

    @property
    def bitwise(self) -> bool:
        """Tell whether the database adds up bits."""
        return self.tx.dialect.name == "postgresql"

    def concerns(self, owner: ColumnElement[int]) -> Condition:
        """Return the condition that a row is of one of them, or of somebody between them."""
        first, last = int(self.ids[0]), int(self.ids[-1])
        if self.bitwise:
            return owner.between(first, last)
        # Named one by one: for a range SQLite would read every day they ever had.
        return owner.in_(select(customer.c.id).where(customer.c.id.between(first, last)))

    def of_kinds(self, kinds: Sequence[str]) -> Condition:
        """Return the condition that a roll-up is of one of these kinds; none means any."""
        return self._of(activity_day.c.kind_id, kinds, self.kinds)

    def of_spans(self, kinds: Sequence[str]) -> Condition:
        """Return the condition that a span is of one of these kinds; none means any."""
        return self._of(activity_span.c.kind_id, kinds, self.kinds)

    def of_features(self, features: Sequence[str] | None) -> Condition:
        """Return the condition that a roll-up is of one of these features; None means any."""
        if features is None:
            return activity_day.c.feature_id > NO_FEATURE
        known = [self.features[word] for word in features if word in self.features]
        return activity_day.c.feature_id.in_(known) if known else false()

    def spread(self, owners: Ints, values: Ints, nothing: int = 0) -> Ints:
        """Return a column with these values at their owners' places; strangers are left out."""
        column = np.full(len(self.ids), nothing, np.int64)
        places, ours = self.places(owners)
        column[places[ours]] = values[ours]
        return column

    def places(self, owners: Ints) -> tuple[Ints, Any]:
        """Return where each owner stands, and which of them were asked about."""
        places = np.minimum(np.searchsorted(self.ids, owners), len(self.ids) - 1)
        return places, self.ids[places] == owners

    @staticmethod
    def _of(
        column: ColumnElement[int], words: Sequence[str], known: Mapping[str, int]
    ) -> Condition:
        if not words:
            return column > FEATURE_SOURCE
        found = [known[word] for word in words if word in known]
        return column.in_(found) if found else false()
