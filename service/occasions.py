"""Whom a silence or a record may concern today: looked up for many customers in few statements.

Of a silence it is told of whoever a playbook's trigger might fire for, and of some more; of a
record only of those for whom it fires. Where the playbook's condition can be told in columns, these
may still be quiet: all that is left of it then is the reason why nothing began.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta

from playbooks.playbook import Playbook
from playbooks.sieve import tells
from playbooks.situation import ANY_KIND
from playbooks.triggers import RecordArrives, Silent
from storage import arrivals, habits, plays
from storage.database import Transaction
from storage.plays import LastStarted


@dataclass(frozen=True, slots=True)
class Occasions:
    """Of whom a silence or a record speaks today.

    `spoken` are those to be looked at one by one. `arrived` names, beside each playbook whose
    condition columns can tell, those for whom its record fires. `overdue` have an invoice overdue;
    None where no playbook asks for it.
    """

    spoken: AbstractSet[int] = frozenset()
    arrived: Sequence[tuple[Playbook, AbstractSet[int]]] = ()
    overdue: AbstractSet[int] | None = None


def occasions(
    tx: Transaction, playbooks: Sequence[Playbook], ids: Sequence[int], as_of: date, eve: date
) -> Occasions:
    """Return of whom a silence reached its days since the eve, or a record arrived lately."""
    silent = _silent(tx, playbooks, ids, as_of, eve)
    asking = [(book, book.when) for book in playbooks if isinstance(book.when, RecordArrives)]
    if not asking:
        return Occasions(silent)
    kinds = frozenset(when.record for _, when in asking)
    newest = arrivals.newest(tx, ids, kinds, as_of)
    firing = [(book, _firing(when, newest[when.record], as_of, eve)) for book, when in asking]
    starts = plays.last_started(tx, sorted(set().union(*(who for _, who in firing))))
    arrived = [
        (book, {one for one, day in who.items() if not _told(day, starts.get((one, book.name)))})
        for book, who in firing
    ]
    closer = [who for book, who in arrived if not tells(book.only_if)]
    return Occasions(
        silent.union(*closer),
        [(book, who) for book, who in arrived if tells(book.only_if)],
        newest["invoice_overdue"].keys() if "invoice_overdue" in kinds else None,
    )


def _silent(
    tx: Transaction, playbooks: Sequence[Playbook], ids: Sequence[int], as_of: date, eve: date
) -> set[int]:
    whens = [book.when for book in playbooks]
    silent = {(when.of, when.days) for when in whens if isinstance(when, Silent)}
    found: set[int] = set()
    for what, days in sorted(silent):
        first, last = (day - timedelta(days=days) for day in (eve + timedelta(days=1), as_of))
        kind = None if what == ANY_KIND else what
        found |= habits.silent_since(tx, ids, kind, first, last).keys()
    return found


def _firing(
    when: RecordArrives, newest: Mapping[int, date], as_of: date, eve: date
) -> Mapping[int, date]:
    """Return whose record came since the eve, or within the days it may wait, and on what day."""
    reach = max((as_of - eve).days, when.for_days)
    since = as_of - timedelta(days=reach)
    return {one: day for one, day in newest.items() if day > since}


def _told(newest: date, last: LastStarted | None) -> bool:
    """Tell whether the playbook answered the newest of these records on an earlier day."""
    return last is not None and newest < last.at.date()
