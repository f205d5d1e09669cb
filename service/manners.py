"""How often and at what hour a customer may be written to, whatever a playbook wants (rule 10)."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from playbooks.business import SATURDAY
from service.ports import Caps, House, Quiet
from service.words import EMAIL
from storage import outbox, sent
from storage.customers import Customer
from storage.database import Transaction
from storage.outbox import Message

WEEK: Final = timedelta(days=7)
# Longer than it takes to send a mail, and so many seconds more, each mail its own number.
STEP_BACK: Final = timedelta(seconds=40)
SPREAD: Final = 61
NO_CAPS: Final = Caps()


def crowded(tx: Transaction, house: House, message: Message, now: datetime) -> str | None:
    """Return why a mail would be one too many for its customer or its reader, or None."""
    most = house.mail.weekly
    limit = f"{most} mail{'' if most == 1 else 's'} within seven days"
    match _most_of(tx, house, message, now, outbox.LEFT):
        case None:
            return None
        case who:
            return f"enough: {who} got {limit}"


def jostled_until(
    tx: Transaction, house: House, message: Message, now: datetime
) -> datetime | None:
    """Return when to look again at a mail beside which others are just being sent, or None.

    Together they may be one too many. Two that see each other must not both be dropped, so both
    step back, each for a while of its own, and find out then what became of the other.
    """
    if _most_of(tx, house, message, now, outbox.ON_ITS_WAY) is None:
        return None
    return now + STEP_BACK + timedelta(seconds=message.id % SPREAD)


def _most_of(
    tx: Transaction, house: House, message: Message, now: datetime, states: Sequence[outbox.State]
) -> str | None:
    """Return who has got as many mails as they may within a week, or None."""
    if message.customer_id is None:
        return None
    most, since, one = house.mail.weekly, now - WEEK, message.id
    if sent.mails_since(tx, message.customer_id, since, besides=one, states=states) >= most:
        return "the customer"
    return "this reader" if sent.mails_to(tx, message, since, states) >= most else None


def welcome_at(house: House, customer: Customer, now: datetime) -> datetime | None:
    """Return when a customer may be written to again; None when they may be now."""
    return _open_at(house, house.mail.quiet, zone_of(house, customer), now)


def reachable_at(house: House, zone: tzinfo, now: datetime) -> datetime | None:
    """Return when one of us may be told of what is not urgent; None when they may be now."""
    return _open_at(house, house.csm_quiet, zone, now)


def room_at(tx: Transaction, house: House, message: Message, now: datetime) -> datetime | None:
    """Return when there is room for a message again under the house's caps for a day, or None."""
    caps = house.caps
    if caps == NO_CAPS or message.play_id is None:
        return None
    today = datetime.combine(now.astimezone(house.zone).date(), time(), house.zone)
    if message.channel == EMAIL:
        counted = [
            (caps.mails_a_day, sent.mails_of_house),
            (caps.playbook_a_day, sent.mails_of_playbook),
        ]
    else:
        counted = [(caps.csm_a_day, sent.posts_to)]
    full = any(most is not None and count(tx, message, today) >= most for most, count in counted)
    return (today + timedelta(days=1)).astimezone(UTC) if full else None


def _open_at(house: House, quiet: Quiet | None, zone: tzinfo, now: datetime) -> datetime | None:
    """Return the end of the night and of the weekend `now` falls into, where the zone is."""
    at = now
    while True:
        night = _end(quiet, at.astimezone(zone)) if quiet is not None else None
        later = night or _monday(house, at.astimezone(zone))
        if later is None:
            return at if at > now else None
        at = later


def _monday(house: House, there: datetime) -> datetime | None:
    """Return when Monday begins, on a weekend that the house keeps."""
    if house.weekends or there.weekday() < SATURDAY:
        return None
    return _instant(there + timedelta(days=7 - there.weekday()), time())


def zone_of(house: House, customer: Customer) -> tzinfo:
    """Return the zone a customer lives in, the house's own where theirs is not known."""
    return zone_named(house, customer.timezone)


def zone_named(house: House, name: str | None) -> tzinfo:
    """Return the zone of this name, the house's own where there is none."""
    try:
        return ZoneInfo(name) if name else house.zone
    except (ValueError, OSError, LookupError):
        # A zone that was known when it was written may be gone from the system's list since.
        return house.zone


def _end(quiet: Quiet, there: datetime) -> datetime | None:
    """Return when the quiet hours that `there` falls into end, as UTC."""
    start, end = quiet
    clock = there.time()
    over_night = start > end
    if over_night and clock >= start:
        return _instant(there + timedelta(days=1), end)
    if clock < end and (over_night or clock >= start):
        return _instant(there, end)
    return None


def _instant(on: datetime, at: time) -> datetime:
    """Return that time on that local date, the later where the clocks change.

    Of an hour that comes twice this is its second coming. One that is left out lies after the gap:
    before it, the night would end where it had not ended yet, for ever.
    """
    folds = (datetime.combine(on.date(), at.replace(fold=fold), on.tzinfo) for fold in (0, 1))
    return max(each.astimezone(UTC) for each in folds)
