"""Does a play still stand? Its own way out, asked of what is stored about the customer today."""

from typing import cast

from playbooks.exits import Exit, ended
from playbooks.playbook import Playbook
from playbooks.situation import Situation
from scoring.score import Score
from scoring.transition import Transition
from scoring.trend import Trend
from service.memory import as_open
from service.noticed import NOTHING, noticed, records_known
from service.past import whole
from service.pinning import scripts
from service.ports import House
from storage import snapshots
from storage.customers import Customer
from storage.database import Transaction
from storage.plays import Play
from storage.snapshots import Current


def script_of(tx: Transaction, play: Play) -> Playbook | None:
    """Return the playbook a play is pinned to; None where it cannot be read (any more)."""
    digest = play.body_digest
    return scripts(tx, {digest}).get(digest) if digest is not None else None


def way_out(
    tx: Transaction, house: House, customer: Customer, play: Play, script: Playbook | None
) -> Exit | None:
    """Return how and why an open play is over by now, or None while it stands."""
    current = snapshots.currents(tx, [customer.id]).get(customer.id)
    if current is None:
        return None
    situation = _situation(tx, house, customer, current, script)
    known = {play.body_digest: script} if script is not None and play.body_digest else {}
    return ended(as_open(play, known), script, situation, house.named(current.model))


def situation_now(
    tx: Transaction, house: House, customer: Customer, script: Playbook
) -> Situation | None:
    """Return the customer as a playbook sees them by what is stored; None when never scored."""
    current = snapshots.currents(tx, [customer.id]).get(customer.id)
    return _situation(tx, house, customer, current, script) if current is not None else None


def score_now(tx: Transaction, customer: Customer, current: Current) -> Score:
    """Return the newest score with its factors, where they are kept."""
    key = customer.id, current.as_of
    stored = snapshots.snapshots_on(tx, [customer.id], current.model, [current.as_of]).get(key)
    if stored is not None and stored.record and stored.record.get("factors"):
        return whole(stored)
    return Score(
        model=current.model,
        version=current.version,
        as_of=current.as_of,
        value=current.score,
        coverage=current.coverage,
        band=current.band,
        raw_band=current.band,
        factors=(),
    )


def _situation(
    tx: Transaction, house: House, customer: Customer, current: Current, script: Playbook | None
) -> Situation:
    books = [script] if script is not None else []
    found = noticed(
        tx, house, [customer.id], current.as_of, watched={customer.id: books}, only=books
    ).get(customer.id, NOTHING)
    return Situation(
        facts=customer.facts,
        current=score_now(tx, customer, current),
        transition=Transition("unchanged", current.band, current.band, None, current.score),
        trend=cast("Trend", current.trend),
        change_7=current.change_7,
        change_30=current.change_30,
        active=customer.status == "active",
        band_since=current.band_since,
        renewal_on=customer.renewal_on,
        csm=customer.csm.email if customer.csm is not None else None,
        silences=found.silences,
        records=found.records,
        records_known=records_known(books),
        last_touch=found.last_touch,
    )


def inactive(customer: Customer) -> str | None:
    """Return why nothing goes on for this customer, or None."""
    return None if customer.status == "active" else f"The customer is {customer.status}."
