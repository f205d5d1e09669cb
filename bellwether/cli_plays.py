"""`bellwether plays`: the runs of playbooks, looked over and ended by hand."""

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Json, console, house, show
from bellwether.cli_look import meant
from bellwether.cli_report import report

if TYPE_CHECKING:
    from rich.console import Console

    from service.overseeing import PlayView
    from storage.mail_seen import Seen
    from storage.outbox import Message
    from storage.playlist import Listed
    from storage.plays import Play, Step

app = typer.Typer(
    help="What playbooks started for whom: list, show, cancel, report.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.command("report")(report)
Number = Annotated[int, typer.Argument(metavar="ID", help="The play's number, as listed.")]


@app.command("list")
def list_plays(
    only_open: Annotated[bool, typer.Option("--open", help="Only those still running.")] = False,
    customer: Annotated[
        str | None, typer.Option("--customer", help="Only of this customer, by name or key.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List plays, newest first, with why each was closed.

    Example: [cyan]bellwether plays list --open --customer acme[/cyan]
    """
    from rich.table import Table

    from service import overseeing

    with house() as (_, opened):
        wanted = meant(opened, customer).id if customer is not None else None
        found = overseeing.plays_listed(opened, customer_id=wanted, only_open=only_open)

    def words(out: "Console") -> None:
        if not found:
            out.print("No plays. bellwether why NAME says what was decided about a customer.")
            return
        table = Table("play", "customer", "playbook", "opened", "at", "state")
        for one in found:
            table.add_row(*_cells(one))
        out.print(table)

    show([_listed(one) for one in found], as_json=as_json, words=words)


@app.command("show")
def show_play(number: Number, as_json: Json = False) -> None:
    """Show one play: its steps, what it said or wanted to say, and what people did to it.

    Example: [cyan]bellwether plays show 12[/cyan]
    """
    from service import overseeing

    with house() as (_, opened):
        found = overseeing.play_view(opened, number)
    show(_view(found), as_json=as_json, words=lambda out: _shown(out, found))


@app.command("cancel")
def cancel_play(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why; the alert and its thread say it.")],
) -> None:
    """End a play: nothing more of it is sent, and what waits in it is cancelled with the reason.

    Its thread in Slack says so, and the act is in the audit log. A mail that has left has left.
    The cool-down goes on: for the same or a better band nothing starts anew until it is over.

    [cyan]bellwether plays cancel 12 --reason "Spoke with them, all is well"[/cyan]
    """
    from service import overseeing

    with house() as (_, opened):
        waited = overseeing.cancel(
            opened,
            number,
            reason=reason,
            by=f"{getpass.getuser()} (command line)",
            now=datetime.now(UTC),
        )
    also = f" Cancelled in it: {', '.join(waited)}." if waited else ""
    console().print(f"Play {number} is closed.{also}", markup=False)


def play_data(play: "Play") -> dict[str, object]:
    """Return a play as JSON shows it."""
    return {
        "id": play.id,
        "playbook": play.version,
        "state": play.state,
        "openedAt": play.opened_at,
        "closedAt": play.closed_at,
        "reason": play.reason,
        "asOf": play.trigger_as_of,
        "band": play.band,
        "score": play.score,
        "acknowledgedBy": play.acknowledged_by,
    }


def step_data(step: "Step") -> dict[str, object]:
    """Return a step as JSON shows it, without the words of a mail."""
    return {
        "name": step.name,
        "kind": step.kind,
        "state": step.state,
        "dueAt": step.due_at,
        "answer": step.answer,
        "decidedBy": step.decided_by,
        "reason": step.reason,
    }


def message_data(message: "Message") -> dict[str, object]:
    """Return a message as JSON shows it, without its words."""
    return {
        "channel": message.channel,
        "what": what(message),
        "to": message.recipient,
        "state": message.state,
        "dueAt": message.due_at,
        "heldBy": message.held_by,
        "reason": message.error,
    }


def seen_data(seen: "Seen") -> dict[str, object]:
    """Return what was counted of a mail as JSON shows it; `doubtful` of them are a machine's."""
    return {
        "mail": seen.message_id,
        "kind": seen.kind,
        "link": seen.target,
        "times": seen.times,
        "doubtful": seen.doubtful,
        "firstAt": seen.first_at,
        "lastAt": seen.last_at,
    }


def what(message: "Message") -> str:
    """Return what kind of message it is: "mail", "post alert", "reply thread_note"."""
    if message.channel == "email":
        return "mail"
    return f"{message.verb} {message.body.get('view', 'note')}"


def _cells(one: "Listed") -> tuple[str, ...]:
    from rich.markup import escape

    play = one.play
    closed = f"closed {play.closed_at:%Y-%m-%d}: {play.reason}" if play.closed_at else "closed"
    taken = f"open, {play.acknowledged_by} has it" if play.acknowledged_by else "open"
    return (
        str(play.id),
        escape(f"{one.customer_name} ({one.customer_key})"),
        play.version,
        f"{play.opened_at:%Y-%m-%d}",
        f"{play.score} {play.band}",
        escape(taken if play.state == "open" else closed),
    )


def _listed(one: "Listed") -> dict[str, object]:
    return {"customer": one.customer_key, "name": one.customer_name, **play_data(one.play)}


def _view(found: "PlayView") -> dict[str, object]:
    return {
        "customer": found.customer.key,
        "name": found.customer.name,
        **play_data(found.play),
        "steps": [step_data(step) for step in found.steps],
        "messages": [message_data(message) for message in found.messages],
        "seen": [seen_data(seen) for seen in found.seen],
        "acts": [{"at": act.at, "by": act.actor, "did": act.action} for act in found.acts],
    }


def _shown(out: "Console", found: "PlayView") -> None:
    from rich.markup import escape

    from service.tracking import told

    play = found.play
    out.print(f"[bold]{escape(found.customer.name)}[/bold]  play {play.id}, {play.version}")
    out.print(f"Opened {play.opened_at:%Y-%m-%d} at {play.score} {play.band}, {play.state}")
    if play.reason:
        out.print(escape(play.reason))
    if play.acknowledged_by:
        out.print(escape(f"{play.acknowledged_by} has it."))
    for step in found.steps:
        why = f": {step.reason}" if step.reason else ""
        by = f" by {step.decided_by}" if step.decided_by else ""
        said = f', answered "{step.answer}"' if step.answer else ""
        out.print(escape(f"  step {step.name} ({step.kind}) {step.state}{said}{by}{why}"))
    for message in found.messages:
        out.print(escape(f"  {message_line(message)}"))
        for seen in found.seen:
            if seen.message_id == message.id:
                out.print(escape(f"    mail {told(seen)}"))
    for act in found.acts:
        out.print(escape(f"  {act.at:%Y-%m-%d %H:%M} {act.actor}: {act.action} {act.subject}"))


def message_line(message: "Message") -> str:
    """Return one line about a message: when, what, to whom, and what became of it."""
    why = f": {message.error}" if message.error else ""
    held = f" by {message.held_by}" if message.state == "held" else ""
    when = f"{message.due_at:%Y-%m-%d %H:%M}"
    return f"{when} {what(message)} to {message.recipient} {message.state}{held}{why}"
