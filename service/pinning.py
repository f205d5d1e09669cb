"""A play is pinned to the very playbook it began with, whatever becomes of the file."""

import hashlib
import json
from collections.abc import Collection, Mapping
from functools import lru_cache

from pydantic import ValidationError

from playbooks.playbook import Playbook
from storage import running
from storage.database import Transaction
from storage.running import Pinned

# Playbooks differ in few versions; a house has dozens at most.
_REMEMBERED = 256


def pinned_as(playbook: Playbook) -> Pinned:
    """Return the playbook as it is kept with its plays, named by its very content."""
    body = playbook.model_dump(mode="json", by_alias=True)
    text = json.dumps(body, sort_keys=True)
    return Pinned(hashlib.sha256(text.encode()).hexdigest(), playbook.identity, body)


def scripts(tx: Transaction, digests: Collection[str]) -> Mapping[str, Playbook]:
    """Return the playbooks that plays are pinned to; one this version cannot read is left out."""
    found: dict[str, Playbook] = {}
    for digest, body in running.pinned(tx, digests).items():
        playbook = _read(json.dumps(body, sort_keys=True))
        if playbook is not None:
            found[digest] = playbook
    return found


@lru_cache(maxsize=_REMEMBERED)
def _read(text: str) -> Playbook | None:
    try:
        return Playbook.model_validate_json(text)
    except ValidationError:
        return None
