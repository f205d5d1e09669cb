"""What a model may ask of storage: small hashable questions, answered for many customers at once.

A figure says what is asked and for which UTC days, never how it is found. Storage answers a whole
set of them for a whole batch of customers in a fixed number of statements; a customer without an
answer has the figure's `nothing`, so storage need not send rows that say zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, cast

T = TypeVar("T")

# A source is the name of one kind of data: "events" (of any kind), "events:<kind>", "features",
# "tickets", "invoices", "surveys:<name>". It is open text, because an event kind and a survey's
# name are the operator's own words.
Source = str

EVENTS: Final = "events"
FEATURES: Final = "features"
TICKETS: Final = "tickets"
INVOICES: Final = "invoices"
SURVEYS: Final = "surveys"


def event_sources(kinds: tuple[str, ...]) -> tuple[Source, ...]:
    """Return the sources that events of these kinds come from; no kind means any kind."""
    return tuple(f"{EVENTS}:{kind}" for kind in kinds) if kinds else (EVENTS,)


@dataclass(frozen=True, slots=True)
class Window:
    """A run of UTC days, `first` and `last` included."""

    first: date
    last: date

    @classmethod
    def ending(cls, last: date, days: int) -> Self:
        """Return the window of `days` days that ends with `last`."""
        return cls(last - timedelta(days=days - 1), last)

    def before(self) -> "Window":
        """Return the window of the same length that ends the day before this one begins."""
        eve = self.first - timedelta(days=1)
        return Window(eve - (self.last - self.first), eve)


class Figure(Generic[T]):
    """A question about one customer whose answer is a `T`; hashable, so answers are kept by it."""

    __slots__ = ()
    nothing: ClassVar[Any]  # The answer for a customer of whom storage holds nothing.


@dataclass(frozen=True, slots=True)
class EventCount(Figure[int]):
    """How many events of these kinds fell into the window; no kinds means every kind."""

    nothing: ClassVar[int] = 0
    kinds: tuple[str, ...]
    window: Window


@dataclass(frozen=True, slots=True)
class EventTotal(Figure[Decimal]):
    """The sum of the values of these events in the window; an event without a value counts 1."""

    nothing: ClassVar[Decimal] = Decimal(0)
    kinds: tuple[str, ...]
    window: Window


@dataclass(frozen=True, slots=True)
class ActiveDays(Figure[int]):
    """On how many days of the window there was at least one event of these kinds."""

    nothing: ClassVar[int] = 0
    kinds: tuple[str, ...]
    window: Window


@dataclass(frozen=True, slots=True)
class FeaturesUsed(Figure[int]):
    """How many different features were used in the window; None means any feature counts."""

    nothing: ClassVar[int] = 0
    features: tuple[str, ...] | None
    window: Window


@dataclass(frozen=True, slots=True)
class LastActivity(Figure[date | None]):
    """The last day up to `by` with an event of these kinds, or None."""

    nothing: ClassVar[None] = None
    kinds: tuple[str, ...]
    by: date


@dataclass(frozen=True, slots=True)
class FirstActivity(Figure[date | None]):
    """The first day ever with an event of these kinds, or None when it lies after `by`."""

    nothing: ClassVar[None] = None
    kinds: tuple[str, ...]
    by: date


@dataclass(frozen=True, slots=True)
class TicketsOpened(Figure[int]):
    """How many tickets were opened in the window."""

    nothing: ClassVar[int] = 0
    window: Window


# How often each rating or score was given, lowest first.
Tally = tuple[tuple[Decimal, int], ...]


@dataclass(frozen=True, slots=True)
class TicketRatings(Figure[Tally]):
    """How often each rating was given to the tickets opened in the window; unrated ones are not."""

    nothing: ClassVar[Tally] = ()
    window: Window


@dataclass(frozen=True, slots=True)
class SurveyScores(Figure[Tally]):
    """How often each score was given in this survey's answers that fell into the window."""

    nothing: ClassVar[Tally] = ()
    survey: str
    window: Window


@dataclass(frozen=True, slots=True)
class InvoiceDue:
    """One invoice that has fallen due; `paid_on` is as stored, also when it lies in the future."""

    due_on: date
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class InvoicesDue(Figure[tuple[InvoiceDue, ...]]):
    """The newest `last` invoices that fell due up to `by`, newest first."""

    nothing: ClassVar[tuple[InvoiceDue, ...]] = ()
    last: int
    by: date


@dataclass(frozen=True, slots=True)
class Ever(Figure[bool]):
    """Whether this customer ever had data of this source, up to `by`."""

    nothing: ClassVar[bool] = False
    source: Source
    by: date


@dataclass(frozen=True, slots=True)
class Answers:
    """One customer's answers: `answers[figure]` is the answer, or the figure's `nothing`."""

    values: Mapping[Figure[Any], object]

    def __getitem__(self, figure: Figure[T]) -> T:
        return cast("T", self.values.get(figure, figure.nothing))


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What scoring and playbooks know of a customer besides activity; money is a Decimal."""

    id: int
    key: str
    name: str
    created_on: date
    segment: str | None = None
    plan: str | None = None
    lifecycle: str | None = None
    tags: tuple[str, ...] = ()
    seats: int | None = None
    arr: Decimal | None = None
