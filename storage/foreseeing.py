"""New events spelled before their own transaction, while another one is being written.

Nothing is promised by it: whether an id is taken is known only when it is inserted. Numbers of
words never change once they are given.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from storage.database import Transaction
from storage.given import Given, Numbers, features_of, numbered
from storage.laying import Ready, ready
from storage.names import numbers
from storage.tables import feature, feed, kind

# So many ids are looked up to tell whether it was sent before: who sends again sends all again.
SAMPLE: Final = 50


class Foreseen(NamedTuple):
    """Events ready to be inserted if all of them are new; their ids by feed, and some of them."""

    ready: Ready
    sample: Mapping[int, Sequence[str]]
    ids: Mapping[int, Sequence[str]]


def foresee(tx: Transaction, events: Given, received_at: datetime) -> Foreseen | None:
    """Spell the events; nothing is written. None where a word is new, or an id comes twice."""
    known = _numbers(tx, events)
    if known is None or _repeat(events):
        return None
    columns = numbered(events, known)
    step = max(1, len(events.feed) // SAMPLE)
    sample, ids = (_by_feed(columns.feed_id[::n], columns.event_id[::n]) for n in (step, 1))
    return Foreseen(ready(tx.dialect.name, columns, received_at), sample, ids)


def _by_feed(feeds: Sequence[int], ids: Sequence[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {one: [] for one in set(feeds)}
    for number, event_id in zip(feeds, ids, strict=True):
        found[number].append(event_id)
    return found


def _repeat(events: Given) -> bool:
    if len(set(events.feed)) == 1:
        return len(set(events.event_id)) < len(events.event_id)
    return len(set(zip(events.feed, events.event_id, strict=True))) < len(events.event_id)


def _numbers(tx: Transaction, events: Given) -> Numbers | None:
    words = (set(events.feed), set(events.kind), features_of(events))
    tables = (feed, kind, feature)
    found = [numbers(tx, *one) for one in zip(tables, words, strict=True)]
    if any(len(known) < len(one) for known, one in zip(found, words, strict=True)):
        return None
    return Numbers(*found)
