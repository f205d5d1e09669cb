"""A mail inside an alert: the very words that would go, and what became of them."""

from collections.abc import Iterator
from typing import Final

from bot import blocks, wording
from bot.blocks import Block
from service.alert import MailView
from service.approving import shown_words
from service.tracking import told

# Once somebody decided, the first lines tell which mail it was; a button shows all of it.
DECIDED: Final = 200
# Slack takes ten lines of small print in a row, and nobody reads as many.
SEEN_AT_MOST: Final = 6
# As much of a line as tells which link it was; `bellwether plays show` has all of it.
SEEN: Final = 240
_LEADS: Final = "The words go as shown; links in the HTML part lead through this service, which"
COUNTED: Final = {
    "clicks": f"{_LEADS} counts how often they are followed.",
    "all": f"{_LEADS} counts them, and a picture tells of opening.",
}

_UNDECIDED: Final = {"waiting_approval": "Mail waiting for a yes", "cancelled": "Mail not sent"}
_FATES: Final = {
    "sent": "Mail sent",
    "came_back": "Mail came back",
    "complaint": "Mail sent, and called spam by its reader",
    "unknown": "Mail perhaps sent; its answer was lost, so it is not sent again",
    "failed": "Mail could not be sent",
    "cancelled": "Mail could not be sent",
}


def mail_blocks(mail: MailView, number: int, room: int, *, open_play: bool) -> Iterator[Block]:
    """Show a mail's words and how far it has come; while it waits, the yes and the no.

    `number` counts the mails of an alert from 1: Slack wants every action id once in a message.
    `room` is how many characters of its text may stand here; a button shows all of it.
    """
    if mail.blocked is not None or mail.text is None:
        reason = blocks.clean(mail.blocked or mail.step.reason or "There is no draft.", 500)
        yield blocks.rich(blocks.line(blocks.said("No mail: ", bold=True), blocks.said(reason)))
        return
    yield blocks.divider()
    text = mail_text(mail.text)
    if mail.step.state != "waiting_approval":
        room = min(room, DECIDED)
    yield blocks.rich(*_words(mail, blocks.cut(text, room)))
    again = f"_{number}" if number > 1 else ""
    buttons = [_read_all(mail, again)] if len(text) > room else []
    if mail.step.state == "waiting_approval" and open_play:
        buttons += _decision(mail, again)
    if counted := list(_counted(mail, SEEN_AT_MOST if room else 1)):
        yield blocks.context(*counted)
    if buttons:
        yield blocks.actions(*buttons)


def _counted(mail: MailView, most: int) -> Iterator[str]:
    """Say before it leaves that its links are counted, and afterwards what was."""
    if mail.step.state == "waiting_approval" and mail.tracking != "off":
        yield COUNTED[mail.tracking]
    yield from (f"Mail {blocks.literal(told(seen), SEEN)}" for seen in mail.seen[:most])


def _words(mail: MailView, text: str) -> Iterator[Block]:
    yield blocks.line(blocks.said(_state_words(mail), bold=True), blocks.said(_after(mail)))
    if mail.from_name:
        yield _labelled("From", blocks.clean(mail.from_name, 120))
    yield _labelled("To", _addressee(mail))
    yield _labelled("Subject", blocks.clean(mail.subject or "", 300))
    if text:
        yield blocks.quote(text)


def _labelled(label: str, text: str) -> Block:
    return blocks.line(blocks.said(f"{label}: ", bold=True), blocks.said(f"{text}\n"))


def _state_words(mail: MailView) -> str:
    """Say how far it has come: the step until somebody decides, the outbox from then on."""
    if mail.step.state in _UNDECIDED:
        return _UNDECIDED[mail.step.state]
    return _FATES.get(mail.delivery or "", "Mail on its way")


def _after(mail: MailView) -> str:
    """Say who wrote and who decided, until when it may be, and what stood in the way."""
    step = mail.step
    edited = f", edited by {blocks.clean(mail.edited_by, 80)}" if mail.edited_by else ""
    decided = "rejected" if step.state == "cancelled" else "approved"
    by = f", {decided} by {blocks.clean(step.decided_by, 80)}" if step.decided_by else ""
    waits = mail.until if step.state == "waiting_approval" else None
    until = f", until {wording.day(waits.date())}" if waits else ""
    why = step.reason if step.state == "cancelled" else _trouble(mail)
    return f"{edited}{by}{until}{': ' + blocks.clean(why, 500) if why else ''}\n"


def _trouble(mail: MailView) -> str | None:
    return mail.trouble if mail.delivery not in {None, "sent"} else None


def _addressee(mail: MailView) -> str:
    address = blocks.clean(mail.to or "", 254)
    return f"{blocks.clean(mail.to_name, 120)} ({address})" if mail.to_name else address


def mail_text(text: str) -> str:
    """Return a mail's text as it may stand in a quotation."""
    return blocks.clean_lines(text).strip()


def _read_all(mail: MailView, again: str) -> Block:
    says = f"Read the whole mail to {_addressee(mail)}"
    return blocks.button("Read all of it", f"read{again}", f"step:{mail.step.id}", says=says)


def _decision(mail: MailView, again: str) -> Iterator[Block]:
    """Offer the yes, the change and the no; the value names the words shown, and no others."""
    value, to = f"step:{mail.step.id}:{shown_words(mail.step)}", _addressee(mail)
    sure = f"It goes to {to}, as shown, and cannot be called back."
    yield blocks.button(
        "Approve and send",
        f"approve{again}",
        value,
        style="primary",
        confirm=blocks.confirm("Send this mail?", sure, "Send it"),
        says=f"Approve the mail to {to}",
    )
    says = f"Change the words of the mail to {to}"
    yield blocks.button("Edit", f"edit{again}", value, says=says)
    says = f"Reject the mail to {to}"
    yield blocks.button("Reject", f"reject{again}", value, style="danger", says=says)
