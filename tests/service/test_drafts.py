"""What is read from strangers, and how what cannot be read is refused (rules 21 and 25)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.catalog import CustomerDraft
from service.errors import DraftInvalid
from service.events import EventDraft
from service.records import InvoiceDraft, TicketDraft
from service.written import PROPERTIES_BYTES, PROPERTIES_DEPTH, clean_key, read


def event(**fields: Any) -> EventDraft:
    return read(EventDraft, {"type": "login", **fields}, "event")


def refusal(**fields: Any) -> str:
    with pytest.raises(DraftInvalid) as refused:
        event(**fields)
    return str(refused.value)


def customer(**fields: Any) -> CustomerDraft:
    return read(CustomerDraft, {"key": "acme", **fields}, "customer")


def test_a_type_alone_is_an_event() -> None:
    draft = read(EventDraft, {"type": "login"}, "event")

    assert draft.type == "login"
    assert (draft.id, draft.occurred_at, draft.feature, draft.value) == (None, None, None, None)


@pytest.mark.parametrize("name", ["occurredAt", "occurred_at"])
def test_camel_case_and_snake_case_are_both_understood(name: str) -> None:
    draft = event(**{name: "2026-05-01T12:00:00Z"})

    assert draft.occurred_at == datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-05-01T12:00:00Z", 12),
        ("2026-05-01T12:00:00z", 12),
        ("2026-05-01 14:00:00+02:00", 12),
        ("2026-05-01T12:00:00.123456789Z", 12),
    ],
)
def test_a_time_with_an_offset_is_read_as_utc(written: str, hour: int) -> None:
    occurred_at = event(occurredAt=written).occurred_at

    assert occurred_at is not None
    assert (occurred_at.hour, occurred_at.utcoffset()) == (hour, UTC.utcoffset(None))


@pytest.mark.parametrize("written", ["2026-05-01T12:00:00", "2026-05-01", "20260501"])
def test_a_naive_time_of_a_machine_is_refused(written: str) -> None:
    assert "occurredAt" in refusal(occurredAt=written)
    assert "offset" in refusal(occurredAt=written)


def test_a_naive_time_in_a_persons_file_is_read_in_the_zone_they_name() -> None:
    body = {"type": "login", "occurredAt": "2026-05-01 12:00"}

    draft = read(EventDraft, body, "event", zone=ZoneInfo("Europe/Berlin"))

    assert draft.occurred_at == datetime(2026, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        1_777_000_000,
        "1777000000",
        True,
        "yesterday",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1970-01-01T00:00:00Z",
        ["2026-05-01T12:00:00Z"],
    ],
)
def test_what_is_no_believable_time_is_refused_naming_the_field(written: object) -> None:
    assert "occurredAt" in refusal(occurredAt=written)


@pytest.mark.parametrize(
    "value", [True, False, float("nan"), float("inf"), "NaN", "-Infinity", "1e400", 10**12, "many"]
)
def test_what_is_no_finite_number_is_refused_naming_the_field(value: object) -> None:
    assert "value" in refusal(value=value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [(3, "3"), ("2.50", "2.5"), (0.1 + 0.2, "0.3"), (0, "0"), (1e6, "1000000")],
)
def test_a_number_is_kept_exactly_to_six_decimals(written: object, meant: str) -> None:
    assert event(value=written).value == Decimal(meant)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "a\udfff"])
@pytest.mark.parametrize("field", ["type", "id", "feature", "user"])
def test_nul_and_lone_surrogates_are_refused_in_every_text(field: str, text: str) -> None:
    sentence = refusal(**{field: text})

    assert field in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize("blank", ["", "   ", "\u2003"])
def test_a_blank_type_is_refused(blank: str) -> None:
    assert "type" in refusal(type=blank)


@pytest.mark.parametrize("text", ["a\r\nb", "a\x1bb", "a\x85b"])
def test_control_characters_are_refused_where_text_names_something(text: str) -> None:
    assert "type" in refusal(type=text)


@pytest.mark.parametrize(
    "text", ["<!channel>", "*x*", "{{7*7}}", "=HYPERLINK(1)", "\u202eabc", "🙂"]
)
def test_text_is_text(text: str) -> None:
    assert event(feature=text).feature == text


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_cell_says_nothing(empty: str | None) -> None:
    draft = event(id=empty, occurredAt=empty, feature=empty, value=empty, user=empty)

    assert draft == EventDraft(type="login")


def test_an_id_may_be_a_number_but_no_boolean() -> None:
    assert event(id=42).id == "42"
    assert "id" in refusal(id=True)


def test_an_unknown_field_is_refused_and_the_known_ones_are_listed() -> None:
    sentence = refusal(occuredAt="2026-05-01T12:00:00Z")

    assert "occuredAt" in sentence
    assert "occurredAt" in sentence


def test_every_broken_field_is_named_at_once() -> None:
    with pytest.raises(DraftInvalid) as refused:
        event(value=True, occurredAt="yesterday", user="a\0b")

    assert {problem.field for problem in refused.value.problems} == {"value", "occurredAt", "user"}


@pytest.mark.parametrize(
    "properties",
    [
        {"a": float("nan")},
        {"a": [float("inf")]},
        {"a": {"b": "x\0y"}},
        {"a\0": 1},
        {"\ud800": 1},
        {"a": 2**63},
        {"a": "x" * PROPERTIES_BYTES},
        {"a": object()},
        [1, 2],
        "text",
    ],
)
def test_properties_no_database_could_keep_alike_are_refused(properties: object) -> None:
    assert "properties" in refusal(properties=properties)


def test_properties_nested_too_deep_are_refused_and_shallow_ones_kept() -> None:
    deep: dict[str, object] = {}
    for _ in range(PROPERTIES_DEPTH + 1):
        deep = {"a": deep}

    assert "nest" in refusal(properties=deep)
    assert event(properties={"a": {"b": [1, True, None, "é"]}}).properties is not None


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(DraftInvalid):
        read(EventDraft, ["login"], "event")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_arrives_is_read_or_refused_in_printable_words(body: object) -> None:
    words = ""
    try:
        read(EventDraft, {"type": "x", "properties": body, "value": body}, "event")
    except DraftInvalid as refused:
        words = str(refused)

    assert words == "" or words.isprintable()


@pytest.mark.parametrize("key", ["", "  ", None, True, 1.5, "a\0", "a\nb", "x" * 201, ["acme"]])
def test_a_key_that_could_name_nobody_is_refused(key: object) -> None:
    with pytest.raises(DraftInvalid):
        clean_key(key)


def test_a_key_is_trimmed_and_may_be_a_number() -> None:
    assert clean_key("  acme ") == "acme"
    assert clean_key(4711) == "4711"


@pytest.mark.parametrize(
    "name", ["key", "id", "customerId", "customer_id", "externalId", "external_id"]
)
def test_a_customers_key_goes_by_many_names(name: str) -> None:
    assert read(CustomerDraft, {name: "acme"}, "customer").key == "acme"


def test_a_customer_as_another_system_writes_it_is_understood() -> None:
    draft = read(
        CustomerDraft,
        {
            "id": 7,
            "name": "Acme GmbH",
            "createdAt": "2025-12-31T23:30:00-02:00",
            "renewalDate": "2027-01-31",
            "arr": "12000.50",
            "status": "Cancelled",
            "csm": {"email": "ann@example.com", "name": "Ann"},
            "contact": "bob@acme.example",
            "tags": "beta; eu",
        },
        "customer",
    )

    assert draft.key == "7"
    assert draft.created_on == date(2026, 1, 1)
    assert draft.renewal_on == date(2027, 1, 31)
    assert draft.arr == Decimal("12000.50")
    assert draft.status == "churned"
    assert (draft.csm_email, draft.csm_name) == ("ann@example.com", "Ann")
    assert draft.contact_email == "bob@acme.example"
    assert draft.tags == ("beta", "eu")


@pytest.mark.parametrize(
    ("field", "written", "allowed"),
    [
        ("status", "maybe", "active, paused or churned"),
        ("arr", "12,000", "decimal"),
        ("arr", -1, "0 or more"),
        ("seats", True, "not a boolean"),
        ("seats", 2.5, "integer"),
        ("timezone", "Mars/Olympus", "IANA"),
        ("createdAt", "soon", "2026-05-01"),
        ("csmEmail", "ann", "e-mail"),
        ("contactEmail", "a@b.example, c@d.example", "e-mail"),
        ("contactEmail", "a@b.example\r\nBcc: x@y.example", "e-mail"),
    ],
)
def test_a_refused_customer_field_names_itself_and_what_is_allowed(
    field: str, written: object, allowed: str
) -> None:
    with pytest.raises(DraftInvalid) as refused:
        customer(**{field: written})

    (problem,) = refused.value.problems
    assert problem.field == field
    assert allowed in problem.allowed


def test_a_ticket_closed_before_it_was_opened_is_refused() -> None:
    body = {"id": 1, "openedAt": "2026-05-02T00:00:00Z", "closedAt": "2026-05-01T00:00:00Z"}

    with pytest.raises(DraftInvalid, match="closedAt"):
        read(TicketDraft, body, "ticket")


@pytest.mark.parametrize("rating", [0, 6, True, "five"])
def test_a_rating_is_one_to_five(rating: object) -> None:
    with pytest.raises(DraftInvalid, match="rating"):
        read(TicketDraft, {"id": 1, "openedAt": "2026-05-02T00:00Z", "rating": rating}, "ticket")


def test_an_invoice_without_a_payment_day_is_unpaid() -> None:
    draft = read(InvoiceDraft, {"id": "r1", "dueDate": "2026-05-01", "paidOn": ""}, "invoice")

    assert draft.due_on == date(2026, 5, 1)
    assert draft.paid_on is None
