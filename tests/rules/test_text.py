"""Rule 25 through the whole house: every hostile text of the rule, on every way it takes."""

import email
import email.policy
import io
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from bellwether import logs
from delivery.letter import letter
from service import answer, find
from service.ports import House
from storage.outbox import Message
from storage.views import Filter
from tests.rules.test_deciding import unasked
from tests.service.daily import BEGIN, customers, noon
from tests.service.stage import acme
from tests.web.conftest import Client
from tests.web.test_dashboard import read

TEXTS = (
    "<!channel>",
    "<@U1>",
    "*x*",
    "`x` ```y```",
    "{{7*7}} {% raw %}",
    '=HYPERLINK("http://evil.example")',
    "a\r\nBcc: all@evil.example",
    "abc\u202edef",
    "🦊 👩‍👩‍👧",
    "שלום עולם",
    "x" * 500,
    "<script>alert(1)</script>",
)


@pytest.fixture
def named(house: House) -> House:
    """Let a customer be called by each of the texts."""
    for number, words in enumerate(TEXTS):
        customers(house, f"c{number:02}", name=words)
    return house


@pytest.mark.usefixtures("named")
def test_rule_25_every_text_comes_back_literally_over_the_api(client: Client) -> None:
    rows = json.loads(client.get("/api/customers?limit=100").text)

    assert sorted(row["name"] for row in rows) == sorted(TEXTS)


def test_rule_25_every_text_is_harmless_on_the_list_of_customers(
    named: House, client: Client
) -> None:
    page = read(client.get("/api/dashboard").text)

    assert page.names.count("script") <= 1
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "\u202e" not in page.words
    assert "{{7*7}}" in page.words
    assert answer.customers(named, Filter())[1] == len(TEXTS)


def test_rule_25_every_text_names_one_customer_and_no_pattern(named: House) -> None:
    for words in TEXTS:
        found = find.find(named, words)

        assert isinstance(found, find.Found), words
        assert found.customer.name == words


def test_rule_25_percent_and_underscore_are_searched_for_literally(house: House) -> None:
    customers(house, "a", name="100% off")
    customers(house, "b", name="1000 off")
    customers(house, "c", name="a_b")
    customers(house, "d", name="axb")

    found = [
        {row.key for row in answer.customers(house, Filter(q=mark))[0]}
        for mark in ("%", "_", "0%", "a_b")
    ]

    assert found == [{"a"}, {"c"}, {"a"}, {"c"}]


def test_rule_25_names_that_fit_several_are_offered_never_the_first(house: House) -> None:
    customers(house, "n", name="Acme North")
    customers(house, "s", name="Acme South")

    found = find.find(house, "acme")

    assert isinstance(found, find.Several)
    assert {each.key for each in found.choices} == {"n", "s"}


def test_rule_25_every_text_is_harmless_in_a_mail_that_leaves(house: House) -> None:
    first = unasked(house)
    for name, contact, csm in batched(TEXTS, 3):
        bearer = acme(
            house, f"c-{TEXTS.index(name)}", name=name, contact_name=contact, csm_name=csm
        )
        story = replace(first, customer=bearer)
        story.email = first.email
        story.days_at(72, 41)

    assert len(first.email.sent) == len(TEXTS) // 3
    for sent in first.email.sent:
        _is_harmless(sent)


def batched(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield the texts so many at a time."""
    return (texts[start : start + size] for start in range(0, len(texts), size))


def _is_harmless(sent: Message) -> None:
    made = letter(sent.body, noon(BEGIN))
    read_back = email.message_from_bytes(made.wire, policy=email.policy.default)
    assert [each.addr_spec for each in read_back["To"].addresses] == [sent.recipient]
    assert read_back["Bcc"] is read_back["Cc"] is None
    html = read_back.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert "\u202e" not in html.get_content()


@pytest.mark.parametrize("words", TEXTS)
def test_rule_25_no_text_begins_a_line_of_its_own_in_the_log(words: str) -> None:
    stream = io.StringIO()
    logs.start(form="text", level="info", stream=stream)

    logging.getLogger("room").warning("about %s", words)

    assert len(stream.getvalue().splitlines()) == 1


def test_rule_25_ten_thousand_characters_are_refused_where_they_name_and_kept_where_they_tell(
    house: House, writer: Client
) -> None:
    long = "x" * 10_000
    customers(house, "acme")
    refused = writer.put("/api/customers/long", json={"name": long})
    kept = writer.post(
        "/api/customers/acme/events", json={"type": "login", "properties": {"note": long}}
    )

    assert refused.status_code == 422
    assert long not in refused.text
    assert kept.status_code in {200, 201, 202}
