"""Rules 3 and 5 over lives nobody thought of."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from scoring.bands import is_worse
from scoring.load import shipped as model
from tests.playbooks.lives import Life

SCORES = st.decimals(0, 100, places=2).map(str)
LIVES = st.lists(SCORES | st.sampled_from(["49.90", "50.10", "74.90", "75.10"]), max_size=60)
COOL_DOWN = 14


@given(LIVES)
def test_rule_5_no_two_plays_inside_the_cool_down_but_for_a_worse_band(values: list[str]) -> None:
    life = Life()

    life.lives(*values)

    for (day, band), (later, next_band) in combinations(life.opened, 2):
        assert later - day >= COOL_DOWN or is_worse(model(), next_band, band)


@given(LIVES)
def test_rule_5_never_more_than_one_play_is_open_and_it_fits_the_band(values: list[str]) -> None:
    life = Life()

    for value in values:
        life.lives(value)
        assert life.last is not None
        for play in life.open.values():
            assert not is_worse(model(), play.band, life.last.band)
        assert len(life.open) <= 1


@given(SCORES)
def test_rule_3_whatever_the_first_score_is_nothing_starts(value: str) -> None:
    life = Life()

    life.lives(value)

    assert life.starts() == []


@given(LIVES)
def test_rule_2_deciding_is_a_pure_function(values: list[str]) -> None:
    first, second = Life(), Life()

    assert first.lives(*values) == second.lives(*values)
