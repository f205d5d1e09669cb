"""Customers as they are written down by people and other systems, and how they enter the house."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    ValidationInfo,
    model_validator,
)

from service.chunks import CHUNK, chunks, writing
from service.errors import DraftInvalid, Problem
from service.ports import House
from service.quarantine import replay_in
from service.written import (
    Blank,
    Count,
    Day,
    Draft,
    Identifier,
    Label,
    Money,
    Name,
    printable,
    read,
    refuse,
)
from storage.customers import CustomerFields, upsert_customers
from storage.database import Transaction

CustomerStatus = Literal["active", "paused", "churned"]

# What other systems call the same three states.
STATUS_WORDS: Final[Mapping[str, CustomerStatus]] = {
    "active": "active",
    "live": "active",
    "paused": "paused",
    "suspended": "paused",
    "on hold": "paused",
    "churned": "churned",
    "cancelled": "churned",
    "canceled": "churned",
    "closed": "churned",
    "inactive": "churned",
}
TAGS: Final = 50
ALIASES: Final = 20


def _status(value: object) -> object:
    if isinstance(value, str):
        found = STATUS_WORDS.get(value.strip().casefold().replace("_", " ").replace("-", " "))
        if found is None:
            raise refuse("status", "must be active, paused or churned")
        return found
    return value


def _email(value: str) -> str:
    """Answer the address as it will be compared; exactly one, and no display name (rule 11)."""
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError:
        raise refuse("email", "must be one e-mail address such as ann@example.com") from None


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise refuse("timezone", "must be an IANA time zone such as Europe/Berlin")
    return ZoneInfo(value).key


def _listed(value: object) -> object:
    """Read "a; b" or "a, b" as a list: a CSV cell has no other way to hold one."""
    if isinstance(value, str):
        parts = value.replace(";", ",").split(",")
        return tuple(part.strip() for part in parts if part.strip())
    return value


Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
Zone = Annotated[Label, AfterValidator(_timezone)]
Status = Annotated[CustomerStatus, BeforeValidator(_status)]
Tags = Annotated[tuple[Label, ...], Field(max_length=TAGS)]
Aliases = Annotated[tuple[Name, ...], Field(max_length=ALIASES)]


class CustomerDraft(Draft):
    """One customer. Only the key is needed; what is not said is left as it is stored.

    Accepted beside camelCase and snake_case: `id`, `customerId`, `externalId` for the key,
    `createdAt`, `renewalDate`, `owner` for the CSM, and `csm` or `contact` as an address or as
    `{"email": …, "name": …}`.
    """

    key: Identifier = Field(
        validation_alias=AliasChoices(
            "key", "id", "customerId", "customer_id", "externalId", "external_id", "account"
        )
    )
    name: Annotated[Name | None, Blank] = Field(
        None, validation_alias=AliasChoices("name", "customerName", "customer_name", "company")
    )
    segment: Annotated[Label | None, Blank] = None
    plan: Annotated[Label | None, Blank] = None
    lifecycle: Annotated[Label | None, Blank] = Field(
        None, validation_alias=AliasChoices("lifecycle", "lifecycleStage", "lifecycle_stage")
    )
    status: Annotated[Status | None, Blank] = None
    arr: Annotated[Money | None, Blank] = Field(
        None,
        validation_alias=AliasChoices("arr", "annualRevenue", "annual_revenue", "contractValue"),
    )
    renewal_on: Annotated[Day | None, Blank] = Field(
        None,
        validation_alias=AliasChoices(
            "renewalOn", "renewal_on", "renewalDate", "renewal_date", "renewal", "renewsOn"
        ),
    )
    created_on: Annotated[Day | None, Blank] = Field(
        None,
        validation_alias=AliasChoices(
            "createdOn", "created_on", "createdAt", "created_at", "created", "signupDate"
        ),
    )
    seats: Annotated[Count | None, Blank] = None
    tags: Annotated[Tags | None, BeforeValidator(_listed), Blank] = None
    timezone: Annotated[Zone | None, Blank] = Field(
        None, validation_alias=AliasChoices("timezone", "timeZone", "time_zone", "tz")
    )
    csm_email: Annotated[Email | None, Blank] = Field(
        None, validation_alias=AliasChoices("csmEmail", "csm_email", "owner", "ownerEmail")
    )
    csm_name: Annotated[Name | None, Blank] = Field(
        None, validation_alias=AliasChoices("csmName", "csm_name", "ownerName")
    )
    contact_email: Annotated[Email | None, Blank] = None
    contact_name: Annotated[Name | None, Blank] = None
    executive_email: Annotated[Email | None, Blank] = None
    executive_name: Annotated[Name | None, Blank] = None
    aliases: Annotated[Aliases | None, BeforeValidator(_listed), Blank] = None

    @model_validator(mode="before")
    @classmethod
    def _people(cls, data: object, _: ValidationInfo) -> object:
        """Read `csm`, `contact` and `executive`, an address or an object, into their two fields."""
        if not isinstance(data, Mapping):
            return data
        flat = dict(data)
        for person in ("csm", "contact", "executive"):
            match flat.pop(person, None):
                case None:
                    pass
                case Mapping() as spelled:
                    flat.update({f"{person}_{part}": value for part, value in spelled.items()})
                case value:
                    flat[f"{person}_email"] = value
        return flat


@dataclass(frozen=True, slots=True)
class CustomerOutcome:
    """What became of one customer of a stream, in the order of the items."""

    status: Literal["created", "updated", "unchanged", "rejected"]
    key: str
    replayed: int = 0
    reason: str | None = None
    problems: tuple[Problem, ...] = ()


Written = CustomerDraft | Mapping[str, object]


def upsert(
    house: House,
    items: Iterable[Written],
    *,
    now: datetime,
    rehearse: bool = False,
    chunk: int = CHUNK,
) -> Iterator[CustomerOutcome]:
    """Write a stream of customers; a generator, one transaction a chunk.

    What waited in quarantine for a new customer is replayed in the same transaction. A customer
    whose creation day is unsaid was created today. `rehearse` changes nothing.
    """
    for batch in chunks(items, chunk):
        doors = [_at_the_door(written) for written in batch]
        drafts = [door for door in doors if isinstance(door, CustomerDraft)]
        with writing(house.database, rehearse=rehearse) as tx:
            written_down = iter(_write(tx, drafts, now))
        for door in doors:
            yield door if isinstance(door, CustomerOutcome) else next(written_down)


def _at_the_door(written: Written) -> CustomerDraft | CustomerOutcome:
    try:
        return (
            written
            if isinstance(written, CustomerDraft)
            else read(CustomerDraft, written, "customer")
        )
    except DraftInvalid as error:
        key = written.get("key") or written.get("id") if isinstance(written, Mapping) else None
        named = "" if key is None else printable(key)
        return CustomerOutcome("rejected", named, 0, str(error), error.problems)


def _write(
    tx: Transaction, drafts: Sequence[CustomerDraft], now: datetime
) -> list[CustomerOutcome]:
    if not drafts:
        return []
    upserted = upsert_customers(tx, [_fields(draft) for draft in drafts], now)
    created = [done.key for done in upserted if done.outcome == "created"]
    replayed = replay_in(tx, created, now=now)
    return [CustomerOutcome(done.outcome, done.key, replayed.get(done.key, 0)) for done in upserted]


def _fields(draft: CustomerDraft) -> CustomerFields:
    return CustomerFields(
        key=draft.key,
        name=draft.name,
        segment=draft.segment,
        plan=draft.plan,
        lifecycle=draft.lifecycle,
        status=draft.status,
        arr=draft.arr,
        renewal_on=draft.renewal_on,
        created_on=draft.created_on,
        seats=draft.seats,
        tags=draft.tags,
        timezone=draft.timezone,
        csm_email=draft.csm_email,
        csm_name=draft.csm_name,
        contact_email=draft.contact_email,
        contact_name=draft.contact_name,
        executive_email=draft.executive_email,
        executive_name=draft.executive_name,
        aliases=draft.aliases or (),
    )
