"""Customers as the rest of the house knows them, and how to find one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

import numpy as np
from sqlalchemy import ColumnElement, Row, Select, Text, func, literal, select, true, union
from sqlalchemy import cast as sql_cast

from scoring.figures import CustomerFacts
from storage.bulk import Ids, among, among_texts, listed_texts
from storage.columnar import int_columns, whole
from storage.contacts import (
    Contact,
    contact_by_id,
    contacts_of,
    executives,
    is_suppressed,
    opt_out,
    primary_contact,
    primary_contacts,
    suppressed,
)
from storage.database import Transaction
from storage.enrolment import CustomerFields, Status, Upserted, upsert_customers
from storage.fold import fold, grams
from storage.people import Member, as_member
from storage.presence import keep_present
from storage.tables import alias, customer, member, name_gram

__all__ = [
    "Candidate",
    "Contact",
    "Customer",
    "CustomerFields",
    "Member",
    "Status",
    "Upserted",
    "active_count",
    "active_ids",
    "all_present",
    "contact_by_id",
    "contacts_of",
    "customer_by_id",
    "customer_by_key",
    "customers_by_ids",
    "executives",
    "find_exact",
    "is_suppressed",
    "known_keys",
    "name_candidates",
    "opt_out",
    "primary_contact",
    "primary_contacts",
    "resolve_keys",
    "suppressed",
    "upsert_customers",
]

# Up to here comparing every name is faster than looking for pieces of names first.
FEW_CUSTOMERS = 1000
# Beyond so many bearers a piece of a name is just common; so many are read, of so many pieces.
COMMON = 2000
READ = 10_000
FEWEST = 4


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. `arr` is money a year; `active_since` is set once it came back to us."""

    id: int
    key: str
    name: str
    segment: str | None
    plan: str | None
    lifecycle: str | None
    status: Status
    arr: Decimal | None
    renewal_on: date | None
    created_on: date
    seats: int | None
    tags: tuple[str, ...]
    timezone: str | None
    csm: Member | None
    active_since: date | None = None

    @property
    def facts(self) -> CustomerFacts:
        """Return what scoring and playbooks may know."""
        return CustomerFacts(
            id=self.id,
            key=self.key,
            name=self.name,
            created_on=self.created_on,
            segment=self.segment,
            plan=self.plan,
            lifecycle=self.lifecycle,
            tags=self.tags,
            seats=self.seats,
            arr=self.arr,
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer whose names may resemble what was asked for."""

    id: int
    key: str
    name: str
    aliases: tuple[str, ...]


def customer_by_key(tx: Transaction, key: str) -> Customer | None:
    """Return the customer with exactly this key."""
    return next(iter(_where(tx, customer.c.key == key)), None)


def customer_by_id(tx: Transaction, customer_id: int) -> Customer | None:
    """Return the customer with this id."""
    return next(iter(_where(tx, customer.c.id == customer_id)), None)


def customers_by_ids(tx: Transaction, ids: Ids) -> dict[int, Customer]:
    """Return the customers by id; unknown ids are left out."""
    return {found.id: found for found in _where(tx, among(tx, customer.c.id, ids))}


def active_ids(tx: Transaction) -> list[int]:
    """Return the ids of all active customers, ascending."""
    active = select(whole(customer.c.id, "id")).where(customer.c.status == "active")
    found: list[int] = np.sort(int_columns(tx, active)["id"]).tolist()
    return found


def active_count(tx: Transaction) -> int:
    """Return how many customers are active."""
    counted = select(func.count()).select_from(customer).where(customer.c.status == "active")
    return tx.execute(counted).scalar() or 0


def resolve_keys(tx: Transaction, keys: Iterable[str]) -> dict[str, int]:
    """Return the id of each key that is a customer's; none is erased until the transaction ends."""
    keep_present(tx)
    return known_keys(tx, keys)


def known_keys(tx: Transaction, keys: Iterable[str]) -> dict[str, int]:
    """Return the id of each key that is a customer's, as things stand; it never gets another."""
    statement = select(customer.c.key, customer.c.id)
    rows = tx.execute(statement.where(among_texts(tx, customer.c.key, keys)))
    return {row.key: row.id for row in rows}


def all_present(tx: Transaction, ids: Ids) -> bool:
    """Tell whether all of these are still there; none is erased until the transaction ends."""
    keep_present(tx)
    counted = select(func.count()).select_from(customer).where(among(tx, customer.c.id, ids))
    return tx.execute(counted).scalar() == len(ids)


def find_exact(tx: Transaction, words: str) -> tuple[Customer, ...]:
    """Return every customer whose key, name or alias is these words, whatever their case."""
    folded = fold(words)
    # Each is one look into an index; said with OR, PostgreSQL reads all customers.
    same = union(
        select(customer.c.id).where(customer.c.key_folded == folded),
        select(customer.c.id).where(customer.c.name_folded == folded),
        select(alias.c.customer_id).where(alias.c.alias_folded == folded),
    ).subquery()
    return _where(tx, customer.c.id.in_(select(same.c.id)))


def name_candidates(tx: Transaction, words: str, limit: int = 50) -> tuple[Candidate, ...]:
    """Return customers worth comparing with the words, those sharing most pieces first.

    With few customers that is all of them, and `limit` does not apply.
    """
    if _counted(tx, select(customer.c.id).limit(FEW_CUSTOMERS + 1)) <= FEW_CUSTOMERS:
        return _candidates(tx, true())
    likest = _likest(tx, _telling(tx, grams(words)), limit)
    found = _candidates(tx, among(tx, customer.c.id, sorted(likest)))
    place = {number: at for at, number in enumerate(likest)}
    return tuple(sorted(found, key=lambda one: place[one.id]))


def _likest(tx: Transaction, pieces: Sequence[str], limit: int) -> list[int]:
    """Return who bears most of these pieces, most first.

    The database only hands over who bears each, as one long word: to sort and count thousands of
    rows takes it several times as long as this.
    """
    bearers = func.aggregate_strings(sql_cast(name_gram.c.customer_id, Text), ",")
    listed = tx.execute(select(bearers).where(among_texts(tx, name_gram.c.gram, pieces))).scalar()
    if not listed:
        return []
    ids, shared = np.unique(np.fromstring(listed, np.int64, sep=","), return_counts=True)
    return [int(one) for one in ids[np.lexsort((ids, -shared))[:limit]]]


def _telling(tx: Transaction, pieces: frozenset[str]) -> list[str]:
    """Choose the pieces of a name that the fewest share, some thousand names in all.

    A piece that thousands share tells little, and to read them all would take most of the time.
    """
    asked = listed_texts(tx, pieces).subquery()
    bearers = select(literal(1)).where(name_gram.c.gram == asked.c.word).correlate(asked)
    some = bearers.limit(COMMON).subquery()
    counts = tx.execute(
        select(asked.c.word, select(func.count()).select_from(some).scalar_subquery())
    )
    chosen: list[str] = []
    read = 0
    for count, gram in sorted((count, gram) for gram, count in counts):
        if read + count > READ and len(chosen) >= FEWEST:
            break
        chosen.append(gram)
        read += count
    return chosen


def _counted(tx: Transaction, rows: Select[int]) -> int:
    return tx.execute(select(func.count()).select_from(rows.subquery())).scalar() or 0


def _candidates(tx: Transaction, wanted: ColumnElement[bool]) -> tuple[Candidate, ...]:
    """Return key, name and aliases of these customers, by id."""
    rows = tx.execute(
        select(customer.c.id, customer.c.key, customer.c.name, alias.c.alias)
        .outerjoin(alias, alias.c.customer_id == customer.c.id)
        .where(wanted)
        .order_by(customer.c.id, alias.c.alias_folded)
    )
    found: dict[int, Candidate] = {}
    for row in rows:
        before = found.get(row.id, Candidate(row.id, row.key, row.name, ()))
        more = () if row.alias is None else (row.alias,)
        found[row.id] = Candidate(row.id, row.key, row.name, (*before.aliases, *more))
    return tuple(found.values())


def _where(tx: Transaction, condition: ColumnElement[bool]) -> tuple[Customer, ...]:
    people = [column.label(f"who_{column.name}") for column in member.c]
    statement = (
        select(customer, *people)
        .outerjoin(member, member.c.id == customer.c.csm_id)
        .where(condition)
        .order_by(customer.c.id)
    )
    return tuple(_customer(row) for row in tx.execute(statement))


def _customer(row: Row[Any]) -> Customer:
    return Customer(
        id=row.id,
        key=row.key,
        name=row.name,
        segment=row.segment,
        plan=row.plan,
        lifecycle=row.lifecycle,
        status=cast("Status", row.status),
        arr=row.arr,
        renewal_on=row.renewal_on,
        created_on=row.created_on,
        seats=row.seats,
        tags=tuple(row.tags),
        timezone=row.timezone,
        csm=None if row.csm_id is None else as_member(row, "who_"),
        active_since=row.active_since,
    )
