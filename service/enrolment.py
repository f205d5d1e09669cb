"""Our own people and what they may do: enrolled by the operator, noted in the audit log."""

from datetime import datetime

from email_validator import EmailNotValidError, validate_email

from service.errors import AddressInvalid
from service.ports import House
from storage import audit
from storage.database import Transaction
from storage.people import (
    Member,
    Role,
    member_by_email,
    members,
    name_stand_ins,
    upsert_member,
)


def enrol(
    house: House, email: str, *, role: Role, name: str | None, by: str, now: datetime
) -> Member:
    """Add a member, or give one another role. Raises AddressInvalid."""
    try:
        address = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise AddressInvalid(email) from None
    with house.database.transaction() as tx:
        member = upsert_member(tx, address.normalized, name, role=role)
        audit.append(tx, by, f"made {role}", f"member {member.id}", {}, now)
    return member


def stand_in(
    house: House,
    email: str,
    *,
    backup: str | None,
    manager: str | None,
    by: str,
    now: datetime,
) -> None:
    """Name who is told when a member does not answer. Raises AddressInvalid for a stranger."""
    with house.database.transaction() as tx:
        member = _known(tx, email)
        others = {
            name: _known(tx, address).id
            for name, address in (("backup_id", backup), ("manager_id", manager))
            if address is not None
        }
        name_stand_ins(tx, member.id, **others)
        audit.append(tx, by, "named stand-ins", f"member {member.id}", dict(others), now)


def _known(tx: Transaction, email: str) -> Member:
    found = member_by_email(tx, email)
    if found is None:
        raise AddressInvalid(email)
    return found


def everybody(house: House) -> tuple[Member, ...]:
    """Return all members, by name."""
    with house.database.reading() as tx:
        return members(tx)
