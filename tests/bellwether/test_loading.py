"""Events of a file go by the sheet; what becomes of each row is what its own reading would say."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, select

from bellwether.columns import columns
from bellwether.files import Rejects, opened
from bellwether.importing import Imported, Plan, What, fields_for, import_table
from bellwether.paging import SheetOf, row_id, split
from service import privacy
from service.events import KEPT_SINCE
from service.ingest import accept_events
from service.ports import House
from service.sheets import Reader
from storage import switches, tables
from tests import builders

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEADER = ["customer", "type", "id", "occurredAt", "feature", "value", "user", "colour"]
SOME = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

odd = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "a\x1f",
        "\udce9",
        " x",
        "x ",
        "\u00a0",
        "é",
        "'",
        '"',
        "\\N",
        "a\tb",
        "x" * 201,
    ]
)
times = st.sampled_from(
    ["2026-11-01T10:00:00Z", "2026-11-01t10:00:00z ", "2026-11-01T10:00:00+02:00",
     "2026-11-01T10:00:00.123456Z", "2026-11-01T10:00:00", "2026-11-01", "1969-01-01T00:00Z",
     "2026-11-20T12:04:00Z", "2026-11-20T12:06:00Z", "2200-01-01T00:00Z", "yesterday", "12"]
)  # fmt: skip
amounts = st.sampled_from(
    ["1", "0", "-1", "1.5", "1e3", "0.1234567", "1000000000000", "NaN", "inf", "true", " 7 ", "x"]
)
keys = st.sampled_from(["acme", "bolt", " acme ", "nobody"])
ids = st.sampled_from(["1", "2", "3", " 1"]) | st.uuids().map(str)
cells = st.tuples(
    keys | odd, st.sampled_from(["login", "api_call"]) | odd, ids | odd, times | odd,
    st.sampled_from(["", "export"]) | odd, amounts | st.just(""), st.sampled_from(["", "u"]) | odd,
    st.sampled_from(["red", "blue"]),
)  # fmt: skip
# Most rows of a file are in order, and it takes only one that is not to leave the quick way.
plain = st.tuples(
    st.sampled_from(["acme", "bolt"]), st.just("login"), ids, times, st.just(""), st.just(""),
    st.just("u"), st.just("red"),
)  # fmt: skip
texts = st.lists(plain | cells, max_size=8)


def _table(path: Path, rows: Sequence[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def _plan(sets: tuple[str, ...] = (), maps: tuple[str, ...] = (), zone: str | None = None) -> Plan:
    read = columns(fields_for(What.events), maps, sets, ZoneInfo(zone) if zone else None)
    return Plan(What.events, read, "test", create_customers=False, rehearse=False)


def _by_the_row(house: House, path: Path, plan: Plan) -> list[tuple[str, str | None]]:
    """Do what importing did before there were sheets: one row after the other."""
    said: list[tuple[str, str | None]] = []
    with opened(path) as table:
        for line in table.lines:
            if line.fault:
                said.append(("rejected", line.fault))
                continue
            item = plan.columns.item(line.row)
            item.setdefault("id", row_id(item, line.row))
            (done,) = accept_events(house, plan.feed, [split(item)], now=NOW)
            said.append((done.status, done.reason))
    return said


_EVERYTHING = (
    tables.event, tables.event_key, tables.activity_day, tables.activity_span, tables.feed_day,
)  # fmt: skip


def _kept(house: House) -> tuple[Any, ...]:
    with house.database.reading() as tx:
        kept = tuple(sorted(map(repr, tx.execute(select(one)).all())) for one in _EVERYTHING)
        waiting = select(tables.quarantine.c.customer_key, tables.quarantine.c.reason)
        body = tables.quarantine.c.body
        return (*kept, sorted(map(repr, tx.execute(waiting.add_columns(body)).all())))


def _clear(house: House) -> None:
    with house.database.transaction() as tx:
        for one in _EVERYTHING:
            tx.execute(delete(one))
        tx.execute(delete(tables.quarantine))


def _imported(house: House, path: Path, plan: Plan) -> Imported:
    with opened(path) as table:
        rejects = Rejects(path.with_suffix(".rejects"), table.columns)
        return import_table(house, table, plan, now=NOW, rejects=rejects, progress=lambda _: None)


def _refused(path: Path) -> list[tuple[int, str]]:
    rejects = path.with_suffix(".rejects")
    if not rejects.exists():
        return []
    text = rejects.read_text(encoding="utf-8", errors="surrogateescape")
    rejects.unlink()
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in text.splitlines()]
    else:
        rows = list(csv.DictReader(text.splitlines(keepends=True)))
    return [(int(row["_line"]), row["_reason"]) for row in rows]


def _both_ways(house: House, path: Path, plan: Plan) -> None:
    _clear(house)
    said = _by_the_row(house, path, plan)
    expected = _kept(house)
    _clear(house)

    done = _imported(house, path, plan)

    with opened(path) as table:
        lines = [line.number for line in table.lines]
    refused = [
        (number, reason or "another row used this id with other content")
        for number, (status, reason) in zip(lines, said, strict=True)
        if status in {"rejected", "conflict"}
    ]
    assert done.counts == Counter(status for status, _ in said)
    assert _refused(path) == refused
    assert list(done.reasons) == refused[:5]
    assert _kept(house) == expected


@SOME
@given(
    rows=texts,
    sets=st.sampled_from([(), ("user=all",)]),
    maps=st.sampled_from([(), ("feature=colour",), ("user=colour", "feature=colour")]),
    zone=st.sampled_from([None, "Europe/Berlin"]),
    ided=st.booleans(),
)
def test_a_sheet_says_of_every_row_what_reading_it_alone_says(  # noqa: PLR0917 - hypothesis fills them in
    house: House,
    tmp_path: Path,
    rows: list[tuple[str, ...]],
    sets: tuple[str, ...],
    maps: tuple[str, ...],
    zone: str | None,
    ided: bool,  # noqa: FBT001 - as above
) -> None:
    _people(house)
    given_rows = rows if ided else [(*row[:2], "", *row[3:]) for row in rows]

    _both_ways(house, _table(tmp_path / "e.csv", given_rows), _plan(sets, maps, zone))


def _people(house: House) -> None:
    with house.database.reading() as tx:
        there = tx.execute(select(tables.customer.c.key)).first()
    if there is None:
        builders.customers(house.database, "acme", "bolt")


anything: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 1, 0, 7, 1.5, [], {"a": 1}, "acme", "login", ""]
)
objects = st.fixed_dictionaries(
    {"customer": keys | anything, "type": st.just("login") | anything},
    optional={
        "id": ids | anything, "occurredAt": times | anything, "value": amounts | anything,
        "properties": st.dictionaries(odd, anything, max_size=2) | anything,
        "feature": anything, "account": keys, "colour": anything,
    },
)  # fmt: skip


@SOME
@given(rows=st.lists(objects | anything, max_size=8))
def test_a_sheet_of_json_says_of_every_row_what_reading_it_alone_says(
    house: House, tmp_path: Path, rows: list[Any]
) -> None:
    _people(house)
    path = tmp_path / "e.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    _both_ways(house, path, _plan())


def test_most_rows_of_an_ordinary_file_need_no_care(tmp_path: Path) -> None:
    rows = [
        ("acme", "login", "", "2026-11-01T10:00:00+02:00", "", "", "", "red"),
        ("bolt", "export", "", "2026-11-01T10:00:00.5Z", "csv", "3", "ann", ""),
        ("zoë", "api_call", "", "2026-11-01T10:00:00Z", "", "0.5", "", ""),
        ("acme", "login", "", "yesterday", "", "", "", ""),
    ]
    with opened(_table(tmp_path / "e.csv", rows)) as table:
        (page,) = table.pages(100)

    read, careful = Reader(NOW).read(SheetOf(page, _plan().columns).sheet())

    assert (list(read.places), careful) == ([0, 1, 2], [3])
    assert read.keys == ["acme", "bolt", "zoë"]


def test_pages_and_their_edges_lose_no_row(house: House, tmp_path: Path) -> None:
    _people(house)
    rows = [
        ("acme", "login", str(number), "2026-11-01T10:00:00Z", "", "", "two\nlines", "")
        if number % 7 == 0
        else ("acme", "login", str(number), "2026-11-01T10:00:00Z", "", "", "", "")
        for number in range(40)
    ]
    path = _table(tmp_path / "e.csv", rows)
    path.write_text(path.read_text() + "\n\nacme,login\n" + "acme,login,99,,,,,\n")
    with opened(path) as table:
        pages = list(table.pages(10))
    with opened(path) as table:
        lines = list(table.lines)

    assert [len(page.numbers) for page in pages] == [10, 10, 10, 10, 2]
    assert [number for page in pages for number in page.numbers] == [one.number for one in lines]
    done = _imported(house, path, _plan())
    # A user's name of two lines is refused, as is the row of another width.
    assert done.counts == {"accepted": 35, "rejected": 7}


def test_sheets_after_one_another_add_up_and_twice_adds_nothing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bellwether.importing.ROWS", 50)
    rows = [
        (f"c{number % 9}", "login", str(number), f"2026-11-{1 + number % 19:02}T10:00:00Z", "", "",
         "", "") for number in range(333)
    ]  # fmt: skip
    path = _table(tmp_path / "e.csv", rows)
    plan = _plan()
    plan = Plan(plan.what, plan.columns, plan.feed, create_customers=True, rehearse=False)

    first = _imported(house, path, plan)
    once = _kept(house)
    again = _imported(house, path, plan)

    assert (first.counts, again.counts) == ({"accepted": 333}, {"duplicate": 333})
    assert _kept(house) == once
    with house.database.reading() as tx:
        made = tx.execute(select(tables.customer.c.key, tables.customer.c.created_on)).all()
    # As of its sheet's first: the rest of the file was not read when the customer was made.
    firsts = {f"c{n}": min(1 + m % 19 for m in range(n, 50, 9)) for n in range(9)}
    assert {key: day.day for key, day in made} == firsts


Act = Callable[[House], object]


@contextmanager
def _once_spelled(house: House, act: Act) -> Iterator[None]:
    """Act when a sheet's words are looked up to spell it, before its transaction begins."""
    begun: list[str] = []

    def look(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM feed" in statement and not begun:
            begun.append(statement)
            act(house)

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", look)
    assert begun


def _erase(house: House) -> object:
    return privacy.erase(house, "bolt", by="ann@ours.example", now=NOW)


def _erase_and_come_back(house: House) -> object:
    _erase(house)
    return builders.customers(house.database, "bolt")


def _forget(house: House) -> None:
    with house.database.transaction() as tx:
        since = NOW - timedelta(days=100)
        switches.set_switch(tx, KEPT_SINCE, since.isoformat(), "the clock", NOW)


def _send_one(house: House) -> object:
    other = {"id": "4", "type": "login", "occurredAt": "2026-11-02T10:00:00Z"}
    return list(accept_events(house, "test", [("acme", other)], now=NOW))


@pytest.mark.parametrize(
    ("act", "counts"),
    [
        (_erase, {"accepted": 9, "quarantined": 9}),
        (_erase_and_come_back, {"accepted": 18}),
        (_forget, {"accepted": 12, "quarantined": 6}),
        (_send_one, {"accepted": 17, "conflict": 1}),
    ],
)
def test_what_changes_between_reading_a_sheet_and_writing_it_is_seen(
    house: House, tmp_path: Path, act: Act, counts: dict[str, int]
) -> None:
    _people(house)
    header = [("acme", "login", "0", "2026-11-01T10:00:00Z", "", "", "", "")]
    _imported(house, _table(tmp_path / "words.csv", header), _plan())
    moments = ["2026-11-01T10:00:00Z", "2026-10-01T10:00:00Z", "2026-06-01T10:00:00Z"]
    rows = [
        (
            ("acme", "bolt")[number % 2],
            "login",
            str(1 + number),
            moments[number % 3],
            "",
            "",
            "",
            "",
        )
        for number in range(18)
    ]
    path = _table(tmp_path / "e.csv", rows)

    with _once_spelled(house, act):
        done = _imported(house, path, _plan())

    assert done.counts == counts
    with house.database.reading() as tx:
        ids = set(tx.execute(select(tables.customer.c.id)).scalars())
        assert {row.customer_id for row in tx.execute(select(tables.event))} <= ids
        rolled = sum(tx.execute(select(tables.activity_day.c.count)).scalars())
        assert rolled == len(tx.execute(select(tables.event)).all())


@pytest.mark.parametrize("apart", [7, 45])
def test_of_rows_with_one_id_the_first_counts_however_many_sheets_are_written_at_once(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: int
) -> None:
    monkeypatch.setattr("bellwether.importing.ROWS", 40)
    monkeypatch.setattr("bellwether.importing.MOST_ROWS", 40)
    _people(house)
    ids = [number - apart * (number % 50 == apart) for number in range(400)]
    rows = [
        ("acme", "login", str(one), f"2026-11-{1 + number % 19:02}T10:00:00Z", "", "", "", "")
        for number, one in enumerate(ids)
    ]
    firsts = {row[2]: row[3] for row in reversed(rows)}

    done = _imported(house, _table(tmp_path / "e.csv", rows), _plan())

    assert done.counts == {"accepted": len(firsts), "conflict": len(rows) - len(firsts)}
    with house.database.reading() as tx:
        kept = {row.event_id: row.occurred_at for row in tx.execute(select(tables.event))}
        rolled = sum(tx.execute(select(tables.activity_day.c.count)).scalars())
    assert kept == {one: datetime.fromisoformat(at) for one, at in firsts.items()}
    assert rolled == len(firsts)
