"""The portfolio: how many customers are in which band, and who moved furthest."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot import blocks, wording
from bot.blocks import Block, Post
from bot.connection import Desk, SlackSettings
from bot.wording import band_words, points, sign
from scoring.words import signed
from service import answer
from service.answer import PortfolioView
from service.ports import House
from storage.views import ScoredRow, at_risk

# A portfolio is looked at, not read; the digest and the dashboard have the rest.
ROWS: Final = 5
_BAD: Final = frozenset({"warning", "bad", "critical"})


def portfolio_card(desk: Desk) -> Post:
    """Show everybody at a glance."""
    view = answer.portfolio(desk.house)
    return blocks.post(_spoken(view), *_blocks(view, at_stake(desk.house), desk.slack))


def portfolio_blocks(desk: Desk) -> Iterator[Block]:
    """Return the portfolio's blocks for the Home tab."""
    return _blocks(answer.portfolio(desk.house), at_stake(desk.house), desk.slack)


def at_stake(house: House) -> tuple[ScoredRow, ...]:
    """Return the customers in a bad band, the most yearly revenue first."""
    bad = tuple(
        band.name for model in house.known_models for band in model.bands if band.tone in _BAD
    )
    with house.database.reading() as tx:
        return at_risk(tx, bad, limit=ROWS)


def _blocks(
    view: PortfolioView, risky: Sequence[ScoredRow], slack: SlackSettings
) -> Iterator[Block]:
    yield blocks.header("Customer health")
    if not view.total:
        yield blocks.section(
            "No customer has a score yet. Import customers and their events; the next daily run "
            "scores them."
        )
        yield blocks.context(f"`{slack.command} help` says how to ask.")
        return
    yield blocks.section("\n".join(_counts(view)))
    yield from _list("At risk, most revenue first", [_risk_line(row) for row in risky])
    yield from _list("Fell most in 7 days", [_mover_line(row) for row in view.fallen])
    yield from _list("Rose most in 7 days", [_mover_line(row) for row in view.risen])
    if not view.fallen and not view.risen:
        yield blocks.section("No change over the last 7 days to show.")
    asked = f"`{slack.command} NAME` shows one customer"
    day = f"As of {wording.day(view.as_of)} (UTC)  ·  " if view.as_of else ""
    yield blocks.context(day + asked)
    if slack.dashboard_url:
        yield blocks.actions(
            blocks.button("Open dashboard", "open", "portfolio", url=slack.dashboard_url)
        )


def _spoken(view: PortfolioView) -> str:
    if not view.total:
        return "No customer has a score yet."
    counts = ", ".join(
        f"{band.customers:,} {band_words(band.band).lower()}"
        for band in view.counts
        if band.customers
    )
    return f"{wording.count(view.total, 'customer')}: {counts}."


def _counts(view: PortfolioView) -> Iterator[str]:
    yield f"*{wording.count(view.total, 'customer')}*"
    for band in view.counts:
        share = round(100 * band.customers / view.total)
        yield (
            f"{sign(band.tone)} {band_words(band.band)}: *{band.customers:,}*  "
            f"({'under 1' if band.customers and not share else share} %)"
        )


def _list(title: str, lines: Sequence[Block]) -> Iterator[Block]:
    if lines:
        yield blocks.rich(blocks.line(blocks.said(title, bold=True)), blocks.bullets(lines))


def _mover_line(row: ScoredRow) -> Block:
    """Return a customer with the change of a week and where they stand now."""
    change = signed(row.change_7) if row.change_7 is not None else "no earlier score"
    return _named(row, f"{change} to {points(row.score)}, {band_words(row.band)}")


def _risk_line(row: ScoredRow) -> Block:
    """Return a customer with what is at stake and where they stand now."""
    return _named(row, f"{points(row.score)}, {band_words(row.band)}, ARR {wording.money(row.arr)}")


def _named(row: ScoredRow, words: str) -> Block:
    return blocks.line(blocks.named(row.name), blocks.said(f"  {words}"))
