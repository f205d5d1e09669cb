"""What the demo's CSMs do about their alerts: through the same verbs as the buttons in Slack."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum, auto

from service import feedback, steps
from service.ports import House
from storage import plays
from storage.customers import active_ids, customers_by_ids
from storage.people import Member
from storage.plays import Play, Step

# So long an alert has lain there when its CSM comes round to it.
_COMES_ROUND = timedelta(hours=3)
_SATURDAY = 5


class Habit(Enum):
    """How a CSM deals with an alert and the mail drafted with it."""

    approves = auto()
    acknowledges = auto()
    calls_instead = auto()


# Those not named leave everything for whoever looks at the demo.
_HABITS = {
    "priya.raman@example.com": Habit.approves,
    "jonas.weber@example.com": Habit.approves,
    "tom.okafor@example.com": Habit.acknowledges,
    "elena.petrova@example.com": Habit.calls_instead,
}


def act(house: House, now: datetime) -> None:
    """Let each CSM deal with the open alerts they have not dealt with; not at weekends."""
    if now.astimezone(house.zone).weekday() >= _SATURDAY:
        return
    for member, play, waiting in tuple(_untouched(house, now)):
        match _HABITS[member.email]:
            case Habit.approves:
                steps.acknowledge(house, play.id, member, now=now)
                feedback.judge(house, play.id, member, "useful", now=now)
                for step in waiting:
                    steps.approve(house, step.id, member, now=now)
            case Habit.acknowledges:
                steps.acknowledge(house, play.id, member, now=now)
                feedback.judge(house, play.id, member, "false_alarm", now=now)
            case Habit.calls_instead:
                for step in waiting:
                    steps.reject(house, step.id, member, reason="I will call them", now=now)


def _untouched(house: House, now: datetime) -> Iterator[tuple[Member, Play, list[Step]]]:
    with house.database.reading() as tx:
        opened = plays.open_plays(tx, active_ids(tx))
        customers = customers_by_ids(tx, list(opened))
        for customer_id, mine in sorted(opened.items()):
            csm = customers[customer_id].csm
            if csm is None or csm.email not in _HABITS:
                continue
            for play in mine:
                if play.acknowledged_at is None and play.opened_at + _COMES_ROUND <= now:
                    yield csm, play, _waiting(plays.steps_of(tx, play.id))


def _waiting(all_steps: tuple[Step, ...]) -> list[Step]:
    return [step for step in all_steps if step.state == "waiting_approval"]
