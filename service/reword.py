"""A mail in a person's own words: what they may change, what is wrong with it, what comes of it.

The foot, which says why the customer is written to and how to stop it, is not theirs to change.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from service.ports import House
from storage.customers import Customer
from templates.filters import TURNING
from templates.render import LONGEST_SUBJECT, rewritten

# What a mail client knows as the beginning of a signature; our foot stands below it.
FOOT: Final = "\n-- \n"
# Longer than any mail somebody reads; a template of the operator's may come near it.
LONGEST_TEXT: Final = 10_000
# A line at least so long was broken for its length; one that is shorter, because it is over.
BROKEN: Final = 60
_ITEM: Final = re.compile(r"\d{1,2}[.)] ")
_ANSWERS: Final = re.compile(r"https?://\S+/survey/\S+")
_LINES: Final = frozenset("\n\t")
_UNSEEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Words:
    """What a person may change of a mail: its subject, and its text above the foot."""

    subject: str
    text: str


def words_of(mail: Mapping[str, object]) -> Words:
    """Return what a person may change of a mail, each paragraph on a line of its own.

    Templates break their lines where a file is pleasant to read; nobody wants to mend that.
    """
    return Words(str(mail["subject"]), _flowing(_parted(str(mail["text"]))[0].strip()))


def tidy(words: Words) -> Words:
    """Write line ends our way and drop the blanks around; nothing that shows is touched."""
    text = words.text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return Words(words.subject.strip(), text)


def faults(words: Words, mail: Mapping[str, object] | None = None) -> Iterator[tuple[str, str]]:
    """Yield what is wrong, as field ("subject", "text") and sentence; the words must be tidy.

    With the `mail` they are for, also whether they keep its way to unsubscribe where that does
    not stand in the foot.
    """
    if not words.subject:
        yield "subject", "A mail needs a subject."
    elif len(words.subject) > LONGEST_SUBJECT:
        yield "subject", f"Make it shorter: {LONGEST_SUBJECT} characters at most."
    elif any(_unfit(mark) for mark in words.subject):
        yield "subject", "It must be one line without control characters."
    if not words.text:
        yield "text", "A mail needs words."
    elif len(words.text) > LONGEST_TEXT:
        yield "text", f"Make it shorter: {LONGEST_TEXT:,} characters at most."
    elif any(_unfit(mark) for mark in words.text if mark not in _LINES):
        yield "text", "It holds characters that do not show; write it without them."
    elif mail is not None:
        yield from _links_lost(words, mail)


def _links_lost(words: Words, mail: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what a mail cannot do without: its way to unsubscribe, and a survey's answers."""
    way, whole = _way_out(mail), _whole(words, mail)
    if way and way not in whole:
        yield "text", f"Keep the address to unsubscribe at: {way}"
    if any(link not in whole for link in _ANSWERS.findall(str(mail["text"]))):
        yield "text", "Keep the links to the answers: without them nobody can answer."


def reworded(
    house: House, customer: Customer, mail: Mapping[str, object], words: Words
) -> dict[str, object]:
    """Return the same mail in these words, its HTML made anew from them.

    Raises TemplateFailed when the operator's layout fails on them.
    """
    context = {
        "customer": {"name": customer.name, "key": customer.key},
        "sender": {"name": mail.get("from_name", ""), "email": mail.get("reply_to", "")},
        "unsubscribe_url": _way_out(mail),
    }
    html = rewritten(words.subject, words.text, context, house.mail.templates)
    return {**mail, "subject": words.subject, "text": _whole(words, mail), "html": html}


def _flowing(text: str) -> str:
    """Join the lines that were broken for their length; lists and short lines stay as they are."""
    lines = text.split("\n")
    flowing = lines[:1]
    for before, line in pairwise(lines):
        if len(before) >= BROKEN and line[:1].isalnum() and not _ITEM.match(line):
            flowing[-1] += f" {line}"
        else:
            flowing.append(line)
    return "\n".join(flowing)


def _whole(words: Words, mail: Mapping[str, object]) -> str:
    return f"{words.text}\n{_parted(str(mail['text']))[1]}".rstrip() + "\n"


def _parted(text: str) -> tuple[str, str]:
    """Divide a mail's text into what a person may change and the foot, "" where it has none."""
    above, foot, below = text.rpartition(FOOT)
    return (above, foot + below) if foot else (text, "")


def _way_out(mail: Mapping[str, object]) -> str:
    """Return the address to unsubscribe at; "" for a mail that has none, such as to ourselves."""
    headers = mail.get("headers")
    stated = str(headers.get("List-Unsubscribe", "")) if isinstance(headers, Mapping) else ""
    for part in stated.split(","):
        address = part.strip().removeprefix("<").removesuffix(">")
        if address.startswith(("https://", "http://")):
            return address
    return ""


def _unfit(mark: str) -> bool:
    return mark in TURNING or unicodedata.category(mark) in _UNSEEN
