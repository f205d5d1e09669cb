"""Text is text: cleaned, escaped, cut to Slack's limits, and shown as it was written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import blocks
from sandbox.blockkit import message_problems

HOSTILE = (
    "<!channel>",
    "<@U1>",
    "*x*",
    "`x`",
    "{{7*7}}",
    '=HYPERLINK("http://x")',
    "a\r\nb",
    "abc\u202edef",
    "\N{PILE OF POO}",
    "שלום",
    "x" * 10_000,
    "> quoted",
    ":tada:",
    "\0",
    "   ",
    "<http://evil.example|click>",
    "a & b",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_makes_no_markup_anywhere_and_slack_takes_it(name: str) -> None:
    post = blocks.post(
        blocks.literal(name),
        blocks.header(name),
        blocks.section(blocks.literal(name)),
        blocks.fields([("CSM", blocks.literal(name))]),
        blocks.rich(blocks.line(blocks.named(name), blocks.said(name[:3_000]))),
        blocks.actions(blocks.button(name, "open", "customer:1", says=name)),
    )

    problems = message_problems({"text": post.text, "blocks": list(post.blocks)})

    assert problems == []
    mrkdwn = post.text + json.dumps(post.blocks[1:3])
    assert not any(opening in mrkdwn for opening in ("<!", "<@", "<http", "\u202e", "\u0000"))


def test_escaping_changes_exactly_three_characters() -> None:
    assert blocks.escape("a & b < c > d \" ' *") == "a &amp; b &lt; c &gt; d \" ' *"


def test_marks_of_a_stranger_stand_between_gaps_so_that_they_form_nothing() -> None:
    shown = blocks.literal("*bold* and `code`")

    assert shown.replace("\u200b", "") == "*bold* and `code`"
    assert "\u200b*\u200bbold\u200b*\u200b" in shown


def test_text_that_turns_the_line_around_is_dropped_and_right_to_left_text_is_isolated() -> None:
    assert blocks.clean("evil\u202etxt.exe") == "eviltxt.exe"
    assert blocks.clean("שלם") == "\u2068שלם\u2069"


def test_lines_stay_lines_in_a_quotation_and_become_one_in_a_name() -> None:
    assert blocks.clean_lines("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
    assert blocks.clean("a\r\nb\rc\u2028d") == "a b c d"


@given(st.text(), st.integers(min_value=10, max_value=200))
def test_a_cleaned_name_is_never_empty_and_never_longer_than_asked(text: str, limit: int) -> None:
    shown = blocks.clean(text, limit)

    assert 1 <= len(shown) <= limit
    assert "\n" not in shown


@given(st.lists(st.text(max_size=900), max_size=120))
def test_packing_loses_no_block_and_every_message_is_within_the_limits(texts: list[str]) -> None:
    parts = [(blocks.section(blocks.literal(text, 900)), text[:50]) for text in texts]

    posts = blocks.pack(parts)

    assert [block for post in posts for block in post.blocks] == [block for block, _ in parts]
    for post in posts:
        assert blocks.fits(post.blocks)


def test_a_moment_is_written_so_that_each_reader_sees_their_own_zone() -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - the one test that needs it

    at = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

    assert blocks.moment(at) == (
        "<!date^1795167000^{date_short_pretty} at {time}|2026-11-20 09:30 UTC>"
    )
