"""The brake: when a run looks insane, everything it wanted to send waits for a person (rule 8).

Every outward row of a run is enqueued `held` under the run's name, so nothing leaves before the
whole run has been seen. `finish_run` then lets the rows go, or holds them and asks with one card.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final

from scoring.feeds import FeedDays
from service.closing import end
from service.ports import House
from service.steps import Done, Forbidden, Outcome, Taken
from service.words import BRAKE, FRESH, SLACK, UPDATE_FRESH, WEBHOOK, WEBHOOK_FRESH
from storage import audit, outbox, plays, reopening, running, switches
from storage.activity import feed_days
from storage.customers import active_count
from storage.database import Transaction
from storage.outbox import Message, NewMessage, Verb
from storage.people import Member

LEAST_WORSENED: Final = 10
WORSENED_SHARE: Final = 0.05
WEEKS_COMPARED: Final = 8
FEWEST_WEEKS: Final = 4
# A feed of a handful of customers halves by chance every other week.
SMALLEST_FEED: Final = 10
ADMINISTERING_ROLES: Final = frozenset({"manager", "admin"})

DAILY: Final = "daily:"
TRIPPED, RELEASED, DISCARDED = "tripped", "released", "discarded"
# How the notes of an end are marked in a play's thread.
CLOSINGS: Final = frozenset({"recovered", "superseded", "over"})
# Longer than any run takes that nobody held.
HELD_LONG: Final = timedelta(hours=1)
DISCARD_REASON: Final = "Discarded by the operator at the brake."


@dataclass(frozen=True, slots=True)
class FeedFall:
    """A feed that brought far less than on the same weekdays before: customers active that day."""

    source: str
    found: int
    usual: float


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why the brake was pulled, and how many messages wait."""

    worsened: int
    customers: int
    feeds: tuple[FeedFall, ...]
    held: int


def finish_run(house: House, run: str, *, as_of: date, now: datetime) -> Alarm | None:
    """End a run: let its messages go, or hold them and ask the operator. Running it twice is safe.

    Returns the alarm when the brake is (still) pulled.
    """
    with house.database.transaction() as tx:
        stands = switches.switch(tx, _switch(run))
        if stands is not None and stands.value in {RELEASED, DISCARDED}:
            _follow(tx, run, stands.value, now)
            return None
        alarm = _alarm(tx, house, run, as_of)
        if stands is not None:
            return alarm  # Once pulled, only a person lets go, whatever the figures say by now.
        if alarm is None:
            _let_go(tx, run, now)
            return None
        switches.set_switch(tx, _switch(run), TRIPPED, "the brake", now)
        outbox.enqueue(tx, [_card(house, run, as_of, alarm, now)], now=now)
        return alarm


def finish_abandoned(house: House, run: str, *, now: datetime) -> None:
    """End the daily runs before `run` that were killed just before their end.

    A run is normally taken up again the same day. When nothing ran until the next day came, its
    messages would be held for ever. They leave after `run` decided, so that it could cancel what
    is over by now.
    """
    with house.database.reading() as tx:
        others = [name for name in outbox.holders(tx) if name < run and not holding(tx, name)]
    for name in others:
        if (day := _day(name)) is not None:
            finish_run(house, name, as_of=day, now=now)


def daily(as_of: date) -> str:
    """Return the name of the daily run that describes a day."""
    return f"{DAILY}{as_of.isoformat()}"


def _let_go(tx: Transaction, run: str, now: datetime) -> int:
    """Release what a run holds; who hears of it only now has their time from now on."""
    running.wait_anew(tx, run, now, HELD_LONG)
    longer = {WEBHOOK: now + WEBHOOK_FRESH}
    return outbox.release(tx, run, now, now + FRESH, by_channel=longer)


def release(house: House, run: str, member: Member | None, *, now: datetime) -> Outcome:
    """Let the held messages go; each is looked at again before it leaves. None is the operator."""
    return _answer(house, run, member, RELEASED, now)


def discard(house: House, run: str, member: Member | None, *, now: datetime) -> Outcome:
    """Throw the held messages away, close the plays the run opened, open those it closed."""
    return _answer(house, run, member, DISCARDED, now)


def holding(tx: Transaction, run: str) -> bool:
    """Return whether this run's messages wait for the operator."""
    stands = switches.switch(tx, _switch(run))
    return stands is not None and stands.value == TRIPPED


def feed_falls(days: Mapping[str, FeedDays], as_of: date) -> Iterator[FeedFall]:
    """Yield the feeds that brought under half of what the same weekday usually brings."""
    weeks = [as_of - timedelta(weeks=back) for back in range(1, WEEKS_COMPARED + 1)]
    for source, feed in sorted(days.items()):
        first = feed.first_day
        before = [feed.days.get(day, 0) for day in weeks if first is not None and day >= first]
        if len(before) >= FEWEST_WEEKS:
            usual, found = median(before), feed.days.get(as_of, 0)
            if usual >= SMALLEST_FEED and found < usual / 2:
                yield FeedFall(source, found, usual)


def _alarm(tx: Transaction, house: House, run: str, as_of: date) -> Alarm | None:
    held = outbox.held_count(tx, run)
    if held == 0:
        return None
    customers = active_count(tx)
    worsened = sum(plays.worsened_on(tx, name, as_of) for name in house.model_names)
    sources = {source for model in house.known_models for source in model.sources()}
    falls = tuple(feed_falls(feed_days(tx, sources, as_of), as_of))
    if worsened > max(LEAST_WORSENED, WORSENED_SHARE * customers) or falls:
        return Alarm(worsened, customers, falls, held)
    return None


def _answer(house: House, run: str, member: Member | None, verdict: str, now: datetime) -> Outcome:
    if member is not None and member.role not in ADMINISTERING_ROLES:
        return Forbidden("Only managers and admins may release or discard a held run.")
    by = member.name if member is not None else "the operator"
    with house.database.transaction() as tx:
        moved = _follow(tx, run, verdict, now)
        stands = switches.switch(tx, _switch(run))
        if moved == 0 and stands is not None and stands.value != TRIPPED:
            return Taken(stands.by, stands.value, stands.at)
        switches.set_switch(tx, _switch(run), verdict, by, now)
        audit.append(tx, by, f"brake {verdict}", run, {"messages": moved}, now)
        outbox.enqueue(
            tx, list(_answered(tx, house, run, verdict=verdict, by=by, now=now)), now=now
        )
    return Done(f"{moved} messages {verdict}.")


def _follow(tx: Transaction, run: str, verdict: str, now: datetime) -> int:
    """Do to the held rows what was decided; the row count is the compare-and-swap."""
    if verdict == RELEASED:
        return _let_go(tx, run, now)
    _take_back(tx, run, outbox.held(tx, run))
    unheard = [each.play_id for each in outbox.held(tx, run) if each.verb == "post"]
    end(tx, {one: DISCARD_REASON for one in unheard if one is not None}, now)
    return outbox.discard(tx, run, DISCARD_REASON, now)


def _take_back(tx: Transaction, run: str, held: Sequence[Message]) -> None:
    """Open again what the run closed: by the same figures that nobody is to hear of."""
    closings = [each for each in held if each.body.get("note") in CLOSINGS]
    closed = {each.play_id: plays.play(tx, each.play_id) for each in closings if each.play_id}
    for each in held:
        if each.verb != "post" and each.play_id in closed:
            reopening.retire(tx, each.id, run)
    for play in closed.values():
        if play is not None and play.state == "closed":
            reopening.reopen(tx, play)


def _day(run: str) -> date | None:
    """Return the day a daily run describes, None when it is another kind of run."""
    try:
        return date.fromisoformat(run.removeprefix(DAILY)) if run.startswith(DAILY) else None
    except ValueError:
        return None


def _switch(run: str) -> str:
    return f"brake/{run}"


def _card(house: House, run: str, as_of: date, alarm: Alarm, now: datetime) -> NewMessage:
    body = {
        "view": BRAKE,
        "run": run,
        "as_of": as_of.isoformat(),
        "worsened": alarm.worsened,
        "customers": alarm.customers,
        "held": alarm.held,
        "feeds": [
            {"source": fall.source, "found": fall.found, "usual": fall.usual}
            for fall in alarm.feeds
        ],
    }
    return _operators(house, f"brake/{run}", body, now, verb="post")


def _answered(
    tx: Transaction, house: House, run: str, *, verdict: str, by: str, now: datetime
) -> Iterator[NewMessage]:
    """Yield the order to show on the card who decided what."""
    card = outbox.message_by_key(tx, f"brake/{run}")
    if card is not None:
        body = {**card.body, "verdict": verdict, "by": by, "at": now.isoformat()}
        yield _operators(house, f"brake/{run}/{verdict}", body, now, verb="update")


def _operators(
    house: House, key: str, body: Mapping[str, object], now: datetime, *, verb: Verb
) -> NewMessage:
    run = str(body["run"])
    return NewMessage(
        key=key,
        channel=SLACK,
        recipient=house.operator_to,
        body=dict(body),
        play_id=None,
        step_id=None,
        customer_id=None,
        due_at=now,
        expires_at=now + UPDATE_FRESH,  # The card waits as long as the operator's weekend.
        verb=verb,
        root_key=None if verb == "post" else f"brake/{run}",
    )
