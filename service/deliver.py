"""Empty the outbox: claim with a lease, look again, send with no transaction open, record.

A Slack message is delivered at least once and reconciled by its key; a customer's mail at most
once when the outcome is unknown. Nothing stronger is true of either.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from service import outcomes
from service.errors import DeliveryTrouble
from service.outcomes import Outcome, Verdict
from service.pace import PACE, Pace
from service.pause import paused_in
from service.ports import Channel, Clock, House, Lingering
from service.recheck import not_before, objection
from service.tracking import worn
from service.words import EMAIL, SLACK
from storage import outbox
from storage.database import Transaction
from storage.outbox import Message

log = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=5)  # Longer than any channel's overall deadline for one message.
# What is left of a lease must do for one more message, or another process sends it as well.
LONGEST_SENDING: Final = timedelta(minutes=2)
# What could not be looked at again is looked at again so much later.
UNJUDGED: Final = timedelta(minutes=1)
# A mail claimed and not sent before a kill counts as unknown for ever: claim one at a time.
CLAIMED: Final[Mapping[str, int]] = {EMAIL: 1, SLACK: 20}


@dataclass(slots=True)
class DeliveryReport:
    """What became of the messages of one run, by outcome; `suspended` are channels closed to us."""

    sent: int = 0
    retried: int = 0
    cancelled: int = 0
    failed: int = 0
    unknown: int = 0
    paused: bool = False
    suspended: set[str] = field(default_factory=set)

    def count(self, verdict: Verdict) -> None:
        """Count one message's end, or its return to the queue."""
        match verdict:
            case "sent":
                self.sent += 1
            case "retried" | "suspended":
                self.retried += 1
            case "cancelled":
                self.cancelled += 1
            case "failed":
                self.failed += 1
            case "unknown":
                self.unknown += 1


@dataclass(slots=True)
class _Run:
    """One emptying of the outbox, and what it must remember between messages."""

    house: House
    channels: Mapping[str, Channel]
    clock: Clock
    report: DeliveryReport = field(default_factory=DeliveryReport)
    pace: Pace = field(default_factory=Pace)
    slept_until: datetime | None = None

    def now(self) -> datetime:
        """Return the time, never before an instant already slept to: a replayed clock may stand."""
        now = self.clock.now()
        return max(now, self.slept_until) if self.slept_until is not None else now

    def open_channels(self) -> list[str]:
        """Return the channels that may still be used in this run."""
        return [name for name in self.channels if name not in self.report.suspended]

    def sleep_until(self, instant: datetime) -> None:
        """Let time pass; a second at most, so that the kill switch is looked at in between."""
        until = min(instant, self.now() + PACE)
        self.clock.sleep(max(0.0, (until - self.now()).total_seconds()))
        self.slept_until = until


def deliver(
    house: House,
    channels: Mapping[str, Channel],
    clock: Clock,
    *,
    limit: int | None = None,
    pace: Pace | None = None,
) -> DeliveryReport:
    """Send what is due, until nothing is, the kill switch is on, or `limit` messages were handled.

    A conversation that must wait its second does not hold up the others. Who calls this again and
    again hands in the same `pace`, or the seconds begin anew each time.
    """
    run = _Run(house, channels, clock, pace=pace or Pace())
    left = limit
    while batch := _due(run, left):
        for position, message in enumerate(batch):
            if _running_out(message, run.now()):
                _give_back(run, batch[position:])
                break
            _handle(run, message)
            if run.report.paused or message.channel in run.report.suspended:
                _give_back(run, batch[position + 1 :])
                break
        left = None if left is None else left - len(batch)
    if left is None or left > 0:
        hang_up(channels)
    return run.report


def hang_up(channels: Mapping[str, Channel]) -> None:
    """Close the lines that channels keep open for their next message."""
    for channel in channels.values():
        if isinstance(channel, Lingering):
            channel.hang_up()


def _running_out(message: Message, now: datetime) -> bool:
    """Tell whether a slow channel left too little of the lease to send this one safely."""
    return message.lease_until is not None and message.lease_until - now < LONGEST_SENDING


def _due(run: _Run, left: int | None) -> Sequence[Message]:
    """Return the next messages to handle; waits where only a conversation's pace is in the way."""
    while not run.report.paused and (left is None or left > 0):
        if found := _claimed(run, left):
            return found
        free = run.pace.next_slot(run.now())
        if free is None:
            return ()
        run.sleep_until(free)
    return ()


def _claimed(run: _Run, left: int | None) -> Sequence[Message]:
    """Claim from the first channel that has something; nothing while the kill switch is on."""
    now = run.now()
    with run.house.database.transaction() as tx:
        run.report.paused = paused_in(tx) is not None
        if run.report.paused:
            return ()
        for mail in outbox.lapse(tx, now):
            outcomes.lapsed(tx, run.house, mail, now)
            run.report.unknown += 1
        for channel in run.open_channels():
            many = CLAIMED.get(channel, 1)
            many = many if left is None else min(many, left)
            if found := outbox.claim(tx, now, LEASE, many, (channel,)):
                return found
    return ()


def _handle(run: _Run, message: Message) -> None:
    """Send one claimed message, or write down why not."""
    now = run.now()
    if (slot := run.pace.slot(message, now)) > now:
        _give_back(run, [message], slot)
        return
    try:
        with run.house.database.reading() as tx:
            stopped = paused_in(tx) is not None
            against = objection(tx, run.house, message, now)
            later = not_before(tx, run.house, message, now)
            root = _root(tx, message)
        leaving = worn(run.house.mail, message)
    except Exception as fault:  # noqa: BLE001 - the other broad catch: one that cannot be judged holds up no other
        log.error("message %s could not be judged: %s", message.id, type(fault).__name__)  # noqa: TRY400 - as below
        _give_back(run, [message], now + UNJUDGED)
        return
    if stopped:
        run.report.paused = True
        _give_back(run, [message])
    elif against is not None:
        _record(run, message, outcomes.Dropped(against))
    elif later is not None:
        with run.house.database.transaction() as tx:
            outbox.put_off(tx, message, later, now)
    else:
        _record(run, message, _sent(run.channels[message.channel], leaving, root))


def _sent(channel: Channel, message: Message, root: Mapping[str, str] | None) -> Outcome:
    """Send with no transaction open, and say what happened."""
    try:
        return outcomes.Sent(channel.send(message, root).reference)
    except DeliveryTrouble as trouble:
        return outcomes.Troubled(trouble)
    except Exception as fault:  # noqa: BLE001 - one of the two broad catches: a fault costs one message
        # The fault's own words may hold an address; its kind and place say enough (rule 27).
        log.error("message %s broke its channel: %s", message.id, type(fault).__name__)  # noqa: TRY400
        return outcomes.Broken(type(fault).__name__)


def _record(run: _Run, message: Message, outcome: Outcome) -> None:
    with run.house.database.transaction() as tx:
        verdict = outcomes.record(tx, run.house, message, outcome, run.now())
    run.report.count(verdict)
    if verdict == "suspended":
        run.report.suspended.add(message.channel)


def _give_back(run: _Run, messages: Sequence[Message], ready_at: datetime | None = None) -> None:
    """Put claimed messages back as if they had not been touched."""
    if messages:
        with run.house.database.transaction() as tx:
            outbox.give_back(tx, [message.id for message in messages], ready_at or run.now())


def _root(tx: Transaction, message: Message) -> Mapping[str, str] | None:
    if message.root_key is None:
        return None
    root = outbox.message_by_key(tx, message.root_key)
    return root.reference if root is not None else None
