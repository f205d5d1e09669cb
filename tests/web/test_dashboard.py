"""The dashboard says what is stored, links what it lists, and survives whatever names hold."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from service import rescore
from service.ports import House
from storage.records import upsert_tickets
from tests.builders import customers, day, events, new_event, ticket
from tests.web.conftest import NOW, Client, on_one_database

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "{% raw %}",
    "abc\u202edcba",
    "=HYPERLINK(1)",
    "<!channel> <@U1> *x* `y`",
    "Zoë 🦊 שלום",
    "a\r\nSet-Cookie: x=1",
    "x" * 400,
]


class Tags(HTMLParser):
    """Gathers what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


def read(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    return tags


@pytest.fixture
def falling(house: House, scored: Callable[..., None]) -> None:
    """Let acme log in daily until a month ago and then no more; scores of both days are stored."""
    (acme,) = customers(house.database, "acme", name="Acme & Söhne", created_on=day(200))
    (other,) = customers(house.database, "eu/other", name="Other", created_on=day(200))
    quiet = [new_event(acme, back=back) for back in range(31, 61)]
    busy = [new_event(other, back=back) for back in range(1, 61)]
    events(house.database, *quiet, *busy)
    scored(32, 3, 2, 1)


@pytest.mark.usefixtures("falling")
def test_the_list_shows_scores_bands_in_words_and_links(client: Client) -> None:
    answer = client.get("/api/dashboard")

    assert answer.status_code == 200
    assert "Acme &amp; Söhne" in answer.text
    assert 'href="/api/dashboard/customers/acme"' in answer.text
    assert 'href="/api/dashboard/customers/eu%2Fother"' in answer.text
    assert "100.00" in answer.text
    assert "Scores as of" in answer.text
    assert read(answer.text).words.count("Healthy") >= 2


@pytest.mark.usefixtures("falling")
def test_every_link_of_the_list_leads_somewhere(client: Client) -> None:
    tags = read(client.get("/api/dashboard").text)
    links = {value for name, value in tags.attributes if name in {"href", "src"} and value}

    for link in links:
        if link.startswith("/"):
            assert client.get(link).status_code == 200, link


@pytest.mark.usefixtures("falling")
def test_the_list_is_filtered_sorted_and_says_so_to_screen_readers(client: Client) -> None:
    page = client.get("/api/dashboard?q=acme&sort=name&order=desc").text

    assert "1 customer" in page
    assert 'aria-sort="descending"' in page
    assert 'value="acme"' in page
    assert "eu%2Fother" not in page


@pytest.mark.parametrize(
    "query", ["sort=password", "order=sideways", "q=%00", "q=%25", "band=x", "page=999", "segment="]
)
@pytest.mark.usefixtures("falling")
def test_an_address_typed_wrong_still_shows_a_page(client: Client, query: str) -> None:
    assert client.get(f"/api/dashboard?{query}").status_code == 200


def test_without_customers_the_page_says_how_to_begin(client: Client) -> None:
    page = client.get("/api/dashboard").text

    assert "No customers yet" in page
    assert "bellwether import" in page


@pytest.mark.usefixtures("falling")
def test_a_filter_nobody_fits_says_so(client: Client) -> None:
    assert "Nobody fits this filter" in client.get("/api/dashboard?q=zzz").text


@pytest.mark.usefixtures("falling")
def test_a_customers_page_tells_the_whole_story(client: Client) -> None:
    page = client.get("/api/dashboard/customers/acme").text

    tags = read(page)
    for words in ("Logins fell from", "Logins", "Key features used", "Data freshness", "Contacts",
                  "0 of 20 logins in 30 days", "Churn risk", "The same as a table"):  # fmt: skip
        assert words in tags.words, words
    assert tags.names.count("polyline") >= 1
    assert "<desc" in page
    assert "aria-labelledby" in page


def test_plays_show_their_steps_and_decisions(house: House, client: Client) -> None:
    """Ten tickets in a day take acme from full health to at-risk: the daily job starts a play."""
    (acme,) = customers(
        house.database,
        "acme",
        name="Acme",
        created_on=day(200),
        contact_email="anna@acme.example",
        csm_email="dana@bellwether.example",
        csm_name="Dana",
    )
    keep = customers(house.database, *(f"k{n}" for n in range(5)), created_on=day(200))
    everybody = (acme, *keep)
    logins = [new_event(one, back=back) for one in everybody for back in range(1, 63)]
    events(house.database, *logins)
    with house.database.transaction() as tx:
        upsert_tickets(tx, [ticket(one, f"T-{one}", back=4) for one in keep])
        upsert_tickets(tx, [ticket(acme, f"T-{number}", back=2) for number in range(10)])
    for back in (3, 2, 1):
        rescore.rescore(house, day(back), now=NOW, decide=True)

    page = read(client.get("/api/dashboard/customers/acme").text).words

    assert "Newly at risk" in page
    assert "A free training session for Acme?" in page
    assert "Why something was done, or not" in page
    assert "No playbook has acted" not in page


def test_a_customer_nobody_knows_has_a_page_that_says_so(client: Client) -> None:
    answer = client.get("/api/dashboard/customers/%3Cscript%3E")

    assert answer.status_code == 404
    assert "Customer not found" in answer.text
    assert "&lt;script&gt;" in answer.text


@pytest.mark.parametrize("words", HOSTILE)
def test_rule_25_hostile_names_are_text_on_every_page(
    house: House, client: Client, scored: Callable[..., None], words: str
) -> None:
    customers(
        house.database,
        "odd",
        name=words,
        segment=words.replace("\r\n", " ")[:90],
        plan="p",
        tags=(words[:90],),
        csm_email="d@x.example",
        csm_name=words,
        contact_email="a@x.example",
        contact_name=words,
        created_on=day(90),
    )
    scored(1)

    for path in ("/api/dashboard", "/api/dashboard/customers/odd"):
        answer = client.get(path)
        tags = read(answer.text)
        assert answer.status_code == 200
        assert tags.names.count("script") <= 1
        assert "img" not in tags.names[tags.names.index("main") :]
        assert not [name for name, _ in tags.attributes if name.startswith("on")]
        assert "\u202e" not in tags.words


@on_one_database
def test_pages_load_nothing_from_elsewhere_and_forbid_it(client: Client) -> None:
    for path in ("/api/dashboard", "/docs", "/static/style.css", "/static/dashboard.js"):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)
        assert "url(" not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@on_one_database
def test_dashboard_is_reached_by_its_short_name_too(client: Client) -> None:
    answer = client.get("/dashboard", follow_redirects=False)

    assert (answer.status_code, answer.headers["Location"]) == (307, "/api/dashboard")
