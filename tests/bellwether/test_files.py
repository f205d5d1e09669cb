"""Files of rows: CSV and JSON Lines, packed or not, with the line each row stood on."""

import csv
import gzip
from pathlib import Path

import pytest

from bellwether import files
from bellwether.errors import Unreadable
from bellwether.files import Line, Rejects, opened


def lines(path: Path) -> list[Line]:
    with opened(path) as table:
        return list(table.lines)


def test_rows_know_their_line_even_when_a_cell_spans_several(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('id,subject\n1,"two\nlines"\n2,one\n')

    found = lines(path)

    assert [(line.number, line.row["id"]) for line in found] == [(2, "1"), (4, "2")]
    assert found[0].row["subject"] == "two\nlines"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_the_header_uses(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"id{mark}name{mark}x\n1{mark}Ann{mark}\n")

    (line,) = lines(path)

    assert line.row == {"id": "1", "name": "Ann", "x": ""}


def test_gzip_and_a_byte_order_mark_are_seen_through(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress("\ufeffid,name\r\n1,Zoë\r\n".encode()))

    (line,) = lines(path)

    assert line.row == {"id": "1", "name": "Zoë"}


def test_a_row_of_another_width_and_a_line_that_is_no_json_are_told(tmp_path: Path) -> None:
    table, stream = tmp_path / "t.csv", tmp_path / "t.jsonl"
    table.write_text("id,name\n1\n2,Bo,extra\n3,Cy\n")
    stream.write_text('{"id": 1}\n\n[1]\nnot json\n')

    wide, loose = lines(table), lines(stream)

    assert [bool(line.fault) for line in wide] == [True, True, False]
    assert "1 cells where the header names 2" in (wide[0].fault or "")
    assert [(line.number, bool(line.fault)) for line in loose] == [(1, False), (3, True), (4, True)]


def test_bytes_that_are_not_utf_8_spoil_only_their_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,name\n1,caf\xe9\n2,tea\n")

    first, second = lines(path)

    assert first.row["name"] == "caf\udce9"
    assert second.row["name"] == "tea"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("cut.csv.gz", gzip.compress(b"id\n1\n" * 99, mtime=0)[:-9]),
        ("damaged.csv.gz", gzip.compress(b"id\n1\n", mtime=0)[:10] + b"\x07" * 20),
        ("no.csv.gz", b"id"),
    ],
    ids=["empty", "cut", "damaged", "not gzip"],
)
def test_a_file_that_is_not_what_it_says_is_told_in_a_sentence(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(Unreadable, match=f"Cannot read .*{name}"):
        lines(path)


def test_a_missing_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        lines(tmp_path / "nowhere.csv")


def test_refused_rows_come_back_in_their_own_form_with_line_and_reason(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "r.csv", ("id", "name"))

    rejects.add(Line(7, {"id": "1", "name": "a,b"}, None, 0), "no such thing")
    rejects.close()

    assert rejects.count == 1
    assert rejects.path.read_text().splitlines() == [
        "id,name,_line,_reason",
        '1,"a,b",7,no such thing',
    ]


FORMULAS = ["=HYPERLINK(1)", "+1", "-1.5", "@SUM(A1)", "\t=1", "'=1", "''-x", "'plain", "a=b"]


@pytest.mark.parametrize("hostile", FORMULAS)
def test_rule_25_no_cell_of_the_rejects_is_a_formula_and_mended_it_says_what_it_said(
    tmp_path: Path, hostile: str
) -> None:
    rejects = Rejects(tmp_path / "r.csv", ("id", "=name"))

    rejects.add(Line(7, {"id": "1", "=name": hostile}, None, 0), "no such thing")
    rejects.close()

    with rejects.path.open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    (again,) = lines(rejects.path)
    assert again.row == {"id": "1", "=name": hostile, "_line": "7", "_reason": "no such thing"}


def test_no_refused_row_leaves_no_file(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "r.csv", ("id",))

    rejects.close()

    assert not rejects.path.exists()


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_page_of_long_rows_holds_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(files, "MOST_TEXT", 1_000)
    path, texts = tmp_path / name, ["x" * 400] * 7
    rows = texts if name == "t.csv" else [f'{{"text": "{text}"}}' for text in texts]
    path.write_text("\n".join(["text", *rows] if name == "t.csv" else rows))

    with files.opened(path) as table:
        pages = list(table.pages(100))

    assert [len(page.numbers) for page in pages] == [3, 3, 1]
    assert [number for page in pages for number in page.numbers] == [
        number + (name == "t.csv") for number in range(1, 8)
    ]
