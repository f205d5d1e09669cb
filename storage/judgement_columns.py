"""Steps between bands, and why nobody was written to, in columns: written as COPY takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from storage.cells import alike, numbers, points, words
from storage.columnar import Cells, Ints, copy_in
from storage.names import enrol
from storage.standings import Series
from storage.tables import model
from storage.tables_acts import decision, transition

SKIPPED: Final = "skipped"


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps into a band, in columns: points are hundredths, MISSING where nothing compares.

    `kind` are places in `kinds`; bands are places in those of the series, and the one before
    counts only where there is a score before.
    """

    ids: Ints
    kind: Ints
    kinds: Sequence[str]
    from_band: Ints
    to_band: Ints
    score_before: Ints
    score_after: Ints


def add_steps(tx: Connection, steps: Steps, series: Series, *, as_of: date, now: datetime) -> None:
    """Write the steps. Raises where one is there already; see `unless_scored`."""
    number, rows = enrol(tx, model, [series.model])[series.model], transition.c
    given: dict[str, Cells] = {
        "customer_id": numbers(tx, steps.ids),
        "model_id": alike(tx, rows.model_id, number),
        "as_of": alike(tx, rows.as_of, as_of),
        "kind": words(tx, steps.kinds, steps.kind),
        "from_band": words(tx, series.bands, steps.from_band),
        "to_band": words(tx, series.bands, steps.to_band),
        "score_before": points(tx, steps.score_before),
        "score_after": points(tx, steps.score_after),
        "at": alike(tx, rows.at, now),
    }
    copy_in(tx, transition, given)


@dataclass(frozen=True, slots=True)
class Skips:
    """Why playbooks did nothing about customers, a row each; both are places in the lists."""

    ids: Ints
    playbook: Ints
    playbooks: Sequence[str]
    reason: Ints
    reasons: Sequence[str]


def add_skips(tx: Connection, skips: Skips, *, as_of: date, now: datetime) -> None:
    """Write the decisions. Raises where one is there already; see `unless_scored`."""
    rows = decision.c
    given: dict[str, Cells] = {
        "customer_id": numbers(tx, skips.ids),
        "as_of": alike(tx, rows.as_of, as_of),
        "playbook": words(tx, skips.playbooks, skips.playbook),
        "outcome": alike(tx, rows.outcome, SKIPPED),
        "reason": words(tx, skips.reasons, skips.reason),
        "at": alike(tx, rows.at, now),
    }
    copy_in(tx, decision, given)
