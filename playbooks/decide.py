"""What should be done for this customer today? Every answer, also "nothing", has its reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from playbooks.conditions import holds
from playbooks.conditions import words as condition_words
from playbooks.exits import ended
from playbooks.playbook import Playbook
from playbooks.reasons import why
from playbooks.situation import Situation
from playbooks.triggers import (
    Drops,
    EntersBand,
    LeavesBand,
    RecordArrives,
    RenewalNear,
    Schedule,
    Stays,
    bands_named,
    fallen,
    fires,
    rank,
    stands,
)
from scoring.bands import is_worse
from scoring.model import UNKNOWN_BAND, HealthModel

SkipCode = Literal[
    "first_sight",
    "rebaselined",
    "coverage",
    "inactive",
    "already_open",
    "condition",
    "cool_down",
    "snoozed",
    "answered",
    "nothing_open",
    "resting",
    "capped",
]


@dataclass(frozen=True, slots=True)
class Start:
    """Open a play of this playbook. `episode` names the stay in the band it answers."""

    playbook: Playbook
    episode: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Do nothing, for this reason; `code` is the reason for machines."""

    playbook: Playbook
    code: SkipCode
    reason: str

    @property
    def deferred(self) -> bool:
        """Return whether the start was only put off: it comes when the reason is over."""
        return self.code in {"cool_down", "snoozed", "capped"}


@dataclass(frozen=True, slots=True)
class Close:
    """End an open play and cancel what still waits in it."""

    play_id: int
    playbook: str
    outcome: Literal["recovered", "superseded", "over"]
    reason: str


Decision = Start | Skip | Close


def decide(
    situation: Situation, playbooks: Sequence[Playbook], model: HealthModel, now: datetime
) -> tuple[Decision, ...]:
    """Return what to do for one customer, closings first.

    A playbook of which nothing happened that concerns it gets no entry: a quiet day leaves no
    decisions. One that was concerned and did nothing gets a Skip that says why.
    """
    return decide_in_turn(situation, in_turn(playbooks, model), model, now)


def in_turn(playbooks: Sequence[Playbook], model: HealthModel) -> tuple[Playbook, ...]:
    """Return the playbooks as they are asked: whoever comes first leaves the others silent."""
    return tuple(sorted(playbooks, key=lambda each: _precedence(each, model)))


def decide_in_turn(
    situation: Situation, playbooks: Sequence[Playbook], model: HealthModel, now: datetime
) -> tuple[Decision, ...]:
    """Decide as `decide` does, by playbooks that stand `in_turn` already."""
    closes = tuple(_ends(situation, playbooks, model))
    verdicts: list[Start | Skip] = []
    for playbook in playbooks:
        verdict = _verdict(playbook, situation, model, now, closes)
        if isinstance(verdict, Start):
            verdict = _yielding(verdict, verdicts)
        if verdict is not None:
            verdicts.append(verdict)
    superseded = _superseded(situation, verdicts, model, closes)
    return (*closes, *superseded, *verdicts)


def _ends(
    situation: Situation, playbooks: Sequence[Playbook], model: HealthModel
) -> Iterator[Close]:
    by_name = {playbook.name: playbook for playbook in playbooks}
    for play in situation.open_plays:
        script = play.script or by_name.get(play.playbook)
        if (found := ended(play, script, situation, model)) is not None:
            outcome, reason = found
            yield Close(play.id, play.playbook, outcome, reason)


def _superseded(
    situation: Situation,
    verdicts: Sequence[Start | Skip],
    model: HealthModel,
    closes: Sequence[Close],
) -> Iterator[Close]:
    """Let the play for a worse band take over from the one of a better band."""
    starts = [each for each in verdicts if isinstance(each, Start)]
    gone = {close.play_id for close in closes}
    now_in = situation.current.band
    for play in situation.open_plays:
        if starts and play.id not in gone and is_worse(model, now_in, play.band):
            reason = f"Fell on from {play.band} to {now_in}; {starts[0].playbook.name} took over."
            yield Close(play.id, play.playbook, "superseded", reason)


def _precedence(playbook: Playbook, model: HealthModel) -> tuple[int, int, str]:
    """Order by the worst band first, band crossings before all else, then by name."""
    ranks = [rank(model, band) or 0 for band in bands_named(playbook.when)]
    crossing = isinstance(playbook.when, EntersBand | LeavesBand)
    return (int(not crossing), -max(ranks, default=0), playbook.name)


def _yielding(start: Start, before: Sequence[Start | Skip]) -> Start | Skip:
    """One fall is answered once: a drop that is also a crossing is the crossing's business.

    What speaks of time and not of the fall comes later: it waits for the cool-down of the other.
    """
    first = next((each for each in before if _opens(each)), None)
    match start.playbook.when:
        case EntersBand() | LeavesBand():
            return start
        case _ if first is None:
            return start
        case Stays() | RenewalNear() | RecordArrives() | Schedule():
            reason = f"{first.playbook.name} starts today; this waits for its cool-down."
            return Skip(start.playbook, "cool_down", reason)
        case _:
            reason = f"{first.playbook.name} answers the same fall."
            return Skip(start.playbook, "answered", reason)


def _opens(verdict: Start | Skip) -> bool:
    return isinstance(verdict, Start) and not isinstance(verdict.playbook.when, LeavesBand)


def _verdict(
    playbook: Playbook,
    situation: Situation,
    model: HealthModel,
    now: datetime,
    closes: Sequence[Close],
) -> Start | Skip | None:
    called = fires(playbook.when, situation) or _overdue(playbook, situation)
    if not called or _told_before(playbook, situation):
        return _silence(playbook, situation, model)
    if isinstance(playbook.when, LeavesBand):
        guard = _closing_guard(playbook, situation, closes)
    else:
        guard = _guard(playbook, situation, model, now)
    if guard is not None:
        return guard
    return Start(playbook, situation.current.as_of.isoformat(), why(playbook, situation))


def _told_before(playbook: Playbook, situation: Situation) -> bool:
    """Return whether the very record a playbook fires on was answered by it on an earlier day."""
    last, when = situation.last_started.get(playbook.name), playbook.when
    if last is None or not isinstance(when, RecordArrives):
        return False
    newest = max((one.on for one in situation.records if one.kind == when.record), default=None)
    return newest is not None and newest < last.at.date()


def _overdue(playbook: Playbook, situation: Situation) -> bool:
    """Return whether a start that a cool-down or snooze put off is still called for.

    Without this, a customer who fell again within the cool-down and stayed down would never be
    spoken of: nothing happens to them any more that a trigger could fire on.
    """
    waits = playbook.name in situation.deferred and situation.transition.kind == "unchanged"
    return waits and stands(playbook.when, situation)


def _silence(playbook: Playbook, situation: Situation, model: HealthModel) -> Skip | None:
    """Say why nothing happened where somebody might have expected it to."""
    moved = situation.transition
    if isinstance(playbook.when, LeavesBand):
        return None
    if moved.to_band == UNKNOWN_BAND:
        if moved.from_band in (None, UNKNOWN_BAND):
            return None
        known, least = situation.current.coverage, model.minimum_coverage
        return Skip(playbook, "coverage", f"Only {known} % is known; the model asks for {least} %.")
    if moved.kind == "baseline" and stands(playbook.when, situation):
        first = moved.from_band is None
        return first_seen(playbook, moved.to_band) if first else begun_anew(playbook, moved.to_band)
    return None


def first_seen(playbook: Playbook, band: str) -> Skip:
    """Return the skip of a playbook that would speak of a customer seen for the first time."""
    return Skip(playbook, "first_sight", f"First sight, in {band}: a silent baseline.")


def begun_anew(playbook: Playbook, band: str) -> Skip:
    """Return the skip of a playbook that would speak of a customer whose band was unknown."""
    reason = f"A new baseline, in {band}: no earlier score compares with it."
    return Skip(playbook, "rebaselined", reason)


def _closing_guard(
    playbook: Playbook, situation: Situation, closes: Sequence[Close]
) -> Skip | None:
    if not any(close.outcome == "recovered" for close in closes):
        return Skip(playbook, "nothing_open", "No play was open that this recovery ends.")
    return _refusal(playbook, situation)


def _guard(
    playbook: Playbook, situation: Situation, model: HealthModel, now: datetime
) -> Skip | None:
    """Return what forbids the start, the plainest reason first, or None."""
    refused = _refusal(playbook, situation) or _answered(playbook, situation)
    if refused is not None:
        return refused
    if playbook.guards.once_per_episode:
        for play in situation.open_plays:
            fell_on = is_worse(model, situation.current.band, play.band)
            if play.playbook == playbook.name and not fell_on:
                reason = f"Already open since {play.opened_at:%Y-%m-%d}."
                return Skip(playbook, "already_open", reason)
    return (
        _resting(playbook, situation, now)
        or _cooling(playbook, situation, model, now)
        or _snoozed(playbook, situation, model, now)
    )


def _refusal(playbook: Playbook, situation: Situation) -> Skip | None:
    if not situation.active:
        return Skip(playbook, "inactive", "The customer is not active.")
    return None if holds(playbook.only_if, situation) else unfit(playbook)


def unfit(playbook: Playbook) -> Skip:
    """Return the skip of a playbook whose condition does not hold."""
    reason = f"The condition does not hold: {condition_words(playbook.only_if)}."
    return Skip(playbook, "condition", reason)


def _answered(playbook: Playbook, situation: Situation) -> Skip | None:
    """Let a drop rest that another play answered, unless as many points were lost since then.

    A month's drop stays a drop for a month: put off by the cool-down, it would be told a second
    time when that is over.
    """
    fall = fallen(playbook.when, situation) if isinstance(playbook.when, Drops) else None
    if fall is None:
        return None
    since = situation.current.as_of - timedelta(days=fall.days)
    for name, last in situation.last_started.items():
        if last.score is None or last.at.date() <= since:
            continue
        if situation.current.value > last.score - fall.points:
            reason = f"{name} answered this fall on {last.at:%Y-%m-%d}, at {last.score}."
            return Skip(playbook, "answered", reason)
    return None


def _resting(playbook: Playbook, situation: Situation, now: datetime) -> Skip | None:
    """Let a playbook rest after a play of its own for as long as its author says."""
    last = situation.last_started.get(playbook.name)
    until = last.at + timedelta(days=playbook.guards.rest_days) if last is not None else now
    if now >= until:
        return None
    return Skip(playbook, "resting", f"It began for them lately; it rests until {until:%Y-%m-%d}.")


def _cooling(
    playbook: Playbook, situation: Situation, model: HealthModel, now: datetime
) -> Skip | None:
    """Any playbook's start cools all of them: a customer is not written to twice in the window.

    A fall below every band answered within the window passes, where the guard lets it.
    """
    window = timedelta(days=playbook.guards.cool_down_days)
    for name, last in situation.last_started.items():
        recent = now - last.at < window
        passes = playbook.guards.worse_band_passes and is_worse(
            model, situation.current.band, last.band
        )
        if recent and not passes:
            until = last.at + window
            reason = f"Cooling down until {until:%Y-%m-%d}: {name} started {last.at:%Y-%m-%d}."
            return Skip(playbook, "cool_down", reason)
    return None


def _snoozed(
    playbook: Playbook, situation: Situation, model: HealthModel, now: datetime
) -> Skip | None:
    """Let a snooze cover what its author had seen: a fall into a worse band passes it."""
    until = situation.snoozed_until
    if until is None or until <= now:
        return None
    newest = max(situation.last_started.values(), key=lambda last: last.at, default=None)
    if newest is not None and is_worse(model, situation.current.band, newest.band):
        return None
    return Skip(playbook, "snoozed", f"Snoozed until {until:%Y-%m-%d %H:%M} UTC.")
