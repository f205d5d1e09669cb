"""Charts in messages, and what stands in their place where Slack takes none."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from slack_sdk.errors import SlackApiError

from bot.blocks import Block, clean, line, rich, said
from bot.errors import error_code

CHART: Final = "data_visualization"
POINTS: Final = 20
# From an eighth of a line to a full one.
_BARS: Final = "".join(chr(0x2581 + eighth) for eighth in range(8))
Points = Sequence[tuple[str, float]]
T = TypeVar("T")


def score_chart(title: str, path: Sequence[tuple[date, Decimal]]) -> Block:
    """Draw how a score went, day by day."""
    points = [(f"{day.day} {day:%b}", float(score)) for day, score in _picked(path)]
    return {
        "type": CHART,
        "title": clean(title, 50),
        "chart": {
            "type": "line",
            "series": [
                {"name": "Score", "data": [{"label": at, "value": value} for at, value in points]}
            ],
            "axis_config": {"categories": [at for at, _ in points]},
        },
    }


def drawn(blocks: Sequence[Block], call: Callable[[list[Block]], T]) -> T:
    """Hand the blocks to Slack; where it refuses charts, hand them over again without.

    The block is new, and not every workspace takes it; a refusal has posted nothing.
    """
    try:
        return call(list(blocks))
    except SlackApiError as error:
        charts = any(block["type"] == CHART for block in blocks)
        if not charts or error_code(error) != "invalid_blocks":
            raise
        return call(without_charts(blocks))


def without_charts(blocks: Sequence[Block]) -> list[Block]:
    """Put a line of bars in the place of each chart."""
    return [_barred(block) if block["type"] == CHART else block for block in blocks]


def sparkline(values: Sequence[float], highest: float = 100) -> str:
    """Draw figures between nought and the highest as a row of bars."""
    last = len(_BARS) - 1
    return "".join(_BARS[min(last, max(0, round(value / highest * last)))] for value in values)


def _barred(block: Block) -> Block:
    plot: Any = block["chart"]
    values = [float(point["value"]) for point in plot["series"][0]["data"]]
    title = said(f"{block['title']}: ", bold=True)
    return rich(line(title, said(f"{sparkline(values)}  {values[0]:g} to {values[-1]:g}")))


def _picked(path: Sequence[tuple[date, Decimal]]) -> Sequence[tuple[date, Decimal]]:
    """Pick as many days as a chart takes, evenly, the first and the newest among them."""
    if len(path) <= POINTS:
        return path
    last = len(path) - 1
    return [path[round(n * last / (POINTS - 1))] for n in range(POINTS)]
