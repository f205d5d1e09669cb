"""Whom a silence or a record may concern today: looked up for many customers in few statements.

It is told of whoever a playbook's trigger might fire for, and of some more; the playbooks judge.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from playbooks.playbook import Playbook
from playbooks.situation import ANY_KIND
from playbooks.triggers import RecordArrives, Silent
from storage import arrivals, habits
from storage.database import Transaction


def occasions(
    tx: Transaction, playbooks: Sequence[Playbook], ids: Sequence[int], as_of: date, eve: date
) -> set[int]:
    """Return of whom a silence reached its days since the eve, or a record arrived lately."""
    whens = [book.when for book in playbooks]
    silent = {(when.of, when.days) for when in whens if isinstance(when, Silent)}
    found: set[int] = set()
    for what, days in sorted(silent):
        first, last = (day - timedelta(days=days) for day in (eve + timedelta(days=1), as_of))
        kind = None if what == ANY_KIND else what
        found |= habits.silent_since(tx, ids, kind, first, last).keys()
    return found | _arrived(
        tx, [when for when in whens if isinstance(when, RecordArrives)], ids, as_of, eve
    )


def _arrived(
    tx: Transaction, whens: Sequence[RecordArrives], ids: Sequence[int], as_of: date, eve: date
) -> set[int]:
    if not whens:
        return set()
    reach = max((as_of - eve).days, *(when.for_days for when in whens))
    found = arrivals.records(tx, ids, frozenset(when.record for when in whens), as_of)
    return {
        one
        for one, records in found.items()
        if any((as_of - record.on).days < reach for record in records)
    }
