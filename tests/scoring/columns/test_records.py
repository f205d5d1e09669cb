"""A packed record is read with its frame alone, and frames are few."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from scoring.columns.block import block_of
from scoring.columns.packed import MARK, Reader, frame_key, unpack
from scoring.columns.scores import scores
from scoring.figures import Answers, EventTotal
from scoring.load import shipped
from scoring.record import to_record
from scoring.score import Plan, prepare
from tests.scoring.columns.crowds import Person, at_once, crowd
from tests.scoring.worlds import TODAY, live_feeds


@pytest.fixture
def plan() -> Plan:
    model = shipped("saas-five-factor")
    return prepare(model, TODAY, live_feeds(model))


def nobody(people: list[Person]) -> list[str | None]:
    return [None] * len(people)


def test_a_record_is_read_from_its_bytes_and_its_frame_as_json_keeps_it(plan: Plan) -> None:
    people = crowd(plan, 30, seed=1)
    columns = at_once(plan, people, nobody(people))

    packed = columns.packed()

    frame = json.loads(json.dumps(packed.frame))
    assert frame_key(frame) == frame_key(packed.frame)
    reader = Reader(frame)
    for row, kept in enumerate(packed.rows):
        assert kept is not None
        assert kept[:1] == MARK
        assert reader.record(kept) == unpack(kept, frame) == to_record(columns.at(row))


def test_days_and_blocks_share_a_frame(plan: Plan) -> None:
    tomorrow = prepare(
        plan.model,
        TODAY + timedelta(days=1),
        live_feeds(plan.model, TODAY + timedelta(days=1)),
    )
    frames = set()
    for each in (plan, tomorrow):
        # Ordinary counts: a block with a far larger one needs wider columns, and another frame.
        people = [(facts, Answers({})) for facts, _ in crowd(each, 9, seed=2)]
        frames.add(frame_key(at_once(each, people, nobody(people)).packed().frame))

    assert len(frames) == 1


def test_a_large_figure_widens_its_column_for_the_block_only(plan: Plan) -> None:
    people = crowd(plan, 5, seed=3)
    large = {
        f: Decimal(10**9) if isinstance(f, EventTotal) else people[0][1][f] for f in plan.figures
    }
    people[0] = (people[0][0], Answers(large))
    columns = at_once(plan, people, nobody(people))

    packed = columns.packed()

    assert unpack(packed.rows[0] or b"", packed.frame) == to_record(columns.at(0))
    assert frame_key(columns.packed(np.arange(1, 5)).frame) != frame_key(packed.frame)


def test_chosen_rows_alone_are_packed_in_the_order_they_are_asked_for(plan: Plan) -> None:
    people = crowd(plan, 12, seed=4)
    columns = at_once(plan, people, nobody(people))

    packed = columns.packed(np.array([7, 2]))

    assert [unpack(kept or b"", packed.frame) for kept in packed.rows] == [
        to_record(columns.at(row)) for row in (7, 2)
    ]


def test_what_the_definition_had_to_say_does_not_fit_and_is_left_to_the_caller(plan: Plan) -> None:
    people = crowd(plan, 3, seed=5)
    columns = at_once(plan, people, nobody(people))

    told = replace(columns, told={1: columns.at(1)})

    assert [kept is None for kept in told.packed().rows] == [False, True, False]


def test_nobody_has_no_records(plan: Plan) -> None:
    columns = scores(plan, block_of([], plan.figures), np.zeros(0, dtype=np.int8))

    assert (columns.size, columns.packed().rows) == (0, [])
