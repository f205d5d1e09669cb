"""Nothing in the daily job asks once per customer: a batch costs the same, however large."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, event

from playbooks.decide import Close
from service.closing import Ending, close
from service.ports import House
from service.rescore import RescoreReport, rescore
from storage import plays
from storage.customers import customers_by_ids
from storage.database import Database
from storage.records import upsert_invoices, upsert_tickets
from tests import builders
from tests.builders import NOON, day, invoice, new_event, ticket


@contextmanager
def statements() -> Iterator[list[str]]:
    """List what is asked of the database.

    A staging table is part of the INSERT that follows; switches are asked once for every earlier
    run that still waits for the operator; what running plays are pinned to once, where any run.
    """
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("CREATE TEMPORARY TABLE"):
            return
        if "FROM switch" not in statement and "FROM playbook_body" not in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def thriving(database: Database, name: str, count: int, back: int) -> list[int]:
    """Add customers who logged in daily with many features and paid in time, until that day."""
    ids = builders.customers(
        database, *(f"{name}{number}" for number in range(count)), created_on=day(200),
        csm_email="carla@us.example", csm_name="Carla",
        contact_email="ann@acme.example", contact_name="Ann",
    )  # fmt: skip
    days = range(back, back + 25)
    builders.events(
        database, *(new_event(one, feature=f"f{on}", back=on) for one in ids for on in days)
    )
    with database.transaction() as tx:
        paid = [invoice(one, f"I{n}", 90 + n, paid_on=day(95)) for one in ids for n in range(3)]
        upsert_invoices(tx, paid)
    return ids


def worsen(database: Database, ids: list[int], back: int) -> None:
    """Let them open many tickets on that day, and pay nothing that was due before it."""
    with database.transaction() as tx:
        upsert_tickets(tx, [ticket(one, f"T{n}", back) for one in ids for n in range(20)])
        upsert_invoices(tx, [invoice(one, f"L{n}", back + n) for one in ids for n in range(3)])


def run(house: House, back: int, **how: Any) -> tuple[RescoreReport, list[str]]:
    with statements() as asked:
        report = rescore(house, day(back), now=NOON, **{"decide": True, **how})
    return report, asked


def test_a_day_on_which_everybody_falls_costs_the_same_for_few_and_many(house: House) -> None:
    thriving(house.database, "steady", 3, back=32)
    few = thriving(house.database, "few", 12, back=32)
    run(house, 32)
    worsen(house.database, few, back=31)
    fell, of_few = run(house, 31)
    many = thriving(house.database, "many", 140, back=2)
    run(house, 2)
    worsen(house.database, many, back=1)
    fell_together, of_many = run(house, 1)

    assert (fell.started, fell_together.started) == (12, 140)
    assert len(of_many) == len(of_few)


def recover(house: House, ids: list[int]) -> list[str]:
    """Close what is open for these customers, as the job does; list what is asked for that."""
    with house.database.transaction() as tx:
        who, running = customers_by_ids(tx, ids), plays.open_plays(tx, ids)
        over = [
            Ending(who[one], play, Close(play.id, play.playbook, "recovered", f"Well: {one}."))
            for one in ids
            for play in running[one]
        ]
        with statements() as asked:
            told = close(tx, house, over, now=NOON)
    assert len(told) >= 2 * len(ids)
    return asked


def test_a_day_on_which_everybody_recovers_costs_the_same_for_few_and_many(house: House) -> None:
    ids = thriving(house.database, "one", 45, back=3)
    run(house, 3)
    worsen(house.database, ids, back=2)
    run(house, 2)

    of_few, of_many = recover(house, ids[:3]), recover(house, ids[3:])

    assert len(of_many) == len(of_few)
    with house.database.reading() as tx:
        every = [play for one in ids for play in plays.plays_of(tx, one)]
        waiting = [step.state for one in every for step in plays.steps_of(tx, one.id)]
    assert [play.reason for play in every] == [f"Well: {one}." for one in ids]
    assert "waiting_approval" not in waiting
    assert waiting.count("cancelled") >= len(ids)


def test_a_quiet_day_and_a_day_run_again_cost_the_same_for_few_and_many(house: House) -> None:
    thriving(house.database, "few", 3, back=10)
    run(house, 13)
    quiet = [run(house, 12)[1], run(house, 12)[1]]
    thriving(house.database, "many", 150, back=10)
    run(house, 11)
    quiet_for_many = [run(house, 10)[1], run(house, 10)[1]]

    assert [len(asked) for asked in quiet_for_many] == [len(asked) for asked in quiet]


def test_first_sights_an_edited_model_and_corrections_cost_the_same_for_few_and_many(
    house: House,
) -> None:
    second, third = (
        replace(house, model=house.model.model_copy(update={"version": n})) for n in (2, 3)
    )
    thriving(house.database, "few", 3, back=10)
    few = [
        run(house, 13), run(second, 12), run(second, 12, replace=True), run(third, 12, replace=True)
    ]  # fmt: skip
    thriving(house.database, "many", 150, back=10)
    fourth, fifth = (
        replace(house, model=house.model.model_copy(update={"version": n})) for n in (4, 5)
    )
    run(third, 11)
    many = [
        run(fourth, 10), run(fourth, 10, replace=True), run(fifth, 10, replace=True)
    ]  # fmt: skip

    assert [report.written for report, _ in few] == [3, 3, 3, 3]
    assert [report.written for report, _ in many] == [153, 153, 153]
    assert [len(asked) for _, asked in many] == [len(asked) for _, asked in few[1:]]
    assert len(few[0][1]) < 70


def test_what_workers_have_in_common_is_written_last_so_that_they_hardly_wait(house: House) -> None:
    thriving(house.database, "steady", 3, back=3)
    run(house, 3)

    report, asked = run(house, 2)

    began = [" ".join(one.split()[:3]) for one in asked]
    writing = ("INSERT INTO snapshot", "COPY snapshot", "UPDATE current_score")
    scores = [place for place, one in enumerate(began) if one.startswith(writing)]
    assert (report.written, began.count("INSERT INTO frame"), len(scores)) == (3, 1, 2)
    assert began.index("INSERT INTO frame") > max(scores)
