"""What begins a play beside the score: a silence, a record that arrives, the calendar."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from playbooks.situation import ANY_KIND, RecordKind, Silence, Situation
from playbooks.written import Written


class Silent(Written):
    """Nothing was heard for `days` days of a customer who never was so silent for so long before.

    `of` is the kind of event, as `login`; left out, any activity counts. It is judged against the
    customer's own rhythm in the eight weeks before the silence: they were active on `usually`
    percent of the days or more, and in no gap of `days` days. A feed that stopped for everybody
    fires nothing. The play closes when they are heard again.
    """

    kind: Literal["silent"]
    days: Annotated[int, Field(ge=2, le=60)]
    of: Annotated[str, Field(min_length=1, max_length=200)] = ANY_KIND
    usually: Annotated[int, Field(ge=1, le=100)] = 25


class RecordArrives(Written):
    """A record arrives: `invoice_overdue`, `nps_detractor` or `angry_ticket`.

    Overdue is an unpaid invoice on the day after it was due; a detractor answers the survey `nps`
    with 6 or less; a ticket is angry when it is rated 1 or 2. What arrives late, about an earlier
    day, fires nothing. For so many days after, `for_days`, the condition may still come true. A
    play for an invoice closes when none is overdue any more.
    """

    kind: Literal["record_arrives"]
    record: RecordKind
    for_days: Annotated[int, Field(ge=1, le=60)] = 1


class Schedule(Written):
    """The calendar says so: `every` week, month, quarter or year, with its first day that is run.

    Who is meant is for the condition to say. The first sight of a customer fires nothing.
    """

    kind: Literal["schedule"]
    every: Literal["week", "month", "quarter", "year"]


def fell_silent(trigger: Silent, situation: Situation) -> bool:
    """Return whether an unusual silence reached its days since the day before."""
    silence, passed = situation.silences.get(trigger.of), _passed(situation)
    if silence is None or passed is None:
        return False
    reached = silence.days - passed < trigger.days <= silence.days
    return reached and unusual(trigger, silence)


def unusual(trigger: Silent, silence: Silence) -> bool:
    """Return whether the silence is none of the customer's own habit."""
    return silence.active_share >= trigger.usually and silence.longest_gap < trigger.days


def arrived(trigger: RecordArrives, situation: Situation) -> bool:
    """Return whether a record came since the day before, or within the days it may wait."""
    passed = _passed(situation)
    if passed is None:
        return False
    reach = max(passed, trigger.for_days)
    as_of = situation.current.as_of
    return any(
        one.kind == trigger.record and 0 <= (as_of - one.on).days < reach
        for one in situation.records
    )


def began(trigger: Schedule, situation: Situation) -> bool:
    """Return whether a period began since the day before."""
    before = situation.day_before
    return before is not None and period(trigger, before.as_of) != period(
        trigger, situation.current.as_of
    )


def period(trigger: Schedule, day: date) -> tuple[int, int]:
    """Return the week, month, quarter or year a day lies in, with its year."""
    match trigger.every:
        case "week":
            return day.isocalendar()[:2]
        case "month":
            return day.year, day.month
        case "quarter":
            return day.year, (day.month - 1) // 3
        case "year":
            return day.year, 0


def _passed(situation: Situation) -> int | None:
    """Return how many days lie between today and the day before that was scored."""
    before = situation.day_before
    return (situation.current.as_of - before.as_of).days if before is not None else None
