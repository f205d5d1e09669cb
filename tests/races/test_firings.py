"""Rules 2 and 7: eight replicas see two hundred due times at once; each has one run."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from storage.database import Database
from tests.builders import customers, events, new_event
from tests.races.replicas import FIRST, REPLICAS

FIRINGS = 200


def ran(url: str) -> Counter[tuple[str, str, str]]:
    """Let the replicas run; return what they say they did, all together."""
    command = [sys.executable, "-m", "tests.races.replicas", url, str(FIRINGS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert len(said) == REPLICAS
    return Counter((job, day, outcome) for one in said for job, day, outcome in one)


@pytest.mark.slow
def test_rule_7_eight_replicas_and_two_hundred_due_times_make_one_run_each(
    postgres_url: str,
) -> None:
    days = [(FIRST + timedelta(days=number)).date().isoformat() for number in range(FIRINGS)]
    with closing(Database.open(postgres_url)) as database:
        ids = customers(database, "acme", "globex", created_on=FIRST.date() - timedelta(days=400))
        events(database, *(new_event(one, occurred_at=FIRST - timedelta(days=2)) for one in ids))

        told = ran(postgres_url)

        with database.reading() as tx:
            ticks = tx.execute(
                text("SELECT job, state, count(*), max(claims) FROM tick GROUP BY 1, 2")
            )
            runs = {(job, state): (count, claims) for job, state, count, claims in ticks}
            scored = tx.execute(text("SELECT as_of, count(*) FROM snapshot GROUP BY 1")).all()
            digests = tx.execute(text("SELECT count(*) FROM message WHERE key LIKE 'digest/%'"))
            posted = digests.scalar()

    # The first day has no digest: what came before the house was looked at is nobody's news.
    done = {
        (job, day): many for (job, day, how), many in told.items() if how in {"done", "skipped"}
    }
    assert done == {(job, day): 1 for job in ("rescore", "digest") for day in days}
    assert {how for _, _, how in told} <= {"done", "skipped", "held"}
    assert runs == {(job, "done"): (FIRINGS, 1) for job in ("rescore", "digest")}
    assert [count for _, count in scored] == [2] * FIRINGS
    assert posted == FIRINGS - 1
