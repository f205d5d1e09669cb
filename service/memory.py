"""What a playbook may know of the past: open plays, starts, snoozes, and what was put off."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, cast

from playbooks.playbook import Playbook
from playbooks.situation import Before, LastStart, OpenPlay, Situation, known_factors
from playbooks.triggers import EntersBand, FactorCrosses, looks_back
from scoring.bands import tone
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.trend import Trend
from service.noticed import NOTHING, Noticed, noticed, records_known
from service.past import whole
from service.pinning import scripts
from service.ports import House
from service.seen import Seen
from storage import plays, snapshots
from storage.database import Transaction
from storage.plays import Play
from storage.snapshots import Snapshot

DEFERRED: Final = "deferred"
# What is put off is put off anew each day; a week bridges the days on which nothing ran.
PUT_OFF_AT_MOST: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Memory:
    """What storage remembers of the customers of a batch, by their ids."""

    plays: Mapping[int, tuple[Play, ...]]
    starts: Mapping[int, Mapping[str, LastStart]]
    snoozed: Mapping[int, datetime]
    deferred: Mapping[int, frozenset[str]]
    before: Mapping[int, Before] = field(default_factory=dict)
    band_since: Mapping[int, date] = field(default_factory=dict)
    noticed: Mapping[int, Noticed] = field(default_factory=dict)
    newcomers: frozenset[int] = frozenset()
    scripts: Mapping[str, Playbook] = field(default_factory=dict)
    records_known: bool = False

    def situation(self, seen: Seen) -> Situation:
        """Return one customer as a playbook sees them."""
        customer = seen.customer
        found = self.noticed.get(customer.id, NOTHING)
        return Situation(
            facts=customer.facts,
            current=seen.current,
            transition=seen.transition,
            trend=seen.trend,
            change_7=seen.change_7,
            change_30=seen.change_30,
            active=customer.status == "active",
            open_plays=tuple(
                as_open(play, self.scripts) for play in self.plays.get(customer.id, ())
            ),
            last_started=self.starts.get(customer.id, {}),
            deferred=self.deferred.get(customer.id, frozenset()),
            snoozed_until=self.snoozed.get(customer.id),
            day_before=self.before.get(customer.id),
            band_since=self.band_since.get(customer.id),
            renewal_on=customer.renewal_on,
            csm=customer.csm.email if customer.csm is not None else None,
            silences=found.silences,
            records=found.records,
            records_known=self.records_known,
            newcomer=customer.id in self.newcomers,
            last_touch=found.last_touch,
        )


def as_open(play: Play, known: Mapping[str, Playbook]) -> OpenPlay:
    """Return a play as playbooks see it, with the playbook it is pinned to."""
    script = known.get(play.body_digest) if play.body_digest is not None else None
    return OpenPlay(play.id, play.playbook, play.band, play.opened_at, play.score, script)


def remember(tx: Transaction, house: House, seen: Sequence[Seen]) -> Memory:
    """Read the past of a batch in a fixed number of statements.

    Of the day before, more than the transition tells is read only where a playbook asks for it.
    """
    ids = [each.customer.id for each in seen]
    asks_back = any(looks_back(each.when) for each in house.playbooks)
    open_plays = plays.open_plays(tx, ids)
    known = scripts(
        tx,
        {
            one.body_digest
            for each in open_plays.values()
            for one in each
            if one.body_digest is not None
        },
    )
    starts = _starts(tx, ids)
    snoozed = plays.snoozed_until(tx, ids)
    lingering = [
        each
        for each in seen
        if each.transition.kind == "unchanged"
        and (asks_back or _bad(house.model, each.current.band))
    ]
    before = _before(tx, house, seen) if asks_back else {}
    watched = {
        one: [known[pin] for play in each if (pin := play.body_digest) in known and pin is not None]
        for one, each in open_plays.items()
    }
    return Memory(
        plays=open_plays,
        starts=starts,
        snoozed=snoozed,
        deferred=_deferred(tx, lingering),
        before=before,
        band_since=_band_since(tx, seen) if asks_back else {},
        noticed=noticed(tx, house, ids, seen[0].current.as_of, watched=watched) if seen else {},
        newcomers=_newcomers(tx, house, seen, before),
        scripts=known,
        records_known=records_known([*house.playbooks, *known.values()]),
    )


def _newcomers(
    tx: Transaction, house: House, seen: Sequence[Seen], before: Mapping[int, Before]
) -> frozenset[int]:
    """Return who was first seen the day before, among those of whom a playbook asks that."""
    bands = {
        band
        for each in house.playbooks
        if isinstance(each.when, EntersBand) and each.when.at_first_sight
        for band in each.when.bands
    }
    there = {
        each.customer.id: before[each.customer.id].as_of
        for each in seen
        if each.current.band in bands
        and each.transition.kind == "unchanged"
        and each.customer.id in before
    }
    if not there:
        return frozenset()
    first = max(there.values())
    known = snapshots.latest_before(tx, sorted(there), house.model.name, first)
    return frozenset(one for one, day in there.items() if day == first and one not in known)


def _before(tx: Transaction, house: House, seen: Sequence[Seen]) -> Mapping[int, Before]:
    """Return the comparable day before of those whose transition has one."""
    compared = {each.customer.id: each for each in seen if each.transition.kind != "baseline"}
    as_of = min((each.current.as_of for each in compared.values()), default=None)
    if as_of is None:
        return {}
    unread = [one for one, each in compared.items() if each.before is None]
    found = {one: each.before for one, each in compared.items() if each.before is not None}
    if unread:
        found |= snapshots.latest_before(tx, unread, house.model.name, as_of)
    factors = any(isinstance(each.when, FactorCrosses) for each in house.playbooks)
    return {
        one: _as_before(snapshot, factors=factors)
        for one, snapshot in found.items()
        if snapshot.version == compared[one].current.version
    }


def _as_before(snapshot: Snapshot, *, factors: bool) -> Before:
    """Answer the day before; its factors only where a playbook asks for them."""
    known = known_factors(whole(snapshot)) if factors and snapshot.record else {}
    return Before(snapshot.as_of, cast("Trend", snapshot.trend), known)


def _band_since(tx: Transaction, seen: Sequence[Seen]) -> Mapping[int, date]:
    """Return since when they are in today's band; of those only whose newest score is today's."""
    scored = {each.customer.id: each.current for each in seen}
    stands = {each.customer.id: each.stands for each in seen if each.stands is not None}
    unread = [one for one in scored if one not in stands]
    if unread:
        stands |= snapshots.currents(tx, unread)
    return {
        one: row.band_since
        for one, row in stands.items()
        if (row.as_of, row.model, row.band)
        == (scored[one].as_of, scored[one].model, scored[one].band)
    }


def _put_off(tx: Transaction, seen: Sequence[Seen]) -> Collection[int]:
    """Return those of whom something was put off lately: by a cool-down, a snooze, or a cap."""
    if not seen:
        return ()
    since = seen[0].current.as_of - PUT_OFF_AT_MOST
    return plays.put_off_since(tx, [each.customer.id for each in seen], since, DEFERRED)


def _starts(tx: Transaction, ids: Sequence[int]) -> Mapping[int, Mapping[str, LastStart]]:
    starts: dict[int, dict[str, LastStart]] = {}
    for (customer_id, playbook), last in plays.last_started(tx, ids).items():
        starts.setdefault(customer_id, {})[playbook] = LastStart(last.at, last.band, last.score)
    return starts


def _deferred(tx: Transaction, seen: Sequence[Seen]) -> Mapping[int, frozenset[str]]:
    """Return the playbooks whose newest decision about a customer was to wait, by customer."""
    put_off = _put_off(tx, seen)
    if not put_off:
        return {}
    since = seen[0].current.as_of - PUT_OFF_AT_MOST
    newest: dict[tuple[int, str], str] = {}
    for customer_id, playbook, outcome in plays.outcomes_since(tx, sorted(put_off), since):
        newest.setdefault((customer_id, playbook), outcome)
    waiting: dict[int, set[str]] = {}
    for (customer_id, playbook), outcome in newest.items():
        if outcome == DEFERRED:
            waiting.setdefault(customer_id, set()).add(playbook)
    return {one: frozenset(names) for one, names in waiting.items()}


def _bad(model: HealthModel, band: str) -> bool:
    return band != UNKNOWN_BAND and tone(model, band) != "good"
