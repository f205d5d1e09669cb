"""Where the lines of a history chart go: pure geometry, drawn by the page's template as SVG."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from scoring.model import HealthModel

# A line across more missing days than this would claim to know what nobody measured.
LONGEST_GAP = timedelta(days=4)
FULL = 100
Scale = Callable[[Decimal | int], float]


@dataclass(frozen=True, slots=True)
class Point:
    """One stored score: its day, value 0 to 100, band and model ("saas-five-factor@1")."""

    day: date
    score: Decimal
    band: str
    model: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The sheet, in user units: its size, and the room for axis labels around the plot."""

    width: int
    height: int
    left: int = 34
    right: int = 84
    top: int = 12
    bottom: int = 28

    @property
    def inner(self) -> tuple[int, int]:
        """Answer the width and height of the plot itself."""
        return self.width - self.left - self.right, self.height - self.top - self.bottom


WIDE = Frame(820, 264)
NARROW = Frame(344, 232, left=30, right=14, bottom=28)


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled place along one axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Zone:
    """A band's stripe: from `y`, so `tall`, with its name and tone."""

    y: float
    tall: float
    floor: str
    band: str
    tone: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A point on the sheet with the words to show beside it."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Series:
    """The past as another model recomputed it: the model's name, and its points, oldest first."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Second:
    """A recomputed series on the sheet: its unbroken runs, and where its name stands."""

    name: str
    lines: tuple[str, ...]
    last: Dot


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws. `lines` are polyline points, one for each unbroken run."""

    frame: Frame
    zones: tuple[Zone, ...]
    lines: tuple[str, ...]
    days: tuple[Mark, ...]
    changes: tuple[Mark, ...]
    dots: tuple[Dot, ...]
    last: Dot
    seconds: tuple[Second, ...] = ()


def history_chart(
    points: Sequence[Point], model: HealthModel, frame: Frame, series: Sequence[Series] = ()
) -> Chart | None:
    """Lay out stored scores, oldest first, and recomputed series; None with nothing to draw."""
    if not points:
        return None
    drawn = [*points, *(point for one in series for point in one.points)]
    first, last = min(point.day for point in drawn), max(point.day for point in drawn)
    span = max((last - first).days, 1)
    inner_width, inner_height = frame.inner

    def x(day: date) -> float:
        return round(frame.left + inner_width * (day - first).days / span, 1)

    def y(score: Decimal | int) -> float:
        return round(frame.top + inner_height * (FULL - float(score)) / FULL, 1)

    def placed(some: Sequence[Point]) -> list[Dot]:
        return [Dot(x(point.day), y(point.score), f"{point.score}") for point in some]

    spots = placed(points)
    return Chart(
        frame=frame,
        zones=tuple(_zones(model, y)),
        lines=tuple(_lines(points, spots)),
        days=tuple(Mark(x(day), label) for day, label in _ticks(first, last, inner_width)),
        changes=tuple(Mark(x(day), label) for day, label in _changes(points)),
        dots=tuple(_lonely(points, spots)),
        last=spots[-1],
        seconds=tuple(
            Second(one.name, tuple(_lines(one.points, at)), at[-1])
            for one, at in ((one, placed(one.points)) for one in series if one.points)
        ),
    )


def _zones(model: HealthModel, y: Scale) -> Iterator[Zone]:
    ceiling = Decimal(FULL)
    for band in model.bands:
        top, floor = y(ceiling), y(band.at_least)
        yield Zone(
            top, round(floor - top, 1), f"{band.at_least.normalize():f}", band.name, band.tone
        )
        ceiling = band.at_least


def _runs(points: Sequence[Point]) -> Iterator[list[int]]:
    """Cut where days are missing or another model took over: scores of two models do not join."""
    run: list[int] = []
    for at, point in enumerate(points):
        before = points[run[-1]] if run else None
        if before and (point.day - before.day > LONGEST_GAP or point.model != before.model):
            yield run
            run = []
        run.append(at)
    yield run


def _lines(points: Sequence[Point], spots: Sequence[Dot]) -> Iterator[str]:
    for run in _runs(points):
        if len(run) > 1:
            yield " ".join(f"{spots[at].x},{spots[at].y}" for at in run)


def _lonely(points: Sequence[Point], spots: Sequence[Dot]) -> Iterator[Dot]:
    """Answer the points no line passes through; they would be invisible."""
    return (spots[run[0]] for run in _runs(points) if len(run) == 1)


def _changes(points: Sequence[Point]) -> Iterator[tuple[date, str]]:
    for before, after in pairwise(points):
        if before.model != after.model:
            yield after.day, after.model


def _ticks(first: date, last: date, width: int) -> Iterator[tuple[date, str]]:
    """Choose evenly spaced days to name, about one for every 110 units of width."""
    span = (last - first).days
    wanted = max(2, min(width // 110 + 1, span + 1))
    for step in range(wanted):
        day = first + timedelta(days=round(span * step / (wanted - 1)))
        yield day, f"{day.day} {day:%b}"
