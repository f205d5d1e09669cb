"""Rule 23: one key that runs wild is slowed down, with the right status; others are not."""

from datetime import timedelta

from service import keys
from service.ports import House
from tests.builders import customers
from tests.web.conftest import NOW, Client, StoppedClock
from web.app import build
from web.rate import Rate


def test_a_burst_passes_then_the_pace_is_kept() -> None:
    rate = Rate(per_second=10, burst=3)

    waits = [rate.wait("crm", NOW) for _ in range(4)]

    assert waits == [0, 0, 0, 0.1]
    assert rate.wait("crm", NOW + timedelta(seconds=0.1)) == 0
    assert rate.wait("crm", NOW + timedelta(seconds=0.1)) > 0


def test_a_long_pause_saves_up_no_more_than_a_burst() -> None:
    rate = Rate(per_second=10, burst=3)

    waits = [rate.wait("crm", NOW + timedelta(days=at > 0)) for at in range(5)]

    assert waits[:4] == [0, 0, 0, 0]
    assert waits[4] > 0


def test_a_clock_set_back_takes_nothing_away() -> None:
    rate = Rate(per_second=10, burst=1)
    rate.wait("crm", NOW)

    rate.wait("crm", NOW - timedelta(hours=1))

    assert rate.wait("crm", NOW) == 0


def test_too_fast_is_429_with_when_to_come_again_for_that_key_alone(house: House) -> None:
    customers(house.database, "acme", name="Acme")
    crm, billing = (keys.create(house.database, name, now=NOW) for name in ("crm", "billing"))
    app = build(house, StoppedClock(), rate=Rate(per_second=1, burst=2))

    with Client(app) as client:
        path, login = "/api/customers/acme/events", {"type": "login"}
        wild = [client.post(path, json=login, headers={"X-Api-Key": crm}) for _ in range(3)]
        calm = client.post(path, json=login, headers={"X-Api-Key": billing})

    assert [answer.status_code for answer in wild] == [201, 201, 429]
    assert wild[2].headers["Retry-After"] == "1"
    assert calm.status_code == 201
