"""A customer's history in plain lists, and a deliberately naive answer to every figure."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from scoring.feeds import FeedState
from scoring.figures import (
    ActiveDays,
    Answers,
    CustomerFacts,
    EventCount,
    EventTotal,
    Ever,
    FeaturesUsed,
    Figure,
    FirstActivity,
    InvoiceDue,
    InvoicesDue,
    LastActivity,
    SurveyScores,
    Tally,
    TicketRatings,
    TicketsOpened,
    Window,
)
from scoring.load import shipped
from scoring.model import HealthModel
from scoring.score import Score, prepare

TODAY = date(2026, 11, 19)
LONG_AGO = date(2020, 1, 1)
FIVE = shipped("saas-five-factor")


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@dataclass(frozen=True)
class Happened:
    day: date
    kind: str
    feature: str | None = None
    value: Decimal = Decimal(1)


@dataclass
class World:
    """What is known of one customer; every method adds to it and returns it."""

    happened: list[Happened] = field(default_factory=list)
    tickets: list[date] = field(default_factory=list)
    invoices: list[InvoiceDue] = field(default_factory=list)
    rated: list[tuple[date, Decimal]] = field(default_factory=list)
    answered: list[tuple[str, date, Decimal]] = field(default_factory=list)

    def event(self, kind: str, *days: date, feature: str | None = None) -> "World":
        self.happened += [Happened(day, kind, feature) for day in days]
        return self

    def logins(self, count: int, day: date = TODAY) -> "World":
        return self.event("login", *[day] * count)

    def features(self, count: int, day: date = TODAY) -> "World":
        for number in range(count):
            self.event("feature_use", day, feature=f"feature-{number}")
        return self

    def opened(self, count: int, day: date = TODAY) -> "World":
        self.tickets += [day] * count
        return self

    def invoice(self, due_on: date, paid_on: date | None) -> "World":
        self.invoices.append(InvoiceDue(due_on, paid_on))
        return self

    def rating(self, rating: int, times: int = 1, day: date = TODAY) -> "World":
        self.rated += [(day, Decimal(rating))] * times
        return self

    def survey(self, name: str, score: str, times: int = 1, day: date = TODAY) -> "World":
        self.answered += [(name, day, Decimal(score))] * times
        return self

    def api_calls(self, now: int, before: int) -> "World":
        return self.event("api_call", *[ago(3)] * now, *[ago(33)] * before)

    def answers(self, figures: frozenset[Figure[Any]]) -> Answers:
        return Answers({figure: self._answer(figure) for figure in figures})

    def _answer(self, figure: Figure[Any]) -> object:  # noqa: C901, PLR0911 - one return a figure
        match figure:
            case EventCount(kinds=kinds, window=window):
                return len(self._within(kinds, window))
            case EventTotal(kinds=kinds, window=window):
                return sum((event.value for event in self._within(kinds, window)), Decimal(0))
            case ActiveDays(kinds=kinds, window=window):
                return len({event.day for event in self._within(kinds, window)})
            case FeaturesUsed(features=features, window=window):
                used = {event.feature for event in self._within((), window)} - {None}
                return len(used if features is None else used & set(features))
            case TicketsOpened(window=window):
                return sum(window.first <= day <= window.last for day in self.tickets)
            case TicketRatings(window=window):
                return tallied([rating for day, rating in self.rated if within(day, window)])
            case SurveyScores(survey=survey, window=window):
                return tallied(
                    [
                        score
                        for name, day, score in self.answered
                        if name == survey and within(day, window)
                    ]
                )
            case InvoicesDue(last=last, by=by):
                due = [invoice for invoice in self.invoices if invoice.due_on <= by]
                return tuple(sorted(due, key=lambda due: due.due_on, reverse=True)[:last])
            case LastActivity(kinds=kinds, by=by):
                days = [event.day for event in self._within(kinds, Window(date.min, by))]
                return max(days, default=None)
            case FirstActivity(kinds=kinds, by=by):
                days = [event.day for event in self._within(kinds, Window(date.min, date.max))]
                first = min(days, default=None)
                return first if first is not None and first <= by else None
            case Ever():
                return bool(self.happened or self.tickets or self.invoices)
            case _:
                raise AssertionError(figure)

    def _within(self, kinds: tuple[str, ...], window: Window) -> list[Happened]:
        return [
            event
            for event in self.happened
            if window.first <= event.day <= window.last and (not kinds or event.kind in kinds)
        ]


def within(day: date, window: Window) -> bool:
    return window.first <= day <= window.last


def tallied(given: list[Decimal]) -> Tally:
    return tuple(sorted(Counter(given).items()))


def customer(
    created_on: date = LONG_AGO, segment: str | None = None, seats: int | None = None
) -> CustomerFacts:
    return CustomerFacts(
        id=1, key="acme", name="Acme", created_on=created_on, segment=segment, seats=seats
    )


def live_feeds(model: HealthModel, day: date = TODAY, **other: FeedState) -> dict[str, FeedState]:
    """Return every feed of the model as live; `other` replaces some, by name."""
    live = {source: FeedState(source, "live", day, LONG_AGO) for source in model.sources()}
    return live | {state.source: state for state in other.values()}


def scored(
    world: World,
    *,
    model: HealthModel = FIVE,
    facts: CustomerFacts | None = None,
    feeds: dict[str, FeedState] | None = None,
    as_of: date = TODAY,
    previous_band: str | None = None,
) -> Score:
    plan = prepare(model, as_of, live_feeds(model, as_of) if feeds is None else feeds)
    return plan.score(facts or customer(), world.answers(plan.figures), previous_band)


def value_of(score: Score, factor: str) -> Decimal:
    found = next(part for part in score.factors if part.name == factor)
    return found.value.quantize(Decimal("0.01"))


def status_of(score: Score, factor: str) -> str:
    return next(part for part in score.factors if part.name == factor).status
