"""Our own people and what they may do: enrolled by the operator, noted in the audit log."""

from datetime import datetime

from email_validator import EmailNotValidError, validate_email

from service.errors import AddressInvalid
from service.ports import House
from storage import audit
from storage.people import Member, Role, members, upsert_member


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


def everybody(house: House) -> tuple[Member, ...]:
    """Return all members, by name."""
    with house.database.reading() as tx:
        return members(tx)
