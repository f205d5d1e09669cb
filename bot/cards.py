"""The score card: one customer's health, why it is so, and how fresh what we know is."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from bot import blocks, wording
from bot.blocks import Block, Post
from bot.wording import band_words, change, sign
from scoring.explain import Driver, factor_words
from scoring.feeds import FeedState
from scoring.model import UNKNOWN_BAND
from scoring.override import measured, override_words
from scoring.score import FactorScore, Score
from scoring.words import plain
from service.answer import CardView
from storage.customers import Customer

DRIVERS_SHOWN = 3
# More factors than this make a list nobody reads; the dashboard has them all.
FACTORS_SHOWN = 12
FEEDS_SHOWN = 12


def score_card(card: CardView, *, page: str | None, today: date, share: bool = False) -> Post:
    """Show a customer's stored score. `page` is the address of their page in the dashboard.

    `share` adds the button that shows the card to everybody in the conversation.
    """
    return blocks.post(headline(card), *_card_blocks(card, page, today, share=share))


def headline(card: CardView) -> str:
    """Say the card in one or two sentences, for those who hear it or see a notification."""
    name = blocks.literal(card.customer.name)
    if card.score is None:
        return f"{name}: {_unscored(card.customer)}"
    strongest = f" {blocks.literal(card.drivers[0].sentence)}" if card.drivers else ""
    return (
        f"{name}: {standing_words(card.score)}, {card.trend or 'stable'}, "
        f"{change(card.change_7)} in 7 days."
        f"{strongest} As of {wording.day(card.as_of)}."
    )


def _unscored(customer: Customer) -> str:
    """Say why there is no score, and when there will be one."""
    if customer.status != "active":
        return f"not scored, because the customer is {customer.status}."
    return "no score yet. The next daily run makes the first one."


def standing_words(score: Score) -> str:
    """Say the score and the band, or that too little is known to name one."""
    if score.band == UNKNOWN_BAND:
        return f"too little is known for a band (coverage {plain(score.coverage)} %)"
    return f"{wording.points(score.value)} of 100, {band_words(score.band)}"


def _card_blocks(card: CardView, page: str | None, today: date, *, share: bool) -> Iterator[Block]:
    yield blocks.header(card.customer.name)
    if card.score is None:
        yield blocks.section(_unscored(card.customer))
        yield account_fields(card, today)
    else:
        yield blocks.section(standing(card))
        yield account_fields(card, today)
        if told := list(_said(card)):
            yield blocks.rich(*told)
        yield factor_block(measured(card.score))
        if card.drivers:
            yield driver_block(card.drivers[:DRIVERS_SHOWN])
        yield blocks.context(_basis(card, card.score))
    yield blocks.context(freshness(card))
    if buttons := _buttons(card.customer, page, share=share):
        yield blocks.actions(*buttons)


def _said(card: CardView) -> Iterator[Block]:
    """Show what people say: the override with the computed score beside it, and the pulse."""
    if card.override is not None and card.computed is not None:
        told = override_words(card.override, card.computed.value)
        yield _said_line("Override: ", told)
    if card.pulse is not None:
        pulse = card.pulse
        until = f"{pulse.author}, until {wording.day(pulse.until)}"
        yield _said_line("Pulse: ", f"{pulse.mood} ({until}): {pulse.note}")


def _said_line(title: str, told: str) -> Block:
    return blocks.line(blocks.said(title, bold=True), blocks.said(f"{blocks.clean(told, 700)}\n"))


def standing(card: CardView) -> str:
    """Return score, band and trend as one line of mrkdwn."""
    if card.score is None or card.score.band == UNKNOWN_BAND:
        known = plain(card.score.coverage) if card.score else "0"
        return f"{sign('unknown')} *Too little is known for a band* · coverage {known} %"
    return (
        f"*{wording.points(card.score.value)}* of 100  ·  {sign(card.band_tone)} "
        f"*{band_words(card.score.band)}*  ·  {wording.trend_words(card.trend or 'stable')}"
    )


def account_fields(card: CardView, today: date) -> Block:
    """Show the changes and whose customer this is."""
    customer = card.customer
    touch = blocks.moment(card.last_touch, "{date_short_pretty}") if card.last_touch else "never"
    renewal = wording.away(customer.renewal_on, today) if customer.renewal_on else "not known"
    return blocks.fields(
        [
            ("7 days", change(card.change_7)),
            ("30 days", change(card.change_30)),
            ("CSM", blocks.literal(customer.csm.name) if customer.csm else "nobody yet"),
            ("ARR", wording.money(customer.arr)),
            ("Renewal", renewal),
            ("Last touch", touch),
        ]
    )


def factor_block(factors: Sequence[FactorScore]) -> Block:
    """Show each factor as a bar, its value and the raw measure in words."""
    shown = [_factor_line(factor) for factor in factors[:FACTORS_SHOWN]]
    if more := len(factors) - len(shown):
        shown.append(blocks.line(blocks.said(f"and {wording.count(more, 'more factor')}")))
    return blocks.rich(*shown)


def _factor_line(factor: FactorScore) -> Block:
    counted = factor.effective_weight > 0
    value = plain(factor.value.quantize(Decimal(1))) if counted else "not counted"
    return blocks.line(
        blocks.said(f"{wording.bar(factor.value if counted else Decimal(0))}  "),
        blocks.named(factor.title, 60),
        blocks.said(f"  {value} · {blocks.clean(factor_words(factor), 150)}\n"),
    )


def driver_block(drivers: Sequence[Driver]) -> Block:
    """Show the strongest reasons as sentences."""
    return blocks.rich(
        blocks.line(blocks.said("Why", bold=True)),
        blocks.bullets(
            [blocks.line(blocks.said(blocks.clean(driver.sentence, 400))) for driver in drivers]
        ),
    )


def _basis(card: CardView, score: Score) -> str:
    when = wording.day(card.as_of) if card.stored else f"{wording.day(card.as_of)}, computed now"
    return (
        f"As of {when} (UTC)  ·  model {blocks.literal(score.identity)}  ·  "
        f"coverage {plain(score.coverage)} %"
    )


def freshness(card: CardView) -> str:
    """Say per feed when it last spoke, and which ones have stopped."""
    told = [_feed_words(feed.source, feed.state) for feed in card.fresh]
    shown = "; ".join(told[:FEEDS_SHOWN]) if told else "none yet"
    more = f"; and {len(told) - FEEDS_SHOWN:,} more" if len(told) > FEEDS_SHOWN else ""
    return f"Data: {shown}{more}"


def _feed_words(source: str, state: FeedState) -> str:
    name = blocks.literal(wording.source_words(source), 80)
    match state.status:
        case "never":
            return f"{name}: none yet"
        case "stopped":
            last = f" on {wording.day(state.last_day)}" if state.last_day else ""
            return f"\N{WARNING SIGN} {name}: stopped{last}, not counted on since"
        case _:
            return f"{name}: {wording.day(state.last_day)}"


def _buttons(customer: Customer, page: str | None, *, share: bool) -> list[Block]:
    made = []
    if share:
        says = f"Show the score card of {customer.name} to everybody in this conversation"
        made.append(blocks.button("Share here", "share", f"customer:{customer.id}", says=says))
        says = f"Say how you feel about {customer.name}"
        made.append(blocks.button("Set pulse", "pulse", f"customer:{customer.id}", says=says))
        says = f"Show another score of {customer.name} than the computed one"
        made.append(blocks.button("Override", "override", f"customer:{customer.id}", says=says))
    if page is not None:
        made.append(open_button(customer, page))
    return made


def open_button(customer: Customer, page: str) -> Block:
    """Return the link to the customer's page in the dashboard."""
    says = f"Open the page of {customer.name} in the dashboard"
    return blocks.button("Open dashboard", "open", f"customer:{customer.id}", url=page, says=says)
