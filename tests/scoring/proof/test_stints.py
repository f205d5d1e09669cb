from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from scoring.proof import stints as columns
from scoring.proof.cases import Stays, churns_within, days_between
from scoring.proof.stints import Stint, known_until

START = date(2025, 1, 1)
BORN = {1: START, 2: START}


def on(*days: int) -> list[date]:
    return [START + timedelta(days=day) for day in days]


def day(number: int) -> date:
    return START + timedelta(days=number)


def stints_of(customer: int, days: list[date], silence: int, last: date) -> list[Stint]:
    """Cut one customer's days, with another one's before and after them."""
    around = on(0, 1, 2, 3, 4)
    every = [(customer - 1, around), (customer, days), (customer + 1, around)]
    owners = np.array([one for one, some in every for _ in some])
    ordinals = np.array([each.toordinal() for _, some in every for each in some])
    found = columns.stints_of(owners, ordinals, silence, last)
    return [stint for stint in found if stint.customer == customer]


def test_a_stint_is_watched_from_its_fifth_active_day_until_the_day_after_its_last() -> None:
    (found,) = stints_of(7, on(0, 3, 5, 9, 20, 25), silence=120, last=day(400))

    assert found == Stint(7, first=day(20), churned_on=day(26))


def test_whoever_came_back_after_the_silence_begins_a_new_stint() -> None:
    days = on(0, 1, 2, 3, 4, 200, 201, 202, 203, 204, 205)

    first, second = stints_of(7, days, silence=120, last=day(210))

    assert first.churned_on == day(5)
    assert (second.first, second.churned_on) == (day(204), None)


def test_a_silence_of_exactly_the_length_is_no_churn_and_a_day_more_is_one() -> None:
    days = on(0, 1, 2, 3, 4)

    (still,) = stints_of(7, days, silence=120, last=day(124))
    (gone,) = stints_of(7, days, silence=120, last=day(125))

    assert still.churned_on is None
    assert gone.churned_on == day(5)


def test_four_active_days_are_no_stint() -> None:
    assert list(stints_of(7, on(0, 1, 2, 3), silence=30, last=day(300))) == []


def test_a_churn_by_silence_is_known_only_after_the_silence() -> None:
    assert known_until(day(200), 120) == day(80)


def watched(stints: Sequence[Stint], on: date, born: Mapping[int, date] = BORN) -> dict[int, int]:
    customers, stays = Stays(stints, born).on(on)
    assert customers.tolist() == sorted(set(customers.tolist()))
    return dict(zip(customers.tolist(), stays.tolist(), strict=True))


def test_only_who_is_there_on_the_day_is_asked_about() -> None:
    stints = (
        Stint(1, first=day(10), churned_on=day(20)),
        Stint(2, first=day(0), until=day(15)),
        Stint(1, first=day(30)),
    )

    assert watched(stints, day(9)) == {2: 1}
    assert watched(stints, day(15)) == {1: 0}
    assert watched(stints, day(20)) == {}
    assert watched(stints, day(30)) == {1: 2}


def test_nobody_is_asked_about_before_it_was_created_nor_a_stranger() -> None:
    stints = (Stint(2, first=day(0)), Stint(1, first=day(0)), Stint(7, first=day(0)))

    assert watched(stints, day(9)) == {1: 1, 2: 0}
    assert watched(stints, day(9), {1: day(0), 2: day(10)}) == {1: 1}


def test_of_stays_that_overlap_the_last_counts() -> None:
    stints = (Stint(1, first=day(0)), Stint(2, first=day(0)), Stint(1, first=day(5)))

    assert watched(stints, day(4)) == {1: 0, 2: 1}
    assert watched(stints, day(5)) == {1: 2, 2: 1}


def test_churn_counts_after_the_day_and_up_to_the_horizon() -> None:
    stays = Stays([Stint(1, first=day(0), churned_on=day(40)), Stint(2, day(0))], BORN)
    left = stays.churned_on(np.array([0, 1]))

    assert [churns_within(left, day(on), 30).tolist() for on in (9, 10, 39, 40)] == [
        [False, False], [True, False], [True, False], [False, False]
    ]  # fmt: skip


def test_days_are_looked_at_in_steps_up_to_the_last() -> None:
    assert days_between(day(0), day(15), 7) == (day(0), day(7), day(14))
    assert days_between(day(1), day(0), 7) == ()


def test_without_any_day_there_is_no_stint() -> None:
    nobody = np.zeros(0, dtype=np.int64)

    assert columns.stints_of(nobody, nobody, 30, day(9)) == []
