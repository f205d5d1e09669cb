"""The list of addresses that are not written to, in the hands of whoever runs the house.

Addresses are kept as keyed hashes, so the list names one only while a contact still has it. What a
person said themselves (unsubscribed, called it spam) is lifted only where somebody answers for it
that they asked to be written to again. Every act is in the audit log, under the hash.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from email_validator import EmailNotValidError, validate_email

from service.errors import AddressInvalid, DraftInvalid, NotSuppressed, Problem, TheirOwnWord
from service.ports import House
from service.written import askable
from storage import audit, contacts, suppressions
from storage.contacts import BY_HAND, OWN_WORD
from storage.suppressions import Bearer, Suppressed

LONGEST_REASON: Final = 300
SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list; `bearers` are the contacts who have the address now."""

    suppressed: Suppressed
    bearers: tuple[Bearer, ...]

    @property
    def short(self) -> str:
        """Return enough of the hash to tell it from others; the audit log says the same."""
        return _short(self.suppressed.digest)

    @property
    def own_word(self) -> bool:
        """Tell whether the person said so themselves."""
        return self.suppressed.reason in OWN_WORD


def listed(house: House, *, limit: int = SHOWN) -> tuple[tuple[Entry, ...], int]:
    """Answer the newest lines, and how many there are in all."""
    with house.database.reading() as tx:
        found = suppressions.suppressions(tx, limit)
        known = suppressions.bearers(tx, [one.digest for one in found], house.mail.secret)
        total = suppressions.how_many(tx)
    return tuple(Entry(one, known.get(one.digest, ())) for one in found), total


def standing(house: House, address: str) -> Suppressed | None:
    """Answer what the list says of an address. Raises AddressInvalid."""
    digest = contacts.address_hash(_checked(address), house.mail.secret)
    with house.database.reading() as tx:
        return suppressions.suppression_of(tx, digest)


def add(house: House, address: str, *, reason: str, by: str, now: datetime) -> bool:
    """Write to an address no more; False when it was so already.

    Raises AddressInvalid, and DraftInvalid without a reason.
    """
    email, said = _checked(address), _reason(reason)
    digest = contacts.address_hash(email, house.mail.secret)
    with house.database.transaction() as tx:
        new = contacts.opt_out(tx, email, f"{BY_HAND}: {said}", house.mail.secret, now)
        if new:
            subject = f"address/{_short(digest)}"
            audit.append(tx, by, "suppress", subject, {"reason": said}, now)
    return new


def lift(
    house: House, address: str, *, reason: str, they_asked: bool, by: str, now: datetime
) -> Suppressed:
    """Let an address be written to again; answer what the list said of it.

    Raises NotSuppressed, TheirOwnWord where the person said so themselves and nobody answers for it
    that they asked, AddressInvalid, and DraftInvalid without a reason.
    """
    email, said = _checked(address), _reason(reason)
    digest = contacts.address_hash(email, house.mail.secret)
    with house.database.transaction() as tx:
        # Locked: who unsubscribes meanwhile waits, and has the last word.
        stood = suppressions.suppression_of(tx, digest, lock=True)
        if stood is None:
            raise NotSuppressed
        if stood.reason in OWN_WORD and not they_asked:
            raise TheirOwnWord(stood.reason, stood.at)
        suppressions.lift(tx, email, house.mail.secret)
        details = {"reason": said, "was": stood.reason, "they_asked": they_asked}
        audit.append(tx, by, "lift suppression", f"address/{_short(digest)}", details, now)
    return stood


def _short(digest: bytes) -> str:
    return digest.hex()[:16]


def _checked(address: str) -> str:
    try:
        read = validate_email(address.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise AddressInvalid(address) from None
    return read.normalized


def _reason(given: str) -> str:
    """Return the reason as it is kept; the alert shows it where a mail is not sent for it."""
    words = askable(" ".join(given.split()))[:LONGEST_REASON]
    if not words:
        nothing = Problem("reason", "nothing", "say why; whoever looks into it later reads it")
        raise DraftInvalid("act", (nothing,))
    return words
