"""Events as they are given to storage, and with numbers for their words: row by row, by column."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import repeat
from typing import Any, NamedTuple

from storage.tables import NO_FEATURE


class NewEvent(NamedTuple):
    """An event to keep. `digest` stands for its body: another digest under the same id conflicts.

    `value` is kept to a millionth and must be below a trillion. A tuple, because there are
    thousands at once and columns are made of them.
    """

    customer_id: int
    feed: str
    event_id: str
    kind: str
    feature: str | None
    occurred_at: datetime
    value: Decimal
    user: str | None
    properties: dict[str, Any] | None
    digest: str


class Given(NamedTuple):
    """Events as columns, each as a `NewEvent` has it."""

    customer_id: Sequence[int]
    feed: Sequence[str]
    event_id: Sequence[str]
    kind: Sequence[str]
    feature: Sequence[str | None]
    occurred_at: Sequence[datetime]
    value: Sequence[Decimal]
    user: Sequence[str | None]
    properties: Sequence[dict[str, Any] | None]
    digest: Sequence[str]


class Columns(NamedTuple):
    """Events column by column; the small numbers are those of feed, kind and feature."""

    feed_id: Sequence[int]
    event_id: Sequence[str]
    customer_id: Sequence[int]
    kind_id: Sequence[int]
    feature_id: Sequence[int]
    occurred_at: Sequence[datetime]
    value: Sequence[Decimal]
    user: Sequence[str | None]
    properties: Sequence[dict[str, Any] | None]
    stamp: Sequence[bytes]


class Numbers(NamedTuple):
    """The small numbers of words."""

    feeds: Mapping[str, int]
    kinds: Mapping[str, int]
    features: Mapping[str, int]


def given_by(events: Sequence[NewEvent]) -> Given:
    """Turn events into columns."""
    columns: Iterable[Sequence[Any]] = zip(*events, strict=True) if events else repeat((), 10)
    return Given(*columns)


def features_of(given: Given) -> set[str]:
    """Return the features that are named."""
    return {one for one in set(given.feature) if one}


def numbered(given: Given, numbers: Numbers) -> Columns:
    """Put numbers in place of words, each of which has one."""
    feeds, kinds = numbers.feeds, numbers.kinds
    features: dict[str | None, int] = {None: NO_FEATURE, "": NO_FEATURE}
    features.update(numbers.features)
    return Columns(
        [feeds[one] for one in given.feed],
        given.event_id,
        given.customer_id,
        [kinds[one] for one in given.kind],
        [features[one] for one in given.feature],
        given.occurred_at,
        given.value,
        given.user,
        given.properties,
        [hashlib.blake2b(one.encode(), digest_size=16).digest() for one in given.digest],
    )
