"""What the stories of plays are told with: a customer, the days they live, and fake channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from scoring.bands import held_band, raw_band
from scoring.score import FactorScore, Score
from scoring.transition import transition
from scoring.trend import trend
from service.act import Acted, act
from service.brake import finish_run
from service.deliver import DeliveryReport, deliver
from service.ports import House, Receipt
from service.seen import Seen
from service.steps import approve
from storage import customers, outbox, people, plays, snapshots
from storage.customers import Customer, CustomerFields
from storage.outbox import Message
from storage.people import Member
from storage.plays import Play, Step, TransitionRow
from storage.snapshots import Current

FIRST = date(2026, 3, 2)
CSM = "carla@bellwether.example"


@dataclass
class Watch:
    """A clock that stands still until it is told the time or slept on."""

    time: datetime

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Wire:
    """A channel at the outermost edge: keeps what it is given, or raises what it was told to."""

    name: str
    watch: Watch
    sent: list[Message] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    roots: list[Mapping[str, str] | None] = field(default_factory=list)
    troubles: list[Exception | None] = field(default_factory=list)

    def send(self, message: Message, root: Mapping[str, str] | None) -> Receipt:
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is not None:
            raise trouble
        self.sent.append(message)
        self.at.append(self.watch.now())
        self.roots.append(root)
        return Receipt({"channel": "D1", "ts": str(len(self.sent))})

    def views(self) -> list[str]:
        """Return verb and view of everything sent, in order."""
        return [f"{each.verb} {each.body.get('view', 'mail')}" for each in self.sent]


def morning(day: int) -> datetime:
    """Return the instant the daily job runs for a day: 05:00 UTC the morning after."""
    return datetime.combine(FIRST + timedelta(days=day + 1), time(5), UTC)


def factor(name: str, count: int, value: float) -> FactorScore:
    """Return a counted factor that weighs everything."""
    number = Decimal(str(value))
    return FactorScore(
        name=name,
        title="Logins",
        value=number,
        status="known",
        weight=Decimal(100),
        effective_weight=Decimal(100),
        contribution=number,
        raw={"measure": "count", "count": count, "target": 20, "days": 30, "noun": "logins"},
    )


def score(house: House, value: float, day: int, held: str | None = None) -> Score:
    """Return a score of logins alone, one login for every five points."""
    number = Decimal(str(value))
    return Score(
        model=house.model.name,
        version=house.model.version,
        as_of=FIRST + timedelta(days=day),
        value=number,
        coverage=Decimal(100),
        band=held_band(house.model, number, held).name,
        raw_band=raw_band(house.model, number).name,
        factors=(factor("login_frequency", int(value // 5), value),),
    )


def acme(house: House, key: str = "acme", **changed: Any) -> Customer:
    """Put a customer with a CSM and a contact into the house."""
    known: dict[str, Any] = {
        "key": key,
        "name": key.title(),
        "arr": Decimal(12_000),
        "created_on": FIRST,
        "csm_email": CSM,
        "csm_name": "Carla",
        "contact_email": f"{key}@customer.example",
        "contact_name": "Pat Doe",
    }
    with house.database.transaction() as tx:
        customers.upsert_customers(tx, [CustomerFields(**known | changed)], morning(-1))
        found = customers.customer_by_key(tx, key)
    assert found is not None
    return found


def member(house: House, email: str = CSM, **changed: Any) -> Member:
    """Return one of our own people, put there if need be."""
    with house.database.transaction() as tx:
        return people.upsert_member(tx, email, **changed)


@dataclass
class Story:
    """One customer's days in a house: each is scored, compared, decided on and delivered."""

    house: House
    customer: Customer
    watch: Watch = field(default_factory=lambda: Watch(morning(0)))
    day: int = 0
    last: Score | None = None
    first: Score | None = None

    def __post_init__(self) -> None:
        self.slack = Wire("slack", self.watch)
        self.email = Wire("email", self.watch)

    def day_at(self, value: float) -> Acted:
        """Live one day at this score, with the run finished but nothing delivered."""
        return self.live_seen(self.look(value))

    def live_seen(self, seen: Seen) -> Acted:
        """Live one day as it was seen."""
        self.watch.time = morning(self.day)
        run = f"daily:{seen.current.as_of.isoformat()}"
        acted = commit(self.house, [seen], now=self.watch.time, run=run)
        finish_run(self.house, run, as_of=seen.current.as_of, now=self.watch.time)
        self.last, self.day = seen.current, self.day + 1
        self.first = self.first or seen.current
        return acted

    def days_at(self, *values: float) -> None:
        """Live a day at each of these scores and deliver after each."""
        for value in values:
            self.day_at(value)
            self.deliver()

    def look(self, value: float) -> Seen:
        current = score(self.house, value, self.day, self.last.band if self.last else None)
        return Seen(
            customer=self.customer,
            current=current,
            transition=transition(self.house.model, self.last, current),
            trend=trend(self.house.model, current.value, self.last.value if self.last else None),
            change_7=None,
            change_30=None,
            earlier=self.first,
        )

    def deliver(self) -> DeliveryReport:
        return deliver(self.house, {"slack": self.slack, "email": self.email}, self.watch)

    def play(self, playbook: str = "churn-risk") -> Play:
        """Return the newest play of this playbook."""
        with self.house.database.reading() as tx:
            found = plays.plays_of(tx, self.customer.id)
        return max((p for p in found if p.playbook == playbook), key=lambda p: p.id)

    def steps(self, playbook: str = "churn-risk") -> dict[str, Step]:
        with self.house.database.reading() as tx:
            return {step.name: step for step in plays.steps_of(tx, self.play(playbook).id)}

    def mail_step(self, playbook: str = "churn-risk") -> Step:
        return self.steps(playbook)["outreach"]

    def live_in(self, **changed: Any) -> None:
        """Go on in a house that differs in something."""
        self.house = replace(self.house, **changed)


def commit(house: House, seen: Sequence[Seen], *, now: datetime, run: str) -> Acted:
    """Do what rescoring does with a batch: scores, transitions and plays in one transaction."""
    with house.database.transaction() as tx:
        snapshots.put_current(tx, [_current(each, now) for each in seen])
        plays.add_transitions(tx, [_moved(each, now) for each in seen])
        return act(tx, house, seen, now=now, run=run)


def _current(each: Seen, now: datetime) -> Current:
    current = each.current
    return Current(
        customer_id=each.customer.id,
        model=current.model,
        version=current.version,
        as_of=current.as_of,
        score=current.value,
        band=current.band,
        coverage=current.coverage,
        trend=each.trend,
        change_7=None,
        change_30=None,
        computed_at=now,
        band_since=current.as_of,
        previous_band=each.transition.from_band,
    )


def _moved(each: Seen, now: datetime) -> TransitionRow:
    moved = each.transition
    return TransitionRow(
        customer_id=each.customer.id,
        model=each.current.model,
        as_of=each.current.as_of,
        kind=moved.kind,
        from_band=moved.from_band,
        to_band=moved.to_band,
        score_before=moved.score_before,
        score_after=moved.score_after,
        at=now,
    )


def approved(story: Story) -> Story:
    """Deliver the alert and say yes to the mail, which then waits in the outbox."""
    story.deliver()
    approve(story.house, story.mail_step().id, member(story.house), now=story.watch.now())
    return story


def alert(story: Story) -> Message:
    """Return the alert of Acme's fall as it stands in the outbox."""
    return _message(story, story.play().root_key or "")


def mail(story: Story) -> Message:
    """Return the mail of the play as it stands in the outbox."""
    return _message(story, str(story.mail_step().body["key"]))


def _message(story: Story, key: str) -> Message:
    with story.house.database.reading() as tx:
        found = outbox.message_by_key(tx, key)
    assert found is not None
    return found
