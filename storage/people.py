"""Members: the people in our own Slack, among them the CSMs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, or_, select, update

from storage.bulk import among_texts, excluded, insert_into, put
from storage.database import Transaction
from storage.fold import fold
from storage.tables import member

Role = Literal["csm", "manager", "admin", "viewer"]


@dataclass(frozen=True, slots=True)
class Member:
    """One of our own people; `timezone` is an IANA name."""

    id: int
    email: str
    name: str
    slack_id: str | None
    role: Role
    timezone: str | None


def member_by_id(tx: Transaction, member_id: int) -> Member | None:
    """Return the member with this id."""
    return _one(tx, member.c.id == member_id)


def member_by_email(tx: Transaction, email: str) -> Member | None:
    """Return the member with this address, whatever its case."""
    return _one(tx, member.c.email_folded == fold(email))


def member_by_slack_id(tx: Transaction, slack_id: str) -> Member | None:
    """Return the member with this Slack id."""
    return _one(tx, member.c.slack_id == slack_id)


def members(tx: Transaction) -> tuple[Member, ...]:
    """Return every member, by name."""
    rows = tx.execute(select(member).order_by(member.c.name, member.c.id))
    return tuple(as_member(row) for row in rows)


@dataclass(frozen=True, slots=True)
class StandIns:
    """Who is told when a CSM does not answer: by address, None where nobody was named."""

    backup: str | None
    manager: str | None


def stand_ins(tx: Transaction) -> dict[int, StandIns]:
    """Return who stands in for whom, by the number of the one they stand in for."""
    backup, manager = member.alias("backup"), member.alias("manager")
    statement = (
        select(member.c.id, backup.c.email.label("backup"), manager.c.email.label("manager"))
        .outerjoin(backup, backup.c.id == member.c.backup_id)
        .outerjoin(manager, manager.c.id == member.c.manager_id)
        .where(or_(member.c.backup_id.is_not(None), member.c.manager_id.is_not(None)))
    )
    return {row.id: StandIns(row.backup, row.manager) for row in tx.execute(statement)}


def name_stand_ins(
    tx: Transaction, member_id: int, *, backup_id: int | None = None, manager_id: int | None = None
) -> None:
    """Name who stands in for a member; None leaves as it is."""
    given = {"backup_id": backup_id, "manager_id": manager_id}
    change = {name: value for name, value in given.items() if value is not None}
    if change:
        tx.execute(update(member).where(member.c.id == member_id).values(**change))


def upsert_member(
    tx: Transaction,
    email: str,
    name: str | None = None,
    *,
    role: Role | None = None,
    timezone: str | None = None,
    slack_id: str | None = None,
) -> Member:
    """Add the member, or change what is given; None leaves as it is. A new one is a CSM."""
    given = {"name": name, "role": role, "timezone": timezone, "slack_id": slack_id}
    change = {column: value for column, value in given.items() if value is not None}
    new = {"email": email, "email_folded": fold(email), "name": email, "role": "csm"} | change
    statement = insert_into(tx, member).values(**new)
    kept = change or {"email_folded": new["email_folded"]}
    upsert = statement.on_conflict_do_update(index_elements=["email_folded"], set_=kept)
    return as_member(tx.execute(upsert.returning(member)).one())


def remember_slack_id(tx: Transaction, member_id: int, slack_id: str) -> None:
    """Keep a member's Slack id; whoever had it before has it no more."""
    tx.execute(update(member).where(member.c.slack_id == slack_id).values(slack_id=None))
    tx.execute(update(member).where(member.c.id == member_id).values(slack_id=slack_id))


def enrol_csms(tx: Transaction, names: Mapping[str, str | None]) -> dict[str, Member]:
    """Return the members with these folded addresses; those not there become CSMs.

    `names` maps address to name; a name given for an existing member replaces the old one.
    """
    wanted = {fold(email): (email, name) for email, name in names.items()}
    known = _by_email(tx, wanted)
    changed = [
        key for key in sorted(wanted) if key not in known or _renames(known[key], wanted[key])
    ]
    if not changed:
        return known
    rows = [_new_csm(*wanted[key]) for key in changed]
    put(tx, member, rows, key=["email_folded"], change={"name": excluded(tx, member).name})
    return _by_email(tx, wanted)


def _renames(known: Member, wanted: tuple[str, str | None]) -> bool:
    return wanted[1] is not None and wanted[1] != known.name


def _new_csm(email: str, name: str | None) -> dict[str, str]:
    return {"email": email, "email_folded": fold(email), "name": name or email, "role": "csm"}


def _by_email(tx: Transaction, folded: Mapping[str, object]) -> dict[str, Member]:
    statement = select(member).where(among_texts(tx, member.c.email_folded, folded))
    return {row.email_folded: as_member(row) for row in tx.execute(statement)}


def _one(tx: Transaction, condition: ColumnElement[bool]) -> Member | None:
    row = tx.execute(select(member).where(condition)).one_or_none()
    return None if row is None else as_member(row)


def as_member(row: Row[Any], prefix: str = "") -> Member:
    """Return a row of the table as a member; in a join its columns bear a prefix."""
    own = {name: getattr(row, prefix + name) for name in Member.__slots__}
    return Member(**own)
