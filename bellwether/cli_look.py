"""Commands that look and change nothing: health, digest, check."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Failed, Json, house, settings, show

if TYPE_CHECKING:
    from decimal import Decimal

    from rich.console import Console

    from service.answer import CardView, PortfolioView
    from service.digest import Digest
    from service.find import Several
    from service.ports import House
    from storage.customers import Candidate, Customer

Name = Annotated[
    str | None, typer.Argument(help="A customer's name or key; everybody at a glance without it.")
]
_BAR = 20
_TONES = {"good": "green", "warning": "yellow", "bad": "red", "critical": "bold red"}


def health(name: Name = None, as_json: Json = False) -> None:
    """Show a customer's score card, or the whole portfolio: what /health shows in Slack.

    [cyan]bellwether health acme[/cyan], or for programs [cyan]bellwether health acme --json[/cyan]
    """
    from service import answer

    with house() as (_, opened):
        if name is None:
            portfolio = answer.portfolio(opened)
            show(_portfolio(portfolio), as_json=as_json, words=lambda out: _all(out, portfolio))
            return
        customer = meant(opened, name)
        card = answer.card(opened, customer.key, now=datetime.now(UTC))
    show(_card(card), as_json=as_json, words=lambda out: _one(out, card))


def meant(opened: "House", name: str) -> "Customer":
    """Return the one customer somebody means. Raises Failed with the choices there are."""
    from service.find import Found, Nothing, Several, find

    match find(opened, name):
        case Found(customer=customer):
            return customer
        case Several() as several:
            raise Failed(f"{name!r} fits several: {_choices(several)}. Give the key.")
        case Nothing(suggestions=()):
            raise Failed(f"No customer is called {name!r}.")
        case Nothing(suggestions=close):
            raise Failed(f"No customer is called {name!r}. Did you mean {_names(close)}?")


def _choices(several: "Several") -> str:
    return _names(several.choices) + (" and more" if several.more else "")


def _names(candidates: "tuple[Candidate, ...]") -> str:
    return ", ".join(f"{one.name} ({one.key})" for one in candidates)


def _card(card: "CardView") -> dict[str, object]:
    from scoring.record import to_record

    return {
        "id": card.customer.key,
        "name": card.customer.name,
        "asOf": card.as_of,
        "score": to_record(card.score) if card.score else None,
        "computedScore": card.computed.value if card.computed else None,
        "override": asdict(card.override) if card.override else None,
        "pulse": asdict(card.pulse) if card.pulse else None,
        "trend": card.trend,
        "change7": card.change_7,
        "change30": card.change_30,
        "drivers": [driver.sentence for driver in card.drivers],
        "csm": card.customer.csm.name if card.customer.csm else None,
        "arr": card.customer.arr,
        "renewalDate": card.customer.renewal_on,
        "lastTouch": card.last_touch,
    }


def _one(out: "Console", card: "CardView") -> None:
    from rich.markup import escape
    from rich.table import Table

    from scoring.explain import factor_words
    from scoring.override import measured

    out.print(f"[bold]{escape(card.customer.name)}[/bold]  {_standing(card)}")
    if card.score is None:
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for line in _said(card):
        out.print(f"  {line}", markup=False)
    for factor in measured(card.score):
        filled = round(factor.value * _BAR / 100)
        bar = "█" * filled + "░" * (_BAR - filled)
        table.add_row(factor.title, bar, f"{factor.value:.0f}", escape(factor_words(factor)))
    out.print(table)
    for driver in card.drivers[:3]:
        out.print(f"  {escape(driver.sentence)}")
    csm = card.customer.csm.name if card.customer.csm else "nobody yet"
    out.print(f"CSM {escape(csm)} · ARR {_arr(card.customer.arr)} · "
              f"renewal {card.customer.renewal_on or 'unknown'}")  # fmt: skip


def _said(card: "CardView") -> Iterator[str]:
    """Say what people say of it: the override beside the computed score, and the pulse."""
    from scoring.override import override_words

    if card.override is not None and card.computed is not None:
        yield f"Override: {override_words(card.override, card.computed.value)}"
    if card.pulse is not None:
        until = f"{card.pulse.author}, until {card.pulse.until}"
        yield f"Pulse: {card.pulse.mood} ({until}): {card.pulse.note}"


def _standing(card: "CardView") -> str:
    if card.score is None:
        return f"not scored yet ({card.customer.status})"
    tone = _TONES.get(card.band_tone, "dim")
    return (
        f"[{tone}]{card.score.value} {card.score.band}[/{tone}], {card.trend}, "
        f"7 days {_signed(card.change_7)}, 30 days {_signed(card.change_30)}, as of {card.as_of}"
    )


def _signed(change: object) -> str:
    return "–" if change is None else f"{change:+}"  # noqa: RUF001  # a dash for nothing known


def _portfolio(view: "PortfolioView") -> dict[str, object]:
    rows = {"fallen": view.fallen, "risen": view.risen}
    return {
        "asOf": view.as_of,
        "total": view.total,
        "counts": {one.band: one.customers for one in view.counts},
        **{
            word: [{"id": row.key, "name": row.name, "score": row.score, "change7": row.change_7}
                   for row in found]
            for word, found in rows.items()
        },
    }  # fmt: skip


def _all(out: "Console", view: "PortfolioView") -> None:
    from rich.markup import escape

    if not view.total:
        out.print("No scores yet. Import customers and events, then run bellwether rescore.")
        return
    out.print(f"{view.total} customers as of {view.as_of}")
    for count in view.counts:
        tone = _TONES.get(count.tone, "dim")
        out.print(f"  [{tone}]{count.band:<12}[/{tone}] {count.customers}")
    for words, rows in (("Fell most in 7 days", view.fallen), ("Rose most", view.risen)):
        for row in rows:
            out.print(f"{words}: {escape(row.name)} {_signed(row.change_7)} → {row.score}")


def digest(
    post: Annotated[
        bool, typer.Option("--post", help="Post it now, unless today's went out.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what changed since the last digest: newly at risk, worse, recovered, still at risk."""
    from service.digest import digest as gathered
    from service.digest import post_digest
    from storage.snapshots import latest_day

    now = datetime.now(UTC)
    with house() as (_, opened):
        with opened.database.reading() as tx:
            as_of = latest_day(tx)
            if as_of is None:
                raise Failed("Nobody has been scored yet; bellwether rescore does it.")
            found = gathered(tx, opened, as_of)
        if post:
            post_digest(opened, now=now, local_day=now.astimezone(opened.zone).date())
    show(asdict(found), as_json=as_json, words=lambda out: _digest(out, found))


def _digest(out: "Console", found: "Digest") -> None:
    from rich.markup import escape

    out.print(f"{found.customers} customers as of {found.as_of}")
    if found.late:
        out.print(f"The last digest told of the scores of {found.as_of}; there are no newer ones.")
    elif not found.changed:
        out.print("Nothing changed since the last digest.")
    parts = {
        "Newly at risk": found.newly, "Worse": found.worse,
        "Recovered": found.recovered, "Still at risk": found.still,
    }  # fmt: skip
    for title, entries in parts.items():
        if entries:
            out.print(f"[bold]{title}[/bold]")
        for one in entries:
            out.print(
                f"  {escape(one.name)} ({one.key}) {one.score} {one.band}, {_days(one.days)}, "
                f"ARR {_arr(one.arr)}, {escape(one.csm or 'no CSM')}"
            )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def check(as_json: Json = False) -> None:
    """Look at settings, model, playbooks and database, and say what is wrong with each."""
    from bellwether.checking import everything

    found = everything(settings())
    data = [{"what": one.what, "well": one.well, "words": one.words} for one in found]

    def words(out: "Console") -> None:
        for one in found:
            mark = "[green]ok[/green]  " if one.well else "[red]no[/red]  "
            out.print(mark, f"{one.what}: ", end="")
            out.print(one.words, markup=False)

    show(data, as_json=as_json, words=words)
    if not all(one.well for one in found):
        raise typer.Exit(1)


def _arr(amount: "Decimal | None") -> str:
    """Write a year's revenue in whole units, as the pages and Slack do."""
    from templates.filters import money

    return "unknown" if amount is None else money(amount)
