"""The day's jobs: what each one does, and the runner that does what is due, once.

The database decides: a run is a row (job, local date), and whoever inserts it runs it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from bellwether.crew import Crews, crew_of, holder
from bellwether.due import Due, Job, due
from bellwether.settings import Settings
from bellwether.tidings import tell, tell_of, tell_of_feeds
from service.advance import advance
from service.digest import post_digest
from service.expiry import expire_approvals
from service.ports import Clock, House
from service.rescore import rescore
from service.retain import retain
from service.sharing import Crew, lend_a_hand
from storage import shares, ticks
from storage.months import make_months_ahead

logger = logging.getLogger(__name__)

RESCORE: Final = "rescore"
DIGEST: Final = "digest"
RETAIN: Final = "retain"
# When least is going on in most weeks.
_NIGHT: Final = time(3, 30)
_SUNDAY: Final = 7
# A crashed holder's run is taken over after this; every batch of customers renews it.
LEASE: Final = timedelta(minutes=2)
# The digest waits so long for scores that are late, then speaks of those there are.
PATIENCE: Final = timedelta(hours=1)
# Days missed while nothing ran are scored afterwards for the charts, this many at most.
LONGEST_BACKFILL: Final = 31

PLAYS_FAILED: Final = (
    "{} of the plays under way could not go on, and are tried again every few seconds. The log "
    "says why; bellwether plays list --open shows them, and bellwether plays cancel ends one."
)

# Answers the run's outcome.
Work = Callable[[House, Due, Clock, Crews], str]


@dataclass(frozen=True, slots=True)
class Ran:
    """One run that was due: done, failed, skipped, or held: left to the process that is at it."""

    job: str
    day: date
    outcome: str


def jobs(settings: Settings) -> tuple[Job, ...]:
    """Return the jobs in the order they must be done: the day's two, and the week's."""
    return (
        Job(RESCORE, settings.rescore_at),
        Job(DIGEST, settings.digest_at),
        Job(RETAIN, _NIGHT, weekdays=(_SUNDAY,)),
    )


def run_due(
    house: House, timetable: tuple[Job, ...], clock: Clock, crews: Crews = crew_of
) -> tuple[Ran, ...]:
    """Do what is due now, in order; answer what was done. A failing job is told, not raised.

    A rescore that another process leads is helped with; `crews` opens the crew of one led here.
    What needs no job of its own, because twice does no harm, comes last.
    """
    done: list[Ran] = []
    for job in timetable:
        found = _found(house, job, clock.now())
        if found is None or _waits(found, done, clock.now()):
            continue
        done.append(Ran(job.name, found.day, _attempt(house, found, clock, crews)))
    expire_approvals(house, now=clock.now())
    _go_on(house, clock)
    return tuple(done)


def _go_on(house: House, clock: Clock) -> None:
    """Let plays go on; those that cannot are told of, and tried again with the next tick."""
    try:
        advance(house, now=clock.now())
    except ExceptionGroup as broken:
        logger.exception("%s plays could not go on; they are tried again", len(broken.exceptions))
        tell(house, "plays-failed", PLAYS_FAILED.format(len(broken.exceptions)), clock)


def _found(house: House, job: Job, now: datetime) -> Due | None:
    with house.database.reading() as tx:
        last = ticks.last_tick(tx, job.name)
    return due(job, now, house.zone, last.date() if last else None)


def _waits(found: Due, done: list[Ran], now: datetime) -> bool:
    """Say whether the digest should wait: today's scores are still being made."""
    unfinished = any(ran.job == RESCORE and ran.outcome != "done" for ran in done)
    return found.job == DIGEST and unfinished and now - found.instant < PATIENCE


def _attempt(house: House, found: Due, clock: Clock, crews: Crews) -> str:
    key = _key(found.day)
    with house.database.transaction() as tx:
        led = ticks.claim_tick(tx, found.job, key, clock.now(), LEASE)
    try:
        outcome = (
            _WORK[found.job](house, found, clock, crews) if led else _help(house, found, clock)
        )
    except Exception:
        # The tick runner: whatever failed, the next tick must come and the operator must hear.
        logger.exception("the %s of %s failed; it is tried again", found.job, found.day)
        tell(house, f"{found.job}-failed", _failure(found), clock)
        return "failed"
    if led:
        with house.database.transaction() as tx:
            ticks.finish_tick(tx, found.job, key, clock.now())
            shares.forget_run(tx, _run_name(found))
    return outcome


def _help(house: House, found: Due, clock: Clock) -> str:
    """Take part in the rescore that another process leads."""
    if found.job == RESCORE:
        done = lend_a_hand(house, Crew(_run_name(found), holder(), clock.now))
        if done:
            logger.info("helped with the rescore of %s: %s shares", found.day, done)
    return "held"


def _run_name(found: Due) -> str:
    return f"{found.job} of {found.day}"


def _failure(found: Due) -> str:
    return (
        f"The {found.job} of {found.day} failed and is tried again every few minutes. "
        "The log says why; `bellwether check` looks at the settings and the database."
    )


def _key(day: date) -> datetime:
    """Return how storage knows a run: the local date, written as that date's midnight in UTC."""
    return datetime.combine(day, time(0), UTC)


def _rescore(house: House, found: Due, clock: Clock, crews: Crews) -> str:
    """Score the day and decide on it; on the first run of all, only draw the baseline (rule 3).

    What was imported and scored before that is the past, up to its last day.
    """

    def still_here(*_: int) -> None:
        with house.database.transaction() as tx:
            ticks.extend_tick(tx, found.job, _key(found.day), clock.now(), LEASE)

    now, decide = clock.now(), not found.first
    with house.database.transaction() as tx:
        make_months_ahead(tx, now)
    with crews(_run_name(found), clock) as crew:
        report = rescore(house, found.as_of, now=now, decide=decide, progress=still_here, crew=crew)
    logger.info(
        "scored %s customers as of %s: %s transitions, %s plays started, %s failures",
        report.scored, found.as_of, report.transitions, report.started, len(report.failures),
    )  # fmt: skip
    tell_of(house, report, clock)
    eve = found.as_of - timedelta(days=1 + len(found.missed))
    tell_of_feeds(house, found.as_of, eve, clock)
    # Only now: filled in before, a missed day would swallow the change that happened on it.
    for day in found.missed[-LONGEST_BACKFILL:]:
        as_of = day - timedelta(days=(found.day - found.as_of).days)
        rescore(house, as_of, now=clock.now(), decide=False, progress=still_here)
    return "done"


def _digest(house: House, found: Due, clock: Clock, _crews: Crews) -> str:
    """Post the digest; not one whose time had passed before this house was first looked at."""
    if found.first:
        return "skipped"
    post_digest(house, now=clock.now(), local_day=found.day)
    return "done"


def _retain(house: House, found: Due, clock: Clock, _crews: Crews) -> str:
    """Forget what is old; not in the first week, in which somebody may still set for how long."""
    if found.first:
        return "skipped"
    gone = retain(house, now=clock.now())
    logger.info("forgot %s", ", ".join(f"{count} {what}" for what, count in gone.items()))
    return "done"


_WORK: Final[dict[str, Work]] = {RESCORE: _rescore, DIGEST: _digest, RETAIN: _retain}
