"""The demo's world: 80 customers and all they did, from a seed and a last day, to the row.

Pure: the same seed, last day and sizes give the same rows on every machine. Every customer has
a generator of its own, so that adding one changes nothing about the others.
"""
# ruff: noqa: S311  # A demo's dice need to be repeatable, not unguessable.

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from bellwether import names
from bellwether.stories import Story, cast

_WEEKEND = 5
_TERM = 30
# How many invoices fall due before the first day, so that paying is known from the start.
_EARLIER_INVOICES = 3
# Most customers use the API; most logins lead to a key feature.
_SHARE_WITH_API = 0.85
_SHARE_WITH_FEATURE = 0.8


@dataclass(frozen=True, slots=True)
class SeedCustomer:
    """One customer with the people around it; amounts in whole euros a year."""

    key: str
    name: str
    story: str
    segment: str
    plan: str
    arr: Decimal
    seats: int
    created_on: date
    renewal_on: date
    timezone: str
    csm_email: str
    csm_name: str
    contact_email: str
    contact_name: str
    paused_on: date | None


@dataclass(frozen=True, slots=True)
class SeedEvent:
    """One thing somebody did; `value` is 1 but for API calls, which are told once a day."""

    id: str
    customer: str
    kind: str
    occurred_at: datetime
    feature: str | None
    value: Decimal
    user: str | None


@dataclass(frozen=True, slots=True)
class SeedTicket:
    """One support ticket; rating 1-5, None while nobody rated it."""

    id: str
    customer: str
    subject: str
    opened_at: datetime
    closed_at: datetime | None
    rating: int | None


@dataclass(frozen=True, slots=True)
class SeedInvoice:
    """One monthly invoice in euros."""

    id: str
    customer: str
    amount: Decimal
    issued_on: date
    due_on: date
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class World:
    """Everything the demo plants, each part in a fixed order."""

    first: date
    last: date
    customers: tuple[SeedCustomer, ...]
    events: tuple[SeedEvent, ...]
    tickets: tuple[SeedTicket, ...]
    invoices: tuple[SeedInvoice, ...]


def world(last: date, *, customers: int = 80, days: int = 90, seed: int = 42) -> World:
    """Make up the world whose last complete day is `last`."""
    first = last - timedelta(days=days - 1)
    # The first company is the one the README speaks of: its story is always the table's first.
    lead, *others = cast(customers)
    Random(f"{seed}").shuffle(others)
    order = enumerate((lead, *others))
    lives = [_Life(seed, index, story, first, last) for index, story in order]
    return World(
        first,
        last,
        tuple(life.customer for life in lives),
        tuple(event for life in lives for event in life.events()),
        tuple(ticket for life in lives for ticket in life.tickets()),
        tuple(invoice for life in lives for invoice in life.invoices()),
    )


class _Life:
    """One customer's days. The methods must be called in the order `world` calls them."""

    def __init__(self, seed: int, index: int, story: Story, first: date, last: date) -> None:
        self._seed = f"{seed}:{index}"
        self._story = story
        self._first = first
        self._last = last
        self._days = (last - first).days + 1
        dice = self._dice("customer")
        self.customer = self._customer(index, dice)
        self._logins = dice.uniform(*story.logins)
        self._features = dice.sample(names.FEATURES, dice.randint(*story.features))
        self._calls = dice.randint(200, 4000) if dice.random() < _SHARE_WITH_API else 0
        # Two customers of one story do not fall on one day; the leading one keeps its dates.
        self._shift = dice.uniform(-0.05, 0.15) if index else 0.0
        self._users = [f"u{index:03}-{n}" for n in range(1, dice.randint(2, 9))]

    def _dice(self, purpose: str) -> Random:
        return Random(f"{self._seed}:{purpose}")

    def _customer(self, index: int, dice: Random) -> SeedCustomer:
        key, name = _company(index)
        segment, plan, arr, seats = _size(dice, leading=index == 0)
        csm_email, csm_name = names.CSMS[index % len(names.CSMS)]
        person = f"{dice.choice(names.FIRST_NAMES)} {dice.choice(names.LAST_NAMES)}"
        mailbox = person.lower().replace(" ", ".").replace("'", "")
        return SeedCustomer(
            key=key,
            name=name,
            story=self._story.name,
            segment=segment,
            plan=plan,
            arr=arr,
            seats=seats,
            created_on=self._birthday(dice),
            renewal_on=self._last + timedelta(days=dice.randint(5, 360)),
            timezone=dice.choice(names.TIMEZONES),
            csm_email=csm_email,
            csm_name=csm_name,
            contact_email=f"{mailbox}@{key}.example",
            contact_name=person,
            paused_on=self._pause(),
        )

    def _birthday(self, dice: Random) -> date:
        if self._story.born is None:
            return self._first - timedelta(days=dice.randint(60, 1200))
        return self._first + timedelta(days=int(dice.uniform(*self._story.born) * self._days))

    def _pause(self) -> date | None:
        if self._story.pauses is None:
            return None
        return self._first + timedelta(days=int(self._story.pauses * self._days))

    def events(self) -> Iterator[SeedEvent]:
        """Yield the days' logins, feature uses and API calls, oldest day first."""
        dice = self._dice("events")
        for offset in range(self._days):
            day = self._first + timedelta(days=offset)
            if day < self.customer.created_on:
                continue
            level = self._story.level(offset / max(1, self._days - 1) - self._shift)
            if day.weekday() >= _WEEKEND:
                level *= 0.15
            yield from self._day(day, level, dice)

    def _day(self, day: date, level: float, dice: Random) -> Iterator[SeedEvent]:
        logins = _poisson(self._logins * level, dice)
        for n in range(logins):
            user = dice.choice(self._users)
            moment = _working_moment(day, dice)
            yield self._event(day, "login", n, moment, user=user)
            if dice.random() < _SHARE_WITH_FEATURE:
                feature = dice.choice(self._features)
                later = moment + timedelta(minutes=dice.randint(1, 50))
                yield self._event(day, "feature_use", n, later, feature=feature, user=user)
        calls = round(self._calls * level * dice.uniform(0.85, 1.15))
        if calls:
            end = datetime.combine(day, time(23, 55), UTC)
            yield self._event(day, "api_call", 0, end, value=Decimal(calls))

    def _event(
        self,
        day: date,
        kind: str,
        n: int,
        moment: datetime,
        *,
        feature: str | None = None,
        value: Decimal = Decimal(1),
        user: str | None = None,
    ) -> SeedEvent:
        key = self.customer.key
        return SeedEvent(f"{key}:{day}:{kind}:{n}", key, kind, moment, feature, value, user)

    def tickets(self) -> Iterator[SeedTicket]:
        """Yield the tickets, those before the story's turn first."""
        dice = self._dice("tickets")
        before, after = self._story.tickets
        turn = round(self._story.turn * self._days)
        offsets = sorted(dice.randrange(turn) for _ in range(_poisson(before, dice)))
        offsets += sorted(dice.randrange(turn, self._days) for _ in range(_poisson(after, dice)))
        for n, offset in enumerate(offsets, start=1):
            day = self._first + timedelta(days=offset)
            if day >= self.customer.created_on:
                yield self._ticket(n, day, dice)

    def _ticket(self, n: int, day: date, dice: Random) -> SeedTicket:
        opened = _working_moment(day, dice)
        closed = opened + timedelta(hours=dice.randint(2, 150))
        open_still = closed.date() > self._last
        return SeedTicket(
            id=f"{self.customer.key}-T{n}",
            customer=self.customer.key,
            subject=dice.choice(names.COMPLAINTS),
            opened_at=opened,
            closed_at=None if open_still else closed,
            rating=None if open_still else dice.choice((1, 2, 3, 4, 4, 5, 5)),
        )

    def invoices(self) -> Iterator[SeedInvoice]:
        """Yield one invoice per 30 days, oldest first; the newest may not be due yet."""
        dice = self._dice("invoices")
        newest_due = self._last - timedelta(days=dice.randint(2, 20))
        count = self._days // _TERM + _EARLIER_INVOICES
        for back in range(count, -2, -1):
            due_on = newest_due - timedelta(days=_TERM * back)
            if due_on - timedelta(days=14) >= self.customer.created_on:
                yield self._invoice(back, due_on, dice)

    def _invoice(self, back: int, due_on: date, dice: Random) -> SeedInvoice:
        late = back in self._story.late
        paid = due_on + timedelta(days=dice.randint(4, 16) if late else -dice.randint(0, 9))
        unpaid = back in self._story.unpaid or paid > self._last
        return SeedInvoice(
            id=f"{self.customer.key}-{due_on:%Y%m%d}",
            customer=self.customer.key,
            amount=(self.customer.arr / 12).quantize(Decimal("0.01")),
            issued_on=due_on - timedelta(days=14),
            due_on=due_on,
            paid_on=None if unpaid else paid,
        )


def _company(index: int) -> tuple[str, str]:
    known = len(names.COMPANIES)
    key, name = names.COMPANIES[index % known]
    again = index // known
    return (key, name) if not again else (f"{key}-{again + 1}", f"{name} {again + 1}")


def _size(dice: Random, *, leading: bool) -> tuple[str, str, Decimal, int]:
    """Draw segment, plan, ARR and seats; the leading company is one worth fighting for."""
    segment = dice.choices(("smb", "mid-market", "enterprise"), (5, 3, 2))[0]
    segment = "enterprise" if leading else segment
    low, high, plan = {
        "smb": (3, 18, "starter"),
        "mid-market": (20, 90, "growth"),
        "enterprise": (100, 420, "enterprise"),
    }[segment]
    thousands = dice.randint(low, high)
    return segment, plan, Decimal(thousands * 1000), max(3, thousands * 2 // 3)


def _working_moment(day: date, dice: Random) -> datetime:
    seconds = dice.randint(7 * 3600, 18 * 3600)
    return datetime.combine(day, time(0), UTC) + timedelta(seconds=seconds)


def _poisson(mean: float, dice: Random) -> int:
    """Draw how often something happens that happens `mean` times on average (Knuth's way)."""
    count, left = 0, 1.0
    floor = 2.718281828459045 ** -max(0.0, mean)
    while True:
        left *= dice.random()
        if left <= floor:
            return count
        count += 1
