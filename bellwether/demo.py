"""The demo: plant the world, then live its days through the real daily job on a replayed clock."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from bellwether import doors as outward
from bellwether import habits, planting, schedule
from bellwether.clock import ReplayClock
from bellwether.due import Job, instant_on, newest_date
from bellwether.errors import CannotReset
from bellwether.seed import World, world
from bellwether.settings import Settings
from service.deliver import deliver
from service.ports import House
from service.rescore import rescore_range

# Before this the windows fill and everybody seems to rise; it is written as history, silently,
# the way an import's past is.
WARM_UP: Final = 14
_READY: Final = "ready"
_SANDBOX_FILES: Final = "sandbox"

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How large a world: the same numbers and last day give the same rows."""

    customers: int = 80
    days: int = 90
    seed: int = 42

    def mark(self, last: date) -> str:
        """Return how the database remembers a world of this size."""
        return f"{self.customers} customers, {self.days} days, seed {self.seed}, until {last}"


def last_day(settings: Settings, now: datetime) -> date:
    """Return the newest day a score should exist for: what the last due daily job describes."""
    job = schedule.jobs(settings)[0]
    day = newest_date(job, now, settings.zone)
    if day is None:
        raise ValueError("a daily job is due every day")
    return instant_on(job, day, settings.zone).date() - timedelta(days=1)


def reset(settings: Settings) -> None:
    """Delete the demo's database and the sandbox's journal. Raises CannotReset for a server."""
    file = settings.sqlite_file
    if file is None:
        raise CannotReset
    for ending in ("", "-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    shutil.rmtree(settings.home / _SANDBOX_FILES, ignore_errors=True)


def stands(house: House) -> str | None:
    """Return the mark of a finished demo, None when there is none yet or it was interrupted."""
    found = planting.standing(house)
    return found.removesuffix(f", {_READY}") if found and found.endswith(_READY) else None


def made(size: Size, last: date) -> World:
    """Make up the world of this size."""
    return world(last, customers=size.customers, days=size.days, seed=size.seed)


def plant(house: House, size: Size, here: World, now: datetime, progress: Progress) -> None:
    """Plant the world; what an interrupted demo planted already is left alone."""
    planting.mark(house, size.mark(here.last), now)
    planting.plant(house, here, now=now, progress=progress)


def replay(
    settings: Settings, house: House, here: World, now: datetime, progress: Progress
) -> None:
    """Live every day of the world: score, decide, deliver, digest; `progress` counts days."""
    warm = min(WARM_UP, (here.last - here.first).days)
    silent = here.first + timedelta(days=warm - 1)
    for _ in rescore_range(
        house, here.first, silent, now=now, progress=lambda done, _: progress(done)
    ):
        pass
    clock = ReplayClock(now)
    with outward.opened(settings, house, clock) as doors:
        for n in range(warm, (here.last - here.first).days + 1):
            as_of = here.first + timedelta(days=n)
            for moment in _moments(settings, as_of, now):
                clock.set(moment)
                schedule.run_due(house, schedule.jobs(settings), clock)
                habits.act(house, clock.now())
                deliver(house, doors.channels, clock)
            _leave(house, here, as_of, clock.now())
            progress(n + 1)


def finish(house: House, size: Size, here: World, now: datetime) -> None:
    """Remember that the demo is ready, so that a second start adds nothing."""
    planting.mark(house, f"{size.mark(here.last)}, {_READY}", now)


def _moments(settings: Settings, as_of: date, now: datetime) -> list[datetime]:
    """Return when the jobs that describe `as_of` fall due, up to the present."""
    daily = [job for job in schedule.jobs(settings) if not job.weekdays]
    moments = [_moment(job, as_of, settings) for job in daily]
    return [moment for moment in moments if moment <= now]


def _leave(house: House, here: World, day: date, now: datetime) -> None:
    leaving = [one for one in here.customers if one.paused_on == day]
    if leaving:
        planting.pause_customers(house, leaving, now=now)


def _moment(job: Job, as_of: date, settings: Settings) -> datetime:
    """Return when a job that describes `as_of` falls due: on the first local date that can."""
    for ahead in range(3):
        instant = instant_on(job, as_of + timedelta(days=ahead), settings.zone)
        if instant.date() > as_of:
            return instant
    raise ValueError("a day ends within two days everywhere on earth")
