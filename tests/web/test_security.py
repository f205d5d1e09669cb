"""What every answer carries, whoever asked and however."""

import pytest
from starlette.responses import PlainTextResponse

from tests.web.conftest import Client, on_one_database
from web.security import Doorkeeper, is_loopback


@on_one_database
@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/api/customers", "/docs", "/nothing", "/api/customers/x/health"]
)
def test_every_answer_forbids_sniffing_framing_caching_and_strange_sources(
    client: Client, path: str
) -> None:
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


@on_one_database
@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/api/customers", "/api/dashboard"])
def test_head_is_get_without_a_body(client: Client, path: str) -> None:
    head, get = client.request("HEAD", path), client.get(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


@on_one_database
def test_files_of_ours_are_asked_for_again_but_not_sent_again(client: Client) -> None:
    first = client.get("/static/style.css")

    again = client.get("/static/style.css", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "no-cache"
    assert again.status_code == 304


@on_one_database
@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/none.js"])
def test_no_other_file_is_served(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("app.localhost:80", True),
        ("127.8.9.1", True),
        ("[::1]", True),
        ("::1", True),
        ("localhost.", True),
        ("localhost:x", False),
        ("127.0.0.1.nip.io", False),
        ("2130706433", False),
        ("0x7f.1", False),
        ("", False),
    ],
)
def test_only_names_of_this_machine_count_as_it(host: str, ours: bool) -> None:  # noqa: FBT001 - the expectation of a table
    assert is_loopback(host) is ours


def behind(host: str, closed: str | None = None) -> tuple[int, str]:
    """Ask, under this Host, an application that stands behind a doorkeeper of bw.example."""
    kept = Doorkeeper(PlainTextResponse("inside"), names=["bw.example"], closed=closed)
    client = Client(kept)
    answer = client.get("/", headers={"Host": host})
    client.close()
    return answer.status_code, answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000", "BW.example:443"])
def test_a_kept_application_answers_under_its_own_names(host: str) -> None:
    assert behind(host) == (200, "inside")


@pytest.mark.parametrize("host", ["evil.example", "bw.example.evil.example:8000", ""])
def test_a_page_that_rebinds_its_name_to_this_machine_reaches_no_kept_application(
    host: str,
) -> None:
    assert behind(host)[0] == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "bw.example"])
def test_a_closed_application_says_why_to_everybody(host: str) -> None:
    assert behind(host, "Because.") == (403, "Because.")
