"""Columns of strangers: taken as they are named, mapped, set, ignored."""

from zoneinfo import ZoneInfo

import pytest

from bellwether.columns import columns
from bellwether.errors import WrongUse
from bellwether.importing import What, fields_for

EVENTS = fields_for(What.events)
CUSTOMERS = fields_for(What.customers)


def test_columns_named_as_our_fields_need_no_mapping() -> None:
    plain = columns(EVENTS, (), (), None)

    item = plain.item({"account": "acme", "type": "login", "occurredAt": "2026-01-01T00:00Z"})

    assert item == {"customer": "acme", "type": "login", "occurred_at": "2026-01-01T00:00Z"}


def test_a_mapped_column_fills_its_field_and_a_constant_fills_every_row() -> None:
    mapped = columns(EVENTS, ["customer=org", "feature=module"], ["type=login"], None)

    item = mapped.item({"org": "acme", "module": "api", "type": "change", "product": "nova"})

    assert item == {"customer": "acme", "feature": "api", "type": "login"}
    assert mapped.ignored(["org", "module", "product", "type"]) == ("product", "type")


def test_one_column_may_fill_two_fields_and_keep_its_own() -> None:
    mapped = columns(CUSTOMERS, ["name=key"], (), None)

    assert mapped.item({"key": "acme"}) == {"name": "acme", "key": "acme"}


def test_empty_cells_are_left_out_so_that_they_change_nothing() -> None:
    plain = columns(CUSTOMERS, (), (), None)

    assert plain.item({"key": "acme", "name": "", "segment": None}) == {"key": "acme"}


def test_times_without_an_offset_are_read_in_the_zone_that_was_said() -> None:
    berlin = columns(EVENTS, (), (), ZoneInfo("Europe/Berlin"))

    naive = berlin.item({"occurredAt": "2026-07-01 12:00:00"})
    aware = berlin.item({"occurredAt": "2026-07-01T12:00:00Z"})
    wrong = berlin.item({"occurredAt": "yesterday"})

    assert naive["occurred_at"] == "2026-07-01T12:00:00+02:00"
    assert aware["occurred_at"] == "2026-07-01T12:00:00Z"
    assert wrong["occurred_at"] == "yesterday"


@pytest.mark.parametrize(
    ("maps", "sets", "told"),
    [
        (["feeture=module"], [], "Did you mean feature"),
        (["feature"], [], "not of the form field=column"),
        (["=module"], [], "not of the form field=column"),
        ([], ["type="], "not of the form field=value"),
        ([], ["colour=red"], "There is no field 'colour'"),
    ],
)
def test_a_wrong_option_is_told_with_what_is_right(
    maps: list[str], sets: list[str], told: str
) -> None:
    with pytest.raises(WrongUse, match=told):
        columns(EVENTS, maps, sets, None)


def test_a_file_without_a_needed_column_is_refused_before_anything_is_read() -> None:
    plain = columns(EVENTS, (), (), None)

    with pytest.raises(WrongUse, match="--map customer=COLUMN"):
        plain.check(["org", "type"])
    with pytest.raises(WrongUse, match="no column 'organisation'"):
        columns(EVENTS, ["customer=organisation"], (), None).check(["org", "type"])


def test_what_a_rejects_file_adds_is_not_called_ignored() -> None:
    plain = columns(EVENTS, (), (), None)

    assert plain.ignored(["_line", "_reason", "type"]) == ()
