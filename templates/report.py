"""A backtest's findings as one self-contained page: what is drawn where, as pure geometry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.model import HealthModel
from scoring.proof.evidence import Evidence, TooLittle, Verdict
from scoring.proof.ranking import Skill
from scoring.proof.words import headline, sentences
from templates.render import report

# Bars and dots share one width, in the units of the drawing.
WIDE = 420.0
SQUARE = 260.0
# The picture of AUC values begins at a quarter: below that a measure is best read the other way.
LEFTMOST = WIDE / 4
LEAD_STEP = 30
LEAD_MOST = 180


@dataclass(frozen=True, slots=True)
class Row:
    """A measure alone: its figures, and where its dot and its interval are drawn."""

    title: str
    kind: str
    skill: Skill | None
    dot: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its words, its figure as text, and how long or tall it is."""

    label: str
    figure: str
    size: float
    hint: str = ""


def backtest_page(verdict: Verdict, model: HealthModel, notes: Sequence[str], now: datetime) -> str:
    """Return the page for what a backtest found, whatever that was."""
    context: dict[str, object] = {
        "headline": headline(verdict),
        "meaning": sentences(verdict),
        "study": verdict.study,
        "model": model,
        "notes": notes,
        "now": now,
    }
    if isinstance(verdict, TooLittle):
        return report("too_little.html", context)
    return report("backtest.html", context | _drawn(verdict))


def _drawn(found: Evidence) -> dict[str, object]:
    return {
        "found": found,
        "curve": _curve(found),
        "rows": tuple(_rows(found)),
        "leftmost": LEFTMOST,
        "tenths": tuple(_tenths(found)),
        "leads": tuple(_leads(found)),
        "wide": WIDE,
        "square": SQUARE,
    }


def _curve(found: Evidence) -> str:
    """Return the ROC curve as polyline points."""
    return " ".join(f"{SQUARE * x:.1f},{SQUARE * (1 - y):.1f}" for x, y in found.curve)


def _rows(found: Evidence) -> Iterator[Row]:
    yield _row("The score", "score", found.score)
    yield from (_row(told.title, "rival", told.skill) for told in found.rivals)
    yield from (_row(told.title, "factor", told.skill) for told in found.factors)


def _row(title: str, kind: str, skill: Skill | None) -> Row:
    if skill is None:
        return Row(title, kind, None, 0, 0, 0)
    auc = skill.auc
    places = [max(LEFTMOST, WIDE * each) for each in (auc.value, auc.low, auc.high)]
    return Row(title, kind, skill, *places)


def _tenths(found: Evidence) -> Iterator[Bar]:
    for row in found.tenths:
        hint = f"{row.churned:,} of {row.cases:,} cases"
        size = _of_most(found, row.rate)
        yield Bar(f"{row.low:.0f} to {row.high:.0f}", f"{100 * row.rate:.1f} %", size, hint)


def _of_most(found: Evidence, rate: float) -> float:
    most = max((row.rate for row in found.tenths), default=0.0)
    return WIDE * rate / most if most else 0.0


def _leads(found: Evidence) -> Iterator[Bar]:
    """Yield how many churns were foretold how many days ahead, by months."""
    starts = range(0, LEAD_MOST + 1, LEAD_STEP)
    counts = [
        sum(start <= days < start + LEAD_STEP for days in found.lead.days) for start in starts
    ]
    most = max(counts, default=0)
    for start, count in zip(starts, counts, strict=True):
        more = start == LEAD_MOST
        label = f"{start} or more days" if more else f"{start} to {start + LEAD_STEP - 1} days"
        yield Bar(label, f"{count:,}", WIDE * count / most if most else 0.0)
