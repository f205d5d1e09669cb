from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

import storage.customers
from storage.customers import (
    CustomerFields,
    active_ids,
    contacts_of,
    customer_by_id,
    customer_by_key,
    customers_by_ids,
    find_exact,
    is_suppressed,
    name_candidates,
    opt_out,
    primary_contact,
    primary_contacts,
    resolve_keys,
    suppressed,
    upsert_customers,
)
from storage.database import Database
from storage.people import (
    member_by_email,
    member_by_id,
    member_by_slack_id,
    members,
    remember_slack_id,
    upsert_member,
)
from tests import builders
from tests.builders import NOON
from tests.storage.racing import race

SECRET = b"pepper"
FULL = CustomerFields(
    key="acme",
    name="Acme GmbH",
    segment="enterprise",
    plan="gold",
    lifecycle="live",
    status="active",
    arr=Decimal("120000.50"),
    renewal_on=date(2027, 2, 28),
    created_on=date(2024, 2, 29),
    seats=40,
    tags=("eu", "pilot"),
    timezone="Europe/Berlin",
    csm_email="Anna@Example.com",
    csm_name="Anna",
    contact_email="Chris@acme.example",
    contact_name="Chris",
    aliases=("ACME Corp", "Acme Deutschland"),
)


def _upsert(database: Database, *fields: CustomerFields, later: int = 0) -> list[str]:
    with database.transaction() as tx:
        written = upsert_customers(tx, fields, NOON + timedelta(days=later))
    return [one.outcome for one in written]


def test_a_customer_comes_back_as_it_went_in(database: Database) -> None:
    _upsert(database, FULL)

    with database.reading() as tx:
        acme = customer_by_key(tx, "acme")
        assert acme is not None
        contact = primary_contact(tx, acme.id)

    assert acme.csm is not None
    assert (acme.name, acme.arr, acme.created_on) == ("Acme GmbH", FULL.arr, FULL.created_on)
    assert (acme.tags, acme.csm.email, acme.csm.role) == (FULL.tags, "Anna@Example.com", "csm")
    assert acme.facts.seats == 40
    assert contact is not None
    assert (contact.name, contact.primary) == ("Chris", True)


def test_what_is_not_given_is_left_as_it_is(database: Database) -> None:
    _upsert(database, FULL)

    outcomes = _upsert(database, CustomerFields("acme", plan="silver"))

    with database.reading() as tx:
        acme = customer_by_key(tx, "acme")
    assert outcomes == ["updated"]
    assert acme is not None
    assert (acme.plan, acme.name, acme.seats, acme.csm is None) == (
        "silver",
        "Acme GmbH",
        40,
        False,
    )


def test_the_same_customer_again_is_unchanged(database: Database) -> None:
    first = _upsert(database, FULL)

    again = _upsert(database, FULL, later=1)

    assert (first, again) == (["created"], ["unchanged"])


def test_a_new_contact_or_alias_alone_is_an_update(database: Database) -> None:
    _upsert(database, FULL)

    contact = _upsert(database, CustomerFields("acme", contact_email="dana@acme.example"))
    alias = _upsert(database, CustomerFields("acme", aliases=("The Acme",)))
    same = _upsert(database, CustomerFields("acme", aliases=("the ACME",)))

    with database.reading() as tx:
        everyone = contacts_of(tx, resolve_keys(tx, ["acme"])["acme"])
    assert (contact, alias, same) == (["updated"], ["updated"], ["unchanged"])
    assert [(one.email, one.primary) for one in everyone] == [
        ("dana@acme.example", True),
        ("Chris@acme.example", False),
    ]


def test_a_key_given_twice_in_one_batch_is_merged_in_order(database: Database) -> None:
    outcomes = _upsert(
        database,
        CustomerFields("acme", name="First"),
        CustomerFields("bolt"),
        CustomerFields("acme", name="Second", segment="smb"),
        CustomerFields("acme", segment="smb"),
    )

    with database.reading() as tx:
        acme = customer_by_key(tx, "acme")
    assert outcomes == ["created", "created", "updated", "unchanged"]
    assert acme is not None
    assert (acme.name, acme.segment) == ("Second", "smb")


def test_a_new_customer_is_called_by_its_key_and_created_today(database: Database) -> None:
    _upsert(database, CustomerFields("acme"))

    with database.reading() as tx:
        acme = customer_by_key(tx, "acme")
    assert acme is not None
    assert (acme.name, acme.created_on, acme.status) == ("acme", NOON.date(), "active")


def test_two_who_tell_of_a_customer_at_once_overwrite_nothing_of_each_other(
    database: Database,
) -> None:
    told: list[dict[str, Any]] = [
        {"segment": "smb"},
        {"arr": Decimal(900)},
        {"plan": "pro"},
        {"seats": 7},
        {"csm_email": "carla@ours.example"},
        {"name": "Acme, Inc."},
    ]

    def tell(number: int) -> None:
        with database.transaction() as tx:
            for key in ("new", "known"):
                upsert_customers(tx, [CustomerFields(key, **told[number])], NOON)

    builders.customers(database, "known")
    race(tell, len(told))

    with database.reading() as tx:
        for key in ("new", "known"):
            found = customer_by_key(tx, key)
            assert found is not None
            assert (found.segment, found.arr, found.plan) == ("smb", Decimal(900), "pro")
            assert (found.seats, found.name) == (7, "Acme, Inc.")
            assert found.csm is not None


def test_becoming_active_again_is_remembered_and_being_active_is_not(database: Database) -> None:
    _upsert(database, CustomerFields("acme"), CustomerFields("bolt", status="churned"))

    _upsert(database, CustomerFields("acme", status="active"), later=1)
    _upsert(database, CustomerFields("bolt", status="active"), later=2)

    with database.reading() as tx:
        acme, bolt = customer_by_key(tx, "acme"), customer_by_key(tx, "bolt")
    assert acme is not None
    assert bolt is not None
    assert acme.active_since is None
    assert bolt.active_since == NOON.date() + timedelta(days=2)


def test_only_active_customers_are_listed_for_scoring(database: Database) -> None:
    _upsert(
        database,
        CustomerFields("a"),
        CustomerFields("b", status="paused"),
        CustomerFields("c", status="churned"),
        CustomerFields("d"),
    )

    with database.reading() as tx:
        keys = [customers_by_ids(tx, active_ids(tx))[one].key for one in active_ids(tx)]
    assert keys == ["a", "d"]


def test_a_batch_of_customers_costs_the_same_statements_whatever_its_size(
    database: Database, statements: Any
) -> None:
    def batch(size: int, label: str) -> list[CustomerFields]:
        return [
            CustomerFields(
                f"{label}{n}",
                csm_email=f"csm{n % 4}@x.example",
                contact_email=f"{n}@y.example",
                contact_name="Someone",
                aliases=(f"{label} alias {n}",),
            )
            for n in range(size)
        ]

    with statements(database) as few:
        _upsert(database, *batch(2, "few"))
    with statements(database) as many:
        outcomes = _upsert(database, *batch(60, "many"))

    assert set(outcomes) == {"created"}
    assert len(few) == len(many)


def test_exact_search_ignores_case_and_form_and_knows_aliases(database: Database) -> None:
    _upsert(database, FULL, CustomerFields("mueller", name="MÜLLER Straße"))

    with database.reading() as tx:
        found = {
            words: [one.key for one in find_exact(tx, words)]
            for words in (
                "ACME",
                "acme gmbh",
                "acme  CORP",
                "müller strasse",
                "mu\u0308ller straße",
                "acm",
            )
        }

    assert found == {
        "ACME": ["acme"],
        "acme gmbh": ["acme"],
        "acme  CORP": ["acme"],
        "müller strasse": ["mueller"],
        "mu\u0308ller straße": ["mueller"],
        "acm": [],
    }


def test_names_that_fold_alike_are_all_found(database: Database) -> None:
    _upsert(database, CustomerFields("a", name="Delta"), CustomerFields("delta", name="Other"))

    with database.reading() as tx:
        assert [one.key for one in find_exact(tx, "delta")] == ["a", "delta"]


def test_fuzzy_search_in_a_large_table_puts_the_likeliest_first(database: Database) -> None:
    _upsert(database, *(CustomerFields(f"k{n}", name=f"Company {n} Works") for n in range(1100)))
    _upsert(database, CustomerFields("zeta", name="Zephyr Labs", aliases=("Windhose",)))

    with database.reading() as tx:
        by_name = name_candidates(tx, "zefyr labs", limit=5)
        by_alias = name_candidates(tx, "windhos", limit=5)
        nothing = name_candidates(tx, "%_", limit=5)

    assert by_name[0].key == "zeta"
    assert (by_alias[0].key, by_alias[0].aliases) == ("zeta", ("Windhose",))
    assert nothing == ()
    assert len(by_name) <= 5


def test_opting_out_bars_the_address_in_any_case_and_survives_a_new_import(
    database: Database,
) -> None:
    _upsert(database, FULL)

    with database.transaction() as tx:
        first = opt_out(tx, "CHRIS@acme.example", "link", SECRET, NOON)
        again = opt_out(tx, "chris@acme.example", "link", SECRET, NOON + timedelta(days=1))
    _upsert(database, FULL, later=2)

    with database.reading() as tx:
        ids = resolve_keys(tx, ["acme"])
        contact = primary_contacts(tx, list(ids.values()))[ids["acme"]]
        assert suppressed(tx, ["Chris@Acme.example", "dana@x.example"], SECRET) == {
            "Chris@Acme.example": "link"
        }
        assert not is_suppressed(tx, "chris@acme.example", b"another secret")
    assert (first, again) == (True, False)
    assert contact.opted_out_at == NOON


def test_members_are_found_by_address_and_slack_id(database: Database) -> None:
    with database.transaction() as tx:
        anna = upsert_member(tx, "Anna@x.example", "Anna", role="manager")
        same = upsert_member(tx, "ANNA@x.example", timezone="Europe/Berlin")
        bob = upsert_member(tx, "bob@x.example")
        remember_slack_id(tx, anna.id, "U1")
        remember_slack_id(tx, bob.id, "U1")

    with database.reading() as tx:
        found = member_by_slack_id(tx, "U1")
        assert member_by_email(tx, "nobody@x.example") is None
        assert [one.email for one in members(tx)] == ["Anna@x.example", "bob@x.example"]
        assert member_by_id(tx, anna.id) is not None
    assert (same.id, same.name, same.role) == (anna.id, "Anna", "manager")
    assert (bob.role, found and found.id) == ("csm", bob.id)


def test_what_thousands_share_does_not_hide_the_one_that_is_meant(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, few in (("FEW_CUSTOMERS", 10), ("COMMON", 40), ("READ", 60)):
        monkeypatch.setattr(storage.customers, name, few)
    fields = [CustomerFields(f"c{n}", name=f"Northern Systems Group {n}") for n in range(120)]
    fields += [CustomerFields("w", name="Northern Windhose Systems Group")]
    with database.transaction() as tx:
        upsert_customers(tx, fields, NOON)

    with database.reading() as tx:
        first, *others = name_candidates(tx, "nothern wnidhose systems gruop", limit=5)
        common = name_candidates(tx, "northern systems group", limit=5)

    assert first.key == "w"
    assert len(others) <= 4
    assert len(common) == 5


def test_a_csms_new_name_replaces_the_old_one(database: Database) -> None:
    _upsert(database, FULL)

    _upsert(database, CustomerFields("acme", csm_email="anna@example.com", csm_name="Anna Maier"))

    with database.reading() as tx:
        acme = customer_by_id(tx, resolve_keys(tx, ["acme", "nobody"])["acme"])
    assert acme is not None
    assert acme.csm is not None
    assert acme.csm.name == "Anna Maier"


def test_customers_can_be_asked_for_by_many_ids(database: Database) -> None:
    ids = builders.customers(database, "a", "b", "c")

    with database.reading() as tx:
        found = customers_by_ids(tx, [ids[0], ids[2], 999_999])

    assert [found[one].key for one in found] == ["a", "c"]
