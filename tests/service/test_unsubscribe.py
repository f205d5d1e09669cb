"""Leaving for good: a link that only we can write, and that holds no address."""

import pytest

from service import catalog, privacy
from service.ports import House
from service.unsubscribe import addressed, link, unsubscribe
from storage import audit, customers
from tests.service.stage import Story, acme, morning
from tests.storage.racing import race


@pytest.fixture
def token(house: House) -> str:
    """Return the token in the link that Pat of Acme is sent."""
    customer = acme(house)
    with house.database.reading() as tx:
        contact = customers.primary_contact(tx, customer.id)
    assert contact is not None
    return link(house.mail, contact).rpartition("/")[2]


def suppressed(house: House) -> bool:
    with house.database.reading() as tx:
        return customers.is_suppressed(tx, "acme@customer.example", house.mail.secret)


def test_the_link_is_the_one_in_the_mail_and_holds_no_address(house: House, token: str) -> None:
    story = Story(house, acme(house))
    story.days_at(72, 41)

    mail = story.mail_step().body["mail"]

    assert (
        mail["headers"]["List-Unsubscribe"] == f"<https://bellwether.example/unsubscribe/{token}>"
    )
    assert token in mail["text"]
    assert "acme" not in token


def test_rule_18_looking_changes_nothing(house: House, token: str) -> None:
    found = addressed(house, token)

    assert found is not None
    assert found.contact is not None
    assert not found.done
    assert not suppressed(house)


def test_rule_18_unsubscribing_holds_and_twice_is_once(house: House, token: str) -> None:
    unsubscribe(house, token, now=morning(0))
    unsubscribe(house, token, now=morning(1))

    assert suppressed(house)
    with house.database.reading() as tx:
        assert [each.action for each in audit.recent(tx)] == ["unsubscribe"]


@pytest.mark.parametrize(
    "forged",
    [
        "",
        ".",
        "1",
        "1.",
        "1.00000000000000000000000000000000",
        "²." + "0" * 32,
        "9" * 40,
        "1.\ud800",
        "1." + "A" * 64,
        "1." + "A" * 3000,
        "1." + "é" * 64,
    ],
)
def test_a_token_we_did_not_write_does_nothing(house: House, forged: str) -> None:
    acme(house)

    assert unsubscribe(house, forged, now=morning(0)) is None
    assert not suppressed(house)


def test_a_token_for_one_contact_is_worth_nothing_for_another(house: House, token: str) -> None:
    number, _, proof = token.partition(".")

    assert addressed(house, f"{int(number) + 1}.{proof}") is None


def test_rule_18_a_link_is_honoured_after_the_customer_was_erased(house: House, token: str) -> None:
    privacy.erase(house, "acme", by="ann@ours.example", now=morning(0))

    looked = addressed(house, token)
    unsubscribe(house, token, now=morning(1))
    again = unsubscribe(house, token, now=morning(2))
    acme(house)

    assert looked is not None
    assert looked.contact is None
    assert again is not None
    assert again.done
    assert suppressed(house)
    with house.database.reading() as tx:
        assert [each.action for each in audit.recent(tx)] == ["unsubscribe", "erase"]
        (entry,) = (each for each in audit.recent(tx) if each.action == "unsubscribe")
    assert "@" not in entry.subject


def test_a_link_speaks_of_the_address_it_was_sent_to_though_the_contact_has_another_since(
    house: House, token: str
) -> None:
    moved = {"id": "acme", "contactEmail": "sue@customer.example"}
    list(catalog.upsert(house, [moved], now=morning(0)))

    unsubscribe(house, token, now=morning(1))

    assert suppressed(house)
    with house.database.reading() as tx:
        secret = house.mail.secret
        assert not customers.is_suppressed(tx, "sue@customer.example", secret)


def test_rule_18_of_clicks_at_once_one_is_on_record(house: House, token: str) -> None:
    answers = race(lambda _: unsubscribe(house, token, now=morning(1)), runners=4)

    with house.database.reading() as tx:
        acts = [each for each in audit.recent(tx) if each.action == "unsubscribe"]
    assert all(each is not None for each in answers)
    assert len(acts) == 1
