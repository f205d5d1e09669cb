"""What a playbook may ask beside the score: silences, records that arrived, who is new, last touch.

Each is looked up for a whole batch, and only where some playbook asks for it. Who is not named in
the answer has nothing to show: most customers, on most days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from playbooks.conditions import asks_for_touch
from playbooks.playbook import Playbook
from playbooks.situation import ANY_KIND, Record, RecordKind, Silence
from playbooks.triggers import RecordArrives, Silent
from service.ports import House
from storage import arrivals, habits, running
from storage.database import Transaction

# What was usual is judged by so many days before the silence.
RHYTHM: Final = timedelta(weeks=8)
# A start put off by a cool-down finds the silence still told of for so long after it fell due.
PUT_OFF: Final = timedelta(days=21)
# Nobody of whom so little is known is used to anything.
FEWEST_DAYS: Final = 4
# A feed that nobody was heard on for longer than this says nothing about anybody's silence.
ALIVE: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Noticed:
    """What was noticed of one customer."""

    silences: Mapping[str, Silence] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    last_touch: date | None = None


NOTHING: Final = Noticed()


def noticed(
    tx: Transaction,
    house: House,
    ids: Sequence[int],
    as_of: date,
    *,
    watched: Mapping[int, Sequence[Playbook]] | None = None,
    only: Sequence[Playbook] | None = None,
) -> Mapping[int, Noticed]:
    """Return what is to be noticed of these customers, for the playbooks of the house, or `only`.

    `watched` names the playbooks of their open plays, which ask when a silence is over.
    """
    books = house.playbooks if only is None else only
    silences = _silences(tx, books, ids, as_of) if only is None else {}
    for one, found in _still_silent(tx, watched or {}, as_of).items():
        silences[one] = found | silences.get(one, {})
    running_books = [book for books in (watched or {}).values() for book in books]
    kinds = records_asked([*books, *running_books])
    records = arrivals.records(tx, ids, kinds, as_of) if kinds else {}
    touches = _touches(tx, books, ids)
    return {
        one: Noticed(silences.get(one, {}), records.get(one, ()), touches.get(one))
        for one in {*silences, *records, *touches}
    }


def records_known(playbooks: Iterable[Playbook]) -> bool:
    """Tell whether records are looked up at all, for these playbooks."""
    return bool(records_asked(playbooks))


def records_asked(playbooks: Iterable[Playbook]) -> frozenset[RecordKind]:
    """Return the kinds of records that playbooks begin with."""
    whens = (book.when for book in playbooks)
    return frozenset(when.record for when in whens if isinstance(when, RecordArrives))


def _touches(
    tx: Transaction, playbooks: Iterable[Playbook], ids: Sequence[int]
) -> Mapping[int, date]:
    asked = any(asks_for_touch(each) for book in playbooks for each in book.conditions())
    return running.last_touches(tx, ids) if asked else {}


def _silences(
    tx: Transaction, playbooks: Iterable[Playbook], ids: Sequence[int], as_of: date
) -> dict[int, dict[str, Silence]]:
    """Return the silences that fell due lately, with what was usual before each."""
    found: dict[int, dict[str, Silence]] = {}
    for what, since in silent_since(tx, playbooks, ids, as_of).items():
        for one, silence in _judged(tx, what, since, as_of).items():
            found.setdefault(one, {})[what] = silence
    return found


def silent_since(
    tx: Transaction, playbooks: Iterable[Playbook], ids: Sequence[int], as_of: date
) -> Mapping[str, Mapping[int, date]]:
    """Return since when these are silent of whose silence the playbooks ask, by what they ask."""
    found: dict[str, Mapping[int, date]] = {}
    for what, days in _asked(playbooks).items():
        last = as_of - timedelta(days=min(days))
        first = as_of - timedelta(days=max(days)) - PUT_OFF
        since = habits.silent_since(tx, ids, _kind(what), first, last)
        if since and habits.heard_lately(tx, _kind(what), as_of - ALIVE):
            found[what] = since
    return found


def _asked(playbooks: Iterable[Playbook]) -> Mapping[str, set[int]]:
    found: dict[str, set[int]] = {}
    for book in playbooks:
        if isinstance(book.when, Silent):
            found.setdefault(book.when.of, set()).add(book.when.days)
    return found


def _judged(
    tx: Transaction, what: str, since: Mapping[int, date], as_of: date
) -> Mapping[int, Silence]:
    first = min(since.values()) - RHYTHM
    days = habits.active_days(tx, sorted(since), _kind(what), first, max(since.values()))
    return {
        one: silence_of(
            last, [day for day in days.get(one, ()) if last - RHYTHM < day <= last], as_of
        )
        for one, last in since.items()
    }


def silence_of(last: date, days: Sequence[date], as_of: date) -> Silence:
    """Judge a silence by the eight weeks before; of too few days nothing is usual."""
    gaps = [(later - day).days - 1 for day, later in pairwise(days)]
    known = len(days) >= FEWEST_DAYS
    return Silence(
        days=(as_of - last).days,
        active_share=100 * len(days) // RHYTHM.days if known else 0,
        longest_gap=max(gaps, default=0) if known else RHYTHM.days,
    )


def _still_silent(
    tx: Transaction, watched: Mapping[int, Sequence[Playbook]], as_of: date
) -> Mapping[int, dict[str, Silence]]:
    """Return for how long those are silent for whom a play runs that asks."""
    asked: dict[str, set[int]] = {}
    for one, books in watched.items():
        for what in _asked(books):
            asked.setdefault(what, set()).add(one)
    found: dict[int, dict[str, Silence]] = {}
    for what, ids in asked.items():
        last = habits.silent_since(tx, sorted(ids), _kind(what), date.min, as_of)
        for one, day in last.items():
            found.setdefault(one, {})[what] = Silence((as_of - day).days, 0, RHYTHM.days)
    return found


def _kind(what: str) -> str | None:
    return None if what == ANY_KIND else what
