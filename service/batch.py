"""One batch of customers on one day: scored, compared, remembered and decided on together.

All of it happens in the caller's transaction, so that a kill leaves all of it or nothing. What has
a snapshot of the day already is done and is not scored again, which is what makes a run resumable
and a second run a no-op.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import cast

from playbooks.triggers import Drops
from scoring.record import to_record
from scoring.score import Score
from scoring.transition import Kind, Transition, transition
from scoring.trend import Trend
from service.act import act
from service.past import comparable, earlier_scores, outline, told_again, whole
from service.ports import House
from service.scored import Scored
from service.seen import Seen
from service.verdict import Assignment, Verdict, verdicts_on
from storage.customers import Customer, customers_by_ids
from storage.database import Transaction
from storage.plays import TransitionRow, add_transitions, decided_on, transitions_on
from storage.snapshots import (
    Current,
    Snapshot,
    add_snapshots,
    currents,
    latest_before,
    put_current,
    snapshots_on,
)


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of a batch, or of several added together."""

    scored: int = 0
    written: int = 0
    baselines: int = 0
    transitions: int = 0
    started: int = 0
    rebanded: tuple[tuple[str, str, str], ...] = ()
    failures: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.scored + other.scored,
            self.written + other.written,
            self.baselines + other.baselines,
            self.transitions + other.transitions,
            self.started + other.started,
            self.rebanded + other.rebanded,
            self.failures + other.failures,
        )


def score_batch(
    tx: Transaction, task: Assignment, ids: Sequence[int], scored: Scored | None = None
) -> Tally:
    """Score these customers for the day, in the caller's transaction.

    Who is `scored` already, by the same figures, is not scored again.
    """
    stored = snapshots_on(tx, ids, task.house.model.name, [task.as_of])
    done = {customer_id for customer_id, _ in stored}
    due = list(ids) if task.replace else [one for one in ids if one not in done]
    customers = {
        one: customer
        for one, customer in customers_by_ids(tx, due).items()
        if customer.created_on <= task.as_of
    }
    latest = currents(tx, list(customers))
    verdicts, failures = verdicts_on(tx, task, customers, latest, scored)
    fresh = [verdict for verdict in verdicts if verdict.customer.id not in done]
    again = [verdict for verdict in verdicts if verdict.customer.id in done]
    aside, again = _aside(task, again, stored)
    written, stands = _remember(tx, task, fresh, again, latest)
    add_snapshots(tx, aside, replace=True)
    new = [verdict for verdict in fresh if verdict.customer.id in written]
    if task.decide and not task.replace:
        new += _left_undecided(tx, task, list(stored.values()))
    started = _decide(tx, task, new, stands) if task.decide else 0
    kinds = [verdict.transition.kind for verdict in new]
    return Tally(
        scored=len(verdicts),
        written=len(written) + len(again) + len(aside),
        baselines=kinds.count("baseline"),
        transitions=kinds.count("worsened") + kinds.count("improved"),
        started=started,
        rebanded=tuple(verdict.rebanded for verdict in new if verdict.rebanded),
        failures=tuple(failures),
    )


def _aside(
    task: Assignment, again: Sequence[Verdict], stored: Mapping[tuple[int, date], Snapshot]
) -> tuple[list[Snapshot], list[Verdict]]:
    """Part what another version makes of a past day, a series of its own, from corrections.

    What people were shown on that day stays as it was; only the newest day takes on the new model.
    """
    other = {
        verdict.customer.id
        for verdict in again
        if stored[verdict.customer.id, task.as_of].version != verdict.score.version
    }
    if task.newest or not other:
        return [], list(again)
    aside = [_snapshot(task, verdict) for verdict in again if verdict.customer.id in other]
    corrections = [verdict for verdict in again if verdict.customer.id not in other]
    return [replace(one, model=f"{one.model}@{one.version}") for one in aside], corrections


def _left_undecided(
    tx: Transaction, task: Assignment, stored: Collection[Snapshot]
) -> list[Verdict]:
    """Answer who crossed into another band on this day in a run that asked no playbook.

    A person who rescores yesterday by hand before the daily job comes round must not make the job
    overlook what happened yesterday. Whoever was decided on has decisions. Who stayed in their
    band has a word of a playbook coming too, unless a run asked about the day before.
    """
    model, as_of = task.house.model.name, task.as_of
    snapshots = {snapshot.customer_id: snapshot for snapshot in stored}
    rows = {
        row.customer_id: row
        for row in (transitions_on(tx, model, task.eve, as_of) if snapshots else ())
        if row.customer_id in snapshots
    }
    found = {
        one: _step(row)
        for one, row in rows.items()
        if row.kind in {"worsened", "improved"} and row.to_band == snapshots[one].band
    }
    if task.unasked:
        found |= _stayed(tx, task, [one for key, one in snapshots.items() if key not in rows])
    left = sorted(found.keys() - decided_on(tx, sorted(found), as_of)) if found else []
    customers = customers_by_ids(tx, left) if left else {}
    return [_verdict_again(customers[one], snapshots[one], found[one]) for one in customers]


def _stayed(
    tx: Transaction, task: Assignment, snapshots: Sequence[Snapshot]
) -> Mapping[int, Transition]:
    """Answer the steps of those who stayed in their band, of whom no row tells."""
    model = task.house.model
    ids = [one.customer_id for one in snapshots if one.version == model.version]
    before = latest_before(tx, ids, model.name, task.as_of) if ids else {}
    known = customers_by_ids(tx, sorted(before)) if before else {}
    return {
        one.customer_id: replace(
            transition(model, outline(before[one.customer_id]), outline(one)), kind="unchanged"
        )
        for one in snapshots
        if one.customer_id in known
        and comparable(model, known[one.customer_id], before[one.customer_id])
    }


def _step(row: TransitionRow) -> Transition:
    return Transition(
        kind=cast("Kind", row.kind),
        from_band=row.from_band,
        to_band=row.to_band,
        score_before=row.score_before,
        score_after=row.score_after,
    )


def _verdict_again(customer: Customer, snapshot: Snapshot, step: Transition) -> Verdict:
    """Answer the verdict as it was when the snapshot was stored."""
    return Verdict(
        customer=customer,
        score=whole(snapshot),
        transition=step,
        trend=cast("Trend", snapshot.trend),
        change_7=snapshot.change_7,
        change_30=snapshot.change_30,
    )


def _remember(
    tx: Transaction,
    task: Assignment,
    fresh: Sequence[Verdict],
    again: Sequence[Verdict],
    latest: Mapping[int, Current],
) -> tuple[set[int], Mapping[int, Current]]:
    """Store snapshots, transitions and current scores.

    Answer who is new with this transaction, and the newest scores as they stand now.
    """
    written = add_snapshots(tx, [_snapshot(task, verdict) for verdict in fresh])
    if again:
        add_snapshots(tx, [_snapshot(task, verdict) for verdict in again], replace=True)
    kept = [verdict for verdict in fresh if verdict.customer.id in written]
    add_transitions(tx, [_row(task, v) for v in kept if v.transition.kind != "unchanged"])
    moved = [_current(task, each, latest.get(each.customer.id)) for each in (*kept, *again)]
    if task.newest:
        put_current(tx, moved)
    return set(written), {one.customer_id: one for one in moved if task.newest}


def _snapshot(task: Assignment, verdict: Verdict) -> Snapshot:
    score = verdict.score
    return Snapshot(
        customer_id=verdict.customer.id,
        as_of=score.as_of,
        model=score.model,
        version=score.version,
        score=score.value,
        band=score.band,
        coverage=score.coverage,
        trend=verdict.trend,
        change_7=verdict.change_7,
        change_30=verdict.change_30,
        computed_at=task.now,
        record=to_record(score),
    )


def _row(task: Assignment, verdict: Verdict) -> TransitionRow:
    step = verdict.transition
    return TransitionRow(
        customer_id=verdict.customer.id,
        model=task.house.model.name,
        as_of=task.as_of,
        kind=step.kind,
        from_band=step.from_band,
        to_band=step.to_band,
        score_before=step.score_before,
        score_after=step.score_after,
        at=task.now,
    )


def _current(task: Assignment, verdict: Verdict, before: Current | None) -> Current:
    """Answer the row for lists. Days in a band are counted within one model version."""
    score = verdict.score
    same = before is not None and (before.model, before.version) == (score.model, score.version)
    stays = same and before is not None and before.band == score.band
    return Current(
        customer_id=verdict.customer.id,
        model=score.model,
        version=score.version,
        as_of=score.as_of,
        score=score.value,
        band=score.band,
        coverage=score.coverage,
        trend=verdict.trend,
        change_7=verdict.change_7,
        change_30=verdict.change_30,
        computed_at=task.now,
        band_since=before.band_since if stays and before else score.as_of,
        previous_band=(before.previous_band if stays else before.band) if same and before else None,
    )


def _decide(
    tx: Transaction,
    task: Assignment,
    verdicts: Sequence[Verdict],
    stands: Mapping[int, Current],
) -> int:
    """Ask the playbooks, in the same transaction; answer how many plays began."""
    moved = {verdict.customer.id: verdict.score for verdict in verdicts if verdict.moved}
    earlier = earlier_scores(tx, moved)
    again = _again(tx, task.house, verdicts, earlier)
    seen = [_seen(verdict, earlier, again, stands) for verdict in verdicts]
    return act(tx, task.house, seen, now=task.now, run=task.run).started


def _again(
    tx: Transaction, house: House, verdicts: Sequence[Verdict], earlier: Mapping[int, Score]
) -> Mapping[int, Score]:
    """Answer the earlier scores as they come out now, of those about whom an alert may speak."""
    whens = [each.when for each in house.playbooks]
    drops = [fall.points for when in whens if isinstance(when, Drops) for fall in when.falls]
    known = {each.customer.id: each.customer for each in verdicts if _told_of(each, drops)}
    wanted = {one: score for one, score in earlier.items() if one in known}
    return told_again(tx, house, known, wanted)


def _told_of(verdict: Verdict, drops: Sequence[Decimal]) -> bool:
    if verdict.transition.kind == "worsened":
        return True
    falls = [-step for step in (verdict.change_7, verdict.change_30) if step is not None]
    return any(fall >= points for fall in falls for points in drops)


def _seen(
    verdict: Verdict,
    earlier: Mapping[int, Score],
    again: Mapping[int, Score],
    stands: Mapping[int, Current],
) -> Seen:
    return Seen(
        customer=verdict.customer,
        current=verdict.score,
        transition=verdict.transition,
        trend=verdict.trend,
        change_7=verdict.change_7,
        change_30=verdict.change_30,
        earlier=earlier.get(verdict.customer.id),
        again=again.get(verdict.customer.id),
        before=verdict.before,
        stands=stands.get(verdict.customer.id),
    )
