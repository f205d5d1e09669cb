from datetime import UTC, datetime

import pytest

from service.enrolment import enrol, everybody
from service.errors import AddressInvalid
from service.ports import House
from storage import audit

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_somebody_enrolled_twice_is_one_member_with_the_newer_role(house: House) -> None:
    enrol(house, "carla@ours.example", role="csm", name="Carla", by="root", now=NOW)

    enrol(house, "Carla@ours.example", role="manager", name=None, by="root", now=NOW)

    assert [(one.name, one.role) for one in everybody(house)] == [("Carla", "manager")]


def test_every_change_of_a_role_is_in_the_audit_log(house: House) -> None:
    enrol(house, "carla@ours.example", role="admin", name="Carla", by="root", now=NOW)

    with house.database.reading() as tx:
        entry = audit.recent(tx)[0]
    assert (entry.actor, entry.action) == ("root", "made admin")


def test_what_is_no_address_is_refused_with_an_example(house: House) -> None:
    with pytest.raises(AddressInvalid, match="like carla@"):
        enrol(house, "carla at ours", role="csm", name=None, by="root", now=NOW)

    assert everybody(house) == ()
