"""A run shared by several workers is one run: one report, one end, whoever did what."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from service import sharing
from service.ports import House
from service.rescore import rescore
from service.sharing import LEASE, Crew, Worker, lend_a_hand
from storage import shares
from tests import builders
from tests.service.daily import CROSSING, morning_after, plays, run, states

EVE = CROSSING - timedelta(days=1)
NOW = morning_after(CROSSING)


def crew(holder: str, *, again: bool = True, later: timedelta = timedelta(0)) -> Crew:
    return Crew("shared", holder, lambda: NOW + later, again=again)


def test_a_run_others_began_is_ended_and_told_as_a_whole(falling: House) -> None:
    run(falling, EVE)
    alone = run(falling, EVE + timedelta(days=1))
    begun = rescore(falling, CROSSING, now=NOW, decide=True, batch=1, crew=crew("one"))

    told_again = rescore(falling, CROSSING, now=NOW, decide=True, crew=crew("two", again=False))

    assert told_again == begun
    assert begun.scored == 0  # The day had its scores already; what matters is who is asked.
    assert alone.scored == 4
    with falling.database.reading() as tx:
        assert shares.dealt_run(tx, "shared") is None


def test_a_helper_takes_what_is_free_and_the_leader_ends_the_run(falling: House) -> None:
    run(falling, EVE)
    done: list[int] = []

    def others(*_: int) -> None:
        done.append(lend_a_hand(falling, crew("helper")))

    report = rescore(
        falling, CROSSING, now=NOW, decide=True, batch=1, progress=others, crew=crew("leader")
    )

    # The leader claims its next share after it told how far it is.
    assert done[0] == 3
    assert (report.scored, report.started) == (4, 1)
    assert len(plays(falling, "acme")) == 1
    assert states(falling) == {"pending": 1}


def test_a_helper_with_other_models_or_playbooks_leaves_the_run_alone(falling: House) -> None:
    run(falling, EVE)
    stranger = replace(falling, playbooks=falling.playbooks[:1])
    done: list[int] = []

    def others(*_: int) -> None:
        done.append(lend_a_hand(stranger, crew("stranger")))

    report = rescore(
        falling, CROSSING, now=NOW, decide=True, batch=1, progress=others, crew=crew("leader")
    )

    assert set(done) == {0}
    assert report.scored == 4


def test_who_comes_back_with_other_models_deals_the_run_anew(falling: House) -> None:
    run(falling, EVE)
    with pytest.raises(KeyboardInterrupt):
        rescore(
            falling, CROSSING, now=NOW, decide=True, batch=1, progress=broken, crew=crew("killed")
        )
    changed = replace(falling, playbooks=falling.playbooks[::-1][:2])

    report = rescore(changed, CROSSING, now=NOW, decide=True, crew=crew("heir"))

    assert report.scored == 3


def broken(*_: int) -> None:
    raise KeyboardInterrupt


def test_a_run_taken_over_tells_what_was_done_before_as_well(falling: House) -> None:
    run(falling, EVE)
    with pytest.raises(KeyboardInterrupt):
        rescore(
            falling, CROSSING, now=NOW, decide=True, batch=1, progress=broken, crew=crew("killed")
        )

    heir = crew("heir", later=LEASE)
    report = rescore(falling, CROSSING, now=NOW, decide=True, crew=heir)

    assert (report.scored, report.written, report.started) == (4, 4, 1)
    assert states(falling) == {"pending": 1}


def test_who_saw_a_worker_die_need_not_wait_for_its_lease(falling: House) -> None:
    run(falling, EVE)
    with pytest.raises(KeyboardInterrupt):
        rescore(
            falling, CROSSING, now=NOW, decide=True, batch=1, progress=broken, crew=crew("killed")
        )

    def funeral() -> Iterable[str]:
        return ["killed"]

    heir = replace(crew("heir"), pause=funeral)
    report = rescore(falling, CROSSING, now=NOW, decide=True, crew=heir)

    assert report.scored == 4


def test_a_worker_given_up_for_dead_writes_nothing_of_the_share_it_lost(falling: House) -> None:
    run(falling, EVE)
    with pytest.raises(KeyboardInterrupt):
        rescore(
            falling, CROSSING, now=NOW, decide=True, batch=2, progress=broken, crew=crew("killed")
        )
    slow = Worker.joining(falling, crew("slow", later=LEASE))
    assert slow is not None
    held = slow.claim()
    assert held is not None

    rescore(falling, CROSSING, now=NOW, decide=True, crew=crew("quick", later=3 * LEASE))
    total = slow.total()

    assert slow.work(held) is None
    assert slow.total() == total
    assert total.scored == 4


def test_a_long_share_tells_its_progress_batch_by_batch(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "BATCH", 3)
    builders.customers(house.database, *(f"new-{n}" for n in range(5)), created_on=EVE)
    told: list[tuple[int, int]] = []

    rescore(
        house, CROSSING, now=NOW, decide=True, progress=lambda *some: told.append(some),
        crew=crew("leader"), closely=True,
    )  # fmt: skip

    assert told == [(3, 5), (5, 5)]
