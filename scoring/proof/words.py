"""What the evidence means, in sentences a person would say."""

from collections.abc import Iterator
from math import ceil

from scoring.proof.calibration import falls_steadily
from scoring.proof.evidence import CHANCE, Evidence, Told, TooLittle, Verdict

# From here on the difference between two AUC values is worth a sentence.
NOTABLE = 0.01
MONTHS = 12
# An AUC from which on a score is useful alone, and one from which it is strong.
FAIR, STRONG = 0.65, 0.8


def headline(found: Verdict) -> str:
    """Return the verdict in one short sentence."""
    if isinstance(found, TooLittle):
        return "Too few churns to tell."
    match found.signal:
        case "no signal":
            return "No signal."
        case "inverted":
            return "Worse than chance: the score points the wrong way."
        case _:
            return f"The score foretells churn {_strength(found.score.auc.value)}."


def sentences(found: Verdict) -> tuple[str, ...]:
    """Return what it means, the most important first."""
    return tuple(_lacking(found) if isinstance(found, TooLittle) else _meaning(found))


def _strength(auc: float) -> str:
    if auc >= STRONG:
        return "well"
    return "fairly well" if auc >= FAIR else "a little"


def _lacking(found: TooLittle) -> Iterator[str]:
    study = found.study
    if found.churns >= found.needed:
        yield "Everybody in view churned, or nobody's score was known: there is nothing to compare."
        return
    yield (
        f"{_count(found.churns, 'churn')} came within {study.horizon} days of a day looked at, "
        f"between {study.first} and {study.last}; at least {found.needed} are needed to tell a "
        "good score from luck."
    )
    if found.per_year > 0:
        months = ceil((found.needed - found.churns) / found.per_year * MONTHS)
        yield (
            f"At that pace it takes {_count(months, 'more month')} of history. Or look further "
            "back (--from), more often (--every) or further ahead (--horizon)."
        )
    else:
        yield (
            "Give the churns you know of as a CSV (--labels), or let a silence of some length "
            "count as one (--inactive-after DAYS)."
        )


def _meaning(found: Evidence) -> Iterator[str]:
    yield from _of_score(found)
    if found.signal == "signal":
        yield from _of_bands(found)
        yield from _of_lead(found)
    yield from _of_rivals(found)
    yield from _of_factors(found)
    if found.signal == "signal" and not falls_steadily(found.tenths):
        yield "Churn does not fall steadily as the score rises: read the chart by tenths."
    if found.unknown:
        share = found.unknown / found.cases
        yield f"In {_percent(share)} of the cases too little was known for a band."


def _of_score(found: Evidence) -> Iterator[str]:
    auc = found.score.auc
    span = f"{auc.low:.3f} to {auc.high:.3f}"
    if found.signal == "no signal":
        strict = found.score.strict
        yield (
            f"The AUC is {auc.value:.3f}, and its 99 % interval, {strict.low:.3f} to "
            f"{strict.high:.3f}, contains 0.5, which is what drawing lots would reach. This score "
            "does not tell who will leave; do not act on it."
        )
    else:
        yield (
            f"Take one customer who left within {found.study.horizon} days and one who stayed: in "
            f"{_percent(auc.value)} of such pairs the one who left had the lower score "
            f"(AUC {auc.value:.3f}, 95 % interval {span}; 0.5 is chance, 1 is certainty)."
        )
    yield (
        f"{_percent(found.base, 1)} of all cases were followed by churn: that is the precision of "
        "an alarm raised at random."
    )


def _of_bands(found: Evidence) -> Iterator[str]:
    named = found.alerts.bands
    rows = [row for row in found.bands if row.band in named]
    cases, churned = sum(row.cases for row in rows), sum(row.churned for row in rows)
    if not cases:
        yield f"Nobody was ever in {_listed(named)}."
        return
    precision = churned / cases
    yield (
        f"{_percent(cases / found.cases)} of the customers stood in {_listed(named)} on an average "
        f"day. Of those {_percent(precision, 1)} churned within {found.study.horizon} days, "
        f"{precision / found.base:.1f} times the base rate, and "
        f"{_percent(sum(row.recall for row in rows))} of all churn came from there."
    )


def _of_lead(found: Evidence) -> Iterator[str]:
    lead, alerts = found.lead, found.alerts
    if lead.median is not None:
        yield (
            f"{lead.caught} of {lead.churned} churns stood there beforehand, half of them for "
            f"{_whole(lead.median)} days or more (middle half {_whole(lead.lower)} to "
            f"{_whole(lead.upper)})."
        )
    if alerts.false_share is not None:
        yield (
            f"There would have been {alerts.per_week:.1f} alerts a week, of which "
            f"{_percent(alerts.false_share)} were followed by no churn within "
            f"{found.study.horizon} days."
        )


def _of_rivals(found: Evidence) -> Iterator[str]:
    ours = found.score.auc.value
    for rival in found.rivals:
        if rival.skill is None:
            continue
        theirs = rival.skill.auc.value
        if theirs > ours + NOTABLE:
            yield (
                f"{rival.title} alone does better ({theirs:.3f}): the score is not worth its "
                "trouble yet. Try `bellwether tune`."
            )
        elif theirs < ours - NOTABLE:
            yield f"It beats {_lower(rival.title)} alone ({theirs:.3f})."
        else:
            yield f"It is no better than {_lower(rival.title)} alone ({theirs:.3f})."


def _of_factors(found: Evidence) -> Iterator[str]:
    told = [factor for factor in found.factors if factor.skill is not None]
    silent = [factor.title for factor in found.factors if factor.skill is None]
    if told:
        best = max(told, key=_auc)
        yield f"{best.title} says most of all factors ({_auc(best):.3f})."
    useless = [factor.title for factor in told if factor.skill and factor.skill.auc.high <= CHANCE]
    if useless:
        yield f"{_listed(useless)}: high values came with more churn, not less."
    if silent:
        yield f"Without data to judge: {_listed(silent)}."


def _auc(told: Told) -> float:
    return told.skill.auc.value if told.skill else 0.0


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _whole(number: float | None) -> int:
    """Round as everybody does, half up."""
    return int((number or 0.0) + 0.5)


def _percent(share: float, places: int = 0) -> str:
    return f"{100 * share:.{places}f} %"


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]


def _listed(words: tuple[str, ...] | list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
