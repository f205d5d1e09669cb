"""Whom a silence or a record may concern today: looked up for many customers in few statements.

Of a silence it is told of whoever a playbook's trigger might fire for, and of some more; of a
record only of those for whom it fires. Where the playbook's condition can be told in columns, these
may still be quiet: all that is left of it then is the reason why nothing began.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta

from playbooks.playbook import Playbook
from playbooks.sieve import tells
from playbooks.situation import ANY_KIND, Record
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
    found = arrivals.records(tx, ids, kinds, as_of)
    starts = plays.last_started(tx, sorted(found))
    arrived = [
        (
            book,
            {
                one
                for one, records in found.items()
                if _fires(when, records, as_of, eve)
                and not _told(when, records, starts.get((one, book.name)))
            },
        )
        for book, when in asking
    ]
    closer = [who for book, who in arrived if not tells(book.only_if)]
    overdue = {one for one, each in found.items() if any(_is_overdue(record) for record in each)}
    return Occasions(
        silent.union(*closer),
        [(book, who) for book, who in arrived if tells(book.only_if)],
        overdue if "invoice_overdue" in kinds else None,
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


def _fires(when: RecordArrives, records: Sequence[Record], as_of: date, eve: date) -> bool:
    """Tell whether a record came since the eve, or within the days it may wait."""
    reach = max((as_of - eve).days, when.for_days)
    return any(one.kind == when.record and 0 <= (as_of - one.on).days < reach for one in records)


def _told(when: RecordArrives, records: Sequence[Record], last: LastStarted | None) -> bool:
    """Tell whether the playbook answered the newest of these records on an earlier day."""
    newest = max((one.on for one in records if one.kind == when.record), default=None)
    return last is not None and newest is not None and newest < last.at.date()


def _is_overdue(record: Record) -> bool:
    return record.kind == "invoice_overdue"
