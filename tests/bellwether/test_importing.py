"""Importing files: rows through the product's doors, refused rows beside, twice adds nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from bellwether.columns import columns
from bellwether.files import Rejects, opened
from bellwether.importing import Imported, Plan, What, fields_for, import_table
from scoring.load import shipped
from service.answer import health
from service.ports import House
from storage.customers import active_ids, customer_by_key
from storage.records import surveys_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def imported(  # a test's shorthand
    house: House,
    path: Path,
    what: What,
    maps: tuple[str, ...] = (),
    sets: tuple[str, ...] = (),
    *,
    create: bool = False,
    rehearse: bool = False,
) -> Imported:
    plan = Plan(what, columns(fields_for(what), maps, sets, None), "test", create, rehearse)
    with opened(path) as table:
        return import_table(
            house,
            table,
            plan,
            now=NOW,
            rejects=Rejects(path.with_suffix(".rejects"), table.columns),
            progress=lambda _: None,
        )


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_customers_come_in_by_their_own_columns_and_twice_changes_nothing(
    house: House, tmp_path: Path
) -> None:
    path = written(
        tmp_path / "crm.csv",
        "key,name,arr,owner,colour\nacme,Acme,1200.50,ann@example.com,red\nglobex,Globex,,,\n",
    )

    first = imported(house, path, What.customers)
    again = imported(house, path, What.customers)

    with house.database.reading() as tx:
        acme = customer_by_key(tx, "acme")
    assert first.counts == {"created": 2}
    assert first.ignored == ("colour",)
    assert again.counts == {"unchanged": 2}
    assert acme is not None
    assert acme.csm is not None
    assert (str(acme.arr), acme.csm.email) == ("1200.50", "ann@example.com")


def test_events_of_strangers_are_mapped_and_counted_once(house: House, tmp_path: Path) -> None:
    path = written(
        tmp_path / "activity.csv",
        "ts,account,user,product,kind,module\n"
        "2026-01-01T00:08:43Z,org-1,u1,nova,change,api\n"
        "2026-01-02T00:08:43Z,org-2,u2,nova,bugfix,db\n"
        "2026-01-01T00:08:43Z,org-1,u1,nova,change,api\n",
    )
    maps = ("customer=account", "occurredAt=ts", "type=kind", "feature=module")

    first = imported(house, path, What.events, maps, create=True)
    again = imported(house, path, What.events, maps, create=True)

    with house.database.reading() as tx:
        assert len(active_ids(tx)) == 2
    assert first.counts == {"accepted": 2, "duplicate": 1}
    assert first.ignored == ("product",)
    assert again.counts == {"duplicate": 3}


def test_rows_that_differ_only_in_a_column_nobody_reads_are_different_events(
    house: House, tmp_path: Path
) -> None:
    path = written(
        tmp_path / "activity.csv",
        "occurredAt,customer,type,repository\n"
        "2026-01-01T00:08:43Z,org-1,change,nova\n"
        "2026-01-01T00:08:43Z,org-1,change,neutron\n"
        "2026-01-01T00:08:43Z,org-1,change,nova\n",
    )

    first = imported(house, path, What.events, create=True)
    again = imported(house, path, What.events, create=True)

    assert first.counts == {"accepted": 2, "duplicate": 1}
    assert again.counts == {"duplicate": 3}


def test_a_mended_row_from_the_rejects_file_is_the_event_it_always_was(
    house: House, tmp_path: Path
) -> None:
    whole = "customer,type,occurredAt\nacme,login,2026-01-01T00:08:43Z\n"
    mended = "customer,type,occurredAt,_line,_reason\nacme,login,2026-01-01T00:08:43Z,7,no time\n"

    first = imported(house, written(tmp_path / "a.csv", whole), What.events, create=True)
    again = imported(house, written(tmp_path / "b.csv", mended), What.events, create=True)

    assert (first.counts, again.counts) == ({"accepted": 1}, {"duplicate": 1})


def test_a_rehearsal_says_what_would_happen_and_changes_nothing(
    house: House, tmp_path: Path
) -> None:
    path = written(tmp_path / "crm.jsonl", '{"key": "acme"}\n{"key": 7, "arr": -1}\nnonsense\n')

    rehearsed = imported(house, path, What.customers, rehearse=True)

    with house.database.reading() as tx:
        assert active_ids(tx) == []
    assert rehearsed.counts == {"created": 1, "rejected": 2}
    assert rehearsed.rejects is None
    assert not path.with_suffix(".rejects").exists()


def test_refused_rows_cost_no_other_and_come_back_with_line_and_reason(
    house: House, tmp_path: Path
) -> None:
    imported(house, written(tmp_path / "c.csv", "key\nacme\n"), What.customers)
    path = written(
        tmp_path / "tickets.csv",
        "customer,id,openedAt,rating\n"
        "acme,T1,2026-11-01T10:00:00Z,5\n"
        "acme,T2,2026-11-01 10:00:00,5\n"
        "acme,T3,2026-11-01T10:00:00Z,9\n"
        "acme,T4\n"
        "nobody,T5,2026-11-01T10:00:00Z,\n",
    )

    done = imported(house, path, What.tickets)

    rejects = path.with_suffix(".rejects").read_text(encoding="utf-8").splitlines()
    assert done.counts == {"created": 1, "rejected": 3, "quarantined": 1}
    assert [line for line, _ in done.reasons] == [3, 4, 5]
    assert rejects[0] == "customer,id,openedAt,rating,_line,_reason"
    assert "offset" in rejects[1]
    assert len(rejects) == 4


def test_what_waits_for_a_customer_comes_in_with_the_customer(house: House, tmp_path: Path) -> None:
    events = written(
        tmp_path / "e.csv", "customer,type,occurredAt\nlate,login,2026-11-01T10:00:00Z\n"
    )

    waiting = imported(house, events, What.events)
    imported(house, written(tmp_path / "c.csv", "key\nlate\n"), What.customers)
    again = imported(house, events, What.events)

    assert waiting.counts == {"quarantined": 1}
    assert again.counts == {"duplicate": 1}


def test_invoices_change_when_they_are_paid(house: House, tmp_path: Path) -> None:
    imported(house, written(tmp_path / "c.csv", "key\nacme\n"), What.customers)
    due = written(tmp_path / "i.csv", "account,number,due,paid\nacme,I1,2026-11-01,\n")
    paid = written(tmp_path / "j.csv", "account,number,due,paid\nacme,I1,2026-11-01,2026-11-03\n")

    counts = [imported(house, path, What.invoices).counts for path in (due, due, paid)]

    assert counts == [{"created": 1}, {"unchanged": 1}, {"updated": 1}]


def test_answers_come_in_without_an_id_and_twice_changes_nothing(
    house: House, tmp_path: Path
) -> None:
    imported(house, written(tmp_path / "c.csv", "key\nacme\n"), What.customers)
    path = written(
        tmp_path / "nps.csv",
        "account,respondedAt,score,respondent\n"
        "acme,2026-11-01T10:00:00Z,9,ann\n"
        "acme,2026-11-01T10:00:00Z,9,bob\n"
        "acme,2026-11-02T10:00:00Z,true,eve\n",
    )

    counts = [imported(house, path, What.surveys, sets=("survey=nps",)).counts for _ in range(2)]

    with house.database.reading() as tx:
        acme = customer_by_key(tx, "acme")
        kept = surveys_of(tx, acme.id) if acme else ()
    assert counts == [{"created": 2, "rejected": 1}, {"unchanged": 2, "rejected": 1}]
    assert [str(one.score.normalize()) for one in kept] == ["9", "9"]


def test_imported_surveys_make_the_factors_known_that_ask_for_them(
    house: House, tmp_path: Path
) -> None:
    pointed = replace(house, model=shipped("points-and-penalties"))
    imported(
        pointed, written(tmp_path / "c.csv", "key,createdOn\nacme,2025-01-01\n"), What.customers
    )
    nps = written(
        tmp_path / "n.csv", "customer,id,score,answeredAt\nacme,1,9,2026-11-10T08:00:00Z\n"
    )
    csat = written(
        tmp_path / "s.csv",
        "customer,id,score,answeredAt\n"
        "acme,1,4.3,2026-08-10T08:00:00Z\nacme,2,4.6,2026-11-10T08:00:00Z\n",
    )

    for path, name in ((nps, "nps"), (csat, "csat")):
        imported(pointed, path, What.surveys, sets=(f"survey={name}",))

    score = health(pointed, "acme", today=NOW.date()).score
    known = {one.name: one.value for one in score.factors if one.status == "known"}
    assert known["operator_nps"] == Decimal(100)
    assert known["csat_change"] == Decimal(90)


def test_another_event_under_a_known_id_is_refused_with_the_reason(
    house: House, tmp_path: Path
) -> None:
    imported(house, written(tmp_path / "c.csv", "key\nacme\n"), What.customers)
    path = written(
        tmp_path / "e.jsonl",
        '{"customer": "acme", "id": "1", "type": "login", "occurredAt": "2026-11-01T10:00Z"}\n'
        '{"customer": "acme", "id": "1", "type": "other", "occurredAt": "2026-11-01T10:00Z"}\n',
    )

    done = imported(house, path, What.events)

    assert done.counts == {"accepted": 1, "conflict": 1}
    assert done.refused == 1
    assert done.reasons[0][0] == 2
