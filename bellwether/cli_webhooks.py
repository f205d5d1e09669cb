"""`bellwether webhooks`: other systems that playbooks may tell what happened."""

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from bellwether.cli_base import Failed, Json, house, show

if TYPE_CHECKING:
    from rich.console import Console

    from service.ports import House
    from storage.outbox import Message
    from storage.webhooks import Endpoint

app = typer.Typer(
    help="Other systems that playbooks may tell, by signed HTTP requests.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
Name = Annotated[str, typer.Argument(help="What playbooks call it, e.g. [cyan]crm[/cyan].")]
Url = Annotated[str, typer.Argument(help="Where it listens: https://…")]
Inside = Annotated[
    bool,
    typer.Option("--inside", help="It lives in our own network: private addresses and http."),
]


@app.command()
def add(name: Name, url: Url, inside: Inside = False, as_json: Json = False) -> None:
    """Add an endpoint and show the secret it checks our signatures with, this once.

    Requests are signed after the Standard Webhooks convention, whose libraries verify them.
    Example: [cyan]bellwether webhooks add crm https://crm.example.com/hooks/bellwether[/cyan]
    """
    from service import webhooks
    from storage.errors import AlreadyThere

    with house() as (_, opened):
        try:
            secret = webhooks.add(
                opened, name, url, inside=inside, by=_who(), now=datetime.now(UTC)
            )
        except AlreadyThere:
            raise Failed(f"There is already a webhook endpoint named {name!r}.") from None

    def words(console: "Console") -> None:
        console.print(secret, markup=False, soft_wrap=True)
        console.print("[dim]Give it to the other side now: it is not shown again.[/dim]")
        console.print(f"[cyan]bellwether webhooks test {name}[/cyan] sends it a test message.")

    show({"name": name, "secret": secret}, as_json=as_json, words=words)


@app.command()
def rotate(
    name: Name,
    at_once: Annotated[
        bool,
        typer.Option("--at-once", help="Others know the old secret: it signs nothing more."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Give an endpoint a new secret and show it, this once.

    For 24 hours requests carry two signatures, by the new secret and by the old, and whoever checks
    by either takes them: put the new one in its place over there within that time.
    """
    from service import webhooks

    with house() as (_, opened):
        now = datetime.now(UTC)
        secret = webhooks.rotate(opened, name, at_once=at_once, by=_who(), now=now)

    def words(console: "Console") -> None:
        console.print(secret, markup=False, soft_wrap=True)
        console.print("[dim]Give it to the other side now: it is not shown again.[/dim]")
        console.print(
            "The old secret signs nothing more."
            if at_once
            else "The old secret signs as well until "
            f"{now + webhooks.BOTH_FOR:%Y-%m-%d %H:%M} UTC, beside the new one."
        )

    show({"name": name, "secret": secret}, as_json=as_json, words=words)


@app.command("list")
def list_endpoints(as_json: Json = False) -> None:
    """List the endpoints, without their secrets and what stands behind the host."""
    from rich.table import Table

    from service import webhooks

    with house() as (_, opened):
        found = webhooks.listed(opened)

    def words(console: "Console") -> None:
        table = Table("name", "host", "since", "state")
        now = datetime.now(UTC)
        for each in found:
            state = "off: " + (each.disabled_reason or "") if each.disabled_at else "on"
            if len(each.nonces(now)) > 1:
                state += f", two secrets until {each.previous_until:%Y-%m-%d %H:%M} UTC"
            table.add_row(each.name, _host(each), f"{each.created_at:%Y-%m-%d}", state)
        console.print(table if found else "No endpoints yet: bellwether webhooks add makes one.")

    show([_data(each) for each in found], as_json=as_json, words=words)


@app.command()
def disable(name: Name) -> None:
    """Send an endpoint nothing more; what waits for it is dropped, with the reason."""
    from service import webhooks

    with house() as (_, opened):
        changed = webhooks.disable(opened, name, by=_who(), now=datetime.now(UTC))
    typer.echo(f"The endpoint {name} {'is' if changed else 'was already'} switched off.")


@app.command()
def enable(name: Name) -> None:
    """Send to an endpoint again that was switched off, by hand or by its answer 410."""
    from service import webhooks

    with house() as (_, opened):
        changed = webhooks.enable(opened, name, by=_who(), now=datetime.now(UTC))
    typer.echo(f"The endpoint {name} {'is' if changed else 'was already'} switched on.")


@app.command("test")
def try_out(name: Name, as_json: Json = False) -> None:
    """Send an endpoint a test message now, and say what came of it.

    The message goes through the outbox like any other, so others that wait go out with it.
    """
    from bellwether.clock import SystemClock
    from delivery.webhook import WebhookChannel
    from service import webhooks
    from service.deliver import deliver

    with house() as (_, opened):
        key = webhooks.try_out(opened, name, by=_who(), now=datetime.now(UTC))
        clock = SystemClock()
        report = deliver(opened, {"webhook": WebhookChannel(opened, clock)}, clock)
        message = _message(opened, key)
    data = {"endpoint": name, "state": message.state, "error": message.error}
    show(data, as_json=as_json, words=lambda out: _came_of(out, message, paused=report.paused))
    if message.state != "sent":
        raise typer.Exit(1)


def _came_of(out: "Console", message: "Message", *, paused: bool) -> None:
    if paused:
        out.print("Messages are paused; it goes out after [cyan]bellwether resume[/cyan].")
    elif message.state == "sent":
        out.print(f"It arrived: {(message.reference or {}).get('status', '')}.")
    else:
        again = "; it is tried again" if message.state == "pending" else ""
        out.print(f"It did not arrive ({message.error}){again}.", markup=False)


def _message(opened: "House", key: str) -> "Message":
    from storage import outbox

    with opened.database.reading() as tx:
        found = outbox.message_by_key(tx, key)
    if found is None:
        raise Failed("The test message is gone; somebody erased it meanwhile.")
    return found


def _data(each: "Endpoint") -> dict[str, object]:
    return {
        "name": each.name,
        "host": _host(each),
        "inside": each.inside,
        "createdAt": each.created_at.isoformat(),
        "disabledAt": each.disabled_at.isoformat() if each.disabled_at else None,
        "disabledReason": each.disabled_reason,
        "oldSecretUntil": each.previous_until.isoformat() if each.previous_until else None,
    }


def _host(each: "Endpoint") -> str:
    parts = urlsplit(each.url)
    return f"{parts.scheme}://{parts.netloc}"


def _who() -> str:
    return f"{getpass.getuser()} (command line)"
