"""What would a playbook have done? Stored scores, decided on again; nothing is sent or stored."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, assert_never

from playbooks.hindsight import Fired, Hindsight, Stay
from playbooks.playbook import Playbook
from playbooks.steps import Email, SlackAlert, SlackPost, Step, Task, ThreadNote
from service.chunks import chunks
from service.past import whole
from service.ports import House
from storage.customers import Customer, active_ids, customers_by_ids
from storage.database import Transaction
from storage.snapshots import snapshots_on

# So long before the first day the past is lived through unseen: changes over a month, cool-downs
# and plays that are open on the first day come from there.
WARM_UP: Final = timedelta(days=37)
AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Would:
    """A play that would have begun: for whom, on which day, why, and what it would have said."""

    customer: str
    name: str
    csm: str | None
    on: date
    reason: str
    sends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a playbook would have done between two days; `weeks` counts by the week's Monday.

    `customers` is of how many there were scores, `days` the days with any.
    """

    playbook: str
    first: date
    last: date
    customers: int
    days: int
    starts: tuple[Would, ...]
    weeks: Mapping[date, int]


def simulate(house: House, playbook: Playbook, first: date, last: date) -> Simulation:
    """Decide again on the stored scores of these days, among the house's other playbooks.

    A house's playbook of the same name gives way to the given one. What people did (snoozes,
    acknowledgements) is not lived through again, and customers are as they are known today.
    """
    others = [each for each in house.playbooks if each.name != playbook.name]
    hindsight = Hindsight([*others, playbook], house.model)
    known: dict[int, Customer] = {}
    days: set[date] = set()
    with house.database.reading() as tx:
        for ids in chunks(active_ids(tx), AT_ONCE):
            customers = customers_by_ids(tx, ids)
            scored = _live(tx, house, hindsight, customers, _days(first - WARM_UP, last))
            seen = {(one, day) for one, day in scored if day >= first}
            known |= {one: customers[one] for one, _ in seen}
            days |= {day for _, day in seen}
    mine = [one for one in hindsight.fired if one.playbook == playbook.name and one.on >= first]
    starts = [_would(known[one.customer], playbook, one) for one in mine]
    ordered = tuple(sorted(starts, key=lambda one: (one.on, one.customer)))
    return Simulation(
        playbook=playbook.identity,
        first=first,
        last=last,
        customers=len(known),
        days=len(days),
        starts=ordered,
        weeks=_weeks(ordered, first, last),
    )


def _live(
    tx: Transaction,
    house: House,
    hindsight: Hindsight,
    customers: Mapping[int, Customer],
    days: Sequence[date],
) -> list[tuple[int, date]]:
    """Live through the stored days of some customers; return which there were."""
    found = snapshots_on(tx, sorted(customers), house.model.name, days)
    stays = {one: _stay(customer) for one, customer in customers.items()}
    for one, day in sorted(found, key=lambda key: (key[1], key[0])):
        hindsight.live(stays[one], whole(found[one, day]))
    return list(found)


def _stay(customer: Customer) -> Stay:
    return Stay(
        number=customer.id,
        facts=customer.facts,
        renewal_on=customer.renewal_on,
        csm=customer.csm.email if customer.csm is not None else None,
    )


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _weeks(starts: Sequence[Would], first: date, last: date) -> Mapping[date, int]:
    counted = Counter(_monday(one.on) for one in starts)
    mondays = {_monday(day) for day in _days(first, last)}
    return {monday: counted[monday] for monday in sorted(mondays)}


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _would(customer: Customer, playbook: Playbook, fired: Fired) -> Would:
    return Would(
        customer=customer.key,
        name=customer.name,
        csm=customer.csm.name if customer.csm is not None else None,
        on=fired.on,
        reason=fired.reason,
        sends=tuple(_sends(playbook.then)),
    )


def _sends(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        match step:
            case SlackAlert():
                yield "alert to the CSM"
            case SlackPost(to=to):
                yield f"post to {to}"
            case Email(template=template, approval=asks):
                yield f"mail {template} to the contact{', after a yes' if asks else ''}"
            case Task(title=title):
                yield f"task: {title}"
            case ThreadNote():
                yield "note in the thread"
            case _:
                assert_never(step)
