from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from scoring.load import parse, shipped
from scoring.proof.candidates import candidates, probe
from scoring.proof.proposal import Chosen, bands_for, proposal
from scoring.proof.shapes import among, shape

CASES = st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=30, max_size=120).filter(
    lambda cases: any(gone for _, gone in cases)
)


@given(CASES)
def test_steps_only_rise_or_only_fall_and_span_the_whole_scale(
    cases: list[tuple[int, bool]],
) -> None:
    found = shape([float(number) for number, _ in cases], [gone for _, gone in cases])

    worths = list(found.worths) if found else [0.0, 100.0]
    assert worths in (sorted(worths), sorted(worths, reverse=True))
    assert (min(worths), max(worths)) == (0, 100)
    assert found is None or len(found.cuts) + 1 == len(worths)


def test_the_active_who_stay_are_worth_more_than_the_silent_who_leave() -> None:
    found = shape([float(at) for at in range(200)], [at < 60 for at in range(200)])

    assert found is not None
    assert found.worth(0) == 0
    assert found.worth(199) == 100
    assert found.scale()["below"] == 0


def test_a_number_that_tells_nothing_has_no_steps() -> None:
    assert shape([5.0] * 100, [at % 2 == 0 for at in range(100)]) is None


def test_a_place_among_peers_is_told_day_by_day() -> None:
    days = [1] * 4 + [2]

    assert among(days, [1, 2, 2, None, 9], more=True) == [100 / 6, 200 / 3, 200 / 3, None, 50]
    assert among(days[:2], [1, 2], more=False) == [75, 25]


def test_a_probe_tells_the_very_number_measured() -> None:
    chosen = candidates(["events", "features", "tickets", "invoices"], ["login", "export"])

    model = probe(chosen)

    assert [factor.name for factor in model.factors] == [each.name for each in chosen]
    assert all(abs(each.number(100 * (7 - each.low) / (each.high - each.low)) - 7) < 1e-9
               for each in chosen)  # fmt: skip


def test_only_what_there_is_data_of_is_a_candidate() -> None:
    names = {each.name for each in candidates(["invoices"], [])}

    assert {"tenure", "on_time_3", "since_paid"} <= names
    assert not {name for name in names if name.startswith(("active", "features", "tickets"))}


def test_a_proposal_is_a_model_file_with_the_evidence_above_it() -> None:
    (_, first, *_) = candidates(["events"], ["login"])
    steps = shape([float(at) for at in range(200)], [at < 60 for at in range(200)])
    assert steps is not None

    made = proposal(
        "mine",
        "Mine",
        [Chosen(first, steps.scale(), 70.4), Chosen(first.__class__(
            "support", "Tickets", "tickets", {"kind": "tickets", "days": 30}, 0, 9
        ), {"kind": "among_peers", "better": "fewer"}, 0.2)],
        bands_for(shipped(), [float(at) for at in range(100)]),
        ["Because.", "It is so."],
    )  # fmt: skip

    assert made.text.startswith("# Because.\n# It is so.\n")
    assert parse(made.text, "mine.yaml") == made.model
    assert [factor.weight for factor in made.model.factors] == [Decimal(70), Decimal(1)]


def test_bands_keep_their_names_and_few_customers_are_in_the_worst() -> None:
    bands = bands_for(shipped(), [float(at) for at in range(101)])

    assert [(band["name"], band["at_least"]) for band in bands] == [
        ("healthy", 25),
        ("at-risk", 8),
        ("churn-risk", 0),
    ]
    assert (
        len({band["at_least"] for band in bands_for(shipped("points-and-penalties"), [50.0] * 9)})
        == 5
    )
