"""A share sifted ahead of the one that is looked at changes nothing of what comes of the run."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from service import rescore as rescoring
from service.ports import House
from service.rescore import rescore
from storage.customers import active_ids
from storage.snapshots import snapshots_on
from tests.service.daily import CROSSING, morning_after, plays, run
from tests.service.twins import everything, grow, many_playbooks, score_day

EVE = CROSSING - timedelta(days=1)
NOW = morning_after(CROSSING)


@pytest.mark.slow
def test_shares_sifted_ahead_come_to_the_same_as_customers_looked_at_closely(
    house: House, twin: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescoring, "MANY", 1)
    books = many_playbooks(house, "login_frequency")

    quiet, close = grow(
        replace(house, playbooks=books), replace(twin, playbooks=books),
        seed=11, size=14, days=range(6, 1, -1), score=partial(score_day, batch=4),
    )  # fmt: skip

    assert everything(house) == everything(twin)
    assert quiet > 5
    assert close == 0


def test_a_run_interrupted_while_a_share_is_ahead_is_finished_by_the_next(
    falling: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescoring, "MANY", 1)
    run(falling, EVE)

    with pytest.raises(KeyboardInterrupt):
        rescore(falling, CROSSING, now=NOW, decide=True, batch=1, progress=interrupted)
    report = rescore(falling, CROSSING, now=NOW, decide=True, batch=1)

    assert 0 < report.scored < 4
    assert len(plays(falling, "acme")) == 1
    with falling.database.reading() as tx:
        assert len(snapshots_on(tx, active_ids(tx), falling.model.name, [CROSSING])) == 4


def interrupted(done: int, _total: int) -> None:
    if done:
        raise KeyboardInterrupt
