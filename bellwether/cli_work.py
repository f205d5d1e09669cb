"""Commands that do the day's work by hand or from cron: rescore, run-due, pause, migrate."""

import getpass
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import (
    Json,
    bar,
    console,
    counting,
    house,
    moment,
    settings,
    show,
    stopping,
    told,
)
from bellwether.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from bellwether.schedule import Ran
    from bellwether.settings import Settings
    from service.deliver import DeliveryReport
    from service.ports import House
    from service.rescore import RescoreReport

Day = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")]
AsOf = Annotated[
    str | None,
    typer.Option(metavar="YYYY-MM-DD", help="The UTC day to score; yesterday when unsaid."),
]
First = Annotated[
    str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="The first day of a backfill.")
]
Last = Annotated[
    str | None,
    typer.Option("--to", metavar="YYYY-MM-DD", help="Its last day; yesterday if unsaid."),
]
Decide = Annotated[
    bool, typer.Option("--decide", help="Let playbooks act on it, as the daily job does.")
]
Again = Annotated[bool, typer.Option("--again", help="Score days anew that are scored already.")]
Now = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Pretend it is this time, e.g. 2026-11-20T09:00Z."),
]

Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=64,
        help="How many processes share it, on PostgreSQL; BELLWETHER_WORKERS if unsaid.",
    ),
]


def rescore(
    as_of: AsOf = None,
    first: First = None,
    last: Last = None,
    decide: Decide = False,
    again: Again = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Score all customers for one day, or fill in a range of past days.

    Silent unless --decide: history is written, nobody is alerted. A day that is scored already
    is left alone unless --again, which keeps what stood there before as a revision; of another
    version of the model it makes a series of its own, and what people were shown stays.

    [cyan]bellwether rescore --as-of 2026-11-19[/cyan]

    [cyan]bellwether rescore --from 2026-01-01 --to 2026-11-19[/cyan]
    """
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    if first is not None and (as_of or decide):
        raise WrongUse("--from fills in history and never decides; leave --as-of and --decide out.")
    if last is not None and first is None:
        raise WrongUse("--to needs --from.")
    start = _day(first or as_of, "--from" if first else "--as-of") or yesterday
    end = start if first is None else _day(last, "--to") or yesterday
    if end < start:
        raise WrongUse(f"--from {start} lies after --to {end}.")
    if end > yesterday:
        # Half a day's score would stand for the day, and a future one stop the daily job.
        raise WrongUse(f"{end} is not over yet in UTC; {yesterday} is the last day to score.")
    if first is not None and workers not in {None, 1}:
        raise WrongUse("--workers share one day; leave --from out, or --workers.")
    with house() as (read, opened):
        count = _workers(read, workers)
        reports = _reports(
            opened, start, end, decide=decide, again=again, quiet=as_json, workers=count
        )
    data = [asdict(report) for report in reports]
    show(data if first else data[0], as_json=as_json, words=lambda out: _scored(out, reports))
    if any(report.failures for report in reports):
        raise typer.Exit(1)


def _workers(read: "Settings", given: int | None) -> int:
    """Answer how many processes work together; SQLite has one writer."""
    count = given or read.workers
    if count > 1 and read.sqlite_file is not None:
        raise WrongUse("--workers needs PostgreSQL: SQLite has one writer.")
    return count


def _reports(
    opened: "House",
    start: date,
    end: date,
    *,
    decide: bool,
    again: bool,
    quiet: bool,
    workers: int,
) -> list["RescoreReport"]:
    from bellwether.clock import SystemClock
    from bellwether.crew import crew_of, holder
    from service import rescore as service

    now = datetime.now(UTC)
    if start == end:
        crew = crew_of(f"by hand {holder()}", SystemClock(), workers=workers, again=False)
        with crew as at_work, bar("scoring", 100, quiet=quiet) as advance:
            report = service.rescore(
                opened, start, now=now, decide=decide, replace=again, crew=at_work,
                progress=lambda done, total: advance(done * 100 // max(1, total)),
            )  # fmt: skip
        return [report]
    reports: list[RescoreReport] = []
    count = (end - start).days + 1
    with stopping(lambda: _KEPT.format(days=len(reports), all=count)):
        with bar("scoring", count, quiet=quiet) as advance:
            days = service.rescore_range(
                opened, start, end, now=now, replace=again, progress=lambda done, _: advance(done)
            )
            reports.extend(days)
        return reports


_KEPT = "{days} of {all} days are scored, oldest first; the same command again goes on from there"


def _scored(out: "Console", reports: list["RescoreReport"]) -> None:
    first, last = reports[0], reports[-1]
    days = f"{first.as_of}" if first is last else f"{first.as_of} to {last.as_of}"
    out.print(
        f"{days}: {sum(one.scored for one in reports):,} scored, "
        f"{sum(one.written for one in reports):,} snapshots written, "
        f"{sum(one.transitions for one in reports):,} changes of band, "
        f"{sum(one.started for one in reports):,} plays started."
    )
    failures = {failure for one in reports for failure in one.failures}
    for key, reason in sorted(failures):
        out.print(f"  {key}: {reason}", markup=False)


def run_due(now: Now = None, workers: Workers = None, as_json: Json = False) -> None:
    """Do what is due once (scores, digest), send what waits, and leave. For cron and tests.

    [cyan]bellwether serve[/cyan] does the same by itself; both may run, nothing happens twice.
    """
    from bellwether import doors, returned, schedule
    from bellwether.clock import ReplayClock, SystemClock
    from bellwether.crew import crew_of
    from service.deliver import deliver

    pretended = moment(now, "--now")
    clock = ReplayClock(pretended) if pretended else SystemClock()
    with house() as (read, opened):
        if pretended and (read.slack_is_real or read.smtp_url):
            raise WrongUse("--now is for the sandbox; real Slack and mail live in real time.")
        crews = partial(crew_of, workers=_workers(read, workers), pretended=pretended is not None)
        if read.bounces is not None:
            returned.look(opened, read.bounces, now=clock.now())
        ran = schedule.run_due(opened, schedule.jobs(read), clock, crews)
        with doors.opened(read, opened, clock) as out:
            report = deliver(opened, out.channels, clock)
    data = {"ran": [asdict(one) for one in ran], "delivered": asdict(report)}
    show(data, as_json=as_json, words=lambda out: _ran(out, ran, report))
    if any(one.outcome == "failed" for one in ran):
        raise typer.Exit(1)


def _ran(out: "Console", ran: "Sequence[Ran]", report: "DeliveryReport") -> None:
    for one in ran:
        out.print(f"{one.job} of {one.day}: {one.outcome}")
    if not ran:
        out.print("Nothing was due.")
    counts = {
        "sent": report.sent, "to be tried again": report.retried, "dropped": report.cancelled,
        "failed": report.failed, "unknown": report.unknown,
    }  # fmt: skip
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    out.print("Messages are paused." if report.paused else f"Messages: {told or 'none waited'}.")


def lend_a_hand(
    name: str,
    holder: Annotated[str, typer.Option(help="What the leader calls this worker.")],
    now: Now = None,
) -> None:
    """Help with a run that another process leads. Started by it; nobody types this."""
    from bellwether.clock import ReplayClock, SystemClock
    from bellwether.crew import help_out
    from service import sharing

    pretended = moment(now, "--now")
    clock = ReplayClock(pretended) if pretended else SystemClock()
    with house() as (_, opened):
        help_out(opened, sharing.Crew(name, holder, clock.now), sharing.lend_a_hand)


def pause() -> None:
    """Stop every message at once: Slack, mail, all. Scoring goes on."""
    _switch(on=True)


def resume() -> None:
    """Let messages go out again; what became stale meanwhile is dropped, with the reason."""
    _switch(on=False)


def _switch(*, on: bool) -> None:
    from service import pause as brake

    with house() as (_, opened):
        who, now = f"{getpass.getuser()} (command line)", datetime.now(UTC)
        if on:
            brake.pause(opened, who, now=now)
        else:
            brake.resume(opened, who, now=now)
    console().print("Messages are paused." if on else "Messages go out again.")


def retain(as_json: Json = False) -> None:
    """Forget what is older than it is kept: events, closed plays with their mails, the audit.

    `bellwether serve` does it every Sunday night. How long things are kept is set by the
    BELLWETHER_KEEP_… variables; scores and the sums they are made of stay.
    """
    from service import retain as service

    with house() as (_, opened), counting("forgetting", quiet=as_json) as reached:
        gone = service.retain(opened, now=datetime.now(UTC), progress=reached)
    told = ", ".join(f"{count:,} {what}" for what, count in gone.items() if count)
    show(gone, as_json=as_json, words=lambda out: out.print(f"Forgotten: {told or 'nothing'}."))


def migrate(
    distribute: Annotated[
        bool,
        typer.Option("--distribute", help="Spread the large tables over a Citus cluster as well."),
    ] = False,
) -> None:
    """Bring the database's tables up to date; starting any command does this too.

    With --distribute the large tables are spread over the machines of a PostgreSQL that has the
    Citus extension, by the customer's key. Without it nothing changes, and the exit code is 1.
    """
    from bellwether import house as building

    out = console()
    with told():
        database = building.database_of(settings())
        try:
            database.migrate()
            out.print("The database is up to date.")
            given = database.distribute() if distribute else []
        finally:
            database.close()
    for command in given:
        out.print(command, markup=False)
    if distribute:
        out.print(f"{len(given)} tables were put in their places.")


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"{option} {text!r} is not a day, like 2026-11-19.") from None
