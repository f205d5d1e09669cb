"""How customers come in: many at once, what is not given is left as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import delete, func, select, update

from storage.bulk import add_new, among, among_texts, excluded, put
from storage.database import Transaction
from storage.fold import fold, grams
from storage.people import Member, enrol_csms
from storage.tables import alias, contact, customer, name_gram

Status = Literal["active", "paused", "churned"]
Outcome = Literal["created", "updated", "unchanged"]
# Any number of our own will do; the migrations take another.
LOCK_NUMBER = 20_250_415
# The role of the contact who decides over there; others may be called so by hand.
EXECUTIVE = "executive"
# Fields that go into the customer's row under their own name.
PLAIN = (
    "name",
    "segment",
    "plan",
    "lifecycle",
    "status",
    "arr",
    "renewal_on",
    "created_on",
    "seats",
    "timezone",
)


@dataclass(frozen=True, slots=True)
class CustomerFields:
    """What somebody says of a customer; None leaves a field as it is. Aliases are only added."""

    key: str
    name: str | None = None
    segment: str | None = None
    plan: str | None = None
    lifecycle: str | None = None
    status: Status | None = None
    arr: Decimal | None = None
    renewal_on: date | None = None
    created_on: date | None = None
    seats: int | None = None
    tags: tuple[str, ...] | None = None
    timezone: str | None = None
    csm_email: str | None = None
    csm_name: str | None = None
    contact_email: str | None = None
    contact_name: str | None = None
    executive_email: str | None = None
    executive_name: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of one given customer."""

    key: str
    outcome: Outcome
    id: int


Rows = dict[str, dict[str, Any]]


def upsert_customers(
    tx: Transaction, fields: Sequence[CustomerFields], now: datetime
) -> tuple[Upserted, ...]:
    """Add or change customers, in a fixed number of statements; one outcome per given item.

    A new customer is called by its key and created today unless said otherwise. A customer that
    becomes active again gets `active_since`. The contact given becomes the primary one.
    """
    _take_turns(tx)
    csms = enrol_csms(tx, {item.csm_email: item.csm_name for item in fields if item.csm_email})
    before = _rows(tx, fields)
    ids = {key: row["id"] for key, row in before.items()}
    beside = _Beside.load(tx, list(ids.values()))
    rows: Rows = dict(before)
    outcomes: list[tuple[str, Outcome]] = []
    for item in fields:
        old = rows.get(item.key)
        rows[item.key] = new = _merged(item, old, csms, now)
        news = beside.is_news(item)
        outcomes.append((item.key, _outcome(old, new, news=news)))
    touched = {key for key, outcome in outcomes if outcome != "unchanged"}
    ids |= _write(tx, [rows[key] for key in sorted(touched)], now)
    _write_contacts(tx, fields, ids, touched)
    _write_executives(tx, fields, ids, touched)
    _write_names(tx, fields, ids, touched)
    return tuple(Upserted(key, outcome, ids[key]) for key, outcome in outcomes)


def _take_turns(tx: Transaction) -> None:
    """Let nobody else change customers meanwhile: what is not given is written as it was read.

    SQLite has one writer at a time anyway. Scoring and events do not wait for this.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(LOCK_NUMBER)))


def _rows(tx: Transaction, fields: Sequence[CustomerFields]) -> Rows:
    statement = select(customer).where(among_texts(tx, customer.c.key, (f.key for f in fields)))
    return {row.key: dict(row._mapping) for row in tx.execute(statement)}  # noqa: SLF001 - public, in SQLAlchemy's documentation


def _merged(
    item: CustomerFields, old: dict[str, Any] | None, csms: Mapping[str, Member], now: datetime
) -> dict[str, Any]:
    """Return the row as it is to be; the old one is left alone."""
    row = dict(old) if old is not None else _fresh(item.key, now)
    given = {name: getattr(item, name) for name in PLAIN}
    row |= {name: value for name, value in given.items() if value is not None}
    if item.tags is not None:
        row["tags"] = list(item.tags)
    if item.csm_email:
        row["csm_id"] = csms[fold(item.csm_email)].id
    row["name_folded"] = fold(row["name"])
    if old is not None and old["status"] != "active" and row["status"] == "active":
        row["active_since"] = now.date()
    return row


def _fresh(key: str, now: datetime) -> dict[str, Any]:
    empty = dict.fromkeys((*PLAIN, "csm_id", "active_since"))
    return empty | {
        "key": key,
        "key_folded": fold(key),
        "name": key,
        "status": "active",
        "created_on": now.date(),
        "tags": [],
    }


def _outcome(old: dict[str, Any] | None, new: dict[str, Any], *, news: bool) -> Outcome:
    if old is None:
        return "created"
    return "updated" if news or new != old else "unchanged"


def _write(tx: Transaction, rows: Sequence[dict[str, Any]], now: datetime) -> dict[str, int]:
    """Write the rows and return their ids by key."""
    if not rows:
        return {}
    written = [{k: v for k, v in row.items() if k != "id"} | {"updated_at": now} for row in rows]
    put(tx, customer, written, key=["key"])
    statement = select(customer.c.key, customer.c.id)
    keys = [row["key"] for row in rows]
    found = tx.execute(statement.where(among_texts(tx, customer.c.key, keys)))
    return {row.key: row.id for row in found}


@dataclass(slots=True)
class _Beside:
    """What is known of the given customers outside their own row, to tell news from repetition."""

    ids: dict[str, int]
    contacts: dict[tuple[str, str], str]
    primary: dict[str, str]
    executives: dict[str, str]
    aliases: set[tuple[str, str]]

    @classmethod
    def load(cls, tx: Transaction, ids: list[int]) -> "_Beside":
        """Read contacts and aliases of these customers."""
        whose = customer.c.id
        contacts = list(
            tx.execute(
                select(
                    customer.c.key,
                    contact.c.email_folded,
                    contact.c.name,
                    contact.c.is_primary,
                    contact.c.role,
                )
                .join(contact, contact.c.customer_id == whose)
                .where(among(tx, whose, ids))
            )
        )
        aliases = tx.execute(
            select(customer.c.key, alias.c.alias_folded)
            .join(alias, alias.c.customer_id == whose)
            .where(among(tx, whose, ids))
        )
        return cls(
            {},
            {(row.key, row.email_folded): row.name for row in contacts},
            {row.key: row.email_folded for row in contacts if row.is_primary},
            {row.key: row.email_folded for row in contacts if row.role == EXECUTIVE},
            {(row.key, row.alias_folded) for row in aliases},
        )

    def is_news(self, item: CustomerFields) -> bool:
        """Tell whether the item says something new beside the row, and remember that it did."""
        added = {(item.key, fold(word)) for word in item.aliases} - self.aliases
        self.aliases |= added
        news = [self._contact_is_news(item), self._executive_is_news(item), bool(added)]
        return any(news)

    def _executive_is_news(self, item: CustomerFields) -> bool:
        if not item.executive_email:
            return False
        email = fold(item.executive_email)
        known = self.contacts.get((item.key, email))
        name = item.executive_name or known or ""
        same = known == name and self.executives.get(item.key) == email
        self.contacts[item.key, email] = name
        self.executives[item.key] = email
        return not same

    def _contact_is_news(self, item: CustomerFields) -> bool:
        if not item.contact_email:
            return False
        email = fold(item.contact_email)
        known = self.contacts.get((item.key, email))
        name = item.contact_name or known or ""
        same = known == name and self.primary.get(item.key) == email
        self.contacts[item.key, email] = name
        self.primary[item.key] = email
        return not same


def _write_contacts(
    tx: Transaction,
    fields: Sequence[CustomerFields],
    ids: Mapping[str, int],
    touched: set[str],
) -> None:
    """Make the given contacts the primary ones, keeping a known name that is not given again."""
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for item in fields:
        if item.contact_email and item.key in touched:
            row = _contact_row(item, ids[item.key])
            rows[row["customer_id"], row["email_folded"]] = row
    if not rows:
        return
    owners = among(tx, contact.c.customer_id, sorted({owner for owner, _ in rows}))
    tx.execute(update(contact).where(owners).values(is_primary=0))
    named = [row for row in rows.values() if row["name"]]
    unnamed = [row for row in rows.values() if not row["name"]]
    new = excluded(tx, contact)
    change = {"email": new.email, "is_primary": new.is_primary}
    key = ["customer_id", "email_folded"]
    put(tx, contact, unnamed, key=key, change=change)
    put(tx, contact, named, key=key, change=change | {"name": new.name})


def _write_executives(
    tx: Transaction,
    fields: Sequence[CustomerFields],
    ids: Mapping[str, int],
    touched: set[str],
) -> None:
    """Let the given people be the ones who decide, one a customer; the main contact may be it."""
    rows = {
        ids[item.key]: {
            "customer_id": ids[item.key],
            "email": item.executive_email,
            "email_folded": fold(item.executive_email),
            "name": item.executive_name or "",
            "role": EXECUTIVE,
            "is_primary": 0,
        }
        for item in fields
        if item.executive_email and item.key in touched
    }
    if not rows:
        return
    theirs = among(tx, contact.c.customer_id, sorted(rows)) & (contact.c.role == EXECUTIVE)
    tx.execute(update(contact).where(theirs).values(role=None))
    new = excluded(tx, contact)
    key = ["customer_id", "email_folded"]
    unnamed = [row for row in rows.values() if not row["name"]]
    named = [row for row in rows.values() if row["name"]]
    put(tx, contact, unnamed, key=key, change={"email": new.email, "role": new.role})
    change = {"email": new.email, "role": new.role, "name": new.name}
    put(tx, contact, named, key=key, change=change)


def _contact_row(item: CustomerFields, owner: int) -> dict[str, Any]:
    email = item.contact_email or ""
    return {
        "customer_id": owner,
        "email": email,
        "email_folded": fold(email),
        "name": item.contact_name or "",
        "role": None,
        "is_primary": 1,
    }


def _write_names(
    tx: Transaction,
    fields: Sequence[CustomerFields],
    ids: Mapping[str, int],
    touched: set[str],
) -> None:
    """Add the aliases, and build the pieces that fuzzy search looks through anew."""
    aliases = [
        {"alias_folded": fold(word), "customer_id": ids[item.key], "alias": word}
        for item in fields
        if item.key in touched
        for word in item.aliases
    ]
    add_new(tx, alias, aliases, alias.c.customer_id)
    owners = sorted(ids[key] for key in touched)
    tx.execute(delete(name_gram).where(among(tx, name_gram.c.customer_id, owners)))
    pieces = {(piece, owner) for owner, words in _all_names(tx, owners) for piece in grams(words)}
    rows = [{"gram": piece, "customer_id": owner} for piece, owner in sorted(pieces)]
    add_new(tx, name_gram, rows, name_gram.c.customer_id)


def _all_names(tx: Transaction, ids: list[int]) -> list[tuple[int, str]]:
    wanted = among(tx, customer.c.id, ids)
    own = tx.execute(select(customer.c.id, customer.c.name, customer.c.key).where(wanted)).all()
    others = tx.execute(
        select(alias.c.customer_id, alias.c.alias).where(among(tx, alias.c.customer_id, ids))
    )
    return [
        *((row.id, row.name) for row in own),
        *((row.id, row.key) for row in own),
        *((row.customer_id, row.alias) for row in others),
    ]
