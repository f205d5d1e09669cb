"""Hand over everything held of a customer, or forget it (rule 19)."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from service.errors import UnknownCustomer
from service.ports import House
from storage import audit
from storage.customers import Customer, customer_by_key
from storage.database import Transaction
from storage.erasure import erase_customer, everything_of
from storage.errors import Busy, RuleBroken
from storage.presence import give_way, keep_others_out

# A click or the record of a message takes milliseconds, and then everything is found.
MORE_TRIES: Final = 9


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows of a customer are gone, by table."""

    rows: Mapping[str, int]


def export(house: House, key: str) -> Mapping[str, list[dict[str, Any]]]:
    """Answer every row held of a customer, by table, as JSON-able data. Raises UnknownCustomer."""
    with house.database.reading() as tx:
        customer = _customer(tx, key)
        return everything_of(tx, customer.id, key)


def erase(house: House, key: str, *, by: str, now: datetime) -> Erased:
    """Forget a customer for good: activity, scores, plays, messages, contacts. No way back.

    Addresses that opted out stay suppressed, by their keyed hash, also when the customer is
    imported again. Messages not yet sent are gone with the rest. Raises UnknownCustomer.
    """
    for _ in range(MORE_TRIES):
        with suppress(RuleBroken, Busy):
            return _erase(house, key, by, now)
    return _erase(house, key, by, now)


def _erase(house: House, key: str, by: str, now: datetime) -> Erased:
    """Erase, unless somebody is just writing something down that hangs on what is to go."""
    with house.database.transaction() as tx:
        keep_others_out(tx)
        give_way(tx)
        customer = _customer(tx, key)
        rows = erase_customer(tx, customer.id, key)
        audit.append(tx, by, "erase", f"customer/{customer.id}", {"rows": sum(rows.values())}, now)
    return Erased(rows)


def _customer(tx: Transaction, key: str) -> Customer:
    customer = customer_by_key(tx, key)
    if customer is None:
        raise UnknownCustomer(key)
    return customer
