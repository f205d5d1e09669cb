"""Answers how often each rating and each score was given, for a whole batch of customers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import Connection, func, select

from scoring.figures import SurveyScores, Tally, TicketRatings
from storage.bulk import Ids, among
from storage.names import numbers
from storage.tables import survey, survey_answer, ticket


def ratings(
    tx: Connection, ids: Ids, figures: Sequence[TicketRatings]
) -> Iterator[tuple[int, TicketRatings, Tally]]:
    """Yield what each customer rated its tickets, one statement for each window."""
    rated, rows = ticket.c.rating, ticket.c
    for figure in figures:
        statement = (
            select(rows.customer_id, rated, func.count())
            .where(
                among(tx, rows.customer_id, ids),
                rows.opened_on.between(figure.window.first, figure.window.last),
                rated.is_not(None),
            )
            .group_by(rows.customer_id, rated)
        )
        counts: dict[int, Counter[Decimal]] = {}
        for owner, rating, times in tx.execute(statement):
            counts.setdefault(owner, Counter())[Decimal(rating)] += times
        yield from ((owner, figure, _tally(found)) for owner, found in counts.items())


def survey_scores(
    tx: Connection, ids: Ids, figures: Sequence[SurveyScores]
) -> Iterator[tuple[int, SurveyScores, Tally]]:
    """Yield what each customer answered: one statement for the surveys, one for each window."""
    known = numbers(tx, survey, {figure.survey for figure in figures})
    rows = survey_answer.c
    for figure in figures:
        if figure.survey not in known:
            continue
        statement = (
            select(rows.customer_id, rows.score, func.count())
            .where(
                among(tx, rows.customer_id, ids),
                rows.answered_on.between(figure.window.first, figure.window.last),
                rows.survey_id == known[figure.survey],
            )
            .group_by(rows.customer_id, rows.score)
        )
        counts: dict[int, Counter[Decimal]] = {}
        for owner, score, times in tx.execute(statement):
            counts.setdefault(owner, Counter())[score] += times
        yield from ((owner, figure, _tally(found)) for owner, found in counts.items())


def _tally(counts: Mapping[Decimal, int]) -> Tally:
    return tuple(sorted(counts.items()))
