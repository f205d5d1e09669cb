"""Charts as a line to look at, with the table of their values below: exact, and for everybody."""

from collections.abc import Iterator, Sequence

from sandbox.pages.html import NOTHING, Html, joined, tag
from sandbox.state import Json

WIDTH, HEIGHT, EDGE = 480, 110, 6


def drawn(chart: Json) -> Html:
    """Return the lines of a chart, from the lowest to the highest value; a pie has none."""
    if chart["type"] == "pie":
        return NOTHING
    series = [[float(point["value"]) for point in each["data"]] for each in chart["series"]]
    every = [value for values in series for value in values]
    low, high = min(every), max(every)
    labels = chart["axis_config"]["categories"]
    words = f"From {series[0][0]:g} on {labels[0]} to {series[0][-1]:g} on {labels[-1]}"
    lines = (
        tag("polyline", points=_points(values, low, high), class_="b-line") for values in series
    )
    picture = tag(
        "svg", lines, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=words, class_="b-plot"
    )
    return joined(picture, tag("p", words, class_="muted"))


def rows(chart: Json) -> Iterator[list[Html]]:
    """Yield the chart as the rows of a table, its head first."""
    if chart["type"] == "pie":
        yield [joined("Part"), joined("Value")]
        for each in chart["segments"]:
            yield [joined(each["label"]), joined(f"{each['value']:g}")]
        return
    series = chart["series"]
    yield [joined(""), *(joined(each["name"]) for each in series)]
    for row, category in enumerate(chart["axis_config"]["categories"]):
        values = (each["data"][row]["value"] if row < len(each["data"]) else "" for each in series)
        yield [joined(category), *(joined(str(value)) for value in values)]


def _points(values: Sequence[float], low: float, high: float) -> str:
    across = (WIDTH - 2 * EDGE) / max(1, len(values) - 1)
    up = (HEIGHT - 2 * EDGE) / ((high - low) or 1)
    return " ".join(
        f"{EDGE + n * across:.1f},{HEIGHT - EDGE - (value - low) * up:.1f}"
        for n, value in enumerate(values)
    )
