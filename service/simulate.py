"""What would a playbook have done? Stored scores, decided on again; nothing is sent or stored."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, assert_never

from playbooks.hindsight import Fired, Hindsight
from playbooks.life import Stay
from playbooks.playbook import Playbook
from playbooks.steps import (
    Branch,
    Choose,
    Email,
    Escalate,
    Offer,
    Question,
    SetField,
    SlackAlert,
    SlackPost,
    Step,
    Stop,
    Survey,
    Tag,
    Task,
    ThreadNote,
    Wait,
    Webhook,
    lists_in,
)
from service.chunks import chunks
from service.heard import PastDays
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
    there = replace(house, playbooks=(*others, playbook))
    hindsight = Hindsight(there.playbooks, house.model)
    known: dict[int, Customer] = {}
    days: set[date] = set()
    with house.database.reading() as tx:
        for ids in chunks(active_ids(tx), AT_ONCE):
            customers = customers_by_ids(tx, ids)
            scored = _live(tx, there, hindsight, customers, _days(first - WARM_UP, last))
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
    past = PastDays(tx, house.playbooks, sorted(customers), days)
    for one, day in sorted(found, key=lambda key: (key[1], key[0])):
        hindsight.live(stays[one], whole(found[one, day]), past.on(one, day))
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


# What a playbook's words say in the customer's place.
_NAME: Final = re.compile(r"\{\{\s*customer\.name\s*\}\}")


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _would(customer: Customer, playbook: Playbook, fired: Fired) -> Would:
    return Would(
        customer=customer.key,
        name=customer.name,
        csm=customer.csm.name if customer.csm is not None else None,
        on=fired.on,
        reason=fired.reason,
        sends=tuple(_NAME.sub(lambda _: customer.name, one) for one in _sends(playbook.then)),
    )


def _sends(steps: Sequence[Step]) -> Iterator[str]:
    """Yield what each step would have done; what depends on an answer follows it in brackets."""
    for step in steps:
        yield _words(step)
        for inner in lists_in(step):
            told = "; ".join(_sends(inner))
            if told:
                yield f"({told})"


def _words(step: Step) -> str:  # noqa: C901, PLR0911, PLR0912 - an answer a kind
    match step:
        case SlackAlert(to=to):
            return "alert to the CSM" if to == "csm" else f"alert to {to}"
        case SlackPost(to=to):
            return f"post to {to}"
        case Email(template=template, approval=asks, to=to):
            asked = ", after a yes" if asks and to != "csm" else ""
            return f"mail {template} to the {to}{asked}"
        case Survey(survey=survey, approval=asks, to=to):
            return f"survey {survey} to the {to}{', after a yes' if asks else ''}"
        case Task(title=title):
            return f"task: {title}"
        case Offer(offer=what):
            return f"offer of {what}, on a yes"
        case Question() | Choose():
            return f"{step.kind}: {', '.join(way.title for way in step.answers)}"
        case Webhook(endpoint=endpoint):
            return f"webhook {endpoint}"
        case Tag(add=add, remove=remove):
            marks = [f"+{tag}" for tag in add] + [f"-{tag}" for tag in remove]
            return f"tags {', '.join(marks)}"
        case SetField(field=name, to=value):
            return f"{name} becomes {value}"
        case Wait():
            amount, unit = step.amount
            return f"wait {amount} {unit}"
        case Escalate(within_business_hours=hours):
            return f"escalation after {hours} business hours"
        case Stop():
            return "end"
        case ThreadNote():
            return "note in the thread"
        case Branch():
            return "branch"
        case _:
            assert_never(step)
