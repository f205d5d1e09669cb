"""What may be wrong after many kills at once: the promises, and nothing stronger."""

from collections import Counter
from collections.abc import Iterator

from storage.outbox import ORPHANED
from tests.crash.remains import DEEDS, MAILS, ROOTS, STEPS, TOLD_ON, Remains
from tests.crash.world import UNMOVED


def findings(found: Remains, *, lived: int, planted: int, kills: int) -> Iterator[str]:
    """Yield what is wrong after so many of the planted days were lived."""
    everybody = planted + UNMOVED
    wanted = {
        "snapshot": everybody * (lived + 1),
        "transition": lived,
        "play": lived,
        "step": STEPS * lived,
    }
    if found.rows != wanted:
        yield f"lost or doubled rows: {found.rows} instead of {wanted}"
    if left := set(found.states) - {"sent", "unknown", "cancelled"}:
        yield f"messages left over: {left}, {dict(found.dropped)}"
    # With the word to others goes the redrawing of that word, which was ordered by the same click.
    unneeded, redrawn = taken_meanwhile(found), found.dropped[ORPHANED]
    if found.states["cancelled"] != unneeded + redrawn or redrawn > unneeded:
        yield f"messages dropped: {dict(found.dropped)}"
    if found.states["unknown"] > kills:
        yield "more mails in doubt than processes were killed"
    if len(found.mails) != MAILS * lived:
        yield f"{len(found.mails)} mails intended for {lived} falls"
    # Of four at once one may take a play on before another tells that nobody did.
    done = Counter(found.deeds)
    if done.pop(TOLD_ON, 0) > lived or done != Counter(dict.fromkeys(DEEDS, lived)):
        yield f"deeds: {dict(found.deeds)}"
    yield from _outside(found, lived)


def taken_meanwhile(found: Remains) -> int:
    """Count those who were to be told that nobody took a play on, and need not be any more."""
    return sum(many for why, many in found.dropped.items() if why.endswith("taken it meanwhile"))


def _outside(found: Remains, lived: int) -> Iterator[str]:
    there = {message_id for _, message_id in found.arrived}
    if twice := [one for one, many in found.arrived.items() if many > 1]:
        yield f"mails doubled: {twice}"
    if lost := [one for one, state in found.mails.items() if state == "sent" and one not in there]:
        yield f"mails said to be sent that never arrived: {lost}"
    roots = {key for key in found.said if "/note/" not in key}
    if len(roots) != ROOTS * lived + found.deeds[TOLD_ON] - taken_meanwhile(found):
        yield f"{len(roots)} alerts and posts in Slack for {lived} falls"
    if len(found.calls) != lived:
        yield f"{len(found.calls)} calls of the webhook for {lived} falls"
