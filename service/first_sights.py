"""Whom playbooks would have spoken of, had they not begun anew: why nothing is done, in bulk.

First sights, a model changed and a band that was unknown are silent (rules 3 and 4). What is left
is a line a playbook, for those who stand where it would speak.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from playbooks.decide import Skip, begun_anew, first_seen
from playbooks.playbook import Playbook
from playbooks.sieve import Ints, Mask, Quiet, foreseen
from playbooks.standing import speaks
from playbooks.triggers import RecordArrives, Silent
from service.noticed import records_asked, silent_since
from service.verdict import Assignment
from storage import arrivals
from storage.database import Transaction
from storage.judgement_columns import Skips

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Told:
    """Of whom a silence or a record stands, by the playbook that waits for it."""

    standing: dict[str, AbstractSet[int]] = field(default_factory=dict)

    def of(self, playbook: Playbook, ids: Ints) -> Mask:
        """Return which of these it stands of."""
        return np.isin(ids, list(self.standing.get(playbook.name, ())))


def judged(playbooks: Sequence[Playbook]) -> bool:
    """Tell whether columns can tell of whom each of the playbooks would speak."""
    return all(foreseen(playbook.when) for playbook in playbooks)


def told_of(tx: Transaction, task: Assignment, ids: Sequence[int]) -> Told:
    """Look up of whom a silence or a record stands today."""
    books, as_of = task.house.playbooks, task.as_of
    if not ids or not task.decide:
        return Told()
    silent = silent_since(tx, books, ids, as_of)
    kinds = records_asked(books)
    records = arrivals.records(tx, ids, kinds, as_of) if kinds else {}
    found: dict[str, AbstractSet[int]] = {}
    for book in books:
        match book.when:
            case Silent() as when:
                since = silent.get(when.of, {}).items()
                found[book.name] = {one for one, day in since if (as_of - day).days >= when.days}
            case RecordArrives() as when:
                found[book.name] = {
                    one
                    for one, each in records.items()
                    if any(record.kind == when.record for record in each)
                }
            case _:
                pass
    return Told(found)


def skips(
    playbooks: Sequence[Playbook], told: Told, ids: Ints, quiet: Quiet, known: Mask
) -> Skips | None:
    """Return why the playbooks say nothing about these; `known` tells whose band was unknown.

    Of all others nothing at all is known before. None where no playbook would have spoken.
    """
    spoken = [speaks(book, quiet, told.of(book, ids)) for book in playbooks]
    rows = [np.flatnonzero(mask) for mask in spoken]
    chosen = np.concatenate([*rows, np.zeros(0, np.intp)])
    if not len(chosen):
        return None
    return Skips(
        ids=ids[chosen],
        playbook=np.repeat(np.arange(len(rows)), [len(row) for row in rows]),
        playbooks=[book.name for book in playbooks],
        reason=quiet.band[chosen] + np.where(known[chosen], len(quiet.bands), 0),
        reasons=[*_reasons(first_seen, playbooks, quiet), *_reasons(begun_anew, playbooks, quiet)],
    )


def _reasons(
    skip: Callable[[Playbook, str], Skip], playbooks: Sequence[Playbook], quiet: Quiet
) -> list[str]:
    """Spell the reason for each band; it is the same for all playbooks."""
    return [skip(playbooks[0], band).reason for band in quiet.bands]
