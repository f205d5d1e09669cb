"""The validator: what Slack would refuse, one limit at a time, just inside and just outside."""

from collections.abc import Sequence
from typing import Any

import pytest

from sandbox.blockkit import Surface, message_problems, problems, view_problems

Json = dict[str, Any]


def plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def option(value: str = "v", text: str = "x") -> Json:
    return {"text": plain(text), "value": value}


def select(count: int, **more: Any) -> Json:
    return {"type": "static_select", "options": [option(f"{n}") for n in range(count)], **more}


def confirm(**more: str) -> Json:
    words = {"title": "t", "text": "x", "confirm": "yes", "deny": "no", **more}
    return {name: plain(text) for name, text in words.items()}


def image(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a", **more}


def chart(points: int = 2, series: int = 1) -> Json:
    data = [{"label": f"{n}", "value": n} for n in range(points)]
    return {
        "type": "data_visualization",
        "title": "Health",
        "chart": {
            "type": "line",
            "series": [{"name": f"s{n}", "data": data} for n in range(series)],
            "axis_config": {"categories": [f"{n}" for n in range(points)]},
        },
    }


def table(rows: int, columns: int) -> Json:
    cell = {"type": "raw_text", "text": "x"}
    return {"type": "table", "rows": [[cell] * columns] * rows}


FINE: Sequence[Sequence[Json]] = [
    [],
    [section()] * 50,
    [section("x" * 3000)],
    [section("<!date^1^{date} at {time}|then> <!date^1^{date}^https://x.example|then>")],
    [{"type": "section", "fields": [mrkdwn("x" * 1000)] * 10}],
    [{"type": "section", "fields": [mrkdwn("x" * 2000)]}],
    [{"type": "header", "text": plain("x" * 150)}],
    [actions(*[button(action_id=f"a{n}") for n in range(25)])],
    [actions(button(value="x" * 2000, url="https://x.example", style="danger"))],
    [actions(button(confirm=confirm(title="x" * 100, text="x" * 300, deny="x" * 30)))],
    [actions(select(100))],
    [actions({"type": "overflow", "options": [option(f"{n}") for n in range(5)]})],
    [{"type": "context", "elements": [mrkdwn(), image(), plain()]}],
    [image(title=plain(), alt_text="x" * 2000)],
    [section(accessory=image()), {"type": "divider"}],
    [chart(20, 6), chart()],
    [table(100, 20)],
    [{"type": "markdown", "text": "x" * 12_000}],
    [section(block_id="x" * 255), actions(button(action_id="y" * 255))],
    [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "text", "text": "b", "style": {"bold": True}},
                                {"type": "user", "user_id": "U1"},
                                {"type": "link", "url": "https://x.example", "text": "here"},
                                {"type": "date", "timestamp": 1, "format": "{date}"},
                            ],
                        }
                    ],
                },
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "q"}]},
            ],
        }
    ],
]

WRONG: Sequence[tuple[str, Sequence[Json]]] = [
    ("51 entries", [section()] * 51),
    ("3,001 characters", [section("x" * 3001)]),
    ("0 characters", [section("")]),
    ("11 entries", [{"type": "section", "fields": [mrkdwn()] * 11}]),
    ("2,001 characters", [{"type": "section", "fields": [mrkdwn("x" * 2001)]}]),
    ("needs text or fields", [{"type": "section"}]),
    ("151 characters", [{"type": "header", "text": plain("x" * 151)}]),
    ("'mrkdwn' is no text object", [{"type": "header", "text": mrkdwn()}]),
    ("26 entries", [actions(*[button(action_id=f"a{n}") for n in range(26)])]),
    ("0 entries", [actions()]),
    ("76 characters", [actions(button(text=plain("x" * 76)))]),
    ("2,001 characters", [actions(button(value="x" * 2001))]),
    ("3,0", [actions(button(url="https://x.example/" + "x" * 3000))]),
    ("http or https", [actions(button(url="javascript:alert(1)"))]),
    ("not one of primary, danger", [actions(button(style="default"))]),
    ("disabled: unknown property", [actions(button(disabled=True))]),
    ("101 entries", [actions(select(101))]),
    ("6 entries", [actions({"type": "overflow", "options": [option(f"{n}") for n in range(6)]})]),
    ("76 characters", [actions(select(0, options=[option(text="x" * 76)]))]),
    ("151 characters", [actions(select(0, options=[option("x" * 151)]))]),
    ("there twice", [actions(select(0, options=[option("a"), option("a")]))]),
    ("not among the options", [actions(select(2, initial_option=option("z")))]),
    ("exactly one of", [actions({"type": "static_select"})]),
    ("101 characters", [actions(button(confirm=confirm(title="x" * 101)))]),
    ("301 characters", [actions(button(confirm=confirm(text="x" * 301)))]),
    ("31 characters", [actions(button(confirm=confirm(confirm="x" * 31)))]),
    ("confirm/deny: is missing", [actions(button(confirm={"title": plain()}))]),
    ("alt_text: is missing", [{"type": "image", "image_url": "https://x.example/a.png"}]),
    ("0 characters", [image(alt_text="")]),
    ("11 entries", [{"type": "context", "elements": [mrkdwn()] * 11}]),
    ("'button' is no element", [{"type": "context", "elements": [button()]}]),
    ("'plain_text_input' is no element", [actions({"type": "plain_text_input"})]),
    ("256 characters", [section(block_id="x" * 256)]),
    ("256 characters", [actions(button(action_id="x" * 256))]),
    ("block_id 'b' is there 2 times", [section(block_id="b"), section(block_id="b")]),
    ("action_id 'a'", [actions(button(action_id="a")), actions(button(action_id="a"))]),
    ("no block of a message", [{"type": "nonsense"}]),
    ("no block of a message", [{}]),
    ("colour: unknown property", [section(colour="red")]),
    ("emoji: unknown property", [{"type": "section", "text": {**mrkdwn(), "emoji": True}}]),
    ("optional link|fallback", [section("<!date^1^{date}^2026-11-20>")]),
    ("optional link|fallback", [section("<!date^1^{date}^x|2026-11-20>")]),
    ("optional link|fallback", [section("<!date^soon^{date}|soon>")]),
    ("must be a string", [{"type": "section", "text": {"type": "mrkdwn", "text": 5}}]),
    ("must be an object", [{"type": "section", "text": "bare"}]),
    ("surrogate", [section("\ud83d")]),
    ("51 characters", [{**chart(), "title": "x" * 51}]),
    ("21 entries", [chart(21)]),
    ("7 entries", [chart(2, 7)]),
    ("3 data_visualization blocks", [chart()] * 3),
    ("101 entries", [table(101, 1)]),
    ("21 entries", [table(1, 21)]),
    ("2 table blocks", [table(1, 1)] * 2),
    ("characters in all blocks together", [section("x" * 2500)] * 5),
]


@pytest.mark.parametrize("blocks", FINE)
def test_what_slack_takes_has_no_problems(blocks: list[Json]) -> None:
    assert problems(blocks, "message") == []


@pytest.mark.parametrize(("fault", "blocks"), WRONG)
def test_what_slack_refuses_is_named(fault: str, blocks: list[Json]) -> None:
    found = problems(blocks, "message")

    assert any(fault in each for each in found), found


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
@pytest.mark.parametrize("nonsense", [None, 5, "blocks", {}, [None], [[]], [{"type": []}]])
def test_nonsense_is_refused_and_never_breaks_the_check(nonsense: Any, surface: Surface) -> None:
    assert problems(nonsense, surface)


def test_a_modal_and_home_hold_a_hundred_blocks_and_no_message_blocks() -> None:
    assert problems([section()] * 100, "modal") == []
    assert problems([section()] * 101, "home")
    assert problems([{"type": "markdown", "text": "x"}], "home")
    assert problems([], "home")


def test_a_message_needs_its_text_beside_the_blocks() -> None:
    assert message_problems({"text": "x", "blocks": [section()]}) == []
    assert message_problems({"blocks": [section()]})
    assert message_problems({"text": "x" * 4001})


def modal(**more: Any) -> Json:
    return {"type": "modal", "title": plain("T"), "blocks": [section()], **more}


def an_input(element: Json) -> Json:
    return {"type": "input", "label": plain("L"), "element": element}


def test_a_sound_view_has_no_problems() -> None:
    typed = an_input({"type": "plain_text_input", "action_id": "a", "max_length": 3000})

    found = view_problems(
        modal(
            title=plain("x" * 24),
            submit=plain("x" * 24),
            blocks=[typed],
            private_metadata="x" * 3000,
            callback_id="c",
        )
    )

    assert found == []
    assert view_problems({"type": "home", "blocks": [section()]}) == []


@pytest.mark.parametrize(
    ("fault", "view"),
    [
        ("25 characters", modal(title=plain("x" * 25))),
        ("25 characters", modal(submit=plain("x" * 25))),
        ("25 characters", modal(close=plain("x" * 25))),
        ("3,001 characters", modal(private_metadata="x" * 3001)),
        ("256 characters", modal(callback_id="x" * 256)),
        ("title: is missing", {"type": "modal", "blocks": [section()]}),
        ("blocks: is missing", {"type": "modal", "title": plain()}),
        ("submit: is missing", modal(blocks=[an_input({"type": "plain_text_input"})])),
        ("title: unknown property", {"type": "home", "title": plain(), "blocks": [section()]}),
        ("'toast' is no view", {"type": "toast"}),
        ("must be an object", None),
        ("'button' is no element of an input", modal(blocks=[an_input(button())])),
    ],
)
def test_a_broken_view_is_named(fault: str, view: Any) -> None:
    found = view_problems(view)

    assert any(fault in each for each in found), found
