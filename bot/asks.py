"""What a play asks of people in Slack: questions, choices and offers, tasks, and who is told next.

Each stands in the alert with its answers as buttons, and afterwards with who answered what.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from bot import blocks, wording
from bot.blocks import Block
from service.alert import AlertView, AskView, RungView, TaskView
from storage.plays import Step

# More answers than these make a menu: a phone shows no more buttons in a row.
BUTTONS_AT_MOST: Final = 5
PARTS_SHOWN: Final = 10
# The thread has all of it.
COMMENT: Final = 300
_DONE: Final = "\N{WHITE HEAVY CHECK MARK}"
_KINDS: Final = {"offer": "Offer", "question": "Question", "choose": "To choose"}


def ask_blocks(view: AlertView) -> Iterator[Block]:
    """Show what is asked; while the play is open, with the answers to give."""
    for number, ask in enumerate(view.asks):
        yield from _ask(ask, number, open_play=view.play.state == "open")


def survey_blocks(step: Step) -> Iterator[Block]:
    """Show what the customer answered to a survey's mail; nothing while they did not."""
    if step.kind != "survey" or step.answer is None:
        return
    of = f", of {step.body.get('lowest', 0)} to {step.body.get('highest', 10)}"
    comment = blocks.clean_lines(str(step.body.get("comment") or "")).strip()
    yield blocks.rich(
        blocks.line(blocks.said("Answered: ", bold=True), blocks.said(f"{step.answer}{of}")),
        *([blocks.quote(blocks.cut(comment, COMMENT))] if comment else []),
    )


def task_blocks(view: AlertView) -> Iterator[Block]:
    """Show what is to be done, by when, and who did it."""
    shown = [task for task in view.tasks if task.step.state != "cancelled"]
    for task in shown:
        yield blocks.rich(*_task(task))
    waiting = [task for task in shown if task.step.state == "to_do"]
    if waiting and view.play.state == "open":
        yield blocks.actions(
            *(_task_button(task, number, len(waiting)) for number, task in enumerate(waiting))
        )


def rung_words(view: AlertView) -> Iterator[str]:
    """Say who is told next when nobody acknowledges, and who was."""
    for rung in view.rungs:
        if words := _rung(view, rung):
            yield words


def _ask(ask: AskView, number: int, *, open_play: bool) -> Iterator[Block]:
    waits = ask.step.state == "waiting_answer" and open_play
    kind = _KINDS.get(ask.step.kind, "Question")
    until = f", until {wording.day(ask.until.date())}" if waits else ""
    yield blocks.rich(
        blocks.line(
            blocks.said(f"{kind}{until}\n", bold=True),
            blocks.said(f"{_text(ask.text) if waits else _gist(ask.text)}\n"),
        ),
        *([] if waits else [blocks.line(blocks.said(_outcome(ask)))]),
    )
    if waits and ask.answers:
        yield blocks.actions(*_answers(ask, number))


def _text(text: str) -> str:
    return blocks.cut(blocks.clean_lines(text).strip(), 1_000) or "-"


def _gist(text: str) -> str:
    """Return the first sentence: how to answer concerns nobody any more."""
    return re.split(r"(?<=[.?!])\s", _text(text), maxsplit=1)[0]


def _outcome(ask: AskView) -> str:
    """Say who answered what, or why nobody can any more."""
    step = ask.step
    if ask.said is not None and step.decided_by is not None:
        said, by = blocks.clean(ask.said, 200), blocks.clean(step.decided_by, 80)
        return f"{_DONE} {said}, said {by}"
    if step.state == "waiting_answer":
        return "Not answered."
    return blocks.clean(step.reason or "Not answered in time.", 300)


def _answers(ask: AskView, number: int) -> Iterator[Block]:
    """Offer the answers; Slack wants every action id once in a message."""
    value = f"step:{ask.step.id}"
    if len(ask.answers) > BUTTONS_AT_MOST:
        options = [blocks.option(title, f"{value}:{word}") for word, title in ask.answers]
        yield blocks.menu("Choose an answer", f"answer_{number}00", options)
        return
    for place, (word, title) in enumerate(ask.answers):
        yield blocks.button(
            title,
            f"answer_{number}{place:02}",
            f"{value}:{word}",
            style="primary" if ask.step.kind == "offer" and word == "yes" else None,
            confirm=_sure(ask, word, title),
            says=f"Answer {title}",
        )


def _sure(ask: AskView, word: str, title: str) -> Block | None:
    """Ask once more before what others will rely on; an answer to a question is no such thing."""
    match ask.step.kind, word:
        case "offer", "yes":
            return blocks.confirm("Make this offer?", "The first answer counts.", "Yes, offer it")
        case "choose", _:
            text = f"{blocks.clean(title, 150)}: the first choice counts and is kept."
            return blocks.confirm("Go on this way?", text, "Go on")
        case _:
            return None


def _task(task: TaskView) -> Iterator[Block]:
    step, title = task.step, blocks.clean(task.title, 300)
    if step.state == "done":
        by = f", by {blocks.clean(step.decided_by, 80)}" if step.decided_by else ""
        yield blocks.line(blocks.said("Task done: ", bold=True), blocks.said(f"{title}{by}"))
        return
    yield blocks.line(
        blocks.said("Task: ", bold=True),
        blocks.said(f"{title}, by "),
        blocks.said(wording.day(task.due_at.date()), bold=True),
    )
    if task.checklist:
        yield blocks.bullets(list(_parts(task.checklist)))


def _parts(checklist: Sequence[str]) -> Iterator[Block]:
    for part in checklist[:PARTS_SHOWN]:
        yield blocks.line(blocks.said(blocks.clean(part, 200)))
    if len(checklist) > PARTS_SHOWN:
        yield blocks.line(blocks.said(f"and {len(checklist) - PARTS_SHOWN} more"))


def _task_button(task: TaskView, number: int, of: int) -> Block:
    label = "Mark as done" if of == 1 else f"Done: {blocks.clean(task.title, 34)}"
    value, says = f"step:{task.step.id}", f"Mark as done: {task.title}"
    return blocks.button(label, f"done_{number}", value, says=says)


def _busy(view: AlertView) -> bool:
    """Tell whether somebody has the alert, or has acted in it, which comes to the same."""
    return bool(view.acknowledged_by) or any(step.decided_by for step in view.steps)


def _rung(view: AlertView, rung: RungView) -> str | None:
    at = blocks.moment(rung.at)
    match rung.step.state:
        case "scheduled" if view.rests_until is not None and not _busy(view):
            return "While it rests nobody else is told; then the time to acknowledge it begins anew"
        case "scheduled" if view.play.state == "open" and not _busy(view):
            return f"Unless somebody acknowledges it, others are told {at}"
        case "done":
            told = (rung.step.reason or "Others were told").rstrip(".")
            return f"{blocks.literal(told)}, {at}"
        case _:
            return None
