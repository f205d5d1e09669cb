"""What the CSM is told, in the alert and in its thread, of what became of a customer's mail."""

from datetime import datetime
from typing import Final

from service import intents
from service.naming import cut
from service.ports import House
from service.recheck import DRY_RUN
from storage import customers, outbox, plays
from storage.database import Transaction
from storage.outbox import Message

_WORDS: Final = {
    "mail_sent": "{mail} is out.",
    "mail_dry_run": "{mail} was written down and not sent: this house is on dry-run.",
    "mail_cancelled": "{mail} was not sent: {reason}",
    "mail_failed": "{mail} could not be sent ({reason}).",
    "mail_no_mailbox": (
        "{mail} could not be sent: nobody has this address ({reason}). It is not written to "
        "any more; please find out whom to write to."
    ),
    "mail_unknown": (
        "{mail} may have arrived or not: the line broke after it was handed over "
        "({reason}). It is not sent again by itself; ask, before you write again."
    ),
    "mail_bounced": (
        "{mail} came back: nobody has this address ({reason}). It is not written to any more; "
        "please find out whom to write to."
    ),
    "mail_undelivered": (
        "{mail} came back: it could not be delivered ({reason}). The address may still be right."
    ),
    "mail_complaint": (
        "{mail} was called spam by its reader. They are not written to any more; a personal word "
        "may be in order."
    ),
}


def name_of(verdict: str, reason: str | None, *, no_mailbox: bool) -> str:
    """Return which note belongs to an attempt's end."""
    if reason == DRY_RUN:
        return "mail_dry_run"
    return "mail_no_mailbox" if no_mailbox else f"mail_{verdict}"


def tell(
    tx: Transaction, house: House, message: Message, name: str, reason: str | None, *, now: datetime
) -> None:
    """Say it once; nothing where the mail belongs to no play, or its customer is gone."""
    play = plays.play(tx, message.play_id) if message.play_id is not None else None
    customer = customers.customer_by_id(tx, play.customer_id) if play is not None else None
    if play is None or customer is None or play.root_key is None:
        return
    recipient = intents.conversation_of(customer, house.alerts_to)
    text = _WORDS[name].format(mail=_called(message), reason=reason or "no reason given")
    note = {"note": name, "code": reason, "text": text, "step_id": message.step_id}
    about = f"{name}/{message.step_id}"
    rows = [
        intents.update(play, about, recipient, now),
        intents.reply(play, about, recipient, note, now),
    ]
    outbox.enqueue(tx, rows, now=now)


def _called(message: Message) -> str:
    """Tell this mail from the play's others: by its subject."""
    subject = message.body.get("subject")
    return f"The mail “{cut(str(subject))}”" if subject else "The mail"
