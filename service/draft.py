"""The mail a play would send, worded now and frozen: what is approved is what is sent."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from email.utils import parseaddr
from functools import cache
from typing import Final

from playbooks.steps import Email, Person, Survey
from scoring.explain import drivers
from scoring.score import FactorScore, Score
from service import unsubscribe
from service.ports import House, MailPolicy
from storage.customers import Contact, Customer
from templates.errors import TemplateFailed
from templates.render import mail

# Who reads that a fiftieth less was noticed feels watched, not looked after.
NOTABLE: Final = Decimal("0.9")


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished mail as it stands in the outbox, and the fingerprint of its words."""

    mail: Mapping[str, object]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why no mail could be drafted: a sentence for the CSM, without an address in it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """The customer's main contact, and whether and why their address is suppressed."""

    contact: Contact
    suppressed: bool
    why: str = ""


def draft(
    house: House,
    customer: Customer,
    scores: tuple[Score, Score | None],
    to: Addressee | None,
    step: Email | Survey,
    *,
    key: str,
    more: Mapping[str, object] | None = None,
) -> Draft | Blocked:
    """Word the mail of `step` for this customer; `scores` are today's and the one before the fall.

    `key` is the intent's key: the Message-ID comes from it, so one intent keeps one Message-ID.
    `more` are further things the template may speak of. A mail to one of us has no way to
    unsubscribe: `to` is then the CSM, who is no contact.
    """
    barred = obstacle(to)
    if to is None or barred is not None:
        return Blocked(barred or "")
    sender = _sender(house.mail, customer, step)
    inside = step.to == "csm"
    link = "" if inside else unsubscribe.link(house.mail, to.contact)
    context = {**(more or {}), **_context(customer, to.contact, sender, scores, link)}
    try:
        words = mail(step.template, context, house.mail.templates)
    except TemplateFailed as failed:
        return Blocked(f"The mail could not be worded: {failed}")
    body = {
        "from": _address(house.mail),
        "from_name": sender["name"],
        "reply_to": sender["email"],
        "to": to.contact.email,
        "to_name": to.contact.name,
        "subject": words.subject,
        "text": words.text,
        "html": words.html,
        "message_id": _message_id(house.mail, key),
        "headers": ({} if inside else unsubscribe.headers(link)) | _replies(house.mail, sender),
    }
    return Draft(body, fingerprint(body))


def obstacle(to: Addressee | None) -> str | None:
    """Return why nobody at the customer may be written to, or None."""
    if to is None:
        return "The customer has no contact with an address."
    if not to.suppressed and to.contact.opted_out_at is None:
        return None
    who = to.contact.name or "The contact"
    match to.why.partition(":")[0]:
        case "bounced":
            return f"Mail to {who} came back: nobody has this address."
        case "complaint":
            return f"{who} called our mail spam."
        case "by hand":
            return (
                f"{who} is not to be written to: {to.why.partition(': ')[2] or 'no reason given'}"
            )
        case _:
            return f"{who} has unsubscribed."


def fingerprint(body: Mapping[str, object]) -> str:
    """Return the SHA-256 of a mail's every word and address, as hex."""
    words = json.dumps(body, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()


def what_fell(current: Score, earlier: Score | None) -> tuple[str, ...]:
    """Return what became less, in sentences a customer may read: no points, no invoices, no score.

    Only what they did notably less of is named; that they opened more tickets or paid late is our
    worry.
    """
    if earlier is None:
        return ()
    before = {factor.name: factor for factor in earlier.factors}
    after = {factor.name: factor for factor in current.factors}
    return tuple(
        driver.sentence.rpartition(": ")[0] + "."
        for driver in drivers(current, earlier)
        if driver.points < 0
        and driver.cause == "behaviour"
        and _less(before.get(driver.factor), after.get(driver.factor))
    )


def _less(before: FactorScore | None, after: FactorScore | None) -> bool:
    if before is None or after is None or "on_time" in after.raw:
        return False
    was = after.raw.get("before", before.raw.get("count"))
    now = after.raw.get("count")
    return was is not None and now is not None and Decimal(now) <= Decimal(was) * NOTABLE


def _context(
    customer: Customer,
    contact: Contact,
    sender: Mapping[str, str],
    scores: tuple[Score, Score | None],
    link: str,
) -> dict[str, object]:
    return {
        "customer": known_of(customer),
        "contact": {"name": contact.name, "email": contact.email},
        "sender": sender,
        "fell": list(what_fell(*scores)),
        "unsubscribe_url": link,
    }


def known_of(customer: Customer) -> dict[str, object]:
    """Return what templates may say of a customer; what is not known is not there to be said."""
    fields = {
        "name": customer.name,
        "key": customer.key,
        "segment": customer.segment,
        "plan": customer.plan,
        "lifecycle": customer.lifecycle,
        "seats": customer.seats,
        "arr": customer.arr,
        "renewal_on": customer.renewal_on,
        "csm": customer.csm.name if customer.csm is not None else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _sender(policy: MailPolicy, customer: Customer, step: Email | Survey) -> dict[str, str]:
    """Whose name the mail carries, and who gets the answers."""
    house_name, house_address = _parts(policy.sender)
    match step.sender:
        case Person(name=name, email=email):
            return {"name": name, "email": email}
        case "csm" if customer.csm is not None:
            return {"name": customer.csm.name, "email": customer.csm.email}
        case _:
            return {"name": house_name, "email": house_address}


@cache
def _parts(sender: str) -> tuple[str, str]:
    return parseaddr(sender)


def _address(policy: MailPolicy) -> str:
    return _parts(policy.sender)[1]


def _replies(policy: MailPolicy, sender: Mapping[str, str]) -> dict[str, str]:
    """Answers go to the person the mail is from, where that is not the house itself."""
    return {} if sender["email"] == _address(policy) else {"Reply-To": sender["email"]}


def _message_id(policy: MailPolicy, key: str) -> str:
    """One intent, one Message-ID: a second copy could be recognised as such by any mail client.

    It carries the customer's number, by which a report of its return is found (service.bounces).
    """
    number = key.split("/")[1] if key.startswith("customer/") else "0"
    digest = hashlib.blake2b(key.encode(), key=policy.secret[:64], digest_size=16).hexdigest()
    return f"<{digest}.{number}@{_address(policy).rpartition('@')[2]}>"
