"""Answers to what a play asks in Slack, and tasks that are done: the first one counts."""

from bot import deeds
from bot.connection import Desk
from bot.payloads import Click
from bot.targets import About
from service.answered import answer_step, finish_task


def on_answer(desk: Desk, clicked: Click) -> None:
    """Answer a question, choose a way, say yes or no to an offer; the word is the button's."""
    about = _about(clicked)
    step, said = about.target.number, about.target.detail
    deeds.do(
        desk,
        clicked.user,
        about,
        "act",
        lambda who, now: answer_step(desk.house, step, who, said, now=now),
    )


def on_done(desk: Desk, clicked: Click) -> None:
    """Note that a task is done."""
    about = _about(clicked)
    step = about.target.number
    deeds.do(
        desk,
        clicked.user,
        about,
        "act",
        lambda who, now: finish_task(desk.house, step, who, now=now),
    )


def _about(clicked: Click) -> About:
    return About(clicked.value, clicked.place.channel, clicked.place.ts, clicked.response_url)
