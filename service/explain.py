"""Why a customer's score moved between two days: drivers, figures then and now, and what for.

The drivers' points add up to the change exactly. What only arrived late since the earlier day is
told apart, by scoring that day again with what is known now.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from scoring.explain import Driver, drivers, factor_words
from scoring.override import OVERRIDE, Override, measured, override_in
from scoring.readings import Raw
from scoring.score import FactorScore, Score
from service.answer import CardView, card_of
from service.errors import UnknownCustomer
from service.past import whole
from service.past_lines import lines
from service.plans import STANDS_FOR, plan_again
from service.ports import House
from service.written import clean_key
from storage import late
from storage.activity import answers
from storage.customers import Customer, customer_by_key
from storage.database import Transaction
from storage.records import invoices_of, surveys_of, tickets_of
from storage.revisions import Revision, revisions_of
from storage.snapshots import every_history, history

MONTH: Final = timedelta(days=30)
# The earlier score may be this much older than the day asked for.
LOOKED_BACK: Final = timedelta(days=30)
# Records named one by one; beyond, only their number helps.
NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """One factor then and now: its value, what it added, and the raw figures with their words.

    The side on which the factor was not measured at all is None.
    """

    factor: str
    title: str
    before: FactorScore | None
    after: FactorScore | None

    @property
    def words(self) -> tuple[str, str]:
        """Answer then and now in words."""
        return tuple(factor_words(one) if one else "not measured" for one in self._pair)  # type: ignore[return-value] # of two come two

    @property
    def raw(self) -> tuple[Mapping[str, Raw], Mapping[str, Raw]]:
        """Answer the raw figures then and now: count, window in days, target."""
        return tuple(one.raw if one else {} for one in self._pair)  # type: ignore[return-value] # of two come two

    @property
    def _pair(self) -> tuple[FactorScore | None, FactorScore | None]:
        return self.before, self.after


@dataclass(frozen=True, slots=True)
class Explanation:
    """Two scores of a customer and all that lies between them.

    `stored` is False when the earlier day was never scored and had to be told from what is known
    now; then nothing can be said of late data. `evidence` are sentences naming the records and
    events behind it, `corrections` the scores that were replaced since.
    """

    customer: Customer
    before: Score | None
    after: Score
    stored: bool
    drivers: tuple[Driver, ...]
    figures: tuple[Figure, ...]
    evidence: tuple[str, ...]
    corrections: tuple[Revision, ...]
    card: CardView

    @property
    def change(self) -> Decimal | None:
        """Answer the points gained, which the drivers sum to; None without an earlier score."""
        return None if self.before is None else self.after.value - self.before.value

    @property
    def override(self) -> Override | None:
        """Answer what a person said, where the score is shown under it."""
        return override_in(self.after)


def explain(
    house: House, key: str, *, since: date | None = None, now: datetime
) -> Explanation | None:
    """Answer why the score shown now differs from that of the day `since` (30 days before).

    The earlier score is the newest stored one up to that day, of whatever model then scored the
    customer. None when the customer has no score at all. Raises UnknownCustomer.
    """
    with house.database.reading() as tx:
        customer = customer_by_key(tx, clean_key(key))
        if customer is None:
            raise UnknownCustomer(key)
        card = card_of(tx, house, customer, now.date())
        if card.score is None:
            return None
        house = house.under(house.named(card.score.model))
        wanted = min(since or card.score.as_of - MONTH, card.score.as_of)
        return _explained(tx, house, card, card.score, wanted)


def _explained(
    tx: Transaction, house: House, card: CardView, after: Score, wanted: date
) -> Explanation:
    customer = card.customer
    stored = _stored(tx, customer, wanted)
    before = stored or _told(tx, house, customer, wanted)
    again = _told(tx, house, customer, stored.as_of) if stored is not None else None
    found = drivers(after, before, again)
    corrections = revisions_of(tx, customer.id, house.model.name)
    return Explanation(
        customer=customer,
        before=before,
        after=after,
        stored=stored is not None,
        drivers=found,
        figures=tuple(_figures(before, after)),
        evidence=tuple(_evidence(tx, customer, before, after, found)),
        corrections=tuple(one for one in corrections if one.as_of >= wanted),
        card=card,
    )


def _stored(tx: Transaction, customer: Customer, day: date) -> Score | None:
    """Answer the newest score people were shown up to the day, whichever model made it."""
    lived = lines(every_history(tx, customer.id, day - LOOKED_BACK, day)).lived
    return whole(lived[-1]) if lived else None


def _told(tx: Transaction, house: House, customer: Customer, day: date) -> Score | None:
    """Answer the score of a day by the model of now, from what is known of it now."""
    if day < customer.created_on:
        return None
    plan = plan_again(tx, house, house.model, day, days=STANDS_FOR)
    return plan.score(customer.facts, answers(tx, [customer.id], plan.figures)[customer.id], None)


def _figures(before: Score | None, after: Score) -> Iterator[Figure]:
    """Pair what was measured, the factors of now first."""
    then = {factor.name: factor for factor in measured(before)} if before else {}
    for factor in measured(after):
        yield Figure(factor.name, factor.title, then.pop(factor.name, None), factor)
    for factor in then.values():
        yield Figure(factor.name, factor.title, factor, None)


def _evidence(
    tx: Transaction,
    customer: Customer,
    before: Score | None,
    after: Score,
    found: tuple[Driver, ...],
) -> Iterator[str]:
    """Name what stands behind the change, where it is at hand."""
    first = (before.as_of if before else after.as_of - MONTH) + timedelta(days=1)
    moved = {driver.factor for driver in found} - {OVERRIDE}
    kinds = {str(f.raw.get("measure")) for f in measured(after) if f.name in moved}
    if any("ticket" in kind or kind in {"rating", "rated_share"} for kind in kinds):
        yield from _tickets(tx, customer, first, after.as_of)
    if kinds & {"paid_on_time", "late_payments", "payment_delay", "since_paid"}:
        yield from _invoices(tx, customer, first, after.as_of)
    if kinds & {"nps", "survey_mean", "survey_change"}:
        yield from _surveys(tx, customer, first, after.as_of)
    if before and any(driver.cause == "late_data" for driver in found):
        yield from _late(tx, customer, before)


def _tickets(tx: Transaction, customer: Customer, first: date, last: date) -> Iterator[str]:
    opened = [one for one in tickets_of(tx, customer.id) if first <= one.opened_at.date() <= last]
    for one in opened[:NAMED]:
        subject = f": {one.subject}" if one.subject else ""
        yield f"Ticket {one.ticket_id} opened {one.opened_at:%Y-%m-%d}{subject}"
    yield from _more(len(opened), "tickets opened")


def _invoices(tx: Transaction, customer: Customer, first: date, last: date) -> Iterator[str]:
    late_ones = [
        one
        for one in invoices_of(tx, customer.id)
        if first <= one.due_on <= last and (one.paid_on is None or one.paid_on > one.due_on)
    ]
    for one in late_ones[:NAMED]:
        fate = f"paid {one.paid_on}" if one.paid_on and one.paid_on <= last else "not paid"
        yield f"Invoice {one.invoice_id} due {one.due_on}, {fate}"
    yield from _more(len(late_ones), "late invoices")


def _surveys(tx: Transaction, customer: Customer, first: date, last: date) -> Iterator[str]:
    given = [one for one in surveys_of(tx, customer.id) if first <= one.answered_at.date() <= last]
    for one in given[:NAMED]:
        yield f"Answer to {one.survey} on {one.answered_at:%Y-%m-%d}: {one.score.normalize():f}"
    yield from _more(len(given), "answers")


def _late(tx: Transaction, customer: Customer, before: Score) -> Iterator[str]:
    stored = history(tx, customer.id, before.model, before.as_of, before.as_of)
    since = stored[0].computed_at if stored else None
    if since is None:
        return
    for arrived in late.arrived_late(tx, customer.id, before.as_of, since):
        yield (
            f"{arrived.count} {arrived.kind} events of {arrived.first} to {arrived.last} "
            f"arrived after that day was scored, the last on {arrived.received_at:%Y-%m-%d}"
        )


def _more(count: int, what: str) -> Iterator[str]:
    if count > NAMED:
        yield f"and {count - NAMED} more {what}"
