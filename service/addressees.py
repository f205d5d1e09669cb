"""Everybody a play may write to or tell, looked up for a whole batch in a few statements."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from playbooks.playbook import Playbook
from playbooks.steps import Email, Escalate, SlackPost, Step, every
from service.draft import Addressee
from service.ports import House
from service.recipients import Colleagues
from storage import customers, habits, people
from storage.customers import Contact, Customer
from storage.database import Transaction

CSM, CONTACT, EXECUTIVE = "csm", "contact", "executive"


@dataclass(frozen=True, slots=True)
class Addressees:
    """The people at each customer, by their number, who stands in for which CSM, and tips."""

    contacts: Mapping[int, Addressee] = field(default_factory=dict)
    executives: Mapping[int, Addressee] = field(default_factory=dict)
    colleagues: Colleagues = field(default_factory=Colleagues)
    tips: Mapping[int, str] = field(default_factory=dict)

    def at(self, customer: Customer) -> Mapping[str, Addressee]:
        """Return the people a mail of this customer's play may go to, by what a step calls them."""
        found = {
            CONTACT: self.contacts.get(customer.id),
            EXECUTIVE: self.executives.get(customer.id),
            CSM: _csm(customer),
        }
        return {name: one for name, one in found.items() if one is not None}


def addressees(
    tx: Transaction,
    house: House,
    customers_by_id: Mapping[int, Customer],
    books: Collection[Playbook],
    today: date,
) -> Addressees:
    """Return whom to write to at these customers, as far as the playbooks ask for it."""
    ids = sorted(customers_by_id)
    if not ids:
        return Addressees()
    steps = [step for book in books for step in every(book.then)]
    contacts = customers.primary_contacts(tx, ids)
    deciding = any(map(_to_executive, steps))
    executives = customers.executives(tx, ids, contacts) if deciding else {}
    barred = _barred(tx, house, [*contacts.values(), *executives.values()])
    return Addressees(
        contacts={one: _addressee(who, barred) for one, who in contacts.items()},
        executives={one: _addressee(who, barred) for one, who in executives.items()},
        colleagues=Colleagues(people.stand_ins(tx) if any(map(_to_stand_in, steps)) else {}),
        tips=habits.unused_features(tx, ids, today) if any(map(_with_tip, steps)) else {},
    )


def _barred(tx: Transaction, house: House, contacts: Iterable[Contact]) -> Mapping[str, str]:
    emails = {contact.email for contact in contacts}
    return customers.suppressed(tx, emails, house.mail.secret) if emails else {}


def _addressee(who: Contact, barred: Mapping[str, str]) -> Addressee:
    return Addressee(who, who.email in barred, barred.get(who.email, ""))


def _csm(customer: Customer) -> Addressee | None:
    csm = customer.csm
    if csm is None:
        return None
    return Addressee(Contact(0, customer.id, csm.email, csm.name, CSM, False, None), False)  # noqa: FBT003 - the fields of a contact


def _to_executive(step: Step) -> bool:
    return getattr(step, "to", None) == EXECUTIVE


def _to_stand_in(step: Step) -> bool:
    posts = isinstance(step, SlackPost) and step.to in {"backup", "manager"}
    return posts or isinstance(step, Escalate)


def _with_tip(step: Step) -> bool:
    return isinstance(step, Email) and step.tip
