"""What playbooks change of a customer themselves: tags, and a few fields."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from service.begin import Change
from storage import audit
from storage.customers import Customer, CustomerFields, customer_by_id, upsert_customers
from storage.database import Transaction


def changed(
    tx: Transaction, customer: Customer, changes: Iterable[Change | None], now: datetime
) -> None:
    """Write the changes down, and who made them: a playbook."""
    for change in changes:
        if change is None:
            continue
        fields = _fields(customer_by_id(tx, customer.id) or customer, change)
        upsert_customers(tx, [CustomerFields(customer.key, **fields)], now)
        audit.append(tx, "bellwether", "change", f"customer/{customer.id}", _told(fields), now)


def _fields(customer: Customer, change: Change) -> dict[str, Any]:
    if change.field is not None:
        return {change.field: change.value}
    kept = [tag for tag in customer.tags if tag not in change.remove]
    return {"tags": tuple(dict.fromkeys([*kept, *change.add]))}


def _told(fields: dict[str, Any]) -> dict[str, object]:
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()
    }
