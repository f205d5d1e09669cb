"""The slash command: /health, /health NAME, /health help."""

from typing import Final

from bot import choices
from bot.access import denied
from bot.blocks import Post, clean
from bot.cards import score_card
from bot.connection import Desk
from bot.payloads import Asked
from bot.people import person
from bot.portfolio import portfolio_card
from bot.replies import whisper
from service import answer
from service.find import Found, Nothing, Several, find

HELP: Final = frozenset({"help", "-h", "--help", "?", "usage"})
# Longer words are no name; the search is spared them.
LONGEST_NAME: Final = 200
_QUOTES: Final = "\"'\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"


def on_command(desk: Desk, asked: Asked) -> None:
    """Answer a slash command to its asker alone."""
    whisper(asked.response_url, _permitted(desk, asked))


def _permitted(desk: Desk, asked: Asked) -> Post:
    words = _words(asked.text)
    if words.casefold() in HELP:
        return choices.usage(desk.slack.command)
    who = person(desk, asked.user)
    refused = denied(desk, who, "see", asked.place)
    return refused or reply(desk, words)


def reply(desk: Desk, words: str) -> Post:
    """Answer the words of somebody who may see: the portfolio, a card, a choice, or help."""
    if not words:
        return portfolio_card(desk)
    match find(desk.house, _unquoted(words)):
        case Found(customer=customer):
            return card(desk, customer.key)
        case Several(choices=several, more=more):
            return choices.chooser(words, several, more=more)
        case Nothing(suggestions=close):
            return choices.nothing(words, close, desk.slack.command)


def card(desk: Desk, key: str, *, share: bool = True) -> Post:
    """Return one customer's score card as it stands now."""
    now = desk.clock.now()
    view = answer.card(desk.house, key, now=now)
    page = desk.slack.page(view.customer.key)
    return score_card(view, page=page, today=now.date(), share=share)


def _words(text: str) -> str:
    """Undo Slack's escaping of exactly three characters, and keep one line of bearable length."""
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return clean(plain, LONGEST_NAME) if plain.strip() else ""


def _unquoted(words: str) -> str:
    """Let a customer whose name is "help" be asked for in quotes."""
    return words.strip(_QUOTES).strip() or words
