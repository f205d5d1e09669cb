"""No playbook begins too often on one day; who is over waits for the next (guard starts_a_day)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from playbooks.decide import Close, Decision, Skip, Start
from playbooks.situation import Situation
from playbooks.triggers import LeavesBand
from service.ports import House
from service.seen import Seen
from storage import running
from storage.database import Transaction
from storage.plays import Play


@dataclass(frozen=True, slots=True)
class Case:
    """One customer, what was decided about them and on what, and the plays they had open before."""

    seen: Seen
    situation: Situation
    decisions: tuple[Decision, ...]
    plays: tuple[Play, ...]

    @property
    def starts(self) -> tuple[Start, ...]:
        """Return the starts that open a play."""
        return tuple(
            one
            for one in self.decisions
            if isinstance(one, Start) and not isinstance(one.playbook.when, LeavesBand)
        )


def capped(tx: Transaction, house: House, cases: Sequence[Case], now: datetime) -> Sequence[Case]:
    """Turn the starts over a playbook's number for the day into waiting, the least worth first.

    Batches that run beside each other may together begin a few more.
    """
    wanted = Counter(start.playbook.name for case in cases for start in case.starts)
    if not wanted:
        return cases
    midnight = datetime.combine(now.astimezone(house.zone).date(), time(), house.zone)
    before = running.started_since(tx, midnight, wanted)
    books = {start.playbook.name: start.playbook for case in cases for start in case.starts}
    room = {name: books[name].guards.starts_a_day - before.get(name, 0) for name in wanted}
    if all(room[name] >= many for name, many in wanted.items()):
        return cases
    return _cut(cases, room)


def _cut(cases: Sequence[Case], room: Mapping[str, int]) -> Sequence[Case]:
    left = dict(room)
    kept: dict[int, Case] = {}
    for case in sorted(cases, key=lambda each: -(each.seen.customer.arr or 0)):
        decisions = tuple(_within(one, case, left) for one in case.decisions)
        cut = replace(case, decisions=decisions)
        kept[case.seen.customer.id] = cut if cut.starts else _not_taken_over(cut)
    return [kept[case.seen.customer.id] for case in cases]


def _not_taken_over(case: Case) -> Case:
    """Leave the plays open whose place another would have taken that now waits itself."""
    stay = [one for one in case.decisions if not _superseded(one)]
    return replace(case, decisions=tuple(stay))


def _superseded(decision: Decision) -> bool:
    return isinstance(decision, Close) and decision.outcome == "superseded"


def _within(decision: Decision, case: Case, left: dict[str, int]) -> Decision:
    if decision not in case.starts or not isinstance(decision, Start):
        return decision
    name = decision.playbook.name
    left[name] -= 1
    if left[name] >= 0:
        return decision
    most = decision.playbook.guards.starts_a_day
    return Skip(
        decision.playbook, "capped", f"{name} began {most} times today; it waits for tomorrow."
    )
