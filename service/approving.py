"""A mail's way to its yes: approve, edit, or reject it. What was read last is what is sent.

Everything is looked at again in the transaction that acts: the right to say yes, the words that
were on the screen, the play, the customer, the opt-out. The first of two opposite clicks wins.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service import intents
from service.clicks import (
    LEADING_ROLES,
    Done,
    Forbidden,
    Outcome,
    Scene,
    Stale,
    Taken,
    audited,
    closed,
    forbidden,
    late,
    locked_step,
    refresh,
    scene,
    settle,
)
from service.draft import Addressee, fingerprint, obstacle
from service.ports import House
from service.reword import Words, faults, reworded, tidy, words_of
from storage import customers, outbox, plays
from storage.customers import Contact
from storage.database import Transaction
from storage.outbox import NewMessage
from storage.people import Member
from storage.plays import Step
from templates.errors import TemplateFailed

# Enough of a fingerprint to tell two drafts apart; buttons carry it.
SEEN: Final = 16
OUTDATED: Final = "This mail was written anew since you saw it; please read it again below."
LONGEST_REASON: Final = 500
MAILS: Final = ("email", "survey")


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A mail that waits for a yes, locked, with its play and customer."""

    at: Scene
    step: Step


def approve(
    house: House, step_id: int, member: Member, *, now: datetime, seen: str | None = None
) -> Outcome:
    """Say yes to the very mail of a step: it goes into the outbox in the same transaction.

    `seen` is what `shown_words` was when the mail was read; a yes to other words is none. None is
    a caller who just read the step.
    """
    with house.database.transaction() as tx:
        found = _waiting(tx, house, step_id, member)
        if not isinstance(found, _Waiting):
            return found
        at, step = found.at, found.step
        if (refused := _not_theirs(house, member, step)) is not None:
            return refused
        barred = _barred(tx, house, at, step, now) or _reread(step, seen)
        if barred is not None:
            refresh(tx, at, f"step/{step.id}/barred/{now.isoformat()}", now)
            return Stale(barred)
        if (lost := settle(tx, step, "done", member, "approved", now=now)) is not None:
            return lost
        outbox.enqueue(tx, [_mail(at, step, now)], now=now)
        refresh(tx, at, f"step/{step.id}/approved", now)
        details = {"fingerprint": step.body["fingerprint"]}
        audited(tx, member, "approve", f"step/{step.id}", details, now=now)
    dry = house.mail.mode == "dry-run"
    fate = "is written down, not sent: this is a dry run" if dry else "is on its way"
    return Done(f"The mail to {at.customer.name} {fate}.")


def reject(house: House, step_id: int, member: Member, *, reason: str, now: datetime) -> Outcome:
    """Say no to the mail of a step; it is never sent, and the reason stands in the alert."""
    with house.database.transaction() as tx:
        found = _waiting(tx, house, step_id, member)
        if not isinstance(found, _Waiting):
            return found
        at, step = found.at, found.step
        said = reason.strip()[:LONGEST_REASON] or "rejected"
        if (lost := settle(tx, step, "cancelled", member, said, now=now)) is not None:
            return lost
        refresh(tx, at, f"step/{step.id}/rejected", now)
        audited(tx, member, "reject", f"step/{step.id}", {"reason": said}, now=now)
    return Done(f"The mail to {at.customer.name} will not be sent.")


def edit(
    house: House, step_id: int, member: Member, words: Words, *, seen: str, now: datetime
) -> Outcome:
    """Put a person's words in the place of a draft that waits; they are what is approved then.

    The foot with the way to unsubscribe stays, the HTML is made anew from the words, and the days
    within which a yes is awaited begin again.
    """
    with house.database.transaction() as tx:
        found = _waiting(tx, house, step_id, member)
        if not isinstance(found, _Waiting):
            return found
        at, step = found.at, found.step
        if (barred := _barred(tx, house, at, step, now)) is not None:
            refresh(tx, at, f"step/{step.id}/barred/{now.isoformat()}", now)
            return Stale(barred)
        if _reread(step, seen) is not None:
            return _edited_before(step)
        return _rewrite(tx, house, found, member, tidy(words), now=now)


def to_edit(house: House, step_id: int, *, seen: str) -> Words | Taken | Stale:
    """Return what may be changed of a mail that waits, or why nothing may any more."""
    with house.database.reading() as tx:
        step = plays.step(tx, step_id)
    if step is None or not isinstance(step.body.get("mail"), dict):
        return Stale("This mail no longer exists.")
    if (gone := late(step)) is not None:
        return gone
    return words_of(step.body["mail"]) if _reread(step, seen) is None else _edited_before(step)


def shown_words(step: Step) -> str:
    """Return enough of the fingerprint of a step's words to tell two drafts apart."""
    return str(step.body.get("fingerprint", ""))[:SEEN]


def unwelcome(tx: Transaction, house: House, customer_id: int, address: str) -> str | None:
    """Return why this address may not be written to any more, or None."""
    known = (customers.primary_contact(tx, customer_id), *_executive(tx, customer_id))
    contact = next((one for one in known if one is not None and one.email == address), None)
    if contact is None:
        return "The customer's contact has changed since the mail was written."
    why = customers.suppressed(tx, [address], house.mail.secret).get(address)
    return obstacle(Addressee(contact, why is not None, why or ""))


def _executive(tx: Transaction, customer_id: int) -> Iterable[Contact]:
    return customers.executives(tx, [customer_id]).values()


def _waiting(
    tx: Transaction, house: House, step_id: int, member: Member
) -> _Waiting | Taken | Stale | Forbidden:
    """Return the mail while it waits and this person may act, or why not."""
    if (refused := forbidden(member)) is not None:
        return refused
    step = locked_step(tx, step_id)
    at = scene(tx, house, step.play_id) if step is not None else None
    if step is None or at is None or step.kind not in MAILS:
        return Stale("This mail no longer exists.")
    return late(step) or _Waiting(at, step)


def _not_theirs(house: House, member: Member, step: Step) -> Forbidden | None:
    """Return why the house does not let this person say yes to this mail, or None."""
    who = house.approval.who
    if who == "managers" and member.role not in LEADING_ROLES:
        return Forbidden("Here a manager or admin says yes to mail. Ask one of them to press it.")
    own = (step.body.get("edited") or {}).get("email") == member.email
    if own and who != "allowed":
        return Forbidden("You wrote these words, so somebody else must say yes to them.")
    return None


def _barred(tx: Transaction, house: House, at: Scene, step: Step, now: datetime) -> str | None:
    """Return why the mail may not go although somebody says yes."""
    if at.play.state == "closed":
        return closed(at.play)
    if at.customer.status != "active":
        return f"The customer is {at.customer.status}."
    if now - step.due_at > house.approval.within:
        days = house.approval.within.days
        return f"The draft is older than {days} days; its words may no longer be true."
    mail = step.body.get("mail")
    if not isinstance(mail, dict) or fingerprint(mail) != step.body.get("fingerprint"):
        return "The draft is not the one that was shown."
    return unwelcome(tx, house, at.customer.id, str(mail["to"]))


def _reread(step: Step, seen: str | None) -> str | None:
    return None if seen is None or seen == shown_words(step) else OUTDATED


def _edited_before(step: Step) -> Taken | Stale:
    """Say who changed the words while another was at it."""
    edited = step.body.get("edited")
    if not edited:
        return Stale(OUTDATED)
    return Taken(edited["by"], "edited", datetime.fromisoformat(edited["at"]))


def _rewrite(
    tx: Transaction, house: House, found: _Waiting, member: Member, words: Words, *, now: datetime
) -> Outcome:
    at, step = found.at, found.step
    before = step.body["mail"]
    changed = _changed(words_of(before), words)
    if not changed:
        return Done("Nothing was changed.")
    if (wrong := next(faults(words, before), None)) is not None:
        return Stale(wrong[1])
    try:
        mail = reworded(house, at.customer, before, words)
    except TemplateFailed as failed:
        return Stale(f"The mail could not be worded: {failed}")
    mark = {"by": member.name, "email": member.email, "at": now.isoformat()}
    body = {**step.body, "mail": mail, "fingerprint": fingerprint(mail), "edited": mark}
    if not plays.rewrite_step(tx, step.id, "waiting_approval", body, due_at=now):
        return Stale("This mail is gone.")
    refresh(tx, at, f"step/{step.id}/edited/{body['fingerprint']}", now)
    prints = {"before": step.body["fingerprint"], "after": body["fingerprint"], "changed": changed}
    audited(tx, member, "edit", f"step/{step.id}", prints, now=now)
    return Done(f"The mail to {at.customer.name} now says what you wrote.")


def _changed(before: Words, after: Words) -> list[str]:
    parts = (("subject", before.subject, after.subject), ("text", before.text, after.text))
    return [name for name, was, is_now in parts if was != is_now]


def _mail(at: Scene, step: Step, now: datetime) -> NewMessage:
    return intents.email(at.play, step.id, str(step.body["key"]), step.body["mail"], now)
