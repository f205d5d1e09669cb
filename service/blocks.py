"""Customers of a batch, as blocks for scoring them all at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from scoring.columns.block import Block, Column, Facts, Words, column_of
from scoring.columns.survey import Survey
from scoring.figures import EventTotal, Figure
from scoring.score import Plan
from storage.activity import answers
from storage.answer_columns import answer_columns, overflown
from storage.customers import Customer
from storage.database import Transaction

Figures = frozenset[Figure[Any]]


def block_of_customers(tx: Transaction, customers: Sequence[Customer], figures: Figures) -> Block:
    """Answer what is known of these customers, given by ascending id."""
    ids = np.array([customer.id for customer in customers], dtype=np.int64)
    columns = answer_columns(tx, ids, figures)
    return Block(len(ids), facts_of(customers), columns | exact_totals(tx, ids.tolist(), columns))


def facts_of(customers: Sequence[Customer]) -> Facts:
    """Answer what a score depends on besides activity."""
    seats = [-1 if customer.seats is None else customer.seats for customer in customers]
    return Facts(
        np.array([customer.created_on.toordinal() for customer in customers], dtype=np.int32),
        Words.of([customer.segment for customer in customers]),
        Words.of([customer.plan for customer in customers]),
        np.array(seats, dtype=np.int64),
    )


def surveyed_in(tx: Transaction, plan: Plan, batches: Iterable[Sequence[Customer]]) -> Plan:
    """Answer the plan with all these customers as its population; each batch by ascending id."""
    survey = Survey(plan)
    for customers in batches:
        if customers:
            survey.add(block_of_customers(tx, customers, plan.peer_figures))
    return plan.among(survey.population())


def exact_totals(
    tx: Transaction, ids: Sequence[int], columns: Mapping[Figure[Any], Column]
) -> dict[Figure[Any], Column]:
    """Answer the totals as Python's numbers, if one of the columns had to be cut."""
    if not overflown(columns, len(ids)).any():
        return {}
    totals = frozenset(figure for figure in columns if isinstance(figure, EventTotal))
    told = answers(tx, ids, totals)
    return {figure: column_of(figure, [told[one][figure] for one in ids]) for figure in totals}
