"""Commands that bring the whole product up: demo, serve, seed."""

import gc
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import bar, console, house, settings, told

if TYPE_CHECKING:
    from bellwether.demo import Size
    from bellwether.settings import Settings
    from service.ports import House

Customers = Annotated[
    int, typer.Option(min=1, max=100_000, envvar="BELLWETHER_DEMO_CUSTOMERS", help="How many.")
]
Days = Annotated[
    int, typer.Option(min=1, max=730, envvar="BELLWETHER_DEMO_DAYS", help="How many days back.")
]
Seed = Annotated[
    int, typer.Option(envvar="BELLWETHER_DEMO_SEED", help="The same seed, the same rows.")
]
Until = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="The last day; the last complete one.")
]
Reset = Annotated[bool, typer.Option("--reset", help="Delete the demo's data and start over.")]
NoServe = Annotated[bool, typer.Option("--no-serve", help="Prepare everything, then leave.")]


def demo(
    customers: Customers = 80,
    days: Days = 90,
    seed: Seed = 42,
    reset: Reset = False,
    no_serve: NoServe = False,
) -> None:
    """Show the whole product with invented customers; needs no Slack and no mail server.

    Plants 80 customers and 90 days of what they did, lives those days through the real daily
    job, and serves the dashboard, the API and a sandbox of Slack and mail on 127.0.0.1:8000.
    A second start adds nothing.

    For example [cyan]bellwether demo[/cyan], [cyan]PORT=8080 bellwether demo --reset[/cyan]
    """
    from bellwether import demo as show_off
    from bellwether import house as building
    from bellwether.clock import SystemClock
    from bellwether.serving import serve as run

    with told():
        read = settings(_for_demo(os.environ))
        if reset:
            show_off.reset(read)
        with building.opened(read) as opened:
            _prepared(read, opened, show_off.Size(customers, days, seed))
            if not no_serve:
                run(read, opened, SystemClock(), announce=lambda: _where_to_look(read))


# A demo replays a quarter of a year of alerts: never to a real workspace or mail server.
_REAL = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "SLACK_API_URL", "SMTP_URL")


def _for_demo(environment: Mapping[str, str]) -> dict[str, str]:
    """Choose what a demo needs where nothing is chosen: no keys on loopback, mail after a yes.

    A yes said at night or on a Sunday sends its mail at once: whoever tries it waits for nobody's
    morning.
    """
    host = environment.get("BELLWETHER_HOST", "127.0.0.1")
    chosen = {
        "BELLWETHER_MAIL": "approval",
        "BELLWETHER_QUIET_HOURS": "off",
        "BELLWETHER_CSM_QUIET_HOURS": "off",
        "BELLWETHER_WEEKENDS": "work",
        "BELLWETHER_LOG_LEVEL": "warning",
    }
    if host in ("127.0.0.1", "localhost", "::1"):
        chosen["BELLWETHER_AUTH"] = "off"
    kept = {name: value for name, value in environment.items() if value and name not in _REAL}
    if any(environment.get(name) for name in _REAL):
        console(error=True).print(
            "The demo stays in its sandbox; Slack and mail settings are ignored."
        )
    return chosen | kept


def _prepared(read: "Settings", opened: "House", size: "Size") -> None:
    """Plant and replay, unless that was done before."""
    from bellwether import demo as show_off
    from bellwether.planting import rows

    out = console(error=True)
    before = show_off.stands(opened)
    if before:
        out.print(f"The demo stands already ({before}); nothing was added. --reset starts over.")
        return
    now = datetime.now(UTC)
    here = show_off.made(size, show_off.last_day(read, now))
    with bar("planting", rows(here)) as advance:
        show_off.plant(opened, size, here, now, advance)
    with bar("living the days", size.days) as advance:
        show_off.replay(read, opened, here, now, advance)
    show_off.finish(opened, size, here, now)


def _where_to_look(read: "Settings") -> None:
    out = console()
    out.print(
        f"""
[bold]Bellwether is up.[/bold] Customers are invented, everything else is real.

  Dashboard        {read.url}/api/dashboard
  Slack and mail   {read.url}/inbox        try [cyan]{read.command} acme[/cyan] in its composer
  HTTP API         {read.url}/docs

  In another terminal: [cyan]bellwether health acme[/cyan]
  Ctrl-C stops it; [cyan]bellwether demo --reset[/cyan] starts over.
"""
    )


def serve() -> None:
    """Serve API, dashboard and Slack, and run the daily job at its time.

    Without a Slack token the sandbox's workspace is at /inbox. SIGTERM and Ctrl-C stop it
    quietly: what was begun is finished, what waits is sent after the next start.
    """
    with _unswept() as settled:
        from bellwether.clock import SystemClock
        from bellwether.serving import serve as run

        with house() as (read, opened):
            up = f"Bellwether is on {read.url} (Ctrl-C stops it)"

            def announce() -> None:
                settled()
                console(error=True).print(up)

            run(read, opened, SystemClock(), announce=announce)


@contextmanager
def _unswept() -> Iterator[Callable[[], None]]:
    """Look for no cycles until called: what is loaded stays, and the looks cost a fifth of it."""

    def settle() -> None:
        gc.freeze()
        gc.enable()

    gc.disable()
    try:
        yield settle
    finally:
        gc.enable()


def seed(customers: Customers = 80, days: Days = 90, seed: Seed = 42, until: Until = None) -> None:
    """Plant the demo's customers and events, without scoring or replaying anything.

    Adding them twice adds nothing; a database with customers of your own is refused.
    """
    from bellwether import demo as show_off
    from bellwether import planting
    from bellwether.errors import WrongUse

    size = show_off.Size(customers, days, seed)
    with house() as (read, opened):
        now = datetime.now(UTC)
        try:
            last = date.fromisoformat(until) if until else show_off.last_day(read, now)
        except ValueError:
            raise WrongUse(f"--until {until!r} is not a day, like 2026-11-19.") from None
        planting.standing(opened)
        here = show_off.made(size, last)
        planting.mark(opened, size.mark(last), now)
        with bar("planting", planting.rows(here)) as advance:
            new = planting.plant(opened, here, now=now, progress=advance)
    console().print(
        f"{new.customers} customers, {new.events:,} events, {new.tickets} tickets and "
        f"{new.invoices} invoices were new ({size.mark(last)})."
    )
