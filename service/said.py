"""What people said of a score, as the scores of a day need it; and scores as they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from scoring.override import OVERRIDE, Override, number_in, overridden
from scoring.score import Score
from service.past import whole
from service.ports import House
from storage import said
from storage.database import Transaction
from storage.said import OverrideRow
from storage.snapshots import Current, Snapshot, currents, put_current, snapshots_on

Said = Mapping[int, Override]


def said_on(tx: Transaction, ids: Sequence[int], as_of: date) -> Said:
    """Answer the overrides that hold for these customers' scores of a day, by customer."""
    return {one: as_override(row) for one, row in said.overrides_on(tx, ids, as_of).items()}


def as_override(row: OverrideRow) -> Override:
    """Answer a stored override as scoring knows it."""
    return Override(
        number=row.id,
        kind=row.kind,
        value=row.value,
        author=row.author,
        until=row.until,
        reason=row.reason,
    )


def number_of(snapshot: Snapshot | None) -> int | None:
    """Answer which override a snapshot was shown under; cheap, for it is asked of everybody."""
    raw = _raw(snapshot)
    return int(raw["number"]) if raw else None


def own_band(snapshot: Snapshot) -> str:
    """Answer the band the model computed, which is what hysteresis remembers."""
    raw = _raw(snapshot)
    return str(raw["computed_band"]) if raw else snapshot.band


def own_value(snapshot: Snapshot) -> Decimal:
    """Answer the score the model computed, whatever was shown."""
    raw = _raw(snapshot)
    return Decimal(raw["computed"]) if raw else snapshot.score


def _raw(snapshot: Snapshot | None) -> Mapping[str, Any] | None:
    factors = (snapshot.record or {}).get("factors") if snapshot else None
    if not factors or factors[-1].get("name") != OVERRIDE:
        return None
    raw: Mapping[str, Any] = factors[-1]["raw"]
    return raw


def show_anew(tx: Transaction, house: House, customer_id: int, override: Override | None) -> None:
    """Let lists show the newest score under the override; the stored history stays as it is."""
    stands = currents(tx, [customer_id]).get(customer_id)
    if stands is None:
        return
    found = snapshots_on(tx, [customer_id], stands.model, [stands.as_of])
    snapshot = found.get((customer_id, stands.as_of))
    if snapshot is not None:
        model = house.named(stands.model)
        shown = overridden(model, whole(snapshot), override)
        put_current(tx, [_current(stands, snapshot, shown)])


def _current(stands: Current, snapshot: Snapshot, shown: Score) -> Current:
    same = number_of(snapshot) == number_in(shown)
    moved = stands.band != shown.band
    return replace(
        stands,
        score=shown.value,
        band=shown.band,
        change_7=snapshot.change_7 if same else None,
        change_30=snapshot.change_30 if same else None,
        band_since=stands.as_of if moved else stands.band_since,
        previous_band=stands.band if moved else stands.previous_band,
    )
