"""`bellwether suppressions`: the addresses that are not written to."""

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Json, console, house, show

if TYPE_CHECKING:
    from rich.console import Console

    from service.suppressions import Entry

app = typer.Typer(
    help="The addresses that are not written to: list them, add one, lift one.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
Address = Annotated[str, typer.Argument(help="The address, e.g. [cyan]pat@acme.example[/cyan].")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept, and in the audit log.")]
_WHY = {
    "unsubscribed": "unsubscribed, by themselves",
    "complaint": "called our mail spam",
}
_UNKNOWN = "known by its hash alone"


@app.command("list")
def list_suppressions(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, newest first.")] = 200,
    as_json: Json = False,
) -> None:
    """List who is not written to, since when and why, newest first.

    Addresses are kept as keyed hashes, which survive erasing a customer. A line names the address
    only while a contact has it; the audit log knows each by the same few letters.
    """
    from rich.markup import escape
    from rich.table import Table

    from service import suppressions

    with house() as (_, opened):
        found, total = suppressions.listed(opened, limit=limit)

    def words(out: "Console") -> None:
        if not found:
            out.print("Nobody is suppressed.")
            return
        table = Table("hash", "since", "why", "address", "customer")
        for one in found:
            table.add_row(*(escape(cell) for cell in _cells(one)))
        out.print(table)
        if total > len(found):
            out.print(f"and {total - len(found):,} more; --limit shows more of them")

    show([_data(one) for one in found], as_json=as_json, words=words)


@app.command()
def add(address: Address, reason: Reason) -> None:
    """Write to an address no more, from now on, also when its customer is erased and comes again.

    [cyan]bellwether suppressions add pat@acme.example --reason "Asked on the phone"[/cyan]
    """
    from service import suppressions

    with house() as (_, opened):
        now = datetime.now(UTC)
        new = suppressions.add(opened, address, reason=reason, by=_who(), now=now)
        stands = None if new else suppressions.standing(opened, address)
    if stands is not None:
        why = _WHY.get(stands.reason, stands.reason)
        console().print(
            f"It was suppressed already, since {stands.at:%Y-%m-%d}: {why}.", markup=False
        )
    else:
        console().print("It is not written to any more. Mail that waits for it will not be sent.")


@app.command()
def lift(
    address: Address,
    reason: Reason,
    they_asked: Annotated[
        bool,
        typer.Option("--they-asked", help="They asked for our mail again; you answer for it."),
    ] = False,
) -> None:
    """Let an address be written to again, e.g. when it came back and works now.

    Who unsubscribed or called our mail spam is written to again only when they asked for it:
    [cyan]--they-asked[/cyan]. The act is in the audit log, with who did it and why.

    [cyan]bellwether suppressions lift pat@acme.example --reason "New mailbox, they say"[/cyan]
    """
    from service import suppressions

    with house() as (_, opened):
        now = datetime.now(UTC)
        stood = suppressions.lift(
            opened, address, reason=reason, they_asked=they_asked, by=_who(), now=now
        )
    why = _WHY.get(stood.reason, stood.reason)
    console().print(
        f"It may be written to again. Since {stood.at:%Y-%m-%d} it was not: {why}.", markup=False
    )


def _cells(one: "Entry") -> tuple[str, ...]:
    stood = one.suppressed
    addresses = ", ".join(dict.fromkeys(each.email for each in one.bearers))
    names = ", ".join(dict.fromkeys(each.customer_name for each in one.bearers))
    why = _WHY.get(stood.reason, stood.reason)
    return one.short, f"{stood.at:%Y-%m-%d}", why, addresses or _UNKNOWN, names


def _data(one: "Entry") -> dict[str, object]:
    return {
        "hash": one.short,
        "since": one.suppressed.at,
        "reason": one.suppressed.reason,
        "theirOwnWord": one.own_word,
        "contacts": [
            {"address": each.email, "customer": each.customer_key} for each in one.bearers
        ],
    }


def _who() -> str:
    return f"{getpass.getuser()} (command line)"
