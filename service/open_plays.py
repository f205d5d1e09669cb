"""The open plays of a share's customers, so that those that surely go on disturb nobody's quiet."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbooks.lasting import STRANGE, Lasting, may_end
from playbooks.playbook import Playbook
from playbooks.sieve import Quiet
from service.pinning import scripts
from service.ports import House
from storage.database import Transaction
from storage.standings import OpenPlay, open_plays

Ids = NDArray[np.int64]
Plays = Sequence[tuple[Playbook | None, Sequence[OpenPlay]]]


def running(tx: Transaction, house: House, ids: Sequence[int]) -> Plays:
    """Return the open plays of the customers from the first to the last, by their playbook."""
    found = open_plays(tx, ids[0], ids[-1])
    known = scripts(tx, {one.digest for one in found if one.digest}) if found else {}
    by_name = {book.name: book for book in house.playbooks}
    books: dict[str, Playbook | None] = {}
    grouped: defaultdict[str, list[OpenPlay]] = defaultdict(list)
    for one in found:
        key = f"{one.playbook} {one.digest}"
        books[key] = known.get(one.digest or "") or by_name.get(one.playbook)
        grouped[key].append(one)
    return [(books[key], plays) for key, plays in grouped.items()]


def players(plays: Plays) -> Ids:
    """Return the customers of whom a play is open."""
    return np.array([one.customer_id for _, each in plays for one in each], np.int64)


def ending(plays: Plays, ids: Ids, quiet: Quiet) -> NDArray[Any]:
    """Return of whom a play might end today; `ids` are the quiet customers, ascending."""
    found = np.zeros(len(ids), np.bool_)
    for playbook, each in plays:
        owners = np.array([one.customer_id for one in each], np.int64)
        places = np.minimum(np.searchsorted(ids, owners), len(ids) - 1)
        ours = np.flatnonzero(ids[places] == owners)
        lasting = Lasting(
            playbook,
            places[ours],
            np.array([_place(quiet, one.band) for one in each], np.int64)[ours],
            np.array([int(one.score * Decimal(100)) for one in each], np.int64)[ours],
        )
        found[lasting.owners[may_end(lasting, quiet)]] = True
    return found


def _place(quiet: Quiet, band: str) -> int:
    return quiet.bands.index(band) if band in quiet.bands else STRANGE
