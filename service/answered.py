"""What people answer in Slack: offers, questions, choices; and things to do that are done.

Rights and state are read again in the transaction that acts; the first click wins, and what
follows from the answer begins in the same transaction.
"""

from datetime import datetime

from playbooks.play import follows
from service.clicks import (
    Done,
    Forbidden,
    Outcome,
    Scene,
    Stale,
    Taken,
    audited,
    closed,
    forbidden,
    locked_step,
    refresh,
    scene,
)
from service.going import Running, go_on
from service.ports import House
from service.standing import inactive, script_of
from storage import plays, running
from storage.database import Transaction
from storage.people import Member
from storage.plays import Step

GONE = Stale("This question no longer exists.")


def answer_step(
    house: House, step_id: int, member: Member, answer: str, *, now: datetime
) -> Outcome:
    """Take an answer to an offer, a question or a choice, and begin what follows from it."""
    if (refused := forbidden(member)) is not None:
        return refused
    with house.database.transaction() as tx:
        found = _found(tx, house, step_id)
        if isinstance(found, Stale):
            return found
        at, step = found
        barred = _late(step) or _barred(at, step, answer, now)
        if barred is not None:
            refresh(tx, at, f"step/{step.id}/barred/{now.isoformat()}", now)
            return barred
        if not running.answer(tx, step.id, "waiting_answer", answer, by=member.name, now=now):
            return GONE
        audited(tx, member, step.kind, f"step/{step.id}", {"answer": answer}, now=now)
        refresh(tx, at, f"step/{step.id}/answered", now)
        script = script_of(tx, at.play)
        if script is not None:
            steps = follows(script, step.name, answer)
            go_on(tx, house, Running(at.play, at.customer, script), steps, now)
    return Done(f"Noted for {at.customer.name}: {_title(step, answer)}.")


def finish_task(house: House, step_id: int, member: Member, *, now: datetime) -> Outcome:
    """Note that a thing to do is done."""
    if (refused := forbidden(member)) is not None:
        return refused
    with house.database.transaction() as tx:
        found = _found(tx, house, step_id)
        if isinstance(found, Stale):
            return found
        at, step = found
        if at.play.state == "closed" and step.state != "done":
            return Stale(closed(at.play))
        won = plays.settle_step(tx, step.id, "to_do", "done", by=member.name, reason=None, now=now)
        if not won:
            return _late(step, "did") or GONE
        audited(tx, member, "finish task", f"step/{step.id}", {}, now=now)
        refresh(tx, at, f"step/{step.id}/finished", now)
    return Done(f"Done for {at.customer.name}: {step.body.get('title', step.name)}.")


def _found(tx: Transaction, house: House, step_id: int) -> tuple[Scene, Step] | Stale:
    step = locked_step(tx, step_id)
    at = scene(tx, house, step.play_id) if step is not None else None
    return GONE if step is None or at is None else (at, step)


def _late(step: Step, did: str = "") -> Taken | Stale | None:
    """Say who was first, or why nobody is asked any more; None while the question stands."""
    if step.state in {"waiting_answer", "to_do"}:
        return None
    if step.decided_by is not None and step.decided_at is not None:
        what = did or f"answered “{_title(step, step.answer or '')}” to"
        return Taken(step.decided_by, what, step.decided_at)
    return Stale(step.reason or "Nobody is asked this any more.")


def _barred(at: Scene, step: Step, answer: str, now: datetime) -> Stale | None:
    if at.play.state == "closed":
        return Stale(closed(at.play))
    if (gone := inactive(at.customer)) is not None:
        return Stale(gone)
    if step.due_at <= now:
        return Stale("The time to answer this is over.")
    if answer not in {each["name"] for each in step.body.get("answers", ())}:
        return Stale("That is none of the answers.")
    return None


def _title(step: Step, answer: str) -> str:
    titles = {str(each["name"]): str(each["title"]) for each in step.body.get("answers", ())}
    return titles.get(answer, answer)


__all__ = ["Done", "Forbidden", "Outcome", "Stale", "Taken", "answer_step", "finish_task"]
