"""What people say of a customer's health: overrides of the score, and the CSM's pulse.

The computed score is always kept beside what is said, and keeps being computed. Saying something
starts no playbook: the day after it is a new baseline, as after a change of model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from scoring.override import override_words
from service.errors import DraftInvalid, Problem, UnknownCustomer
from service.intents import conversation_of
from service.ports import House
from service.said import as_override, own_value, show_anew
from service.words import FRESH, NOTE, SLACK
from service.written import clean_key
from storage import audit, outbox, said
from storage.customers import Customer, customer_by_id, customer_by_key
from storage.database import Transaction
from storage.outbox import NewMessage
from storage.people import Member
from storage.said import Kind, Mood, OverrideRow, PulseRow
from storage.snapshots import currents, snapshots_on

KINDS: Final[tuple[Kind, ...]] = ("set", "floor", "ceiling")
MOODS: Final[tuple[Mood, ...]] = ("good", "neutral", "worried")
# What is said of a customer is true for a while; longer, it would only hide what is measured.
LONGEST: Final = timedelta(days=365)
USUAL: Final = timedelta(days=30)
REASON_LENGTH: Final = 500
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Author:
    """Who says it. With an address they are told when it runs out; else the CSM is."""

    name: str
    email: str | None = None


def author_of(member: Member) -> Author:
    """Answer one of our own people as an author."""
    return Author(member.name, member.email)


def set_override(
    house: House,
    key: str,
    *,
    kind: Kind,
    value: Decimal,
    reason: str,
    until: date,
    author: Author,
    now: datetime,
) -> OverrideRow:
    """Show this customer's score as set, at least or at most `value`, until the day `until`.

    It speaks from the newest scored day on, so it is seen at once; one that held before ends.
    Raises UnknownCustomer and DraftInvalid.
    """
    today = _utc(now)
    problems = [*_value_problems(value), *_problems("reason", reason, until, today)]
    if problems:
        raise DraftInvalid("override", tuple(problems))
    with house.database.transaction() as tx:
        customer = _customer(tx, key)
        since = _newest_day(tx, customer.id, today)
        said.withdraw_overrides(tx, customer.id, since, author.name)
        row = said.add_override(
            tx,
            customer.id,
            kind=kind,
            value=value,
            reason=reason.strip(),
            author=author.name,
            author_email=author.email,
            since=since,
            until=until,
            now=now,
        )
        show_anew(tx, house, customer.id, as_override(row))
        details = {"kind": kind, "value": str(value), "until": until.isoformat(), "id": row.id}
        _audit(tx, author, "override", customer, details, now=now)
    return row


def clear_override(house: House, key: str, *, author: Author, now: datetime) -> bool:
    """Show the computed score again; False when nothing was said. Raises UnknownCustomer."""
    today = _utc(now)
    with house.database.transaction() as tx:
        customer = _customer(tx, key)
        since = _newest_day(tx, customer.id, today)
        ended = said.withdraw_overrides(tx, customer.id, since, author.name)
        if ended:
            show_anew(tx, house, customer.id, None)
            _audit(tx, author, "clear override", customer, {}, now=now)
    return bool(ended)


def set_pulse(
    house: House,
    key: str,
    *,
    mood: Mood,
    note: str,
    until: date | None = None,
    author: Author,
    now: datetime,
) -> PulseRow:
    """Note how the CSM feels about a customer, until a day (in 30 days). It changes no score.

    Raises UnknownCustomer and DraftInvalid.
    """
    today = _utc(now)
    last = until or today + USUAL
    problems = list(_problems("note", note, last, today))
    if problems:
        raise DraftInvalid("pulse", tuple(problems))
    with house.database.transaction() as tx:
        customer = _customer(tx, key)
        row = said.add_pulse(
            tx,
            customer.id,
            mood=mood,
            note=note.strip(),
            author=author.name,
            author_email=author.email,
            until=last,
            now=now,
        )
        details = {"mood": mood, "until": last.isoformat(), "id": row.id}
        _audit(tx, author, "pulse", customer, details, now=now)
    return row


def announce_ends(house: House, *, as_of: date, now: datetime) -> int:
    """Tell of what no longer holds for the scores of `as_of`, each once; answer how many."""
    with house.database.transaction() as tx:
        ended: list[OverrideRow | PulseRow] = [
            *said.untold_overrides(tx, as_of),
            *said.untold_pulses(tx, _utc(now)),
        ]
        if ended:
            messages = [note for row in ended for note in _ended(tx, house, row, now)]
            outbox.enqueue(tx, messages, now=now)
            said.mark_told(tx, ended, now)
    return len(ended)


def _ended(
    tx: Transaction, house: House, row: OverrideRow | PulseRow, now: datetime
) -> Iterator[NewMessage]:
    customer = customer_by_id(tx, row.customer_id)
    if customer is None or customer.status != "active":
        return
    if isinstance(row, OverrideRow):
        text, kind = _override_ended(tx, row), "override"
    else:
        text, kind = _pulse_ended(row), "pulse"
    author = f"member:{row.author_email}" if row.author_email else None
    listeners = {author, conversation_of(customer, house.alerts_to)} - {None}
    for listener in sorted(each for each in listeners if each):
        yield NewMessage(
            key=f"{kind}/{row.id}/ended/{listener}",
            channel=SLACK,
            recipient=listener,
            body={"view": NOTE, "name": customer.name, "text": text},
            play_id=None,
            step_id=None,
            customer_id=customer.id,
            due_at=now,
            expires_at=now + FRESH,
            verb="post",
            root_key=None,
        )


def _override_ended(tx: Transaction, row: OverrideRow) -> str:
    stands = currents(tx, [row.customer_id]).get(row.customer_id)
    now = f" Now {stands.score}, {stands.band}." if stands else ""
    own = _own(tx, row)
    words = override_words(as_override(row), own) if own is not None else row.reason
    return f"The override has run out, and the computed score is shown again.{now} It was: {words}"


def _own(tx: Transaction, row: OverrideRow) -> Decimal | None:
    """Answer what was computed on the last day the override held."""
    stands = currents(tx, [row.customer_id]).get(row.customer_id)
    if stands is None:
        return None
    found = snapshots_on(tx, [row.customer_id], stands.model, [row.until])
    snapshot = found.get((row.customer_id, row.until))
    return own_value(snapshot) if snapshot else None


def _pulse_ended(row: PulseRow) -> str:
    return (
        f"The pulse {row.mood!r} of {row.said_at:%Y-%m-%d} by {row.author} has run out; "
        f"say how it feels now. It was: {row.note}"
    )


def _customer(tx: Transaction, key: str) -> Customer:
    try:
        customer = customer_by_key(tx, clean_key(key))
    except DraftInvalid:
        customer = None
    if customer is None:
        raise UnknownCustomer(key)
    return customer


def _newest_day(tx: Transaction, customer_id: int, today: date) -> date:
    """Answer the day that the score shown now describes; the last complete one before any."""
    stands = currents(tx, [customer_id]).get(customer_id)
    return min(stands.as_of, today - DAY) if stands else today - DAY


def _value_problems(value: Decimal) -> Iterator[Problem]:
    # The bounds come first: a number of forty digits has no two decimals to be cut to.
    within = value.is_finite() and 0 <= value <= 100  # noqa: PLR2004 - a score is 0 to 100
    if not within or value != value.quantize(Decimal("0.01")):
        yield Problem("value", str(value), "give 0 to 100, with two decimals at most")


def _problems(field: str, text: str, until: date, today: date) -> Iterator[Problem]:
    said_so = text.strip()
    if not said_so or len(said_so) > REASON_LENGTH or "\0" in said_so:
        found = f"{len(said_so)} characters"
        yield Problem(field, found, f"say why, in 1 to {REASON_LENGTH} characters")
    if not today <= until <= today + LONGEST:
        allowed = f"give a day from today on, at most {LONGEST.days} days ahead"
        yield Problem("until", until.isoformat(), allowed)


def _utc(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _audit(
    tx: Transaction,
    author: Author,
    action: str,
    customer: Customer,
    details: dict[str, object],
    *,
    now: datetime,
) -> None:
    who = author.email or author.name
    audit.append(tx, who, action, f"customer/{customer.id}", details, now)
