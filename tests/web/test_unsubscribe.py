"""Rule 18: looking changes nothing; posting unsubscribes, without a login, once or often."""

import pytest

from service import unsubscribe
from service.ports import House
from storage.contacts import Contact, contacts_of
from tests.builders import customers
from tests.web.conftest import Client

ONE_CLICK = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def anna(house: House) -> Contact:
    (acme,) = customers(
        house.database,
        "acme",
        name="Acme",
        contact_email="anna@acme.example",
        contact_name="Anna",
    )
    with house.database.reading() as tx:
        (contact,) = contacts_of(tx, acme)
    return contact


@pytest.fixture(params=["/unsubscribe/", "/u/"])
def path(request: pytest.FixtureRequest, house: House, anna: Contact) -> str:
    token = unsubscribe.link(house.mail, anna).rpartition("/")[2]
    return f"{request.param}{token}"


def opted_out(house: House, contact: Contact) -> bool:
    with house.database.reading() as tx:
        (now,) = contacts_of(tx, contact.customer_id)
    return now.opted_out_at is not None


def test_a_link_scanner_changes_nothing(
    house: House, client: Client, anna: Contact, path: str
) -> None:
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        client.request(method, path)

    assert not opted_out(house, anna)


def test_the_page_asks_and_its_button_posts_to_the_same_address(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert f'<form method="post" action="{path}">' in answer.text
    assert "anna@acme.example" not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_one_click_of_a_mail_client_unsubscribes_and_twice_is_the_same(
    house: House, client: Client, anna: Contact, path: str
) -> None:
    answers = [
        client.post(path, content="List-Unsubscribe=One-Click", headers=ONE_CLICK) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert opted_out(house, anna)
    assert "You are unsubscribed" in client.get(path).text


def test_the_button_needs_neither_a_key_nor_a_body(
    house: House, client: Client, anna: Contact, path: str
) -> None:
    assert client.post(path).status_code == 200
    assert opted_out(house, anna)


@pytest.mark.parametrize(
    "token", ["", "1", "1.", ".", "1." + "0" * 32, "x" * 3000, "999.abc", "%00", "é.é", "-1.a"]
)
def test_a_forged_token_does_nothing(
    house: House, client: Client, anna: Contact, token: str
) -> None:
    for method in ("GET", "POST"):
        assert client.request(method, f"/u/{token}").status_code == 404

    assert not opted_out(house, anna)


def test_one_contacts_token_does_not_unsubscribe_another(
    client: Client, anna: Contact, path: str
) -> None:
    other = path.replace(f"/{anna.id}.", f"/{anna.id + 1}.")

    assert client.post(other).status_code == 404


def test_an_endless_body_is_refused(client: Client, path: str) -> None:
    assert client.post(path, content=b"x" * 100_000).status_code == 413
