"""Was this alert worth it? One word a person, which they may change."""

from datetime import datetime
from typing import Final

from service.clicks import Done, Outcome, Stale, audited, forbidden, refresh, scene
from service.ports import House
from storage import feedback
from storage.feedback import Opinion
from storage.people import Member

WORDS: Final[dict[Opinion, str]] = {"useful": "useful", "false_alarm": "a false alarm"}


def judge(
    house: House, play_id: int, member: Member, verdict: Opinion, *, now: datetime
) -> Outcome:
    """Keep what this person says of a play's alert, open or closed; twice is the same as once."""
    if (refused := forbidden(member)) is not None:
        return refused
    with house.database.transaction() as tx:
        at = scene(tx, house, play_id)
        if at is None:
            return Stale("This alert no longer exists.")
        before = feedback.judge(tx, at.play, member, verdict, now)
        if before != verdict:
            refresh(tx, at, f"judged/{member.id}/{verdict}/{now.isoformat()}", now)
            audited(tx, member, "judge", f"play/{play_id}", {"verdict": verdict}, now=now)
    return Done(f"You called this alert {WORDS[verdict]}.")
