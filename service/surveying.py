"""One question by mail: the links in it, and what becomes of an answer.

A link names the play, the step and the address it was written to, signed with the house's secret;
no login, no cookie. Looking at the page changes nothing; sending it in does, once.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from playbooks.steps import Survey
from service import intents
from service.clicks import Scene, refresh, scene
from service.ports import House, MailPolicy
from service.written import askable
from storage import audit, outbox, plays, records, running
from storage.contacts import Contact
from storage.database import Transaction
from storage.plays import Play, Step

FEED: Final = "bellwether"
LONGEST_COMMENT: Final = 2000
_PROOF: Final = 16
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """What a good link asks: the question, its numbers, and the answer given before, if any."""

    step_id: int
    customer_id: int
    survey: str
    question: str
    lowest: int
    highest: int
    answered: int | None
    over: bool

    @property
    def numbers(self) -> range:
        """Return the numbers one may answer with."""
        return range(self.lowest, self.highest + 1)


def asked(step: Survey) -> dict[str, object]:
    """Return what is kept of the question with the step."""
    return {
        "survey": step.survey,
        "question": step.question,
        "lowest": step.lowest,
        "highest": step.highest,
    }


def shown(policy: MailPolicy, play: Play, step: Survey, contact: Contact) -> dict[str, object]:
    """Return what the mail shows: the question, a link a number, and the page's own address."""
    page = f"{policy.base_url.rstrip('/')}/survey/{_token(policy, play.id, step.step, contact)}"
    numbers = range(step.lowest, step.highest + 1)
    return {
        "question": step.question,
        "page": page,
        "answers": [{"number": number, "url": f"{page}?answer={number}"} for number in numbers],
    }


def question(house: House, token: str) -> Asked | None:
    """Return what the link asks, or None for one we did not write. Changes nothing."""
    with house.database.reading() as tx:
        return _question(tx, house.mail, token)


def record(house: House, token: str, number: int, comment: str, *, now: datetime) -> Asked | None:
    """Take down an answer, once; None for a bad link or a number that is none of the answers."""
    with house.database.transaction() as tx:
        found = _question(tx, house.mail, token)
        if found is None or number not in found.numbers:
            return None
        if found.answered is None and not found.over:
            words = askable(" ".join(comment.split()))[:LONGEST_COMMENT]
            _take_down(tx, house, replace(found, answered=number), words, now)
    return found


def _take_down(tx: Transaction, house: House, found: Asked, comment: str, now: datetime) -> None:
    step, number = plays.step(tx, found.step_id, lock=True), found.answered
    if step is None or step.answer is not None or number is None:
        return
    running.note_answer(tx, step.id, str(number), {**step.body, "comment": comment})
    given = records.SurveyFields(
        customer_id=found.customer_id,
        survey=found.survey,
        feed=FEED,
        answer_id=f"step-{step.id}",
        answered_at=now,
        score=Decimal(number),
    )
    records.upsert_surveys(tx, [given])
    details = {"survey": found.survey, "number": number}
    audit.append(tx, "contact", "answer survey", f"step/{step.id}", details, now)
    at = scene(tx, house, step.play_id)
    if at is not None:
        refresh(tx, at, f"step/{step.id}/answered", now)
        _tell(tx, at, step, _words(step, found, comment), now)


def _words(step: Step, found: Asked, comment: str) -> str:
    who = str((step.body.get("mail") or {}).get("to_name") or "The customer")
    told = f"{who} answered {found.answered}, of {found.lowest} to {found.highest}"
    return f"{told}: “{comment}”" if comment else f"{told}."


def _tell(tx: Transaction, at: Scene, step: Step, words: str, now: datetime) -> None:
    """Say in the thread what was answered: whoever asked promised to read it."""
    if at.play.root_key is None:
        return
    note = {"note": "survey", "text": words, "reason": None}
    row = intents.reply(at.play, f"step/{step.id}/answered", at.recipient, note, now)
    outbox.enqueue(tx, [row], now=now)


def _question(tx: Transaction, policy: MailPolicy, token: str) -> Asked | None:
    """Return what a link of our own making asks; the address proves that the mail was that one."""
    number, _, rest = token.partition(".")
    name, _, proof = rest.partition(".")
    if not (token.isascii() and number.isdigit() and len(token) <= _LONGEST and proof):
        return None
    play = plays.play(tx, int(number)) if len(number) < len(str(2**63)) else None
    step = _sent(tx, play, name) if play is not None else None
    if play is None or step is None:
        return None
    address = str((step.body.get("mail") or {}).get("to", ""))
    if not hmac.compare_digest(_proof(policy, play.id, name, address), proof):
        return None
    return _asked(play, step)


def _sent(tx: Transaction, play: Play, name: str) -> Step | None:
    """Return the survey of a play by its name, while its mail is not refused."""
    steps = [one for one in plays.steps_of(tx, play.id) if one.name == name]
    return next((one for one in steps if one.kind == "survey" and one.state != "cancelled"), None)


def _asked(play: Play, step: Step) -> Asked:
    body = step.body
    return Asked(
        step_id=step.id,
        customer_id=play.customer_id,
        survey=str(body["survey"]),
        question=str(body["question"]),
        lowest=int(body["lowest"]),
        highest=int(body["highest"]),
        answered=int(step.answer) if step.answer is not None else None,
        over=step.state == "waiting_approval",
    )


def _token(policy: MailPolicy, play_id: int, name: str, contact: Contact) -> str:
    return f"{play_id}.{name}.{_proof(policy, play_id, name, contact.email)}"


def _proof(policy: MailPolicy, play_id: int, name: str, address: str) -> str:
    words = f"survey/{play_id}/{name}/{address.casefold()}".encode()
    digest = hmac.digest(policy.secret, words, hashlib.sha256)[:_PROOF]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
