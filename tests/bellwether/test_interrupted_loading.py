"""Whoever presses Ctrl-C in the middle of a file is told of all that was written."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from bellwether.columns import columns
from bellwether.errors import Stopped
from bellwether.files import Rejects, opened
from bellwether.importing import Plan, What, fields_for, import_table
from service.loading import AT_ONCE
from service.ports import House
from storage import tables
from tests import builders
from tests.builders import NOON


@contextmanager
def _interrupted_while_the_second_is_written(house: House) -> Iterator[None]:
    """Press Ctrl-C when one sheet is in, and another still being written."""
    begun: list[str] = []

    def look(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "COPY event_key" in statement:
            begun.append(statement)
            if len(begun) == AT_ONCE:
                _wait_for(house, 41)
                os.kill(os.getpid(), signal.SIGINT)

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", look)


def _wait_for(house: House, number: int) -> None:
    ends = time.monotonic() + 30
    while time.monotonic() < ends and _kept(house) < number:
        time.sleep(0.05)
    # Whoever reads has gone on to wait for us by now; where not, the count is right all the same.
    time.sleep(0.2)


def _kept(house: House) -> int:
    with house.database.reading() as tx:
        return tx.execute(select(func.count()).select_from(tables.event)).scalar_one()


def _import(house: House, path: Path, ids: list[str]) -> None:
    rows = [f"acme,login,{one},2026-11-01T10:00:00Z" for one in ids]
    path.write_text("\n".join(["customer,type,id,occurredAt", *rows]))
    plan = Plan(
        What.events,
        columns(fields_for(What.events), (), (), None),
        "test",
        create_customers=False,
        rehearse=False,
    )
    with opened(path) as table:
        rejects = Rejects(path.with_suffix(".rejects"), table.columns)
        import_table(house, table, plan, now=NOON, rejects=rejects, progress=lambda _: None)


# One sheet is written at a time on SQLite.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_whoever_interrupts_is_told_of_every_sheet_that_was_written(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bellwether.importing.ROWS", 40)
    monkeypatch.setattr("bellwether.importing.MOST_ROWS", 40)
    builders.customers(house.database, "acme")
    _import(house, tmp_path / "words.csv", ["first"])
    # The third sheet begins with an id of the second, so that it waits for both before it.
    ids = [*map(str, range(80)), "79", *map(str, range(80, 119))]

    with _interrupted_while_the_second_is_written(house), pytest.raises(Stopped) as stopped:
        _import(house, tmp_path / "events.csv", ids)

    assert f"{_kept(house) - 1} rows are dealt with" in str(stopped.value)
