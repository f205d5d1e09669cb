"""Addresses that are not written to: what we put there, and what they said themselves."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from service import privacy, suppressions
from service.draft import Addressee, obstacle
from service.errors import AddressInvalid, DraftInvalid, NotSuppressed, TheirOwnWord
from service.ports import House
from service.unsubscribe import link, unsubscribe
from storage import audit, customers
from storage.contacts import Contact, opt_out
from tests.builders import NOON
from tests.builders import customers as enrol

PAT, BY = "pat@acme.example", "ann (command line)"


@pytest.fixture
def pat(house: House) -> Contact:
    (acme,) = enrol(house.database, "acme", name="Acme", contact_email=PAT, contact_name="Pat")
    return contact(house, acme)


def contact(house: House, customer_id: int) -> Contact:
    with house.database.reading() as tx:
        found = customers.primary_contact(tx, customer_id)
    assert found is not None
    return found


def add(house: House, address: str = PAT, reason: str = "Asked on the phone") -> bool:
    return suppressions.add(house, address, reason=reason, by=BY, now=NOON)


def lift(house: House, address: str = PAT, reason: str = "New mailbox", **asked: bool) -> None:
    they = asked.get("they_asked", False)
    suppressions.lift(house, address, reason=reason, they_asked=they, by=BY, now=NOON)


def said_of_pat(house: House) -> str | None:
    stands = suppressions.standing(house, PAT)
    return stands.reason if stands else None


def acts(house: House) -> list[tuple[str, str]]:
    with house.database.reading() as tx:
        return [(each.action, each.subject) for each in reversed(audit.recent(tx))]


def test_who_is_added_is_listed_with_the_reason_and_not_written_to(
    house: House, pat: Contact
) -> None:
    assert add(house, "Pat@ACME.example ")
    assert not add(house)

    ((entry,), total) = suppressions.listed(house)
    why = entry.suppressed.reason
    barred = obstacle(Addressee(contact(house, pat.customer_id), suppressed=True, why=why))
    assert (why, entry.own_word, total) == (
        "by hand: Asked on the phone", False, 1,
    )  # fmt: skip
    assert [(each.email, each.customer_key) for each in entry.bearers] == [(PAT, "acme")]
    assert barred == "Pat is not to be written to: Asked on the phone"
    assert contact(house, pat.customer_id).opted_out_at == NOON
    assert acts(house) == [("suppress", f"address/{entry.short}")]


@pytest.mark.slow
def test_of_who_was_erased_the_list_knows_the_hash_alone(house: House, pat: Contact) -> None:
    assert pat.email == PAT
    add(house)
    privacy.erase(house, "acme", by=BY, now=NOON)

    ((entry,), _) = suppressions.listed(house)

    assert entry.bearers == ()
    assert PAT not in repr(entry)


def test_what_we_put_down_is_lifted_with_a_reason(house: House, pat: Contact) -> None:
    with house.database.transaction() as tx:
        opt_out(tx, PAT, "bounced: 5.1.1", house.mail.secret, NOON)

    lift(house)

    assert said_of_pat(house) is None
    assert contact(house, pat.customer_id).opted_out_at is None
    with house.database.reading() as tx:
        (entry,) = audit.recent(tx)
    assert (entry.action, entry.actor) == ("lift suppression", BY)
    assert entry.details == {"reason": "New mailbox", "was": "bounced: 5.1.1", "they_asked": False}
    assert PAT not in repr(entry)


@pytest.mark.parametrize("said", ["unsubscribed", "complaint"])
def test_rule_18_what_they_said_themselves_is_lifted_only_when_they_asked(
    house: House, pat: Contact, said: str
) -> None:
    assert pat.email == PAT
    with house.database.transaction() as tx:
        opt_out(tx, PAT, said, house.mail.secret, NOON)

    with pytest.raises(TheirOwnWord, match="--they-asked"):
        lift(house)
    assert (said_of_pat(house), acts(house)) == (said, [])
    lift(house, they_asked=True)

    assert said_of_pat(house) is None


def test_rule_18_who_unsubscribes_after_we_suppressed_them_has_said_so_themselves(
    house: House, pat: Contact
) -> None:
    token = link(house.mail, pat).rpartition("/")[2]
    add(house)
    later = NOON + timedelta(days=1)

    for _ in range(2):
        unsubscribe(house, token, now=later)

    assert said_of_pat(house) == "unsubscribed"
    assert [action for action, _ in acts(house)] == ["suppress", "unsubscribe"]
    with pytest.raises(TheirOwnWord):
        lift(house)


@pytest.mark.slow
def test_what_they_say_is_taken_down_in_one_statement(house: House, pat: Contact) -> None:
    """Between two, somebody could lift what the first one found, and their word would be lost."""
    add(house)
    asked: list[str] = []

    with house.database.transaction() as tx:
        event.listen(tx, "before_cursor_execute", lambda *given: asked.append(given[2]))
        opt_out(tx, pat.email, "unsubscribed", house.mail.secret, NOON)

    assert len([statement for statement in asked if "suppression" in statement]) == 1
    assert said_of_pat(house) == "unsubscribed"


def test_who_was_lifted_may_unsubscribe_again_by_the_old_link(house: House, pat: Contact) -> None:
    token = link(house.mail, pat).rpartition("/")[2]
    unsubscribe(house, token, now=NOON)
    lift(house, they_asked=True)

    unsubscribe(house, token, now=NOON)

    assert said_of_pat(house) == "unsubscribed"


def test_wrong_words_are_told_and_change_nothing(house: House) -> None:
    for act in (add, lift):
        with pytest.raises(AddressInvalid):
            act(house, "pat at acme")
        with pytest.raises(DraftInvalid, match="say why"):
            act(house, PAT, " ")
    with pytest.raises(NotSuppressed):
        lift(house)

    assert acts(house) == []
