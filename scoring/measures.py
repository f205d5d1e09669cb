"""What is measured: one class a kind, as a person writes it in a model file.

A kind's docstring is its manual. `sources` and `figures` below say for every kind which feeds it
lives on and what it asks of storage, `readings.reading` what it makes of the answers; a kind that
one of them forgot does not pass the type checker.
"""

from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal, Self, assert_never

from pydantic import Field, Tag, model_validator

from scoring import figures as asked
from scoring.figures import Figure, Source, Window
from scoring.written import BY_SHAPE, Days, Number, Whole, Word, Words, Written

ANY = "any"

# More windows than this are not a baseline but a history; and each is one more figure to ask.
Windows = Annotated[Whole, Field(ge=1, le=12)]

Events = Annotated[
    Annotated[Word, Tag("plain")] | Annotated[Words, Tag("list")],
    BY_SHAPE,
    Field(description="One kind of event, a list of kinds, or `any`."),
]


class Count(Written):
    """How many events of the given kinds there were in the last `days` days."""

    kind: Literal["count"]
    events: Events
    days: Days


class Total(Written):
    """The sum of the values of the events of the given kinds in the last `days` days."""

    kind: Literal["total"]
    events: Events
    days: Days


class ActiveDays(Written):
    """On how many of the last `days` days there was an event of the given kinds."""

    kind: Literal["active_days"]
    events: Events
    days: Days


class Features(Written):
    """How many different features were used in the last `days` days.

    `features` names the key features, or says `any`. With an empty list no key features are
    defined and the measure applies to nobody.
    """

    kind: Literal["features"]
    features: Annotated[
        Annotated[Literal["any"], Tag("plain")] | Annotated[tuple[Word, ...], Tag("list")],
        BY_SHAPE,
    ] = "any"
    days: Days


class Tickets(Written):
    """How many support tickets were opened in the last `days` days."""

    kind: Literal["tickets"]
    days: Days


Counted = Annotated[Count | Total | ActiveDays | Features | Tickets, Field(discriminator="kind")]


class Change(Written):
    """How a count changed: its last window against the mean of the `against` windows before.

    -1 means nothing is left, 0 no change, 1 twice as much. From nothing to something is 1; nothing
    in all of them gives nothing to measure.
    """

    kind: Literal["change"]
    of: Counted
    against: Windows = 1


class Ratio(Written):
    """One count as a share of another, such as failed payments of all payments.

    Where the whole is 0 there is nothing to measure.
    """

    kind: Literal["ratio"]
    part: Counted
    whole: Counted


class DaysSince(Written):
    """How many days ago the last event of the given kinds was; 0 is the day itself.

    A customer who never had one has nothing to measure.
    """

    kind: Literal["days_since"]
    events: Events


class Recency(Written):
    """How long the customer has been silent, counted in gaps that are usual for this customer.

    The usual gap is the time of the last `days` days (or since the first event, if that is later)
    divided by the days there was an event on. 1 is as usual, 3 is three times as long: six silent
    days of a daily user, six silent months of one who comes every two. With `working_days` both
    are counted without weekends and the holidays of the model's region. A customer who never had
    an event has nothing to measure.
    """

    kind: Literal["recency"]
    events: Events
    days: Days = 180
    working_days: bool = False


class Tenure(Written):
    """How many days the customer has been one; with `events`, since the first event of these kinds.

    0 is the day itself. A customer who never had such an event has nothing to measure.
    """

    kind: Literal["tenure"]
    events: Events | None = None


class PaidOnTime(Written):
    """Which share of the last `invoices` invoices that have fallen due was paid by its due date.

    Overdue and unpaid counts as late; an invoice not yet due does not count. A customer without
    an invoice that has fallen due has nothing to measure.
    """

    kind: Literal["paid_on_time"]
    invoices: Annotated[Whole, Field(ge=1, le=100)]


class PaymentDelay(Written):
    """How many days late the last `invoices` invoices that have fallen due were, on average.

    Paid early or in time is 0; an unpaid one is as late as it is overdue; none counts more than
    `longest` days, so that one forgotten invoice does not hide all others. A customer without an
    invoice that has fallen due has nothing to measure.
    """

    kind: Literal["payment_delay"]
    invoices: Annotated[Whole, Field(ge=1, le=100)]
    longest: Days = 30


class SincePaid(Written):
    """How many days ago the customer last paid one of the last 100 invoices that have fallen due.

    A customer who never paid one that has fallen due is counted from the first of them. A
    customer without an invoice that has fallen due has nothing to measure.
    """

    kind: Literal["since_paid"]


class LatePayments(Written):
    """How many invoices that fell due in the last `days` days were not paid by their due date."""

    kind: Literal["late_payments"]
    days: Days


class Rating(Written):
    """The mean rating of the tickets opened in the last `days` days; unrated ones do not count."""

    kind: Literal["rating"]
    days: Days


class Rated(Written):
    """Tickets of the last `days` days rated within the given limits, both included."""

    days: Days
    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("at_least, at_most, or both")
        return self


class RatedShare(Rated):
    """The share of the rated tickets of the last `days` days rated within the given limits."""

    kind: Literal["rated_share"]


class RatedCount(Rated):
    """How many tickets of the last `days` days were rated within the given limits."""

    kind: Literal["rated_count"]


class Nps(Written):
    """The net promoter score of a survey in the last `days` days, -100 to 100.

    The share of answers of 9 and 10 less the share of answers up to 6, times 100.
    """

    kind: Literal["nps"]
    survey: Word
    days: Days


class SurveyMean(Written):
    """The mean score of a survey's answers in the last `days` days."""

    kind: Literal["survey_mean"]
    survey: Word
    days: Days


class SurveyChange(Written):
    """How far a survey's mean of the last `days` days is from that of `ago` days earlier."""

    kind: Literal["survey_change"]
    survey: Word
    days: Days
    ago: Days


# What has a window that can be moved into the past and compared with itself.
COUNTED: Final = (Count, Total, ActiveDays, Features, Tickets)

Measure = Annotated[
    Count
    | Total
    | ActiveDays
    | Features
    | Tickets
    | Change
    | Ratio
    | DaysSince
    | Recency
    | Tenure
    | PaidOnTime
    | PaymentDelay
    | SincePaid
    | LatePayments
    | Rating
    | RatedShare
    | RatedCount
    | Nps
    | SurveyMean
    | SurveyChange,
    Field(discriminator="kind"),
]

# An invoice a day for as long as a window may be long would be more; nobody bills that often.
MOST_INVOICES = 100


def sources(measure: Measure) -> tuple[Source, ...]:  # noqa: PLR0911 - one return a kind
    """Return the feeds this measure lives on; none if it lives on what is known of the customer."""
    match measure:
        case Tenure():
            return () if measure.events is None else asked.event_sources(_kinds(measure.events))
        case Count() | Total() | ActiveDays() | DaysSince() | Recency():
            return asked.event_sources(_kinds(measure.events))
        case Features():
            return (asked.FEATURES,)
        case Tickets() | Rating() | RatedShare() | RatedCount():
            return (asked.TICKETS,)
        case PaidOnTime() | LatePayments() | PaymentDelay() | SincePaid():
            return (asked.INVOICES,)
        case Nps() | SurveyMean() | SurveyChange():
            return (f"{asked.SURVEYS}:{measure.survey}",)
        case Change():
            return sources(measure.of)
        case Ratio():
            return (*sources(measure.part), *sources(measure.whole))
        case _:
            assert_never(measure)


def figures(  # noqa: C901, PLR0911 - one return a kind
    measure: Measure, day: date
) -> tuple[Figure[Any], ...]:
    """Return what this measure asks of storage when its windows end with `day`.

    The answers go to `readings.reading` in this order. No figure at all means the measure
    applies to nobody, or asks only when the customer began, which needs no storage.
    """
    match measure:
        case Count() | Total() | ActiveDays() | Features() | Tickets():
            return _counted(measure, day)
        case Change():
            ends = (day - timedelta(days=measure.of.days * back) for back in _back(measure))
            return tuple(figure for end in ends for figure in _counted(measure.of, end))
        case Ratio():
            part, whole = _counted(measure.part, day), _counted(measure.whole, day)
            return (*part, *whole) if part and whole else ()
        case DaysSince():
            return (asked.LastActivity(_kinds(measure.events), day),)
        case Recency():
            return _recency(measure, day)
        case Tenure():
            kinds = () if measure.events is None else (_kinds(measure.events),)
            return tuple(asked.FirstActivity(some, day) for some in kinds)
        case PaidOnTime() | PaymentDelay():
            return (asked.InvoicesDue(measure.invoices, day),)
        case LatePayments() | SincePaid():
            return (asked.InvoicesDue(MOST_INVOICES, day),)
        case Rating() | RatedShare() | RatedCount():
            return (asked.TicketRatings(Window.ending(day, measure.days)),)
        case Nps() | SurveyMean() | SurveyChange():
            return _survey(measure, day)
        case _:
            assert_never(measure)


def asks_for_beginning(measure: Measure) -> bool:
    """Tell whether the measure is read from the day the customer began, and from nothing else."""
    return isinstance(measure, Tenure) and measure.events is None


def length(measure: Measure) -> int:
    """Return the days of the measure's window; 0 for one that has no window of its own."""
    return int(getattr(measure, "days", 0))


def _counted(measure: Counted, day: date) -> tuple[Figure[Any], ...]:
    window = Window.ending(day, measure.days)
    match measure:
        case Count():
            return (asked.EventCount(_kinds(measure.events), window),)
        case Total():
            return (asked.EventTotal(_kinds(measure.events), window),)
        case ActiveDays():
            return (asked.ActiveDays(_kinds(measure.events), window),)
        case Features():
            return _features(measure, window)
        case Tickets():
            return (asked.TicketsOpened(window),)
        case _:
            assert_never(measure)


def _back(measure: Change) -> range:
    """Return how many windows each one lies back: 0 is the last, then those before it."""
    return range(measure.against + 1)


def _features(measure: Features, window: Window) -> tuple[Figure[Any], ...]:
    if measure.features == ANY:
        return (asked.FeaturesUsed(None, window),)
    return (asked.FeaturesUsed(tuple(measure.features), window),) if measure.features else ()


def _recency(measure: Recency, day: date) -> tuple[Figure[Any], ...]:
    kinds = _kinds(measure.events)
    return (
        asked.LastActivity(kinds, day),
        asked.FirstActivity(kinds, day),
        asked.ActiveDays(kinds, Window.ending(day, measure.days)),
    )


def _survey(measure: Nps | SurveyMean | SurveyChange, day: date) -> tuple[Figure[Any], ...]:
    ends = [day]
    if isinstance(measure, SurveyChange):
        ends.append(day - timedelta(days=measure.ago))
    return tuple(
        asked.SurveyScores(measure.survey, Window.ending(end, measure.days)) for end in ends
    )


def _kinds(events: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the kinds as figures name them, where none means any."""
    kinds = (events,) if isinstance(events, str) else events
    return () if ANY in kinds else kinds
