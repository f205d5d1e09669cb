"""How often and at what hour a customer may be written to, whatever a playbook wants (rule 10)."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from service.ports import House, Quiet
from storage import outbox
from storage.customers import Customer
from storage.database import Transaction
from storage.outbox import Message

WEEK: Final = timedelta(days=7)


def crowded(tx: Transaction, house: House, message: Message, now: datetime) -> str | None:
    """Return why a mail would be one too many for its customer, or None."""
    if message.customer_id is None:
        return None
    most = house.mail.weekly
    if outbox.mails_since(tx, message.customer_id, now - WEEK, besides=message.id) < most:
        return None
    return f"enough: the customer got {most} mail{'' if most == 1 else 's'} within seven days"


def welcome_at(house: House, customer: Customer, now: datetime) -> datetime | None:
    """Return when quiet hours end where the customer is; None when they may be written to now."""
    if house.mail.quiet is None:
        return None
    return _end(house.mail.quiet, now.astimezone(zone_of(house, customer)))


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
