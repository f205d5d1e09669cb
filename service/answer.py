"""Answer questions about customers: health now, the card, the portfolio, the list, the history."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, cast

from scoring.bands import tone
from scoring.explain import Driver, drivers
from scoring.feeds import FeedState
from scoring.figures import Source
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.override import Override, overridden, override_in
from scoring.override import computed as own
from scoring.score import Score
from scoring.trend import Trend, trend
from service.errors import DraftInvalid, UnknownCustomer
from service.feeds import feeds_on_days
from service.past import MONTH, WEEK, change, comparable, earlier_scores, told_again, whole
from service.plans import STANDS_FOR, Feeds, plan_again
from service.ports import House
from service.said import own_band, said_on
from service.written import askable, clean_key
from storage.activity import answers, freshness, last_touch
from storage.customers import Customer, customer_by_key
from storage.database import Transaction
from storage.plays import Play, plays_of
from storage.said import PulseRow, pulse_of
from storage.snapshots import (
    Current,
    Snapshot,
    currents,
    history,
    latest_before,
    latest_day,
    scores_at,
    snapshots_on,
)
from storage.views import CurrentRow, Filter, ScoredRow, band_counts, current_page, movers

CARD_HISTORY: Final = timedelta(days=90)
MOVERS: Final = 5
# Open and closed plays of a customer that a card lists.
PLAYS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class HealthView:
    """A customer's health computed this moment, with everything it rests on."""

    customer: Customer
    score: Score
    trend: Trend
    change_7: Decimal | None
    change_30: Decimal | None
    drivers: tuple[Driver, ...]
    tone: str
    pulse: PulseRow | None = None

    @property
    def override(self) -> Override | None:
        """Answer what a person said, where the score is shown under it."""
        return override_in(self.score)

    @property
    def computed(self) -> Score:
        """Answer the score as the model computed it."""
        return own(self.score)


@dataclass(frozen=True, slots=True)
class FeedFreshness:
    """When a feed last spoke for anybody, and whether it lives."""

    source: Source
    last_at: datetime | None
    state: FeedState


@dataclass(frozen=True, slots=True)
class CardView:
    """All there is to know of a customer at a glance.

    `score` is the stored one of day `as_of`; before the first daily job it is computed now, with
    `stored` False. `drivers` come strongest first. `history` covers 90 days, oldest first, as
    (day, score, band); `plays` are open and closed, newest first. None of the score's fields is
    set for a customer never scored and not active.
    """

    customer: Customer
    score: Score | None
    stored: bool
    trend: Trend | None
    change_7: Decimal | None
    change_30: Decimal | None
    drivers: tuple[Driver, ...]
    band_tone: str
    last_touch: datetime | None
    fresh: tuple[FeedFreshness, ...]
    history: tuple[tuple[date, Decimal, str], ...]
    plays: tuple[Play, ...]
    as_of: date | None
    pulse: PulseRow | None = None

    @property
    def override(self) -> Override | None:
        """Answer what a person said, where the score is shown under it."""
        return override_in(self.score) if self.score else None

    @property
    def computed(self) -> Score | None:
        """Answer the score as the model computed it."""
        return own(self.score) if self.score else None


@dataclass(frozen=True, slots=True)
class BandCount:
    """How many customers are in a band, and how it is to be shown."""

    band: str
    tone: str
    customers: int


@dataclass(frozen=True, slots=True)
class PortfolioView:
    """Everybody at a glance: bands best first (unknown last), the furthest fallen and risen."""

    as_of: date | None
    total: int
    counts: tuple[BandCount, ...]
    fallen: tuple[ScoredRow, ...]
    risen: tuple[ScoredRow, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A score with its comparison, stored or computed."""

    score: Score
    trend: Trend
    change_7: Decimal | None
    change_30: Decimal | None
    stored: bool


def health(house: House, key: str, *, today: date) -> HealthView:
    """Compute a customer's health as of `today` (UTC). Raises UnknownCustomer."""
    with house.database.reading() as tx:
        customer = _customer(tx, key)
        house = house.under(house.model_for(customer.facts, today))
        reading = _shown(tx, house, customer, _computed(tx, house, customer, today))
        earlier = earlier_scores(tx, {customer.id: reading.score})
        found = _explained(tx, house, customer, reading, earlier)
        pulse = pulse_of(tx, customer.id, today)
    return HealthView(
        customer=customer,
        score=reading.score,
        trend=reading.trend,
        change_7=reading.change_7,
        change_30=reading.change_30,
        drivers=found,
        tone=tone(house.model, reading.score.band),
        pulse=pulse,
    )


def card(house: House, key: str, *, now: datetime) -> CardView:
    """Answer the score card, from the stored score of the newest day. Raises UnknownCustomer."""
    today = now.astimezone(UTC).date()
    with house.database.reading() as tx:
        customer = _customer(tx, key)
        return card_of(tx, house, customer, today)


def card_of(tx: Transaction, house: House, customer: Customer, today: date) -> CardView:
    """Do as `card`, for a customer at hand in the caller's transaction."""
    newest = currents(tx, [customer.id]).get(customer.id)
    house = house.under(_shown_model(house, customer, newest, today))
    reading = _stored(tx, house, customer, newest, today)
    if reading is None and customer.status == "active":
        reading = _computed(tx, house, customer, today)
    reading = _shown(tx, house, customer, reading) if reading else None
    earlier = earlier_scores(tx, {customer.id: reading.score}) if reading else {}
    feeds = feeds_on_days(tx, house, {today, *(score.as_of for score in earlier.values())})
    past = history(tx, customer.id, house.model.name, today - CARD_HISTORY, today)
    return CardView(
        customer=customer,
        score=reading.score if reading else None,
        stored=reading.stored if reading else False,
        trend=reading.trend if reading else None,
        change_7=reading.change_7 if reading else None,
        change_30=reading.change_30 if reading else None,
        drivers=_explained(tx, house, customer, reading, earlier, feeds=feeds) if reading else (),
        band_tone=tone(house.model, reading.score.band) if reading else UNKNOWN_BAND,
        last_touch=last_touch(tx, customer.id),
        fresh=_fresh(tx, feeds[today], today),
        history=tuple((point.as_of, point.score, point.band) for point in past),
        plays=plays_of(tx, customer.id, PLAYS_SHOWN),
        as_of=reading.score.as_of if reading else None,
        pulse=pulse_of(tx, customer.id, today),
    )


def portfolio(house: House) -> PortfolioView:
    """Answer how many customers are in which band, and who moved furthest in a week."""
    with house.database.reading() as tx:
        counted = band_counts(tx)
        moved = movers(tx, MOVERS)
        newest = latest_day(tx)
    bands = [band.name for model in house.known_models for band in model.bands]
    order = [*dict.fromkeys(bands), UNKNOWN_BAND]
    names = order + sorted(name for name in counted if name not in order)
    counts = [BandCount(name, house.tone(name), counted.get(name, 0)) for name in names]
    own = {band.name for band in house.model.bands}
    shown = [c for c in counts if c.customers or c.band in own]
    falling = [row for row in moved if row.change_7 is not None and row.change_7 < 0]
    rising = [row for row in moved if row.change_7 is not None and row.change_7 > 0]
    return PortfolioView(
        as_of=newest,
        total=sum(counted.values()),
        counts=tuple(shown),
        fallen=tuple(falling),
        risen=tuple(rising),
    )


def customers(house: House, chosen: Filter) -> tuple[tuple[CurrentRow, ...], int]:
    """Answer a page of customers with their current scores, and how many fit in all."""
    with house.database.reading() as tx:
        return current_page(tx, replace(chosen, q=askable(chosen.q or "") or None))


def history_of(house: House, key: str, *, first: date, last: date) -> tuple[Snapshot, ...]:
    """Answer a customer's stored scores of these days, oldest first. Raises UnknownCustomer."""
    with house.database.reading() as tx:
        customer = _customer(tx, key)
        model = house.model_for(customer.facts, last)
        return history(tx, customer.id, model.name, first, last)


def _customer(tx: Transaction, key: str) -> Customer:
    """Answer the customer; a key no customer could have is simply unknown."""
    try:
        customer = customer_by_key(tx, clean_key(key))
    except DraftInvalid:
        customer = None
    if customer is None:
        raise UnknownCustomer(key)
    return customer


def _shown_model(
    house: House, customer: Customer, newest: Current | None, today: date
) -> HealthModel:
    """Answer the model of the newest stored score; of one the house knows no more, today's."""
    if newest is not None and newest.model in house.model_names:
        return house.named(newest.model)
    return house.model_for(customer.facts, today)


def _computed(
    tx: Transaction,
    house: House,
    customer: Customer,
    today: date,
) -> _Reading:
    plan = plan_again(tx, house, house.model, today, days=STANDS_FOR)
    one, model = [customer.id], house.model
    figures = answers(tx, one, plan.figures)[customer.id]
    previous = latest_before(tx, one, model.name, today).get(customer.id)
    if previous is not None and not comparable(model, customer, previous):
        previous = None
    score = plan.score(customer.facts, figures, own_band(previous) if previous else None)
    week = scores_at(tx, one, model.name, today - WEEK, model.version).get(customer.id)
    month = scores_at(tx, one, model.name, today - MONTH, model.version).get(customer.id)
    return _Reading(
        score=score,
        trend=trend(model, score.value, previous.score if previous else None),
        change_7=change(score.value, week if previous else None),
        change_30=change(score.value, month if previous else None),
        stored=False,
    )


def _stored(
    tx: Transaction, house: House, customer: Customer, current: Current | None, today: date
) -> _Reading | None:
    newest = _snapshot(tx, house.model.name, current, today)
    if newest is None:
        tomorrow = today + timedelta(days=1)
        newest = latest_before(tx, [customer.id], house.model.name, tomorrow).get(customer.id)
    if newest is None:
        return None
    return _Reading(
        score=whole(newest),
        trend=cast("Trend", newest.trend),
        change_7=newest.change_7,
        change_30=newest.change_30,
        stored=True,
    )


def _snapshot(tx: Transaction, model: str, current: Current | None, today: date) -> Snapshot | None:
    """Answer the snapshot the newest score is of; None where days before must be searched."""
    if current is None or current.model != model or current.as_of > today:
        return None
    found = snapshots_on(tx, [current.customer_id], model, [current.as_of])
    return found.get((current.customer_id, current.as_of))


def _shown(tx: Transaction, house: House, customer: Customer, reading: _Reading) -> _Reading:
    """Answer the reading under what is said of that day's score by now."""
    said = said_on(tx, [customer.id], reading.score.as_of).get(customer.id)
    if said == override_in(reading.score):
        return reading
    score = overridden(house.model, reading.score, said)
    return replace(reading, score=score, change_7=None, change_30=None)


def _explained(
    tx: Transaction,
    house: House,
    customer: Customer,
    reading: _Reading,
    earlier: Mapping[int, Score],
    *,
    feeds: Mapping[date, Feeds] | None = None,
) -> tuple[Driver, ...]:
    again = told_again(tx, house, {customer.id: customer}, earlier, feeds)
    return drivers(reading.score, earlier.get(customer.id), again.get(customer.id))


def _fresh(
    tx: Transaction, feeds: Mapping[Source, FeedState], today: date
) -> tuple[FeedFreshness, ...]:
    last = freshness(tx)
    return tuple(
        FeedFreshness(name, _spoken(last.get(name), feeds[name], today), feeds[name])
        for name in sorted(feeds)
    )


def _spoken(newest: datetime | None, feed: FeedState, today: date) -> datetime | None:
    """Answer when a feed last spoke of what has happened: an invoice may be due in a month."""
    if newest is None or newest.astimezone(UTC).date() <= today:
        return newest
    return datetime.combine(feed.last_day, time(), UTC) if feed.last_day else None
