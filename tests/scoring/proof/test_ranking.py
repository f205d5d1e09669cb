from hypothesis import given
from hypothesis import strategies as st

from scoring.proof.draws import resamples
from scoring.proof.ranking import Ranking, difference, skill

Cases = list[tuple[int, bool, int]]

CASES = st.lists(
    st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 4)), min_size=2, max_size=40
)


def ranked(cases: Cases) -> Ranking:
    figures, churned, owners = zip(*cases, strict=True)
    return Ranking([float(one) for one in figures], churned, owners, 5)


def weighed_naively(cases: Cases, weights: list[int]) -> tuple[float, float] | None:
    """Compare every pair, and walk every threshold: slow, and plainly right."""
    gone = [(figure, weights[owner]) for figure, churned, owner in cases if churned]
    here = [(figure, weights[owner]) for figure, churned, owner in cases if not churned]
    pairs = sum(a * b for _, a in gone for _, b in here)
    if not pairs:
        return None
    won = sum(a * b * ((x < y) + (x == y) / 2) for x, a in gone for y, b in here)
    whole = sum(a for _, a in gone)
    precise = 0.0
    for figure in {figure for figure, _ in gone}:
        caught = sum(a for x, a in gone if x <= figure)
        called = caught + sum(b for y, b in here if y <= figure)
        precise += sum(a for x, a in gone if x == figure) * (caught / called if called else 0)
    return won / pairs, precise / whole


@given(CASES, st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_auc_and_average_precision_are_what_comparing_every_pair_gives(
    cases: Cases, weights: list[int]
) -> None:
    found, expected = ranked(cases).weighed(weights), weighed_naively(cases, weights)

    assert (found is None) == (expected is None)
    assert [round(one, 9) for one in found or ()] == [round(one, 9) for one in expected or ()]


def test_a_perfect_ranking_has_an_auc_of_1_and_one_of_equal_figures_a_half() -> None:
    perfect = ranked([(1, True, 0), (2, False, 1), (3, False, 2)])
    equal = ranked([(1, True, 0), (1, False, 1), (1, False, 2)])

    assert perfect.weighed([1] * 5) == (1.0, 1.0)
    assert equal.weighed([1] * 5) == (0.5, 1 / 3)


def test_the_interval_is_the_same_every_time_and_holds_the_value() -> None:
    cases = [(at % 7, at % 3 == 0, at % 5) for at in range(200)]

    first, again = skill(ranked(cases), 200), skill(ranked(cases), 200)

    assert first is not None
    assert first == again
    assert first.auc.low <= first.auc.value <= first.auc.high


def test_where_nobody_churned_there_is_nothing_to_tell() -> None:
    assert skill(ranked([(1, False, 0), (2, False, 1)]), 50) is None


def test_a_resample_draws_as_many_customers_as_there_are() -> None:
    drawn = list(resamples(100, 20, seed=1))

    assert all(sum(counts) == 100 for counts in drawn)
    assert len(set(drawn)) == 20
    assert drawn == list(resamples(100, 20, seed=1))
    assert drawn != list(resamples(100, 20, seed=2))


def test_every_customer_is_drawn_about_equally_often() -> None:
    often = [sum(column) for column in zip(*resamples(10, 1000, seed=3), strict=True)]

    assert all(850 < count < 1150 for count in often)


def test_a_ranking_is_no_better_than_itself() -> None:
    ranking = ranked([(at % 7, at % 3 == 0, at % 5) for at in range(60)])

    apart = difference(ranking, ranking, 100)

    assert apart is not None
    assert (apart.low, apart.value, apart.high) == (0, 0, 0)


def test_the_curve_climbs_from_nobody_called_to_everybody() -> None:
    curve = ranked([(at % 7, at % 3 == 0, at % 5) for at in range(60)]).curve()

    assert [curve[0], curve[-1]] == [(0.0, 0.0), (1.0, 1.0)]
    assert sorted(curve) == list(curve)
