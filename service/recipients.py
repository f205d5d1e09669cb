"""Whom a step tells in Slack: roles are looked up, conversations and addresses are themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service import intents
from service.ports import House
from storage.customers import Customer
from storage.people import StandIns


@dataclass(frozen=True, slots=True)
class Colleagues:
    """Who stands in for which CSM, by the CSM's number."""

    by_csm: Mapping[int, StandIns] = field(default_factory=dict)

    def of(self, customer: Customer) -> StandIns:
        """Return the stand-ins of the customer's CSM; nobody where none were named."""
        none = StandIns(None, None)
        return self.by_csm.get(customer.csm.id, none) if customer.csm is not None else none


def told(house: House, colleagues: Colleagues, customer: Customer, to: str) -> str:
    """Return the outbox's recipient; where a role is nobody's, the house's own conversation."""
    match to:
        case "csm":
            return intents.conversation_of(customer, house.alerts_to)
        case "backup" | "manager":
            return stand_in(colleagues, customer, to) or house.alerts_to
        case "operator":
            return house.operator_to
        case _ if "@" in to:
            return f"member:{to}"
        case _:
            return to


def stand_in(colleagues: Colleagues, customer: Customer, role: str) -> str | None:
    """Return who is told in the CSM's place, or None when nobody was named."""
    found = colleagues.of(customer)
    address = found.backup if role == "backup" else found.manager
    return f"member:{address}" if address else None
