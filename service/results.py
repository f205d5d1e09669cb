"""What playbooks come to: precision, recoveries, time to acknowledge, value saved.

Every figure comes with how many cases it rests on; where they are few, it says so.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Final

from service.ports import House
from storage import feedback
from storage.database import Transaction
from storage.feedback import Played

# A quarter: long enough for cases, short enough to speak of the playbook as it is.
WINDOW: Final = timedelta(days=90)
# More than one in five alerts called false is noise, once so many answers say something.
NOISE: Final = Decimal("0.2")
FEWEST_ANSWERS: Final = 10
# With fewer cases than these a share or a median moves by several points with the next one.
FEWEST_ENDS: Final = 20
HOUR: Final = 60
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Result:
    """What one playbook came to. `to_acknowledge` is the median from the alert to the click.

    `ended` and `recovered` count plays that began in a band one can come back from.
    `saved` is a year's revenue of the customers who recovered, each counted once.
    """

    playbook: str
    title: str
    started: int
    ended: int
    recovered: int
    acknowledged: int
    to_acknowledge: timedelta | None
    saved: Decimal
    useful: int
    false_alarms: int

    @property
    def answers(self) -> int:
        """Answer how many people said whether an alert was useful."""
        return self.useful + self.false_alarms

    @property
    def precision(self) -> Decimal | None:
        """Answer the share of answers that said useful, None without any."""
        return Decimal(self.useful) / self.answers if self.answers else None

    @property
    def recovery(self) -> Decimal | None:
        """Answer the share of ended plays whose customer recovered, None without any."""
        return Decimal(self.recovered) / self.ended if self.ended else None

    @property
    def few_answers(self) -> bool:
        """Tell whether the precision rests on too little to be relied on."""
        return self.answers < FEWEST_ANSWERS

    @property
    def few_ends(self) -> bool:
        """Tell whether the share of recoveries rests on too little to be relied on."""
        return self.ended < FEWEST_ENDS

    @property
    def few_acknowledged(self) -> bool:
        """Tell whether the median rests on too little to be relied on."""
        return self.acknowledged < FEWEST_ENDS

    @property
    def suggestion(self) -> str | None:
        """Answer what to do about too much noise, or None."""
        if self.few_answers or Decimal(self.false_alarms) / self.answers <= NOISE:
            return None
        return (
            f"{self.false_alarms} of {self.answers} answers call {self.title} a false alarm. "
            "A narrower condition or a longer cool-down may help; "
            f"bellwether simulate {self.playbook} shows what it would have done."
        )


def results(house: House, *, now: datetime, window: timedelta = WINDOW) -> tuple[Result, ...]:
    """Return what each playbook came to since `window` ago, the noisiest and busiest first."""
    with house.database.reading() as tx:
        return results_in(tx, house, now - window)


def results_in(tx: Transaction, house: House, since: datetime) -> tuple[Result, ...]:
    """Return the same inside a transaction that is already open."""
    by_name: defaultdict[str, list[Played]] = defaultdict(list)
    for play in feedback.played(tx, since):
        by_name[play.playbook].append(play)
    said = feedback.judged(tx, since)
    titles = {playbook.name: playbook.title for playbook in house.playbooks}
    found = [_result(house, titles.get(name, name), cases, said) for name, cases in by_name.items()]
    return tuple(
        sorted(found, key=lambda one: (one.suggestion is None, -one.started, one.playbook))
    )


def _result(
    house: House, title: str, cases: Sequence[Played], said: dict[tuple[str, str], int]
) -> Result:
    name, waits = cases[0].playbook, list(_waits(cases))
    # Where all was well at the start there is nothing to come back from.
    ended = [case for case in cases if case.outcome and house.tone(case.band) != "good"]
    saved = {
        case.customer_id: case.arr or Decimal(0) for case in ended if case.outcome == "recovered"
    }
    return Result(
        playbook=name,
        title=title,
        started=len(cases),
        ended=len(ended),
        recovered=sum(case.outcome == "recovered" for case in ended),
        acknowledged=len(waits),
        to_acknowledge=timedelta(seconds=median(waits)) if waits else None,
        saved=sum(saved.values(), Decimal(0)),
        useful=said.get((name, "useful"), 0),
        false_alarms=said.get((name, "false_alarm"), 0),
    )


def _waits(cases: Sequence[Played]) -> Iterator[float]:
    """Yield the seconds each alert waited for somebody to take it, since it was told."""
    for case in cases:
        if case.acknowledged_at is not None:
            told = case.told_at if case.told_at is not None else case.opened_at
            yield max((case.acknowledged_at - told).total_seconds(), 0.0)


def span(wait: timedelta) -> str:
    """Write a time as people say it: 40 min, 3.5 h, 2.1 days."""
    minutes = wait.total_seconds() / 60
    if minutes < HOUR:
        return f"{max(1, round(minutes))} min"
    if minutes < 2 * DAY:
        return f"{minutes / HOUR:.1f} h"
    return f"{minutes / DAY:.1f} days"
