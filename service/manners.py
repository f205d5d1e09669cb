"""How often and at what hour a customer may be written to, whatever a playbook wants (rule 10)."""

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
NO_CAPS: Final = Caps()


def crowded(tx: Transaction, house: House, message: Message, now: datetime) -> str | None:
    """Return why a mail would be one too many for its customer or its reader, or None."""
    if message.customer_id is None:
        return None
    most, since = house.mail.weekly, now - WEEK
    limit = f"{most} mail{'' if most == 1 else 's'} within seven days"
    if outbox.mails_since(tx, message.customer_id, since, besides=message.id) >= most:
        return f"enough: the customer got {limit}"
    if sent.mails_to(tx, message, since) >= most:
        return f"enough: this reader got {limit}"
    return None


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
    """Return that time on that local date; an hour that comes twice means its second coming."""
    return datetime.combine(on.date(), at.replace(fold=1), tzinfo=on.tzinfo).astimezone(UTC)
