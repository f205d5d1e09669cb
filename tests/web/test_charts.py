"""The chart draws what was measured: no line over missing days, none between two models."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from scoring.load import shipped
from web.charts import NARROW, WIDE, Point, history_chart

FIRST = date(2026, 8, 1)
MODEL = "saas-five-factor@1"


def points(*days: int, model: str = MODEL) -> list[Point]:
    return [Point(FIRST + timedelta(days=at), Decimal(at % 101), "healthy", model) for at in days]


def test_nothing_stored_draws_nothing() -> None:
    assert history_chart([], shipped(), WIDE) is None


def test_a_single_day_is_a_dot() -> None:
    chart = history_chart(points(0), shipped(), WIDE)

    assert chart is not None
    assert chart.lines == ()
    assert chart.dots == (chart.last,)


def test_missing_days_break_the_line() -> None:
    chart = history_chart(points(0, 1, 2, 20, 21), shipped(), WIDE)

    assert chart is not None
    assert [line.count(",") for line in chart.lines] == [3, 2]


def test_a_change_of_model_breaks_the_line_and_is_marked() -> None:
    told = [*points(0, 1), *points(2, 3, model="saas-five-factor@2")]

    chart = history_chart(told, shipped(), WIDE)

    assert chart is not None
    assert len(chart.lines) == 2
    assert [mark.label for mark in chart.changes] == ["saas-five-factor@2"]


def test_the_bands_stripes_cover_the_plot_without_a_gap() -> None:
    chart = history_chart(points(0, 1), shipped(), WIDE)

    assert chart is not None
    assert [zone.floor for zone in chart.zones] == ["75", "50", "0"]
    assert sum(zone.tall for zone in chart.zones) == WIDE.inner[1]


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.decimals(0, 100, places=2)),
        min_size=1,
        unique_by=lambda pair: pair[0],
    )
)
def test_everything_stays_inside_the_frame(given_points: list[tuple[int, Decimal]]) -> None:
    told = [
        Point(FIRST + timedelta(days=at), score, "healthy", MODEL)
        for at, score in sorted(given_points)
    ]

    for frame in (WIDE, NARROW):
        chart = history_chart(told, shipped(), frame)

        assert chart is not None
        spots = [pair.split(",") for line in chart.lines for pair in line.split()]
        spots += [[str(dot.x), str(dot.y)] for dot in (*chart.dots, chart.last)]
        assert all(frame.left <= float(x) <= frame.width - frame.right for x, _ in spots)
        assert all(frame.top <= float(y) <= frame.height - frame.bottom for _, y in spots)
