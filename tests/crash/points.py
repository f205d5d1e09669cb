"""Where processes are killed: every point by name, in one table.

Nothing in the product knows of them. A statement is recognised by what it says, a commit by what
was written in its transaction, and a moment on the wire by what the other side just heard.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

Act = Literal[
    "daily",
    "deliver",
    "escalate",
    "click",
    "approve",
    "answer",
    "survey",
    "advance",
    "complain",
    "unsubscribe",
]
When = Literal["before", "after"]
Heard = Literal["asked", "answered"]

SNAPSHOT: Final = r"(?:insert into|copy) snapshot"
TRANSITION: Final = r"insert into transition"
CURRENT: Final = r"insert into current_score"
PLAY: Final = r"insert into play"
STEP: Final = r"insert into step"
MESSAGE: Final = r"insert into message"
DECISION: Final = r"insert into decision"
RELEASE: Final = r"update message set (?=.*due_at).*ready_at"
CLAIM: Final = r"update message set .*attempts=\(message\.attempts \+"
SETTLE: Final = r"update message set (?=.*error=).*state="
DELIVERY: Final = r"insert into delivery"
ACKNOWLEDGE: Final = r"update play set .*acknowledged_by"
DECIDE_STEP: Final = r"update step set .*decided_by"
ANSWER: Final = r"update step set .*answer="
AUDIT: Final = r"insert into audit"
SUPPRESS: Final = r"insert into suppression"
REQUEST: Final = r"insert into request"
OPINION: Final = r"insert into survey_answer"
BOUNCE: Final = r"insert into bounce"


@dataclass(frozen=True, slots=True)
class Statement:
    """Just before or after a statement of an act, the transaction still open."""

    act: Act
    says: str
    when: When

    def fits(self, act: str, statement: str, when: When) -> bool:
        return (act, when) == (self.act, self.when) and _says(self.says, statement)


@dataclass(frozen=True, slots=True)
class Commit:
    """Just before or after the commit of the transaction that said this."""

    act: Act
    says: str
    when: When

    def fits(self, act: str, statements: list[str], when: When) -> bool:
        same = (act, when) == (self.act, self.when)
        return same and any(_says(self.says, each) for each in statements)


@dataclass(frozen=True, slots=True)
class Wire:
    """When the other side heard this and has done nothing yet, or has done it and not said so."""

    word: str
    when: Heard


def _says(pattern: str, statement: str) -> bool:
    return re.match(pattern, " ".join(statement.lower().split())) is not None


Place = Statement | Commit | Wire


@dataclass(frozen=True, slots=True)
class Point:
    """One named point; `group` is what the process was about.

    It is passed at least `a_day` times a day.
    """

    group: str
    name: str
    place: Place
    a_day: int = 1

    def at(self, occurrence: int) -> tuple[int, int]:
        """Return on which day this occurrence comes, and as the which of that day."""
        days, before = divmod(occurrence - 1, self.a_day)
        return days + 1, before + 1


def _within(
    group: str, act: Act, what: str, says: str, when: When = "before", *, a_day: int = 1
) -> Point:
    return Point(group, f"{group}: {when} {what}", Statement(act, says, when), a_day)


def _commit(group: str, act: Act, what: str, says: str, a_day: int = 1) -> list[Point]:
    return [
        Point(group, f"{group}: {when} the commit of {what}", Commit(act, says, when), a_day)
        for when in ("before", "after")
    ]


def _wire(group: str, word: str, a_day: int = 1) -> list[Point]:
    return [
        Point(group, f"{group}: {word} heard, nothing done", Wire(word, "asked"), a_day),
        Point(group, f"{group}: {word} done, the answer kept back", Wire(word, "answered"), a_day),
    ]


POINTS: Final[tuple[Point, ...]] = (
    _within("rescore", "daily", "snapshots are written", SNAPSHOT, a_day=3),
    _within("rescore", "daily", "transitions are written", TRANSITION),
    _within("rescore", "daily", "current scores are moved", CURRENT),
    _within("rescore", "daily", "current scores are moved", CURRENT, "after"),
    *_commit("rescore", "daily", "a batch", SNAPSHOT, a_day=3),
    _within("decide", "daily", "plays are opened", PLAY),
    _within("decide", "daily", "steps are added", STEP),
    _within("decide", "daily", "decisions are recorded", DECISION),
    _within("decide", "daily", "decisions are recorded", DECISION, "after"),
    _within("enqueue", "daily", "messages are held", MESSAGE),
    _within("enqueue", "daily", "messages are held", MESSAGE, "after"),
    *_commit("enqueue", "daily", "a batch with messages", MESSAGE),
    _within("enqueue", "daily", "messages are released", RELEASE),
    *_commit("enqueue", "daily", "the release", RELEASE),
    _within("claim", "deliver", "messages are claimed", CLAIM, a_day=3),
    *_commit("claim", "deliver", "the claim", CLAIM, a_day=3),
    *_wire("send mail", "connect", a_day=2),
    *_wire("send mail", "EHLO", a_day=2),
    *_wire("send mail", "MAIL", a_day=3),
    *_wire("send mail", "RCPT", a_day=3),
    *_wire("send mail", "DATA", a_day=3),
    Point("send mail", "send mail: a part of the letter has arrived", Wire("letter", "asked"), 3),
    *_wire("send mail", "dot", a_day=3),
    Point("send mail", "send mail: QUIT heard, the letter accepted", Wire("QUIT", "asked"), 2),
    *_wire("send to Slack", "users.lookupByEmail"),
    *_wire("send to Slack", "conversations.open"),
    *_wire("send to Slack", "conversations.list", a_day=2),
    *_wire("send to Slack", "conversations.info", a_day=2),
    *_wire("send to Slack", "chat.postMessage", a_day=3),
    *_wire("send to Slack", "chat.postMessage in a thread", a_day=3),
    *_wire("send to Slack", "chat.update", a_day=3),
    _within("record", "deliver", "a message is settled", SETTLE, a_day=3),
    _within("record", "deliver", "the attempt is kept", DELIVERY, a_day=3),
    _within("record", "deliver", "the thread's note is enqueued", MESSAGE, a_day=3),
    _within("record", "deliver", "the thread's note is enqueued", MESSAGE, "after", a_day=3),
    *_commit("record", "deliver", "what came of it", DELIVERY, a_day=3),
    _within("escalate", "escalate", "the rung is settled", DECIDE_STEP),
    _within("escalate", "escalate", "the word to others is enqueued", MESSAGE),
    _within("escalate", "escalate", "the audit entry", AUDIT),
    *_commit("escalate", "escalate", "the escalation", DECIDE_STEP),
    _within("click", "click", "the request is remembered", REQUEST),
    *_commit("click", "click", "the remembering of the request", REQUEST),
    *_wire("click", "users.info at a click", a_day=3),
    *_wire("click", "chat.update at a click", a_day=3),
    _within("click", "click", "the play is taken on", ACKNOWLEDGE),
    _within("click", "click", "the redrawing is enqueued", MESSAGE),
    _within("click", "click", "the audit entry", AUDIT),
    *_commit("click", "click", "the click", ACKNOWLEDGE),
    _within("approve", "approve", "the step is decided", DECIDE_STEP),
    _within("approve", "approve", "the mail is enqueued", MESSAGE),
    _within("approve", "approve", "the audit entry", AUDIT),
    *_commit("approve", "approve", "the yes", DECIDE_STEP),
    _within("answer", "answer", "the answer is noted", ANSWER),
    _within("answer", "answer", "what follows is added", STEP),
    _within("answer", "answer", "the call is enqueued", MESSAGE),
    _within("answer", "answer", "the audit entry", AUDIT),
    *_commit("answer", "answer", "the answer", ANSWER),
    _within("survey", "survey", "the answer is noted", ANSWER),
    _within("survey", "survey", "the answer counts", OPINION),
    _within("survey", "survey", "the audit entry", AUDIT),
    *_commit("survey", "survey", "the survey", OPINION),
    *_wire("call a webhook", "hook"),
    _within("go on", "advance", "the wait is settled", DECIDE_STEP),
    _within("go on", "advance", "what follows is added", STEP),
    _within("go on", "advance", "the post is enqueued", MESSAGE),
    *_commit("go on", "advance", "the going on", DECIDE_STEP),
    _within("complain", "complain", "the report is kept", BOUNCE),
    _within("complain", "complain", "the address is barred", SUPPRESS),
    _within("complain", "complain", "the CSM is told", MESSAGE),
    *_commit("complain", "complain", "the complaint", BOUNCE),
    _within("unsubscribe", "unsubscribe", "the address is barred", SUPPRESS),
    _within("unsubscribe", "unsubscribe", "the audit entry", AUDIT),
    *_commit("unsubscribe", "unsubscribe", "leaving", SUPPRESS),
)
BY_NAME: Final = {point.name: point for point in POINTS}
GROUPS: Final = tuple(dict.fromkeys(point.group for point in POINTS))
OCCURRENCES: Final = (1, 2, 3)
